/* lasso.c -- the non-negative lasso, by active sets. */
#include "spine/math/lasso.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"
#include "spine/math/block.h"
#include "spine/math/kernels.h"
#include "spine/math/products.h"

/* The most atoms that a round adds, those with the greatest correlations; the most steps of a
 * round; the rounds after which atoms that are added must change something, and the most rounds,
 * since with equal atoms no set is exact; correlations that are compared together, and in a vector;
 * atoms that are subtracted together; the most corrections of an exact solution. */
enum {
    MOST_ADDED = 12,
    MOST_STEPS = 500,
    FEW_ROUNDS = 20,
    MOST_ROUNDS = 200,
    GROUP = 16,
    LANES = 8,
    TOGETHER = 4,
    CORRECTIONS = 4
};
typedef float floats __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(32)));

/* The rounding of a correlation, relative to the row's length: values are floats. */
static const double ROUNDING = 1e-6;

/* How exact the correlations of an exact solution are, relative to the row's length; the rounding
 * of a float. */
static const double EXACTNESS = 2e-9, FLOAT = 0x1p-24;

int spine_lasso_init(struct spine_lasso *lasso, const float *W, size_t units, size_t dim,
                     double ridge, struct spine_error *err)
{
    spine_products_choose();
    *lasso = (struct spine_lasso){.units = units,
                                  .dim = dim,
                                  .stride = spine_kernel_stride(dim),
                                  .W = W,
                                  .ridge = ridge,
                                  .tolerance = SPINE_LASSO_TOLERANCE};
    static const char what[] = "the products of all pairs of atoms";
    lasso->gram = spine_memory_get(units, units * sizeof *lasso->gram, what, err);
    lasso->packed = spine_kernel_alloc(spine_block_packed(dim), what, err);
    if (lasso->gram == NULL || lasso->packed == NULL) {
        spine_lasso_dispose(lasso);
        return -1;
    }

    spine_lasso_refresh(lasso);
    return 0;
}

void spine_lasso_refresh(struct spine_lasso *lasso)
{
    lasso->version++;
    spine_lasso_products(lasso, lasso->units, lasso->W, lasso->packed, lasso->gram);
    for (size_t j = 0; j < lasso->units; j++) {
        for (size_t k = 0; k < j; k++)
            lasso->gram[k * lasso->units + j] = lasso->gram[j * lasso->units + k];
        lasso->gram[j * lasso->units + j] += (float)lasso->ridge;
    }
}

/* products = x W' for the rows of a block, (rows, H), by the products of a training step: BLAS's
 * bits depend on the number of rows, and on which of them a row is. */
static void multiply_block(const struct spine_lasso *lasso, size_t rows, const float *x,
                           float *packed, float *products)
{
    _Alignas(SPINE_MEMORY_ALIGN) float tile[SPINE_PRODUCT_UNITS * SPINE_BLOCK_ROWS];
    const size_t units = lasso->units, dim = lasso->dim, stride = lasso->stride;

    for (size_t i = 0; i < rows; i += SPINE_PANEL_ROWS) {
        const size_t count = rows - i < SPINE_PANEL_ROWS ? rows - i : SPINE_PANEL_ROWS;
        spine_block_pack(count, dim, stride, 0, dim, x + i * stride, packed + i * dim);
    }
    for (size_t j = 0; j < units; j += SPINE_PRODUCT_UNITS) {
        const size_t count = units - j < SPINE_PRODUCT_UNITS ? units - j : SPINE_PRODUCT_UNITS;
        spine_products.product(count, rows, dim, stride, packed, lasso->W + j * stride, tile);
        for (size_t i = 0; i < rows; i++)
            for (size_t u = 0; u < count; u++)
                products[i * units + j + u] = tile[u * SPINE_BLOCK_ROWS + i];
    }
}

