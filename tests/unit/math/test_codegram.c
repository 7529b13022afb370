/* test_codegram.c -- sums by unit are those by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/math/codegram.h"
#include "spine/math/exact.h"
#include "support/expect.h"

enum { UNITS = 50, PITCH = UNITS + 1 };

/* A row with every n-th unit from a first one on. Returns how many. */
static size_t make_row(size_t row, int32_t *unit, float *value)
{
    const size_t every = 1 + row % 7;
    size_t count = 0;

    for (size_t j = row % 11; j < UNITS && row % 5 > 0; j += every) {
        unit[count] = (int32_t)j;
        value[count++] = (float)(1 + (row + j) % 13) / 16;
    }
    return count;
}

static void test_sums_are_those_of_the_rows(void **state)
{
    (void)state;
    enum { ROWS = 5000 }; /* more than are collected */
    static double sums[UNITS][PITCH], expected[UNITS][PITCH];
    int32_t unit[UNITS];
    float value[UNITS];
    struct spine_codegram gram;
    size_t all = 0;

    memset(sums, 0, sizeof sums);
    memset(expected, 0, sizeof expected);
    TRY(spine_codegram_init(&gram, UNITS, &err));
    gram.sums = sums[0];
    gram.pitch = PITCH;
    gram.shift = spine_exact_shift(0x1p-6); /* products are multiples of 1/256 */
    for (size_t row = 0; row < ROWS; row++) {
        const size_t count = make_row(row, unit, value);
        spine_codegram_collect(&gram, count, unit, value);
        all += count;
        for (size_t p = 0; p < count; p++)
            for (size_t q = p; q < count; q++)
                expected[unit[p]][unit[q]] +=
                    spine_exact_round((double)value[p] * (double)value[q], 0x1p-6);
    }
    spine_codegram_add(&gram);
    assert_true(all > 32768);
    assert_memory_equal(sums, expected, sizeof sums);

    spine_codegram_add(&gram); /* nothing is left */
    assert_memory_equal(sums, expected, sizeof sums);
    spine_codegram_dispose(&gram);
}

/* All units' sums share a row, which is smaller than all of them. */
static void test_a_row_may_have_more_values_than_are_collected(void **state)
{
    (void)state;
    enum { MANY = 40000 };
    int32_t *unit = malloc(MANY * sizeof *unit);
    float *value = malloc(MANY * sizeof *value);
    double *sums = calloc(MANY, sizeof *sums);
    struct spine_codegram gram;

    assert_true(unit != NULL && value != NULL && sums != NULL);
    for (size_t j = 0; j < MANY; j++) {
        unit[j] = (int32_t)j;
        value[j] = 1;
    }
    TRY(spine_codegram_init(&gram, MANY, &err));
    gram.sums = sums;
    gram.shift = spine_exact_shift(1);
    spine_codegram_collect(&gram, 2, unit + 7, value);
    spine_codegram_collect(&gram, MANY, unit, value);
    spine_codegram_add(&gram);
    for (size_t j = 0; j < MANY; j++)
        assert_true(sums[j] == (double)(j + 1 + (j == 7) + 2 * (j == 8)));

    spine_codegram_dispose(&gram);
    free(unit);
    free(value);
    free(sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_are_those_of_the_rows),
        cmocka_unit_test(test_a_row_may_have_more_values_than_are_collected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
