/* floor.c -- baselines without learning: random words as atoms, and principal components. */
#include "spine/eval/floor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"
#include "spine/math/block.h"
#include "spine/math/kernels.h"
#include "spine/math/lapack.h"
#include "spine/math/lassocoder.h"

/* Words on which lambda is found, and the steps that halve its range; rows solved at a time. */
enum { SAMPLE = 600, STEPS = 12, BLOCK = 256 };

/* The subject's words that the input has, and their vectors, centred. */
struct rows {
    size_t count, dim, stride;
    float *x; /* owned; (count, D) */
};

/* --- The words of both -------------------------------------------------------------------- */

static int copy_words(const struct spine_floor *floor, struct spine_words *words, struct rows *rows,
                      struct spine_error *err)
{
    for (size_t i = 0; i < floor->subject->rows; i++) {
        const char *word = spine_words_get(&floor->subject->words, i);
        const int64_t row = spine_space_find(floor->input, word);
        if (row < 0)
            continue;
        if (spine_words_add(words, word, strlen(word), err))
            return -1;
        spine_space_row(floor->input, (size_t)row, rows->x + rows->count++ * rows->stride);
    }
    return 0;
}

static void center(struct rows *rows, double *mean)
{
    memset(mean, 0, rows->dim * sizeof *mean);
    for (size_t i = 0; i < rows->count; i++)
        for (size_t k = 0; k < rows->dim; k++)
            mean[k] += (double)rows->x[i * rows->stride + k] / (double)rows->count;
    for (size_t i = 0; i < rows->count; i++)
        for (size_t k = 0; k < rows->dim; k++)
            rows->x[i * rows->stride + k] -= (float)mean[k];
}

/* Copy the common words to the space, and collect their vectors. */
static int collect(const struct spine_floor *floor, struct spine_space *space, struct rows *rows,
                   struct spine_error *err)
{
    const size_t dim = floor->input->dimensions;
    *space = (struct spine_space){0};
    *rows = (struct rows){.dim = dim, .stride = spine_kernel_stride(dim)};
    rows->x = spine_kernel_alloc(floor->subject->rows * rows->stride, "the input's vectors", err);
    double *mean = spine_memory_get(dim, sizeof *mean, "the mean vector", err);

    int rc = rows->x == NULL || mean == NULL ? -1 : copy_words(floor, &space->words, rows, err);
    if (rc == 0 && rows->count < 2)
        rc = spine_refuse(err, "the input has %zu of the words; a baseline needs 2", rows->count);
    if (rc == 0)
        center(rows, mean);

    free(mean);
    space->rows = rows->count;
    return rc;
}

static double squared_length(const float *x, size_t dim)
{
    double squares = 0;
    for (size_t k = 0; k < dim; k++)
        squares += (double)x[k] * (double)x[k];
    return squares;
}

/* --- Random words as atoms ---------------------------------------------------------------- */

/* Draw at most *count rows that aren't zeros, without repetition, and scale them to length 1;
 * *count becomes their number. */
static int draw_atoms(const struct rows *rows, uint64_t seed, float *atoms, size_t *count,
                      struct spine_error *err)
{
    enum { STREAM = UINT16_MAX }; /* for draws other than the intruders' */
    uint32_t *order = spine_memory_get(rows->count, sizeof *order, "the order of words", err);
    size_t drawn = 0;
    if (order == NULL)
        return -1;
    for (size_t i = 0; i < rows->count; i++)
        order[i] = (uint32_t)i;

    for (size_t left = rows->count; left > 0 && drawn < *count; left--) {
        const uint32_t at =
            spine_random_below(seed, STREAM, STREAM, (uint32_t)left, (uint32_t)left);
        const float *x = rows->x + order[at] * rows->stride;
        const double squares = squared_length(x, rows->dim);
        order[at] = order[left - 1];
        if (!(squares > 0))
            continue;
        for (size_t k = 0; k < rows->dim; k++)
            atoms[drawn * rows->stride + k] = (float)((double)x[k] / sqrt(squares));
        drawn++;
    }

    free(order);
    *count = drawn;
    return 0;
}

/* A block of rows being solved: every 'step'th row from 'first'. */
struct block {
    const struct rows *rows;
    const struct spine_lasso *lasso;
    size_t first, step, count;
    float *x, *products, *packed; /* owned; (BLOCK, D), (BLOCK, H) */
    float *a;                     /* owned; (BLOCK, H): the codes */
    double lost[BLOCK];           /* |x - a W|^2 of each row */
    /* Sums over all blocks: of values above 0, of |x - a W|^2, and of |x|^2. */
    double values, sum_lost, all;
};

