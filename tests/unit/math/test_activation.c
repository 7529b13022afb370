/* test_activation.c -- the cut of a row and the bounds of its candidates, beside a sorted row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "spine/base/random.h"
#include "spine/math/activation.h"

enum { MOST = 1500, ROWS = 64 };

static int compare_falling(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x < y) - (x > y);
}

/* The k-th largest of count numbers. */
static float sorted(size_t k, size_t count, const float *values)
{
    static float copy[MOST];

    for (size_t i = 0; i < count; i++)
        copy[i] = values[i];
    qsort(copy, count, sizeof *copy, compare_falling);
    return copy[k - 1];
}

/* Those above the k-th largest are kept, and of its equals the first. */
static void expect_cut(size_t k, size_t count, const float *values)
{
    static float scratch[MOST];
    static int32_t units[MOST];
    size_t left = k < count ? k : count;

    for (size_t i = 0; i < count; i++)
        units[i] = 3 * (int32_t)i + 1;
    const struct spine_cut cut = spine_activation_cut(k, count, values, units, scratch);
    const float least = k < count ? sorted(k, count, values) : 0;
    for (size_t i = 0; i < count; i++)
        left -= values[i] > least;
    for (size_t i = 0; i < count; i++) {
        const bool is_kept = values[i] > least || (values[i] == least && left > 0);
        left -= values[i] == least && left > 0;
        assert_int_equal(spine_cut_keeps(cut, values[i], units[i]), is_kept);
    }
    assert_int_equal(left, 0);
}

static void test_cut_keeps_the_largest(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 15, 16, 17, 33, 55, 64, 511, 512, 513, MOST};
    static const size_t dropped[] = {0, 1, 2, 5, 24, 25, 300};
    static float values[MOST];

    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t d = 0; d < sizeof dropped / sizeof *dropped && dropped[d] < counts[c]; d++)
            for (int levels = 0; levels < 2; levels++) { /* all different; then with many ties */
                spine_random_uniform(1, (uint32_t)(c + 20 * d), 0, counts[c], 1, values);
                for (size_t i = 0; i < counts[c]; i++)
                    values[i] = levels == 0 ? fabsf(values[i]) + 0x1p-20F
                                            : 0.25F + floorf(8 * fabsf(values[i]));
                expect_cut(counts[c] - dropped[d], counts[c], values);
            }
}

static void test_cut_of_numbers_of_any_size(void **state)
{
    (void)state;
    const float values[] = {INFINITY, 0x1p-149F, FLT_MAX, 1, INFINITY, FLT_MIN, 1, 2};

    for (size_t k = 1; k <= 9; k++)
        expect_cut(k, sizeof values / sizeof *values, values);
}

/* Count the z of a row that reach a bound. */
static size_t count_reaching(size_t units, const float *z, size_t row, float bound)
{
    size_t count = 0;

    for (size_t j = 0; j < units; j++)
        count += z[j * ROWS + row] > 0 && z[j * ROWS + row] >= bound;
    return count;
}

/* Bounds are close, also if the search begins far away: few more candidates than k reach them. */
static void test_bounds_leave_few_candidates(void **state)
{
    (void)state;
    enum { UNITS = 600 };
    static float z[UNITS * ROWS];
    static const float guesses[] = {0, 1e-3F, 1, 1e3F};
    static const size_t ks[] = {1, 13, 30, 200};
    float bounds[ROWS];

    for (size_t j = 0; j < UNITS; j++)
        spine_random_uniform(2, (uint32_t)j, 0, ROWS, 1, z + j * ROWS);
    for (size_t i = 0; i < ROWS; i++) /* rows of other sizes */
        for (size_t j = 0; j < UNITS; j++)
            z[j * ROWS + i] = (z[j * ROWS + i] - 0.2F) * (1 + (float)i / 8);

    for (size_t g = 0; g < sizeof guesses / sizeof *guesses; g++)
        for (size_t c = 0; c < sizeof ks / sizeof *ks; c++) {
            float guess = guesses[g];
            for (int again = 0; again < 2; again++) /* from the guess, and from the improved one */
                spine_activation_bounds(ks[c], ROWS, UNITS, z, &guess, bounds);
            for (size_t i = 0; i < ROWS; i++) {
                const size_t count = count_reaching(UNITS, z, i, bounds[i]);
                assert_true(count >= ks[c]);
                assert_true(count <= ks[c] + ks[c] / 8 + 4);
            }
        }
}

/* With fewer than k above 0, all are candidates. */
static void test_bounds_of_rows_with_few_above_0(void **state)
{
    (void)state;
    enum { UNITS = 40 };
    static float z[UNITS * ROWS];
    float bounds[ROWS], guess = 0.5F;

    for (size_t i = 0; i < UNITS * ROWS; i++)
        z[i] = i / ROWS < 5 ? (float)(i % 7 + 1) : -1;
    spine_activation_bounds(6, ROWS, UNITS, z, &guess, bounds);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(count_reaching(UNITS, z, i, bounds[i]), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_keeps_the_largest),
        cmocka_unit_test(test_cut_of_numbers_of_any_size),
        cmocka_unit_test(test_bounds_leave_few_candidates),
        cmocka_unit_test(test_bounds_of_rows_with_few_above_0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
