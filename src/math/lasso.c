/* lasso.c -- the non-negative lasso, by active sets. */
#include "spine/math/lasso.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"
#include "spine/math/kernels.h"

/* The most atoms that a round adds, those with the greatest correlations; the largest set that is
 * solved exactly, which has more atoms than most rows have numbers; the most sweeps, and the most
 * rounds, since with equal atoms no set is exact. */
enum { MOST_ADDED = 12, MOST_EXACT = 512, MOST_SWEEPS = 500, MOST_ROUNDS = 200 };

/* An atom is independent of others if at least this share of its square is; less is rounding. */
static const double DEPENDENT = 1e-5;

/* The rounding of a correlation, relative to the row's length: values are floats. */
static const double ROUNDING = 1e-6;

int spine_lasso_init(struct spine_lasso *lasso, const float *W, size_t units, size_t dim,
                     double ridge, struct spine_error *err)
{
    *lasso = (struct spine_lasso){.units = units,
                                  .dim = dim,
                                  .stride = spine_kernel_stride(dim),
                                  .W = W,
                                  .ridge = ridge,
                                  .tolerance = SPINE_LASSO_TOLERANCE};
    static const char what[] = "the products of all pairs of atoms";
    lasso->gram = spine_memory_get(units, units * sizeof *lasso->gram, what, err);
    lasso->packed = spine_kernel_alloc_packed(dim, what, err);
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

void spine_lasso_products(const struct spine_lasso *lasso, size_t n, const float *x, float *packed,
                          float *products)
{
    spine_kernel_product_rows(n, lasso->dim, lasso->units, lasso->units, lasso->stride, x, lasso->W,
                              packed, products);
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
    const size_t units = lasso->units;
    const size_t exact = units < MOST_EXACT ? units : MOST_EXACT;

    *scratch = (struct spine_lasso_scratch){0};
    scratch->correlation = spine_memory_get(units, sizeof *scratch->correlation, what, err);
    scratch->all = spine_memory_get(units, sizeof *scratch->all, what, err);
    scratch->residual = spine_memory_get(lasso->dim, sizeof *scratch->residual, what, err);
    scratch->triangle = spine_memory_get(exact * exact, sizeof *scratch->triangle, what, err);
    scratch->step = spine_memory_get(exact, sizeof *scratch->step, what, err);
    scratch->set = spine_memory_get(units, sizeof *scratch->set, what, err);
    scratch->is_in = spine_memory_zeroed(units, sizeof *scratch->is_in, what, err);

    if (scratch->correlation == NULL || scratch->all == NULL || scratch->residual == NULL ||
        scratch->triangle == NULL || scratch->step == NULL || scratch->set == NULL ||
        scratch->is_in == NULL) {
        spine_lasso_scratch_dispose(scratch);
        return -1;
    }
    return 0;
}

void spine_lasso_scratch_dispose(struct spine_lasso_scratch *scratch)
{
    free(scratch->correlation);
    free(scratch->all);
    free(scratch->residual);
    free(scratch->triangle);
    free(scratch->step);
    free(scratch->set);
    free(scratch->is_in);
    *scratch = (struct spine_lasso_scratch){0};
}

/* One row being solved. */
struct problem {
    const struct spine_lasso *lasso;
    struct spine_lasso_scratch *scratch;
    const float *x, *products;
    double lambda, slack; /* how far from lambda a correlation may be */
    float *a;
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

SPINE_CLONES
static void subtract_row(size_t units, const float *row, float value, float *all)
{
#pragma omp simd
    for (size_t j = 0; j < units; j++)
        all[j] -= value * row[j];
}

/* c_j of the active set, from the residual and the value. */
static void correlate_set(const struct problem *problem)
{
    const struct spine_lasso *lasso = problem->lasso;
    struct spine_lasso_scratch *scratch = problem->scratch;

    for (size_t k = 0; k < lasso->dim; k++)
        scratch->residual[k] = (double)problem->x[k];
    for (size_t s = 0; s < scratch->count; s++) {
        const uint32_t j = scratch->set[s];
        if (problem->a[j] > 0)
            subtract_atom(lasso->dim, lasso->W + j * lasso->stride, (double)problem->a[j],
                          scratch->residual);
    }

    for (size_t s = 0; s < scratch->count; s++) {
        const uint32_t j = scratch->set[s];
        scratch->correlation[s] =
            correlate(lasso->dim, lasso->W + j * lasso->stride, scratch->residual) -
            lasso->ridge * (double)problem->a[j];
    }
}

/* c_j of all atoms. */
static void correlate_all(const struct problem *problem)
{
    const struct spine_lasso *lasso = problem->lasso;
    struct spine_lasso_scratch *scratch = problem->scratch;

    memcpy(scratch->all, problem->products, lasso->units * sizeof *scratch->all);
    for (size_t s = 0; s < scratch->count; s++) {
        const uint32_t j = scratch->set[s];
        if (problem->a[j] > 0)
            subtract_row(lasso->units, lasso->gram + j * lasso->units, problem->a[j], scratch->all);
    }
}

/* --- The active set ----------------------------------------------------------------------- */

static double gram_at(const struct problem *problem, size_t s, size_t t)
{
    const struct spine_lasso_scratch *scratch = problem->scratch;
    return (double)problem->lasso->gram[scratch->set[s] * problem->lasso->units + scratch->set[t]];
}

/* Are the correlations of the set within the tolerance? */
static bool is_solved(const struct problem *problem)
{
    const struct spine_lasso_scratch *scratch = problem->scratch;
    for (size_t s = 0; s < scratch->count; s++) {
        const double over = scratch->correlation[s] - problem->lambda;
        const bool is_active = problem->a[scratch->set[s]] > 0;
        if (over > problem->slack || (is_active && over < -problem->slack))
            return false;
    }
    return true;
}

/* Change one value, and the correlations of the set with it. */
static void change(const struct problem *problem, size_t s, double difference)
{
    struct spine_lasso_scratch *scratch = problem->scratch;
    for (size_t t = 0; t < scratch->count; t++)
        scratch->correlation[t] -= difference * gram_at(problem, s, t);
}

/* Minimise over each value of the set in turn. */
static void descend(const struct problem *problem)
{
    struct spine_lasso_scratch *scratch = problem->scratch;
    for (size_t s = 0; s < scratch->count; s++) {
        const double square = gram_at(problem, s, s);
        float *value = &problem->a[scratch->set[s]];
        if (!(square > 0))
            continue;
        const double best = (double)*value + (scratch->correlation[s] - problem->lambda) / square;
        const float now = best > 0 ? (float)best : 0;
        if (now != *value)
            change(problem, s, (double)now - (double)*value);
        *value = now;
    }
}

/* Cholesky: the first rows of the triangle (n, n) become L with L L' the same, up to the first row
 * that depends on those before it. Returns their number: n if all are independent. */
static size_t factorise(size_t n, double *triangle)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            double sum = triangle[i * n + k];
            for (size_t l = 0; l < k; l++)
                sum -= triangle[i * n + l] * triangle[k * n + l];
            if (k < i)
                triangle[i * n + k] = sum / triangle[k * n + k];
            else if (sum > DEPENDENT * triangle[i * n + i])
                triangle[i * n + i] = sqrt(sum);
            else
                return i;
        }
    return n;
}