void spine_lasso_products(const struct spine_lasso *lasso, size_t n, const float *x, float *packed,
                          float *products)
{
    for (struct spine_block_walk at = {0}; spine_block_next(&at, n);)
        multiply_block(lasso, at.rows, x + at.first * lasso->stride, packed,
                       products + at.first * lasso->units);
}

void spine_lasso_dispose(struct spine_lasso *lasso)
{
    free(lasso->gram);
    free(lasso->packed);
    *lasso = (struct spine_lasso){0};
}

int spine_lasso_scratch_init(struct spine_lasso_scratch *scratch, const struct spine_lasso *lasso,
                             struct spine_error *err)
{
    static const char what[] = "the scratch of a lasso";

    *scratch = (struct spine_lasso_scratch){0};
    scratch->all = spine_memory_get(lasso->units, sizeof *scratch->all, what, err);
    scratch->residual = spine_memory_get(lasso->dim, sizeof *scratch->residual, what, err);
    scratch->point = spine_memory_get(lasso->units, sizeof *scratch->point, what, err);
    if (scratch->all == NULL || scratch->residual == NULL || scratch->point == NULL ||
        spine_activeset_init(&scratch->set, lasso->units, err)) {
        spine_lasso_scratch_dispose(scratch);
        return -1;
    }
    return 0;
}

void spine_lasso_scratch_dispose(struct spine_lasso_scratch *scratch)
{
    spine_activeset_dispose(&scratch->set);
    free(scratch->all);
    free(scratch->residual);
    free(scratch->point);
    *scratch = (struct spine_lasso_scratch){0};
}

/* One row being solved. */
struct problem {
    const struct spine_lasso *lasso;
    struct spine_activeset *set;
    const float *x, *products;
    float *all;            /* (H): correlations of all atoms */
    double *residual;      /* (D) */
    double *point;         /* (H): an exact solution on the set */
    double lambda, length; /* length of the row */
    double slack, exact;   /* how far from lambda a correlation may be; and at the end */
    double close;          /* one of these: how far the set's may be */
    size_t most;           /* values; 0: any number */
};

/* --- Correlations ------------------------------------------------------------------------- */

/* The row, in double. */
static void read_row(const struct problem *problem)
{
    for (size_t k = 0; k < problem->lasso->dim; k++)
        problem->residual[k] = (double)problem->x[k];
}

/* residual -= values times a few atoms. */
SPINE_CLONES
static void subtract_atoms(size_t dim, const float *const *atoms, const double *values,
                           double *restrict residual)
{
    const float *restrict a = atoms[0], *restrict b = atoms[1];
    const float *restrict c = atoms[2], *restrict d = atoms[3];
    const double e = values[0], f = values[1], g = values[2], h = values[3];
#pragma omp simd
    for (size_t k = 0; k < dim; k++)
        residual[k] -=
            (e * (double)a[k] + f * (double)b[k]) + (g * (double)c[k] + h * (double)d[k]);
}

/* The correlations of a few atoms with the residual. */
SPINE_CLONES
static void correlate_atoms(size_t dim, const float *const *atoms, const double *residual,
                            double *correlations)
{
    const float *restrict a = atoms[0], *restrict b = atoms[1];
    const float *restrict c = atoms[2], *restrict d = atoms[3];
    double e = 0, f = 0, g = 0, h = 0;
#pragma omp simd reduction(+ : e, f, g, h)
    for (size_t k = 0; k < dim; k++) {
        e += residual[k] * (double)a[k];
        f += residual[k] * (double)b[k];
        g += residual[k] * (double)c[k];
        h += residual[k] * (double)d[k];
    }
    correlations[0] = e;
    correlations[1] = f;
    correlations[2] = g;
    correlations[3] = h;
}

SPINE_CLONES
static double correlate(size_t dim, const float *atom, const double *residual)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < dim; k++)
        sum += residual[k] * (double)atom[k];
    return sum;
}

/* A few atoms of the set from s on; where it ends, the first of them again. Returns how many there
 * are. */
