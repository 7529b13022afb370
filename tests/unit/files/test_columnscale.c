/* test_columnscale.c -- the factors are 1 / standard deviation, zeros counted, in any blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/files/columnscale.h"
#include "support/expect.h"

enum { ROWS = 5, DIMENSIONS = 3 };

/* Dimension 0 has two values, 1 none, 2 the same in all rows. */
static const float codes[ROWS][DIMENSIONS] = {
    {0.5F, 0, 0.1F}, {0, 0, 0.1F}, {1, 0, 0.1F}, {0, 0, 0.1F}, {0, 0, 0.1F}};

static void check(const struct spine_columnscale *scale)
{
    float factors[DIMENSIONS];

    spine_columnscale_find(scale, factors);
    assert_true(fabs((double)factors[0] - 1 / sqrt(1.25 / 5 - 0.3 * 0.3)) < 1e-6);
    assert_true(factors[1] == 1 && factors[2] == 1);
}

static void test_factors_are_one_over_the_standard_deviation(void **state)
{
    (void)state;
    struct spine_columnscale scale;
    TRY(spine_columnscale_init(&scale, DIMENSIONS, &err));
    spine_columnscale_add_dense(&scale, &codes[0][0], ROWS);
    check(&scale);
    spine_columnscale_dispose(&scale);
    spine_columnscale_dispose(&scale);
}

static void test_sparse_blocks_give_the_same(void **state)
{
    (void)state;
    struct spine_columnscale scale;
    struct spine_csr block = {0};
    TRY(spine_columnscale_init(&scale, DIMENSIONS, &err));
    for (size_t first = 0; first < ROWS; first += 2) {
        spine_csr_clear(&block);
        TRY(spine_csr_reserve(&block, 2, (size_t)2 * DIMENSIONS, &err));
        for (size_t i = first; i < first + 2 && i < ROWS; i++) {
            for (int32_t k = 0; k < DIMENSIONS; k++)
                if (codes[i][k] > 0) {
                    block.indices[block.count] = k;
                    block.data[block.count++] = codes[i][k];
                }
            block.indptr[++block.rows] = (int64_t)block.count;
        }
        spine_columnscale_add(&scale, &block);
    }
    check(&scale);
    spine_csr_dispose(&block);
    spine_columnscale_dispose(&scale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors_are_one_over_the_standard_deviation),
        cmocka_unit_test(test_sparse_blocks_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
