/* test_matching.c -- the best matching, against all there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/base/random.h"
#include "spine/eval/matching.h"
#include "support/expect.h"

enum { MOST = 7 };

/* The greatest sum of gains of rows from 'row' on, with the columns in the mask 'used' taken. */
static double find_best(const float *gain, size_t n, size_t m, size_t row, unsigned used)
{
    double best = -HUGE_VAL;
    if (row == n)
        return 0;
    for (size_t j = 0; j < m; j++)
        if ((used >> j & 1) == 0) {
            const double sum =
                (double)gain[row * m + j] + find_best(gain, n, m, row + 1, used | 1U << j);
            best = sum > best ? sum : best;
        }
    return best;
}

static void test_matchings_are_the_best(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 300; trial++) {
        const size_t m = 1 + trial % MOST, n = 1 + trial / MOST % m;
        float gain[MOST * MOST];
        uint32_t match[MOST];
        unsigned used = 0;
        double sum = 0;
        spine_random_uniform(9, trial, 0, n * m, 1, gain);
        for (size_t i = 0; i < n * m && trial % 3 == 0; i++)
            gain[i] = roundf(2 * gain[i]); /* many are equal */

        TRY(spine_matching_find(gain, n, m, match, &err));
        for (size_t i = 0; i < n; i++) {
            assert_true(match[i] < m && (used >> match[i] & 1) == 0);
            used |= 1U << match[i];
            sum += (double)gain[i * m + match[i]];
        }
        assert_true(fabs(sum - find_best(gain, n, m, 0, 0)) < 1e-6);
    }
}

static void test_a_greedy_choice_is_taken_back(void **state)
{
    (void)state;
    static const float gain[] = {9, 8, 0, 9, 1, 0, 9, 1, -1};
    static const uint32_t expected[] = {1, 2, 0};
    uint32_t match[3];
    TRY(spine_matching_find(gain, 3, 3, match, &err));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(match[i], expected[i]);
    TRY(spine_matching_find(gain, 0, 0, match, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matchings_are_the_best),
        cmocka_unit_test(test_a_greedy_choice_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