static size_t list_atoms(const struct problem *problem, size_t s, const float **atoms)
{
    const struct spine_activeset *set = problem->set;
    const size_t left = set->count - s, count = left < TOGETHER ? left : TOGETHER;

    for (size_t i = 0; i < TOGETHER; i++)
        atoms[i] = problem->lasso->W + set->atom[i < count ? s + i : s] * problem->lasso->stride;
    return count;
}

/* residual -= values times the set's atoms. */
static void subtract_set(const struct problem *problem, const double *values)
{
    const float *atoms[TOGETHER];

    for (size_t s = 0; s < problem->set->count; s += TOGETHER) {
        const size_t count = list_atoms(problem, s, atoms);
        double some[TOGETHER] = {0};
        memcpy(some, values + s, count * sizeof *some);
        subtract_atoms(problem->lasso->dim, atoms, some, problem->residual);
    }
}

/* The correlations of the set's atoms with the residual. */
static void correlate_set(const struct problem *problem, double *correlations)
{
    const float *atoms[TOGETHER];

    for (size_t s = 0; s < problem->set->count; s += TOGETHER) {
        const size_t count = list_atoms(problem, s, atoms);
        double some[TOGETHER];
        correlate_atoms(problem->lasso->dim, atoms, problem->residual, some);
        memcpy(correlations + s, some, count * sizeof *some);
    }
}

/* c_j of the active set, from its values. */
static void correlate_values(const struct problem *problem)
{
    struct spine_activeset *set = problem->set;

    read_row(problem);
    subtract_set(problem, set->value);
    correlate_set(problem, set->correlation);
    for (size_t s = 0; s < set->count; s++)
        set->correlation[s] -= problem->lasso->ridge * set->value[s];
}

/* all -= sum of value row, for several rows at a time, which are read from memory. */
SPINE_CLONES
static void subtract_rows(size_t units, const float *const *rows, const float *values,
                          float *restrict all)
{
    const float *restrict a = rows[0], *restrict b = rows[1];
    const float *restrict c = rows[2], *restrict d = rows[3];
    const float e = values[0], f = values[1], g = values[2], h = values[3];
#pragma omp simd
    for (size_t j = 0; j < units; j++)
        all[j] -= (e * a[j] + f * b[j]) + (g * c[j] + h * d[j]);
}

/* c_j of all atoms; for those with values, which aren't compared, less than any. */
static void correlate_all(const struct problem *problem)
{
    const struct spine_lasso *lasso = problem->lasso;
    const struct spine_activeset *set = problem->set;

    memcpy(problem->all, problem->products, lasso->units * sizeof *problem->all);
    for (size_t s = 0; s < set->count; s += TOGETHER) {
        const float *rows[TOGETHER];
        float values[TOGETHER];
        for (size_t i = 0; i < TOGETHER; i++) {
            const size_t t = s + i < set->count ? s + i : s;
            rows[i] = lasso->gram + set->atom[t] * lasso->units;
            values[i] = s + i < set->count ? (float)set->value[t] : 0;
        }
        subtract_rows(lasso->units, rows, values, problem->all);
    }
    for (size_t s = 0; s < set->count; s++)
        if (set->value[s] > 0)
            problem->all[set->atom[s]] = -HUGE_VALF;
}

/* --- Rounds ------------------------------------------------------------------------------- */

static bool is_solved(const struct problem *problem, double slack)
{
    return spine_activeset_is_solved(problem->set, problem->lambda, slack);
}

/* Solve for the set, from its correlations. */
static void solve_set(const struct problem *problem)
{
    for (int step = 0; step < MOST_STEPS && !is_solved(problem, problem->close); step++)
        spine_activeset_improve(problem->set, problem->lasso->gram, problem->lambda);
}

/* Find the first group, from 'first' on, that has a correlation above the bound, or that isn't
 * whole. */
