/* test_sparse.c -- sparse mode computes what dense mode computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/math/kernels.h"
#include "spine/math/sparse.h"

enum pattern {
    ALL_NEGATIVE,
    ALL_ABOVE_ONE,
    ALL_ZERO,
    ALL_ONE,
    ALL_INTERIOR,
    ONE_ACTIVE,
    HALF,
    FEW,
    NUM_PATTERNS
};

static const struct {
    size_t n, dim, hidden;
} shapes[] = {{1, 1, 1},    {3, 7, 5},     {64, 16, 33},  {5, 17, 8}, {64, 100, 70},
              {9, 300, 41}, {33, 301, 64}, {2, 129, 200}, {0, 20, 9}, {128, 48, 100}};

/* All the matrices of one case. */
struct fixture {
    size_t n, dim, hidden, stride;
    float *z, *x, *dY, *W2, *b2, *add;          /* input */
    float *h, *h_sum, *psl, *y, *dh, *dW, *db1; /* dense */
    float *sparse_sum, *sparse_psl, *sparse_y, *sparse_dW, *sparse_db1;
    struct spine_pairs pairs;
};

static float *alloc(size_t count)
{
    struct spine_error err;
    float *data = spine_kernel_alloc(count, "a test", &err);
    assert_non_null(data);
    return data;
}

/* Rows of length dim, padded with zeros, standard normal times scale. */
static float *random_rows(size_t rows, size_t dim, uint32_t stream, float scale)
{
    const size_t stride = spine_kernel_stride(dim);
    float *data = alloc(rows * stride), *zero = alloc(stride);
    for (size_t i = 0; i < rows; i++)
        spine_random_add_noise(7, stream, i, scale, dim, zero, data + i * stride);
    free(zero);
    return data;
}

static float z_of(enum pattern pattern, size_t i, size_t j, float random)
{
    switch (pattern) {
    case ALL_NEGATIVE:
        return -fabsf(random) - 1e-6F;
    case ALL_ABOVE_ONE:
        return 1.5F + fabsf(random);
    case ALL_ZERO:
        return 0;
    case ALL_ONE:
        return 1;
    case ALL_INTERIOR:
        return 0.01F + 0.98F * fabsf(random) / (1 + fabsf(random));
    case ONE_ACTIVE:
        return i == 0 && j == 0 ? 0.5F : -1;
    case HALF:
        return random;
    case FEW:
        return random - 1.5F;
    case NUM_PATTERNS:
        break;
    }
    return NAN;
}

static void setup(struct fixture *f, size_t shape, enum pattern pattern)
{
    struct spine_error err;
    *f = (struct fixture){
        .n = shapes[shape].n, .dim = shapes[shape].dim, .hidden = shapes[shape].hidden};
    f->stride = spine_kernel_stride(f->dim);
    const size_t n = f->n, hidden = f->hidden, stride = f->stride;
    f->z = alloc(n * hidden);
    float *random = random_rows(n, hidden, 1, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < hidden; j++)
            f->z[i * hidden + j] = z_of(pattern, i, j, random[i * spine_kernel_stride(hidden) + j]);
    free(random);
    f->x = random_rows(n, f->dim, 2, 0.5F);
    f->dY = random_rows(n, f->dim, 3, 0.1F);
    f->W2 = random_rows(hidden, f->dim, 4, 0.3F);
    f->b2 = random_rows(1, f->dim, 5, 0.3F);
    f->add = random_rows(1, hidden, 6, 0.01F);
    f->h = alloc(n * hidden);
    f->dh = alloc(n * hidden);
    f->y = alloc(n * stride);
    f->dW = alloc(hidden * stride);
    f->sparse_y = alloc(n * stride);
    f->sparse_dW = alloc(hidden * stride);
    f->h_sum = alloc(hidden);
    f->psl = alloc(hidden);
    f->db1 = alloc(hidden);
    f->sparse_sum = alloc(hidden);
    f->sparse_psl = alloc(hidden);
    f->sparse_db1 = alloc(hidden);
    assert_int_equal(spine_pairs_init(&f->pairs, n, hidden, &err), 0);
}

static void teardown(struct fixture *f)
{
    float *all[] = {f->z,   f->x,          f->dY,         f->W2,       f->b2,        f->add,
                    f->h,   f->dh,         f->y,          f->dW,       f->h_sum,     f->psl,
                    f->db1, f->sparse_sum, f->sparse_psl, f->sparse_y, f->sparse_dW, f->sparse_db1};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    spine_pairs_dispose(&f->pairs);
}

/* Equal to 1e-5 of the largest magnitude. */
static void assert_close(const float *a, const float *b, size_t count)
{
    float largest = 1e-20F;
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(a[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-5F * largest))
            fail_msg("element %zu of %zu: dense %g, sparse %g", i, count, (double)a[i],
                     (double)b[i]);
}