static int init_block(struct block *block, const struct rows *rows, const struct spine_lasso *lasso,
                      struct spine_error *err)
{
    static const char what[] = "the codes of random words";
    *block = (struct block){.rows = rows, .lasso = lasso};
    block->x = spine_kernel_alloc(BLOCK * rows->stride, what, err);
    block->products = spine_kernel_alloc(BLOCK * lasso->units, what, err);
    block->packed = spine_kernel_alloc(spine_block_packed(rows->dim), what, err);
    block->a = spine_kernel_alloc(BLOCK * lasso->units, what, err);
    if (block->x == NULL || block->products == NULL || block->packed == NULL || block->a == NULL)
        return -1;
    return 0;
}

static void dispose_block(struct block *block)
{
    free(block->x);
    free(block->products);
    free(block->packed);
    free(block->a);
}

/* |x - a W|^2 of row i. */
static double residual(const struct block *block, size_t i, double *y)
{
    const struct spine_lasso *lasso = block->lasso;
    const float *x = block->x + i * lasso->stride, *a = block->a + i * lasso->units;
    double squares = 0;

    for (size_t k = 0; k < lasso->dim; k++)
        y[k] = (double)x[k];
    for (size_t j = 0; j < lasso->units; j++)
        for (size_t k = 0; a[j] > 0 && k < lasso->dim; k++)
            y[k] -= (double)a[j] * (double)lasso->W[j * lasso->stride + k];
    for (size_t k = 0; k < lasso->dim; k++)
        squares += y[k] * y[k];

    return squares;
}

/* Solve for the block's rows on all threads, from zeros, and add to the sums. */
static int solve_block(struct block *block, double lambda, struct spine_error *err)
{
    const struct spine_lasso *lasso = block->lasso;
    double values = 0;
    int failed = 0;

    for (size_t i = 0; i < block->count; i++)
        memcpy(block->x + i * lasso->stride,
               block->rows->x + (block->first + i * block->step) * lasso->stride,
               lasso->stride * sizeof *block->x);
    memset(block->a, 0, BLOCK * lasso->units * sizeof *block->a);
    spine_lasso_products(lasso, block->count, block->x, block->packed, block->products);

#pragma omp parallel reduction(+ : values) reduction(| : failed)
    {
        struct spine_lasso_scratch scratch;
        struct spine_error unheard; /* reported after all threads */
        failed = spine_lasso_scratch_init(&scratch, lasso, &unheard) != 0;
#pragma omp for schedule(dynamic, 4)
        for (size_t i = 0; i < block->count; i++) {
            if (failed)
                continue;
            const float *x = block->x + i * lasso->stride;
            values += (double)spine_lasso_solve(lasso, x, block->products + i * lasso->units,
                                                lambda, &scratch, block->a + i * lasso->units);
            block->lost[i] = residual(block, i, scratch.residual);
        }
        if (!failed)
            spine_lasso_scratch_dispose(&scratch);
    }
    block->values += values;
    for (size_t i = 0; i < block->count; i++) {
        block->sum_lost += block->lost[i];
        block->all += squared_length(block->x + i * lasso->stride, lasso->dim);
    }

    if (failed)
        return spine_memory_fail("the scratch of a lasso", err);
    return 0;
}

/* Find the mean number of values a word on the sample. */
static int sample_values(struct block *block, double lambda, double *values,
                         struct spine_error *err)
{
    const size_t rows = block->rows->count, step = (rows + SAMPLE - 1) / SAMPLE;
    assert(rows > 0);
    const size_t sampled = (rows + step - 1) / step;

    block->values = 0;
    block->step = step;
    for (size_t first = 0; first < sampled; first += BLOCK) {
        block->first = first * step;
        block->count = sampled - first < BLOCK ? sampled - first : BLOCK;
        if (solve_block(block, lambda, err))
            return -1;
    }
    *values = block->values / (double)sampled;
    return 0;
}

/* Find the greatest correlation of a row with an atom: with that lambda there are no values. */
static double find_greatest(const struct rows *rows)
{
    double greatest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const double squares = squared_length(rows->x + i * rows->stride, rows->dim);
        greatest = squares > greatest ? squares : greatest;
    }
    return sqrt(greatest);
}

/* Find the lambda that gives the wanted number of values a word, on a logarithmic scale. */
static int find_lambda(struct block *block, double wanted, double *lambda, struct spine_error *err)
{
    double high = find_greatest(block->rows), low = high * 1e-4;
    for (int i = 0; i < STEPS; i++) {
        double values;
        *lambda = sqrt(low * high);
        if (sample_values(block, *lambda, &values, err))
            return -1;
        if (values > wanted)
            low = *lambda;
        else
            high = *lambda;
    }
    return 0;
}

static int append_block(const struct block *block, struct spine_space *space,
                        struct spine_error *err)
{
    const size_t units = block->lasso->units;
    size_t values = 0;
    for (size_t i = 0; i < block->count * units; i++)
        values += block->a[i] > 0;
    if (spine_csr_reserve(&space->codes, block->count, values, err) ||
        spine_csr_reserve(&space->excess, block->count, 0, err))
        return -1;