SPINE_CLONES
static size_t skip_groups(const float *all, size_t first, size_t units, float bound)
{
    for (; first + GROUP <= units; first += GROUP) {
        lanes above = {0};
        uint64_t parts[sizeof above / sizeof(uint64_t)];
        for (size_t i = 0; i < GROUP; i += LANES)
            above |= *(const floats *)(all + first + i) > bound;
        memcpy(parts, &above, sizeof parts);
        if ((parts[0] | parts[1] | parts[2] | parts[3]) != 0)
            break;
    }
    return first;
}

/* Atoms to add, and their correlations. */
struct offers {
    size_t count;
    uint32_t atom[MOST_ADDED];
    double correlation[MOST_ADDED];
};

/* Find the atoms with the greatest correlations of those that are too great, greatest first. */
static void find_offers(const struct problem *problem, struct offers *offers)
{
    const size_t units = problem->lasso->units;
    const float *all = problem->all;
    float bound = (float)(problem->lambda + problem->slack);
    uint32_t *best = offers->atom;
    size_t count = 0;

    for (size_t first = 0; (first = skip_groups(all, first, units, bound)) < units;) {
        const size_t end = units - first < GROUP ? units : first + GROUP;
        for (; first < end; first++) {
            const float c = all[first];
            if (!(c > bound) || problem->set->is_in[first])
                continue;
            size_t at = count < MOST_ADDED ? count++ : count - 1;
            for (; at > 0 && all[best[at - 1]] < c; at--)
                best[at] = best[at - 1];
            best[at] = (uint32_t)first;
            if (count == MOST_ADDED)
                bound = all[best[count - 1]];
        }
    }
    offers->count = count;
    for (size_t i = 0; i < count; i++)
        offers->correlation[i] = (double)all[best[i]];
}

/* Read what add_offers() needs of G at once, since it is far apart in memory. */
static void prefetch_products(const struct spine_lasso *lasso, const struct offers *offers)
{
    for (size_t i = 0; i < offers->count; i++) {
        const float *row = lasso->gram + (size_t)offers->atom[i] * lasso->units;
        for (size_t k = i; k < offers->count; k++)
            __builtin_prefetch(row + offers->atom[k]);
    }
}

/* Add the atoms offered, except those whose correlation falls to lambda once the better offers
 * before them have taken their values. Returns the number of offers. */
static size_t add_offers(const struct problem *problem)
{
    const struct spine_lasso *lasso = problem->lasso;
    struct offers offers;
    double left[MOST_ADDED]; /* of the correlations */

    find_offers(problem, &offers);
    prefetch_products(lasso, &offers);
    memcpy(left, offers.correlation, offers.count * sizeof *left);
    for (size_t i = 0; i < offers.count; i++) {
        const float *row = lasso->gram + (size_t)offers.atom[i] * lasso->units;
        if (!(left[i] > problem->lambda))
            continue;
        const double value = (left[i] - problem->lambda) / (double)row[offers.atom[i]];
        for (size_t k = i + 1; k < offers.count; k++)
            left[k] -= value * (double)row[offers.atom[k]];
        spine_activeset_add(problem->set, lasso->gram, offers.atom[i], 0, offers.correlation[i]);
    }
    return offers.count;
}

/* --- The end ------------------------------------------------------------------------------ */

/* Find the point on the set's atoms, which are in order, where all correlations are lambda. It
 * depends on the row, the atoms and lambda alone. Returns whether it is exact. */
