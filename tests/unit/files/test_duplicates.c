/* test_duplicates.c -- duplicates are found wherever their first occurrence is; run on several
 * numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/files/duplicates.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { COUNT = 5000 };

/* The number that word i of all is: of 'distinct', a duplicate if an earlier one has it. */
static size_t identity(size_t i, size_t distinct)
{
    return i * 2654435761U % 1000003 % distinct;
}

static bool is_duplicate(size_t i, size_t distinct)
{
    for (size_t j = 0; j < i; j++)
        if (identity(j, distinct) == identity(i, distinct))
            return true;
    return false;
}

/* Of the first of three ranks most words, of the second none. */
static size_t first_word(int rank)
{
    if (rank == 0 || rank == world.size)
        return rank == 0 ? 0 : COUNT;
    return rank <= 2 ? COUNT * 4 / 7 : COUNT * 4 / 7 + (size_t)rank * 100;
}

static void check(size_t distinct)
{
    const size_t first = first_word(world.rank), end = first_word(world.rank + 1);
    struct spine_words words = {0};
    uint64_t *rows = NULL;
    size_t count = 0, expected = 0;

    for (size_t i = first; i < end; i++) {
        char word[32];
        const int length = snprintf(word, sizeof word, "word%zu", identity(i, distinct));
        TRY(spine_words_add(&words, word, (size_t)length, &err));
    }
    TRY(spine_duplicates_find(&world, &words, &rows, &count, &err));
    for (size_t i = first; i < end; i++)
        if (is_duplicate(i, distinct)) {
            assert_true(expected < count);
            assert_int_equal(rows[expected++], i - first);
        }
    assert_int_equal(count, expected);

    free(rows);
    spine_words_dispose(&words);
}

static void test_duplicates_on_any_rank_are_found_in_order(void **state)
{
    (void)state;
    check(1000003); /* hardly any, or none */
    check(4000);
    check(1);
}

int run_duplicates(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates_on_any_rank_are_found_in_order),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