/* Solve L L' v = vector for the first 'count' rows. */
static void substitute(size_t n, size_t count, const double *triangle, double *vector)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            vector[i] -= triangle[i * n + k] * vector[k];
        vector[i] /= triangle[i * n + i];
    }
    for (size_t i = count; i-- > 0;) {
        for (size_t k = i + 1; k < count; k++)
            vector[i] -= triangle[k * n + i] * vector[k];
        vector[i] /= triangle[i * n + i];
    }
}

/* Keep only the atoms above 0 in the set. */
static void drop_zeros(const struct problem *problem)
{
    struct spine_lasso_scratch *scratch = problem->scratch;
    size_t kept = 0;
    for (size_t s = 0; s < scratch->count; s++) {
        const uint32_t j = scratch->set[s];
        if (problem->a[j] > 0) {
            scratch->correlation[kept] = scratch->correlation[s];
            scratch->set[kept++] = j;
        } else {
            scratch->is_in[j] = 0;
        }
    }
    scratch->count = kept;
}

/* Find the direction of an exact step, in scratch->step: to where all correlations of the set are
 * lambda; or, if an atom depends on others, exchanging it for them, which changes only the sum of
 * the values. Returns the step's length if no value becomes 0. */
static double find_direction(const struct problem *problem)
{
    struct spine_lasso_scratch *scratch = problem->scratch;
    const size_t n = scratch->count;
    for (size_t s = 0; s < n; s++)
        for (size_t t = 0; t <= s; t++)
            scratch->triangle[s * n + t] = gram_at(problem, s, t);

    const size_t independent = factorise(n, scratch->triangle);
    if (independent == n) {
        for (size_t s = 0; s < n; s++)
            scratch->step[s] = scratch->correlation[s] - problem->lambda;
        substitute(n, n, scratch->triangle, scratch->step);
        return 1;
    }

    double gain = problem->lambda - scratch->correlation[independent];
    memset(scratch->step, 0, n * sizeof *scratch->step);
    for (size_t s = 0; s < independent; s++)
        scratch->step[s] = gram_at(problem, independent, s);
    substitute(n, independent, scratch->triangle, scratch->step);
    for (size_t s = 0; s < independent; s++)
        gain -= scratch->step[s] * (problem->lambda - scratch->correlation[s]);
    for (size_t s = 0; s < independent; s++)
        scratch->step[s] *= gain > 0 ? 1 : -1;
    scratch->step[independent] = gain > 0 ? -1 : 1;
    return HUGE_VAL;
}