    for (size_t i = 0; i < block->count; i++) {
        spine_csr_add_row(&space->codes, block->a + i * units, units, 0);
        spine_csr_add_row(&space->excess, block->a + i * units, units, (float)HUGE_VAL);
    }
    return 0;
}

static int code_all(struct block *block, double lambda, struct spine_space *space,
                    struct spine_error *err)
{
    block->step = 1;
    block->values = block->sum_lost = block->all = 0;
    for (size_t first = 0; first < block->rows->count; first += BLOCK) {
        const size_t left = block->rows->count - first;
        block->first = first;
        block->count = left < BLOCK ? left : BLOCK;
        if (solve_block(block, lambda, err) || append_block(block, space, err))
            return -1;
    }
    return 0;
}

static int code_words(const struct spine_floor *floor, const struct rows *rows,
                      const struct spine_lasso *lasso, struct spine_space *space, double *explained,
                      struct spine_error *err)
{
    struct block block;
    double lambda = 0;
    int rc = init_block(&block, rows, lasso, err);
    if (rc == 0)
        rc = find_lambda(&block, floor->values, &lambda, err);
    if (rc == 0)
        rc = code_all(&block, lambda, space, err);
    *explained = block.all > 0 ? 1 - block.sum_lost / block.all : (double)NAN;
    dispose_block(&block);
    return rc;
}

int spine_floor_words(const struct spine_floor *floor, struct spine_space *space, double *explained,
                      struct spine_error *err)
{
    struct rows rows;
    struct spine_lasso lasso = {0};
    size_t units = floor->subject->dimensions;
    float *atoms = NULL;

    int rc = collect(floor, space, &rows, err);
    if (rc == 0) {
        atoms = spine_kernel_alloc(units * rows.stride, "the atoms", err);
        rc = atoms == NULL ? -1 : draw_atoms(&rows, floor->seed, atoms, &units, err);
    }
    if (rc == 0 && units == 0)
        rc = spine_refuse(err, "the input has the same vector for all words");
    if (rc == 0)
        rc = spine_lasso_init(&lasso, atoms, units, rows.dim, 0, err);
    if (rc == 0)
        rc = code_words(floor, &rows, &lasso, space, explained, err);
    if (rc == 0) {
        space->dimensions = units;
        rc = spine_space_index(space, err);
    }

    spine_lasso_dispose(&lasso);
    free(atoms);
    free(rows.x);
    if (rc != 0)
        spine_space_dispose(space);
    return rc;
}

/* --- Principal components ----------------------------------------------------------------- */

/* sum over the rows of x_k x_l, (D, D). */
static void sum_products(const struct rows *rows, double *products)
{
    memset(products, 0, rows->dim * rows->dim * sizeof *products);
    for (size_t i = 0; i < rows->count; i++) {
        const float *x = rows->x + i * rows->stride;
        for (size_t k = 0; k < rows->dim; k++)
            for (size_t l = 0; l <= k; l++)
                products[k * rows->dim + l] += (double)x[k] * (double)x[l];
    }
    for (size_t k = 0; k < rows->dim; k++)
        for (size_t l = 0; l < k; l++)
            products[l * rows->dim + k] = products[k * rows->dim + l];
}

static void project(const struct rows *rows, const double *components, size_t count, float *out)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < rows->count; i++)
        for (size_t c = 0; c < count; c++) {
            double sum = 0;
            for (size_t k = 0; k < rows->dim; k++)
                sum += (double)rows->x[i * rows->stride + k] * components[c * rows->dim + k];
            out[i * count + c] = (float)sum;
        }
}

int spine_floor_pca(const struct spine_floor *floor, struct spine_space *space,
                    struct spine_error *err)
{
    struct rows rows;
    double *products = NULL, *values = NULL;

    int rc = collect(floor, space, &rows, err);
    const double wanted = floor->values < 1 ? 1 : round(floor->values);
    const size_t count = wanted < (double)rows.dim ? (size_t)wanted : rows.dim;
    if (rc == 0) {
        products = spine_memory_get(rows.dim, rows.dim * sizeof *products, "the covariances", err);
        values = spine_memory_get(rows.dim, sizeof *values, "the eigenvalues", err);
        space->dense = spine_memory_get(rows.count, count * sizeof *space->dense,
                                        "the principal components", err);
        rc = -(products == NULL || values == NULL || space->dense == NULL);
    }
    if (rc == 0) {
        sum_products(&rows, products);
        rc = spine_lapack_eigenvectors(products, rows.dim, values, err);
    }
    if (rc == 0) {
        project(&rows, products, count, space->dense);
        space->dimensions = count;
        rc = spine_space_index(space, err);
    }

    free(products);
    free(values);
    free(rows.x);
    if (rc != 0)
        spine_space_dispose(space);
    return rc;
}
