/* test_products.c -- every result of a product is one chain of multiply-adds in a given order, on
 * the processor that the test runs on: whatever the width of its vectors and the extents of a
 * call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/math/kernels.h"
#include "spine/math/products.h"

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS, MOST_DIM = 300, MOST_STRIDE = 304 };

static _Alignas(64) float values[ROWS * MOST_STRIDE], rows[ROWS * MOST_STRIDE];
static _Alignas(64) float found[ROWS * MOST_STRIDE];
static float expected[ROWS * MOST_STRIDE];
static int32_t which[ROWS];
static float factors[ROWS];

static const size_t dims[] = {1, 15, 16, 17, 32, 100, 113, MOST_DIM};
enum { DIMS = sizeof dims / sizeof *dims };

/* Processors without an instruction for it round the product, too. */
static bool is_fused;

static float multiply_add(float a, float b, float sum)
{
    const volatile float product = a * b;
    return is_fused ? fmaf(a, b, sum) : product + sum;
}

static void fill(size_t stride, size_t dim)
{
    spine_products_choose();
    memset(values, 0, sizeof values);
    memset(rows, 0, sizeof rows);
    for (size_t i = 0; i < ROWS; i++) {
        spine_random_uniform(1, 0, i * dim, dim, 1, values + i * stride);
        spine_random_uniform(1, 1, i * dim, dim, 1, rows + i * stride);
        which[i] = (int32_t)(i * 37 % ROWS);
    }
    spine_random_uniform(1, 2, 0, ROWS, 1, factors);

    /* Which of the two: by a sum in which they differ. */
    const struct spine_row_list list = {.count = 1,
                                        .which = &(int32_t){0},
                                        .factor = &(float){1 + 0x1p-12F},
                                        .num_parts = 1,
                                        .part_end = &(size_t){1},
                                        .merges = &(int){0}};
    _Alignas(64) float row[PANEL] = {1 + 0x1p-12F}, first[PANEL] = {-1}, sum[PANEL];
    spine_products.gather(&list, 0, PANEL, PANEL, row, first, sum);
    is_fused = sum[0] != 0x1p-11F;
}

/* Two matrices of 'height' rows, ROWS or stride floats apart, have the same bits in 'width'
 * columns. */
static void assert_same(size_t height, size_t width, size_t apart)
{
    for (size_t i = 0; i < height; i++)
        assert_memory_equal(found + i * apart, expected + i * apart, width * sizeof *found);
}

static void test_dense_products(void **state)
{
    static _Alignas(64) float packed[ROWS * MOST_DIM];
    (void)state;

    for (size_t d = 0; d < DIMS; d++) {
        const size_t dim = dims[d], stride = spine_kernel_stride(dim);
        fill(stride, dim);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t k = 0; k < dim; k++)
                packed[(i / PANEL * dim + k) * PANEL + i % PANEL] = values[i * stride + k];
        for (size_t u = 0; u < SPINE_PRODUCT_UNITS; u++)
            for (size_t i = 0; i < ROWS; i++) {
                float sum = 0;
                for (size_t k = 0; k < dim; k++)
                    sum = multiply_add(rows[u * stride + k], values[i * stride + k], sum);
                expected[u * ROWS + i] = sum;
            }

        for (size_t units = 1; units <= SPINE_PRODUCT_UNITS; units++)
            for (size_t count = 1; count <= ROWS; count += count < 18 ? 1 : 15) {
                spine_products.product(units, count, dim, stride, packed, rows, found);
                assert_same(units, count, ROWS);
            }
    }
}

/* The lanes of a scalar product, the upper half added to the lower one, and so on. */
static float scalar_product(size_t stride, const float *a, const float *b)
{
    float lanes[PANEL] = {0};

    for (size_t k = 0; k < stride; k++)
        lanes[k % PANEL] = multiply_add(a[k], b[k], lanes[k % PANEL]);
    for (size_t half = PANEL / 2; half > 0; half /= 2)
        for (size_t lane = 0; lane < half; lane++)
            lanes[lane] += lanes[lane + half];
    return lanes[0];
}

/* The sum of rows in column k: four parts, that of the first two added to that of the last two. */
static float column_sum(const struct spine_row_list *list, size_t stride, size_t k, float first)
{
    float sums[4] = {first, 0, 0, 0};
    size_t p = 0;

    for (size_t s = 0; s < list->num_parts; s++)
        for (; p < list->part_end[s]; p++)
            sums[s] =
                multiply_add(list->factor[p], rows[(size_t)list->which[p] * stride + k], sums[s]);
    return list->num_parts == 1 ? sums[0] : (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void test_listed_rows(void **state)
{
    (void)state;

    for (size_t d = 0; d < DIMS; d++)
        for (size_t count = 0; count <= ROWS; count += count < 20 ? 1 : 11)
            for (size_t parts = 1; parts <= 4; parts += 3) {
                const size_t dim = dims[d], stride = spine_kernel_stride(dim);
                const size_t end[] = {parts == 1 ? count : count / 5, count / 3, count / 3, count};
                const int merges[] = {0, 1, 0, 2};
                const struct spine_row_list list = {count, which, factors, parts, end, merges};
                fill(stride, dim);

                for (size_t k = 0; k < stride; k++)
                    expected[k] = column_sum(&list, stride, k, values[k]);
                spine_products.gather(&list, 0, stride, stride, rows, values, found);
                assert_same(1, stride, stride);

                for (size_t k = 0; k < stride; k++)
                    expected[k] = column_sum(&list, stride, k, 0);
                spine_products.gather(&list, 0, stride, stride, rows, NULL, found);
                assert_same(1, stride, stride);

                for (size_t p = 0; p < count; p++)
                    expected[stride + p] =
                        scalar_product(stride, values, rows + (size_t)which[p] * stride);
                spine_products.dots(&list, stride, rows, values, found + stride);
                assert_same(2, count < stride ? count : stride, stride);
                if (parts == 1) {
                    memset(found, 1, 2 * stride * sizeof *found);
                    spine_products.dots_gather(&list, stride, rows, values, found + stride, found);
                    assert_same(1, stride, stride);
                    assert_memory_equal(found + stride, expected + stride, count * sizeof *found);
                }
            }
}

static void test_outer_products(void **state)
{
    (void)state;

    for (size_t d = 0; d < DIMS; d++)
        for (size_t few = 1; few <= 4; few++)
            for (size_t count = 0; count <= ROWS; count += 9) {
                const size_t dim = dims[d], stride = spine_kernel_stride(dim);
                fill(stride, dim);
                memcpy(found, rows, few * stride * sizeof *found);
                for (size_t i = 0; i < few; i++)
                    for (size_t k = 0; k < stride; k++) {
                        float sum = rows[i * stride + k];
                        for (size_t q = 0; q < count; q++)
                            sum = multiply_add(factors[(i + 3 * q) % ROWS], values[q * stride + k],
                                               sum);
                        expected[i * stride + k] = sum;
                    }

                float a[4 * ROWS];
                for (size_t i = 0; i < few; i++)
                    for (size_t q = 0; q < count; q++)
                        a[i * ROWS + q] = factors[(i + 3 * q) % ROWS];
                spine_products.outer(few, count, a, ROWS, 1, 0, stride, stride, values, found);
                assert_same(few, stride, stride);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense_products),
        cmocka_unit_test(test_listed_rows),
        cmocka_unit_test(test_outer_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