/* Go in an exact direction until a value is 0. */
static void step_exactly(const struct problem *problem)
{
    struct spine_lasso_scratch *scratch = problem->scratch;
    drop_zeros(problem);
    const size_t n = scratch->count;
    if (n == 0 || n > MOST_EXACT)
        return;

    double length = find_direction(problem);
    size_t first = n; /* to reach 0 */
    for (size_t s = 0; s < n; s++) {
        const double value = (double)problem->a[scratch->set[s]];
        if (scratch->step[s] < 0 && value <= -length * scratch->step[s]) {
            length = -value / scratch->step[s];
            first = s;
        }
    }
    if (length == HUGE_VAL)
        return;

    for (size_t s = 0; s < n; s++) {
        float *value = &problem->a[scratch->set[s]];
        const double now = (double)*value + length * scratch->step[s];
        *value = s == first || now < 0 ? 0 : (float)now;
    }
    correlate_set(problem);
}

/* Solve for the set; atoms that reach 0 stay in it until the next exact step. Returns whether
 * anything changed. */
static bool solve_set(const struct problem *problem)
{
    int sweep = 0;
    correlate_set(problem);
    for (; sweep < MOST_SWEEPS && !is_solved(problem); sweep++) {
        descend(problem);
        step_exactly(problem);
    }
    return sweep > 0;
}

static void add_atom(struct spine_lasso_scratch *scratch, uint32_t j)
{
    scratch->set[scratch->count++] = j;
    scratch->is_in[j] = 1;
}

/* Add the atoms whose correlations are too great, greatest first. Returns their number. */
static size_t add_violators(const struct problem *problem)
{
    struct spine_lasso_scratch *scratch = problem->scratch;
    const float bound = (float)(problem->lambda + problem->slack);
    uint32_t best[MOST_ADDED];
    size_t count = 0;

    for (uint32_t j = 0; j < problem->lasso->units; j++) {
        const float c = scratch->all[j];
        if (!(c > bound) || scratch->is_in[j] ||
            (count == MOST_ADDED && c <= scratch->all[best[count - 1]]))
            continue;
        size_t at = count < MOST_ADDED ? count++ : count - 1;
        for (; at > 0 && scratch->all[best[at - 1]] < c; at--)
            best[at] = best[at - 1];
        best[at] = j;
    }

    for (size_t i = 0; i < count; i++)
        add_atom(scratch, best[i]);
    return count;
}

size_t spine_lasso_solve(const struct spine_lasso *lasso, const float *x, const float *products,
                         double lambda, struct spine_lasso_scratch *scratch, float *a)
{
    double squares = 0;
    for (size_t k = 0; k < lasso->dim; k++)
        squares += (double)x[k] * (double)x[k];
    const double slack = lasso->tolerance * lambda + ROUNDING * sqrt(squares);
    const struct problem problem = {lasso, scratch, x, products, lambda, slack, a};

    scratch->count = 0;
    for (uint32_t j = 0; j < lasso->units; j++)
        if (a[j] > 0)
            add_atom(scratch, j);

    for (int round = 0; round < MOST_ROUNDS; round++) {
        /* Atoms that only the rounding of the Gram matrix put into the set change nothing. */
        if (!solve_set(&problem) && round > 0)
            break;
        correlate_all(&problem);
        if (add_violators(&problem) == 0)
            break;
    }

    drop_zeros(&problem);
    const size_t active = scratch->count;
    for (size_t s = 0; s < active; s++)
        scratch->is_in[scratch->set[s]] = 0;
    return active;
}

/* --- Blocks of rows ----------------------------------------------------------------------- */

int spine_lasso_coder_init(struct spine_lasso_coder *coder, const struct spine_lasso *lasso,
                           struct spine_error *err)
{
    static const char what[] = "the codes of a block";

    *coder = (struct spine_lasso_coder){.lasso = lasso};
    coder->products = spine_kernel_alloc(SPINE_LASSO_ROWS * lasso->units, what, err);
    coder->packed = spine_kernel_alloc_packed(lasso->dim, what, err);
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