static bool find_point(const struct problem *problem)
{
    const struct spine_lasso *lasso = problem->lasso;
    struct spine_activeset *set = problem->set;
    double *point = problem->point, *step = set->step;

    read_row(problem);
    correlate_set(problem, point);
    for (size_t s = 0; s < set->count; s++)
        point[s] -= problem->lambda;
    spine_activeset_substitute(set, point);

    /* A step corrects for the rounding of G, but for the share that the step's own G has. */
    const double rounding = FLOAT * (double)(lasso->dim + 4) * (1 + lasso->ridge);
    for (int i = 0; i < CORRECTIONS; i++) {
        double length = 0;
        read_row(problem);
        subtract_set(problem, point);
        correlate_set(problem, step);
        for (size_t s = 0; s < set->count; s++)
            step[s] -= lasso->ridge * point[s] + problem->lambda;
        spine_activeset_substitute(set, step);
        for (size_t s = 0; s < set->count; s++) {
            point[s] += step[s];
            length += fabs(step[s]);
        }
        if (length * rounding <= problem->exact)
            return true;
    }
    return false;
}

/* Make the point the set's values. Returns whether all are above 0. *moved becomes how far the
 * values move, from those that the correlations of all atoms were computed with. */
static bool use_point(const struct problem *problem, double *moved)
{
    struct spine_activeset *set = problem->set;
    bool is_positive = true;

    *moved = 0;
    for (size_t s = 0; s < set->count; s++) {
        const double value = problem->point[s];
        *moved += fabs(value - set->value[s]);
        set->value[s] = value > 0 ? value : 0;
        set->correlation[s] = problem->lambda;
        is_positive = is_positive && value > 0;
    }
    return is_positive;
}

/* The correlation of an atom at the point, whose residual is that before its last step. */
static double correlate_exactly(const struct problem *problem, size_t count, size_t atom)
{
    const struct spine_lasso *lasso = problem->lasso;
    const struct spine_activeset *set = problem->set;
    const float *row = lasso->gram + atom * lasso->units;
    double c = correlate(lasso->dim, lasso->W + atom * lasso->stride, problem->residual);

    for (size_t s = 0; s < count; s++)
        c -= set->step[s] * (double)row[set->atom[s]];
    return c;
}

/* How solving ends: atoms must be added or removed; or the solution isn't exact; or it is, but
 * others may be as exact; or it is the only one. */
enum ending { UNFINISHED, INEXACT, EXACT, UNIQUE };

/* Compare the correlations of the atoms outside of the set with lambda, and add those that are
 * above. It is the only solution if all are below by the margin. */
static enum ending compare_others(const struct problem *problem, double moved, double margin)
{
    const struct spine_lasso *lasso = problem->lasso;
    struct spine_activeset *set = problem->set;
    const size_t units = lasso->units, count = set->count;
    double sum = problem->length;
    bool is_unique = true;

    for (size_t s = 0; s < count; s++)
        sum += set->value[s];
    const double rounding = FLOAT * (double)(lasso->dim + count + 16) * (sum + problem->lambda);
    const float bound = (float)(problem->lambda - margin - moved - rounding);

    for (size_t first = 0; (first = skip_groups(problem->all, first, units, bound)) < units;) {
        const size_t end = units - first < GROUP ? units : first + GROUP;
        for (; first < end; first++) {
            if (!(problem->all[first] > bound))
                continue;
            const double c = correlate_exactly(problem, count, first);
            if (c > problem->lambda + problem->exact)
                spine_activeset_add(set, lasso->gram, (uint32_t)first, 0, c);
            else if (c > problem->lambda - margin)
                is_unique = false;
        }
    }
    if (set->count > count)
        return UNFINISHED;
    return is_unique ? UNIQUE : EXACT;
}

/* Find the exact solution on the set, and whether it is that of the row; and the only one, if it
 * must be, by the margins of lasso.h. */
static enum ending finish(const struct problem *problem, bool must_be_unique)
{
    struct spine_activeset *set = problem->set;
    double moved, margin = 0, least = 0;

    if (!spine_activeset_order(set, problem->lasso->gram) || !find_point(problem))
        return INEXACT;
    if (!use_point(problem, &moved)) {
        correlate_values(problem);
        return UNFINISHED;
    }

