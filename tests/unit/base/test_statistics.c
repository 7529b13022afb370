/* test_statistics.c -- intervals, ranks and agreement, on cases worked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "spine/base/statistics.h"
#include "support/expect.h"

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void test_wilson(void **state)
{
    (void)state;
    /* z^2 = 3.8416: of 10, 8: (.8 + .19208) / 1.38416 -+ 1.96 / 1.38416 sqrt(.016 + .009604) */
    const struct spine_estimate eight = spine_statistics_wilson(0.8, 10);
    assert_true(eight.value == 0.8);
    assert_true(fabs(eight.low - 0.490157) < 1e-5 && fabs(eight.high - 0.943318) < 1e-5);
    const struct spine_estimate all = spine_statistics_wilson(1, 4);
    assert_true(is_near(all.low, 4 / 7.8416) && is_near(all.high, 1));
    const struct spine_estimate none = spine_statistics_wilson(0, 0);
    assert_true(isnan(none.value) && isnan(none.low) && isnan(none.high));
}

static void test_quantiles(void **state)
{
    (void)state;
    const double sorted[] = {1, 2, 4, 8};
    assert_true(spine_statistics_quantile(sorted, 4, 0) == 1);
    assert_true(spine_statistics_quantile(sorted, 4, 1) == 8);
    assert_true(spine_statistics_quantile(sorted, 4, 0.5) == 3);
    assert_true(spine_statistics_quantile(sorted, 1, 0.5) == 1);
    assert_true(isnan(spine_statistics_quantile(sorted, 0, 0.5)));
}

static void test_spearman(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        double x[6], y[6], rho;
    } cases[] = {
        {4, {1, 2, 3, 4}, {10, 20, 30, 1000}, 1},
        {4, {1, 2, 3, 4}, {9, 7, 5, 1}, -1},
        /* Without ties 1 - 6 sum d^2 / (n (n^2 - 1)): d = 1, -1, 0, 1, -1. */
        {5, {1, 2, 3, 4, 5}, {2, 1, 3, 5, 4}, 0.8},
        /* Ranks 1.5 1.5 3 4 and 1 2 3.5 3.5: of deviations, 4 / 4.5. */
        {4, {5, 5, 6, 7}, {1, 2, 3, 3}, 4 / 4.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_estimate rho;
        TRY(spine_statistics_spearman(cases[i].x, cases[i].y, cases[i].count, 200, 1, &rho, &err));
        assert_true(is_near(rho.value, cases[i].rho));
        assert_true(rho.low <= rho.value + 1e-9 && rho.high >= rho.value - 1e-9);
    }
}

static void test_spearman_without_an_answer(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3}, same[] = {4, 4, 4};
    struct spine_estimate rho;
    TRY(spine_statistics_spearman(x, x, 2, 10, 1, &rho, &err));
    assert_true(isnan(rho.value) && isnan(rho.low));
    TRY(spine_statistics_spearman(x, same, 3, 10, 1, &rho, &err));
    assert_true(isnan(rho.value) && isnan(rho.low));
}

static void test_bootstrap_is_a_function_of_its_seed(void **state)
{
    (void)state;
    double x[40], y[40];
    struct spine_estimate first, same, other;
    for (size_t i = 0; i < 40; i++) {
        x[i] = (double)i;
        y[i] = (double)(i * i * 7 % 31);
    }
    TRY(spine_statistics_spearman(x, y, 40, 500, 1, &first, &err));
    TRY(spine_statistics_spearman(x, y, 40, 500, 1, &same, &err));
    TRY(spine_statistics_spearman(x, y, 40, 500, 2, &other, &err));
    assert_memory_equal(&first, &same, sizeof first);
    assert_true(first.low != other.low);
    assert_true(first.low < first.value && first.value < first.high);
}

static void test_kappa(void **state)
{
    (void)state;
    /* Fleiss' own form: P = mean of sum n (n - 1) / (r (r - 1)), Pe = sum of squared shares. Here
     * items agree by 1, 1/3, 1/3 and shares are 6/9 and 3/9: (5/9 - 5/9) / (4/9) = 0. */
    const size_t chance[] = {3, 0, 1, 2, 2, 1};
    assert_true(is_near(spine_statistics_kappa(chance, 3, 2, 3), 0));
    /* Two raters, all agree, both categories used: 1. */
    const size_t agree[] = {2, 0, 0, 2};
    assert_true(is_near(spine_statistics_kappa(agree, 2, 2, 2), 1));
    /* They never agree: (0 - 1/2) / (1/2). */
    const size_t never[] = {1, 1, 1, 1};
    assert_true(is_near(spine_statistics_kappa(never, 2, 2, 2), -1));
    const size_t one[] = {2, 0, 2, 0};
    assert_true(isnan(spine_statistics_kappa(one, 2, 2, 2)));
    assert_true(isnan(spine_statistics_kappa(agree, 2, 2, 1)));
    assert_true(isnan(spine_statistics_kappa(agree, 0, 2, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_spearman),
        cmocka_unit_test(test_spearman_without_an_answer),
        cmocka_unit_test(test_bootstrap_is_a_function_of_its_seed),
        cmocka_unit_test(test_kappa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
