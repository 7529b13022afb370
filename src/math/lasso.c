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
 * atoms that are subtracted together. */
enum {
    MOST_ADDED = 12,
    MOST_STEPS = 500,
    FEW_ROUNDS = 20,
    MOST_ROUNDS = 200,
    GROUP = 16,
    LANES = 8,
    TOGETHER = 4
};
typedef float floats __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(32)));

/* The rounding of a correlation, relative to the row's length: values are floats. */
static const double ROUNDING = 1e-6;

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
    spine_lasso_products(lasso, lasso->units, lasso->W, lasso->packed, lasso->gram);
    for (size_t j = 0; j < lasso->units; j++)
        lasso->gram[j * lasso->units + j] += (float)lasso->ridge;
}

/* products = x W' for the rows of a block, (rows, H), by the products of a training step: BLAS's bits
 * depend on the number of rows, and on which of them a row is. */
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
    for (size_t first = 0; first < n; first += SPINE_BLOCK_ROWS) {
        const size_t rows = n - first < SPINE_BLOCK_ROWS ? n - first : SPINE_BLOCK_ROWS;
        multiply_block(lasso, rows, x + first * lasso->stride, packed,
                       products + first * lasso->units);
    }
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
    if (scratch->all == NULL || scratch->residual == NULL ||
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
    *scratch = (struct spine_lasso_scratch){0};
}

/* One row being solved. */
struct problem {
    const struct spine_lasso *lasso;
    struct spine_activeset *set;
    const float *x, *products;
    float *all;           /* (H): correlations of all atoms */
    double *residual;     /* (D) */
    double lambda, slack; /* how far from lambda a correlation may be */
};

/* --- Correlations ------------------------------------------------------------------------- */

/* residual -= value atom; the correlation of an atom with the residual. */
SPINE_CLONES
static void subtract_atom(size_t dim, const float *atom, double value, double *residual)
{
#pragma omp simd
    for (size_t k = 0; k < dim; k++)
        residual[k] -= value * (double)atom[k];
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

/* all -= sum of value row, for several rows at a time, which are read from memory. */
SPINE_CLONES
static void subtract_rows(size_t units, const float *const *rows, const float *values, float *all)
{
    const float *restrict a = rows[0], *restrict b = rows[1];
    const float *restrict c = rows[2], *restrict d = rows[3];
#pragma omp simd
    for (size_t j = 0; j < units; j++)
        all[j] -= values[0] * a[j] + values[1] * b[j] + (values[2] * c[j] + values[3] * d[j]);
}

/* c_j of the active set, from the residual and the values. */
static void correlate_set(const struct problem *problem)
{
    const struct spine_lasso *lasso = problem->lasso;
    struct spine_activeset *set = problem->set;

    for (size_t k = 0; k < lasso->dim; k++)
        problem->residual[k] = (double)problem->x[k];
    for (size_t s = 0; s < set->count; s++)
        if (set->value[s] > 0)
            subtract_atom(lasso->dim, lasso->W + set->atom[s] * lasso->stride, set->value[s],
                          problem->residual);

    for (size_t s = 0; s < set->count; s++)
        set->correlation[s] =
            correlate(lasso->dim, lasso->W + set->atom[s] * lasso->stride, problem->residual) -
            lasso->ridge * set->value[s];
}

/* c_j of all atoms. */
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
}

/* --- Rounds ------------------------------------------------------------------------------- */

static bool is_solved(const struct problem *problem)
{
    return spine_activeset_is_solved(problem->set, problem->lambda, problem->slack);
}

/* Solve for the set, from its correlations. */
static void solve_set(const struct problem *problem)
{
    for (int step = 0; step < MOST_STEPS && !is_solved(problem); step++) {
        spine_activeset_improve(problem->set, problem->lasso->gram, problem->lambda);
    }
}

/* Find the first group, from 'first' on, that has a correlation above the bound, or that isn't whole. */
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

/* Add the atoms offered, except those whose correlation falls to lambda once the better offers before
 * them have taken their values. Returns the number of offers. */
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

size_t spine_lasso_solve(const struct spine_lasso *lasso, const float *x, const float *products,
                         double lambda, struct spine_lasso_scratch *scratch, float *a)
{
    struct spine_activeset *set = &scratch->set;
    double squares = 0;
    for (size_t k = 0; k < lasso->dim; k++)
        squares += (double)x[k] * (double)x[k];
    const double slack = lasso->tolerance * lambda + ROUNDING * sqrt(squares);
    const struct problem problem = {lasso,  set,  x, products, scratch->all, scratch->residual,
                                    lambda, slack};

    spine_activeset_clear(set);
    for (uint32_t j = 0; j < lasso->units; j++)
        if (a[j] > 0) {
            spine_activeset_add(set, lasso->gram, j, (double)a[j], 0);
            a[j] = 0;
        }
    correlate_set(&problem);

    for (int round = 0; round < MOST_ROUNDS; round++) {
        solve_set(&problem);
        correlate_all(&problem);
        const size_t added = add_offers(&problem);
        if (added > 0 && round < FEW_ROUNDS)
            continue;
        correlate_set(&problem);
        if (is_solved(&problem))
            break;
    }

    spine_activeset_finish(set, lasso->gram, lambda);
    spine_activeset_drop(set);
    for (size_t s = 0; s < set->count; s++)
        a[set->atom[s]] = (float)set->value[s];
    return set->count;
}

/* --- Blocks of rows ----------------------------------------------------------------------- */

int spine_lasso_coder_init(struct spine_lasso_coder *coder, const struct spine_lasso *lasso,
                           struct spine_error *err)
{
    static const char what[] = "the codes of a block";

    *coder = (struct spine_lasso_coder){.lasso = lasso};
    coder->products = spine_kernel_alloc(SPINE_LASSO_ROWS * lasso->units, what, err);
    coder->packed = spine_kernel_alloc(spine_block_packed(lasso->dim), what, err);
    coder->a = spine_kernel_alloc(lasso->units, what, err);
    if (coder->products == NULL || coder->packed == NULL || coder->a == NULL ||
        spine_lasso_scratch_init(&coder->scratch, lasso, err)) {
        spine_lasso_coder_dispose(coder);
        return -1;
    }
    return 0;
}

void spine_lasso_coder_dispose(struct spine_lasso_coder *coder)
{
    spine_lasso_scratch_dispose(&coder->scratch);
    free(coder->products);
    free(coder->packed);
    free(coder->a);
    *coder = (struct spine_lasso_coder){0};
}

void spine_lasso_coder_encode(struct spine_lasso_coder *coder, size_t rows, const float *x,
                              uint32_t *begin, int32_t *unit, float *value)
{
    const struct spine_lasso *lasso = coder->lasso;
    const size_t units = lasso->units;
    uint32_t count = 0;

    spine_lasso_products(lasso, rows, x, coder->packed, coder->products);
    for (size_t i = 0; i < rows; i++) {
        begin[i] = count;
        memset(coder->a, 0, units * sizeof *coder->a);
        spine_lasso_solve(lasso, x + i * lasso->stride, coder->products + i * units, coder->lambda,
                          &coder->scratch, coder->a);
        for (size_t j = 0; j < units; j++)
            if (coder->a[j] > 0) {
                unit[count] = (int32_t)j;
                value[count++] = coder->a[j];
            }
    }
    begin[rows] = count;
}