    if (must_be_unique) {
        const double inverse = spine_activeset_invert(set), error = 4 * problem->exact;
        const double root = sqrt((1 + problem->lasso->ridge) * (double)set->count * inverse);
        margin = error * (1 + 2 * root);
        least = 8 * error * sqrt((double)set->count) * inverse;
        if (!(margin < problem->lambda / 8))
            return EXACT;
        for (size_t s = 0; s < set->count; s++)
            if (!(set->value[s] > least))
                return EXACT;
    }
    return compare_others(problem, moved, margin);
}

/* Does the set have more values than are of interest? */
static bool has_too_many(const struct problem *problem)
{
    const struct spine_activeset *set = problem->set;
    size_t values = 0;

    if (problem->most == 0 || set->count <= problem->most)
        return false;
    for (size_t s = 0; s < set->count; s++)
        values += set->value[s] > 0;
    return values > problem->most;
}

/* Solve from the set as it is. Returns false if the solution must be the only one, and it isn't
 * certain that it is. */
static bool solve_from(struct problem *problem, bool must_be_unique)
{
    const struct spine_lasso *lasso = problem->lasso;
    const int most = must_be_unique ? FEW_ROUNDS : MOST_ROUNDS;

    problem->close = problem->slack;
    bool was_close = false;
    for (int round = 0; round < most; round++) {
        solve_set(problem);
        if (has_too_many(problem)) {
            spine_activeset_drop(problem->set);
            spine_activeset_sort(problem->set);
            return true;
        }
        correlate_all(problem);
        const size_t added = add_offers(problem);
        if (added > 0 && round < FEW_ROUNDS)
            continue;
        if (added > 0) {
            correlate_values(problem);
            if (!is_solved(problem, problem->slack))
                continue;
        }

        const enum ending ending = finish(problem, must_be_unique);
        if (ending == UNIQUE || (ending == EXACT && !must_be_unique))
            return true;
        if (must_be_unique && ending != UNFINISHED)
            return false;
        if (ending == INEXACT) {
            correlate_values(problem);
            if (was_close && is_solved(problem, problem->slack))
                break;
        }
        problem->close = problem->exact;
        was_close = true;
    }
    if (must_be_unique)
        return false;

    spine_activeset_finish(problem->set, lasso->gram, problem->lambda);
    spine_activeset_drop(problem->set);
    spine_activeset_sort(problem->set);
    return true;
}

/* Put the atoms of a start into the set, unless they are too many. */
static bool begin_with(const struct problem *problem, const struct spine_lasso_start *start)
{
    struct spine_activeset *set = problem->set;

    if (start == NULL || start->count == 0 || start->count > set->most)
        return false;
    for (size_t i = 0; i < start->count; i++)
        spine_activeset_add(set, problem->lasso->gram, (uint32_t)start->unit[i],
                            (double)start->value[i], 0);
    spine_activeset_correlate(set, problem->products);
    return true;
}

size_t spine_lasso_find(const struct spine_lasso *lasso, const float *x, const float *products,
                        double lambda, struct spine_lasso_scratch *scratch,
                        const struct spine_lasso_start *start)
{
    struct spine_activeset *set = &scratch->set;
    double squares = 0;
    for (size_t k = 0; k < lasso->dim; k++)
        squares += (double)x[k] * (double)x[k];
    const double length = sqrt(squares);
    struct problem problem = {.lasso = lasso,
                              .set = set,
                              .x = x,
                              .products = products,
                              .all = scratch->all,
                              .residual = scratch->residual,
                              .point = scratch->point,
                              .lambda = lambda,
                              .length = length,
                              .slack = lasso->tolerance * lambda + ROUNDING * length,
                              .exact = EXACTNESS * length,
                              .most = scratch->most};

    spine_activeset_clear(set);
    if (begin_with(&problem, start) && solve_from(&problem, true))
        return set->count;
    spine_activeset_clear(set);
    solve_from(&problem, false);
    return set->count;
}