static void compare(struct fixture *f)
{
    const size_t n = f->n, dim = f->dim, hidden = f->hidden, stride = f->stride;
    const size_t middle = hidden / 3;
    const float slope = 0.02F;
    float *const zero = alloc(hidden); /* no bias */
    struct spine_code_sums dense = {f->h_sum, f->psl, 0};
    struct spine_code_sums sparse = {f->sparse_sum, f->sparse_psl, 0};
    spine_kernel_clamp(n, hidden, zero, f->z, f->h, &dense);
    spine_sparse_clamp(n, hidden, zero, f->z, &f->pairs, &sparse);
    free(zero);
    assert_int_equal(dense.active, sparse.active);
    assert_close(f->h_sum, f->sparse_sum, hidden);
    assert_close(f->psl, f->sparse_psl, hidden);

    spine_kernel_product_units(n, dim, hidden, stride, f->h, f->W2, f->b2, f->y);
    spine_sparse_decode(&f->pairs, stride, f->W2, f->b2, f->sparse_y);
    assert_close(f->y, f->sparse_y, n * stride);

    spine_kernel_product_gradient(n, dim, hidden, hidden, stride, f->h, f->dY, f->dW);
    spine_sparse_decoder_gradient(&f->pairs, 0, middle, stride, f->dY, f->W2, f->sparse_dW);
    spine_sparse_decoder_gradient(&f->pairs, middle, hidden, stride, f->dY, f->W2, f->sparse_dW);
    assert_close(f->dW, f->sparse_dW, hidden * stride);

    float *const packed = alloc(spine_kernel_packed(dim));
    spine_kernel_product_rows(n, dim, hidden, hidden, stride, f->dY, f->W2, packed, f->dh);
    free(packed);
    spine_kernel_clamp_gradient(n, hidden, hidden, f->z, f->h, f->add, slope, f->dh, f->db1);
    spine_kernel_product_gradient(n, dim, hidden, hidden, stride, f->dh, f->x, f->dW);
    spine_sparse_encoder_gradient(&f->pairs, middle, hidden, stride, f->x, f->add, slope,
                                  f->sparse_dW, f->sparse_db1);
    spine_sparse_encoder_gradient(&f->pairs, 0, middle, stride, f->x, f->add, slope, f->sparse_dW,
                                  f->sparse_db1);
    assert_close(f->db1, f->sparse_db1, hidden);
    assert_close(f->dW, f->sparse_dW, hidden * stride);
}

static void test_sparse_equals_dense_on_every_pattern_and_shape(void **state)
{
    (void)state;
    for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++)
        for (int pattern = 0; pattern < NUM_PATTERNS; pattern++) {
            struct fixture f;
            setup(&f, shape, (enum pattern)pattern);
            compare(&f);
            teardown(&f);
        }
}

static void test_pairs_are_listed_both_ways(void **state)
{
    (void)state;
    float z[2][3] = {{0.4F, -1.1F, 1.5F}, {-1, -1, 0.5F}};
    const float bias[3] = {0.1F, 0.1F, 0.5F};
    float sum[3], psl[3];
    struct spine_code_sums sums = {sum, psl, 0};
    struct spine_pairs pairs;
    struct spine_error err;
    assert_int_equal(spine_pairs_init(&pairs, 2, 3, &err), 0);
    spine_sparse_clamp(2, 3, bias, z[0], &pairs, &sums);
    assert_int_equal(pairs.count, 3);
    const size_t row_begin[] = {0, 2, 3}, unit_begin[] = {0, 1, 1, 3};
    const int32_t unit[] = {0, 2, 2}, row[] = {0, 0, 1};
    const float value[] = {0.5F, 1, 1};
    const uint8_t open[] = {1, 0, 1};
    assert_memory_equal(pairs.row_begin, row_begin, sizeof row_begin);
    assert_memory_equal(pairs.unit_begin, unit_begin, sizeof unit_begin);
    assert_memory_equal(pairs.unit, unit, sizeof unit);
    assert_memory_equal(pairs.row, row, sizeof row);
    assert_memory_equal(pairs.value, value, sizeof value);
    assert_memory_equal(pairs.open, open, sizeof open);
    spine_pairs_dispose(&pairs);
}

static void test_a_nan_is_not_lost(void **state)
{
    (void)state;
    float z[4] = {-1, NAN, 0.5F, -1};
    const float bias[4] = {0};
    float sum[4], psl[4];
    struct spine_code_sums sums = {sum, psl, 0};
    struct spine_pairs pairs;
    struct spine_error err;
    assert_int_equal(spine_pairs_init(&pairs, 1, 4, &err), 0);
    spine_sparse_clamp(1, 4, bias, z, &pairs, &sums);
    assert_true(isnan(sum[1]) && isnan(psl[1]));
    assert_true(sum[0] == 0 && sum[2] == 0.5F);
    spine_pairs_dispose(&pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparse_equals_dense_on_every_pattern_and_shape),
        cmocka_unit_test(test_pairs_are_listed_both_ways),
        cmocka_unit_test(test_a_nan_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
