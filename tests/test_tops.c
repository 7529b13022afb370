/* test_tops.c -- words and units are ordered by strength, what is tied at 1 by its excess, then by
 * row. */
#include "spine/tops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "directory.h"
#include "shards.h"

/* Six words and four units. Unit 0: five words, three at 1, two of these with an excess.
 * Unit 1: none. Unit 2: two equal ones, below 1. Unit 3: one. */
static const struct hand_shard made = {
    {0, 1, 0, 6, 6, 4, "f"},
    {8,
     8,
     7,
     {1, 0.5F, 1, 0.5F, 1, 0.9375F, 0.25F, 0.125F},
     {0, 2, 0, 2, 0, 0, 0, 3},
     {0, 2, 4, 5, 6, 7, 8}},
    {2, 2, 7, {0.25F, 1.5F}, {0, 0}, {0, 0, 1, 2, 2, 2, 2}},
    6,
    {"a", "b", "c", "d", "e", "f"},
};

static void open_made(struct spine_codes *codes)
{
    const struct path path = join_path(&directory, "codes.h5");
    struct spine_shard shard;
    write_hand_shard(&path, &made);
    TRY(spine_codes_open_shard(codes, path.text, &shard, &err));
}

/* The words of a unit, joined by spaces. */
static void join_words(const struct spine_tops *tops, size_t unit, char *text)
{
    text[0] = '\0';
    for (size_t place = 0; place < tops->count[unit]; place++) {
        strcat(text, place > 0 ? " " : "");
        strcat(text, spine_tops_word(tops, unit, place));
    }
}

static void test_words_are_ordered_by_strength_then_row(void **state)
{
    (void)state;
    static const struct {
        size_t most;
        const char *words[4];
    } cases[] = {
        {10, {"c b a d e", "", "a b", "f"}},
        {5, {"c b a d e", "", "a b", "f"}},
        {4, {"c b a d", "", "a b", "f"}},
        {2, {"c b", "", "a b", "f"}},
        {1, {"c", "", "a", "f"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_codes codes;
        struct spine_tops tops;
        open_made(&codes);
        TRY(spine_tops_init(&tops, &codes, cases[i].most, &err));
        for (size_t unit = 0; unit < 4; unit++) {
            char text[64];
            join_words(&tops, unit, text);
            assert_string_equal(text, cases[i].words[unit]);
        }
        spine_tops_dispose(&tops);
        spine_codes_close(&codes);
    }
}

static void test_strengths_and_counts_are_those_of_the_codes(void **state)
{
    (void)state;
    static const size_t active[] = {5, 0, 2, 1};
    struct spine_codes codes;
    struct spine_tops tops;
    open_made(&codes);
    TRY(spine_tops_init(&tops, &codes, 4, &err));
    assert_memory_equal(tops.active, active, sizeof active);
    assert_true(spine_tops_get(&tops, 0, 0)->strength == 2.5F);
    assert_int_equal(spine_tops_get(&tops, 0, 0)->row, 2);
    assert_true(spine_tops_get(&tops, 0, 1)->strength == 1.25F);
    assert_true(spine_tops_get(&tops, 0, 2)->strength == 1);
    assert_true(spine_tops_get(&tops, 0, 3)->strength == 0.9375F);
    assert_true(spine_tops_mean(&tops, 0) == (2.5 + 1.25 + 1 + 0.9375) / 4);
    assert_true(spine_tops_mean(&tops, 1) == 0);
    assert_true(spine_tops_mean(&tops, 2) == 0.25); /* of four words, two are absent */
    assert_int_equal(tops.words.count, 6);
    spine_tops_dispose(&tops);
    spine_tops_dispose(&tops);
    spine_codes_close(&codes);
}

static void test_units_of_a_word_are_ordered_by_strength_then_number(void **state)
{
    (void)state;
    struct hand_shard wide = made;
    const struct hand_matrix codes_of_a = {
        5, 5, 7, {1, 0.5F, 1, 0.75F, 1}, {0, 1, 2, 3, 4}, {0, 5, 5, 5, 5, 5, 5}};
    const struct hand_matrix excess_of_a = {2, 2, 7, {0.5F, 0.125F}, {2, 4}, {0, 2, 2, 2, 2, 2, 2}};
    static const size_t expected[] = {2, 4, 0, 3, 1};
    const struct path path = join_path(&directory, "wide.h5");
    struct spine_shard shard;
    struct spine_codes codes;
    struct spine_unit *units = NULL;
    size_t count = 0;
    wide.facts.hidden = 5;
    wide.codes = codes_of_a;
    wide.excess = excess_of_a;
    write_hand_shard(&path, &wide);
    TRY(spine_codes_open_shard(&codes, path.text, &shard, &err));
    TRY(spine_tops_units_of(&codes, 0, &units, &count, &err));
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(units[i].unit, expected[i]);
    assert_true(units[0].strength == 1.5F);
    free(units);
    TRY(spine_tops_units_of(&codes, 5, &units, &count, &err)); /* a word without units */
    assert_int_equal(count, 0);
    free(units);
    spine_codes_close(&codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_ordered_by_strength_then_row),
        cmocka_unit_test(test_strengths_and_counts_are_those_of_the_codes),
        cmocka_unit_test(test_units_of_a_word_are_ordered_by_strength_then_number),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
