/* test_codes.c -- a shard holds the codes of its rows, and what isn't a whole shard is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/files/codes.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/train/results.h"
#include "support/directory.h"
#include "support/shards.h"

/* Entry (row, column) of some rows. */
static float value_at(const struct spine_csr *csr, size_t row, size_t column)
{
    for (int64_t at = csr->indptr[row]; at < csr->indptr[row + 1]; at++)
        if (csr->indices[at] == (int32_t)column)
            return csr->data[at];
    return 0;
}

static void check_block(const struct spine_codes *codes, size_t first_row)
{
    for (size_t i = 0; i < codes->block.rows; i++)
        for (size_t j = 0; j < RUN_HIDDEN; j++) {
            const float z = run_z(first_row + i, j);
            assert_true(value_at(&codes->block, i, j) == run_code(first_row + i, j));
            assert_true(value_at(&codes->block_excess, i, j) == (z > 1 ? z - 1 : 0));
        }
}

static void test_the_made_up_run_has_codes_of_all_kinds(void **state)
{
    (void)state;
    int kinds[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < RUN_ROWS; i++)
        for (size_t j = 0; j < RUN_HIDDEN; j++) {
            const float z = run_z(i, j);
            kinds[z <= 0 ? 0 : z < 1 ? 1 : z == 1 ? 2 : 3]++;
        }
    for (int kind = 0; kind < 4; kind++)
        assert_true(kinds[kind] > 0);
}

static void test_a_shard_holds_the_codes_of_its_rows(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 6};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int64_t first_row = 0;
        write_shards(&directory, sizes[s]);
        for (int rank = 0; rank < sizes[s]; rank++) {
            const struct path path = shard_path(&directory, rank);
            struct spine_shard shard;
            struct spine_codes codes;
            struct spine_words words = {0};
            TRY(spine_codes_open_shard(&codes, path.text, &shard, &err));
            assert_int_equal(shard.shard, rank);
            assert_int_equal(shard.shards, sizes[s]);
            assert_int_equal(shard.first_row, first_row);
            assert_int_equal(shard.total_rows, RUN_ROWS);
            assert_int_equal(shard.hidden, RUN_HIDDEN);
            assert_int_equal(strlen(shard.fingerprint), SPINE_FINGERPRINT - 1);
            TRY(spine_codes_read(&codes, 0, codes.rows, &err));
            check_block(&codes, (size_t)first_row);
            TRY(spine_codes_read(&codes, 1, codes.rows - 1, &err));
            check_block(&codes, (size_t)first_row + 1);
            TRY(spine_codes_read(&codes, codes.rows, 0, &err));
            assert_int_equal(codes.block.rows, 0);
            TRY(spine_strings_read(codes.store, codes.words, 0, codes.rows, &words, &err));
            for (size_t i = 0; i < codes.rows; i++) {
                char buffer[32];
                assert_string_equal(spine_words_get(&words, i),
                                    run_word((size_t)first_row + i, buffer));
            }
            first_row += shard.rows;
            spine_words_dispose(&words);
            spine_codes_close(&codes);
        }
        assert_int_equal(first_row, RUN_ROWS);
    }
}

static void test_a_shard_of_few_rows_is_small(void **state)
{
    (void)state;
    struct stat facts;

    write_shards(&directory, 6);
    for (int rank = 0; rank < 6; rank++) {
        const struct path path = shard_path(&directory, rank);
        assert_int_equal(stat(path.text, &facts), 0);
        assert_true(facts.st_size < 64 << 10); /* 2 MB with chunks as of many rows */
    }
}

static void test_noisy_codes_are_those_of_the_rows_with_the_epochs_noise(void **state)
{
    (void)state;
    static const int sizes[] = {1, 3};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        write_noisy_shards(&directory, sizes[s], 0.25, 7);
        for (int rank = 0; rank < sizes[s]; rank++) {
            const struct path path = shard_path(&directory, rank);
            struct spine_shard shard;
            struct spine_codes codes;
            TRY(spine_codes_open_shard(&codes, path.text, &shard, &err));
            TRY(spine_codes_read(&codes, 0, codes.rows, &err));
            for (size_t i = 0; i < codes.rows; i++) {
                const size_t row = (size_t)shard.first_row + i;
                float noise[RUN_DIM], zero[RUN_DIM] = {0};
                spine_random_add_noise(1, 7, row, 0.25F, RUN_DIM, zero, noise);
                for (size_t j = 0; j < RUN_HIDDEN; j++) {
                    float z = run_z(row, j);
                    for (size_t k = 0; k < RUN_DIM; k++)
                        z += noise[k] * run_weight(j, k);
                    const float h = fminf(fmaxf(z, 0), 1);
                    assert_true(fabsf(value_at(&codes.block, i, j) - h) < 1e-6F);
                }
            }
            spine_codes_close(&codes);
        }
    }
}

static void test_a_shard_is_whole_or_not_there(void **state)
{
    (void)state;
    const struct path nowhere = join_path(&directory, "nowhere");
    struct spine_shard shard = {.shard = 2, .shards = 3};
    struct spine_params params;
    struct spine_dataset data;
    struct spine_coder coder;
    fill_params(&params);
    fill_dataset(&data, 0, 1);
    TRY(spine_coder_init(&coder, RUN_DIM, RUN_HIDDEN, &err));
    EXPECT_REFUSED(
        spine_results_write_shard(nowhere.text, &shard, &params, &data, &coder, 0, 0, &err),
        "%s/shards/codes-00002.h5: its directory doesn't exist", nowhere.text);
    assert_false(is_there(&nowhere));
    spine_coder_dispose(&coder);
    spine_dataset_dispose(&data);
    spine_params_dispose(&params);
}

static void test_a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char path[SPINE_PATH], *long_name = calloc(SPINE_PATH + 1, 1);
    memset(long_name, 'd', SPINE_PATH);
    EXPECT_REFUSED(spine_codes_shard_path(path, long_name, 0, &err),
                   "%.60s...: the path is too long", long_name);
    TRY(spine_codes_shard_path(path, "run", 123456, &err));
    assert_string_equal(path, "run/shards/codes-123456.h5");
    free(long_name);
}

/* Sound: three rows of four units. */
static const struct hand_shard sound = {
    {0, 1, 0, 3, 3, 4, "0123"},
    {3, 3, 4, {0.5F, 1, 0.25F}, {1, 3, 0}, {0, 2, 2, 3}},
    {1, 1, 4, {0.125F}, {3}, {0, 1, 1, 1}},
    3,
    {"a", "b", "c"},
};

static void test_a_shard_put_together_by_hand_is_read(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "hand.h5");
    struct spine_shard shard;
    struct spine_codes codes;
    write_hand_shard(&path, &sound);
    TRY(spine_codes_open_shard(&codes, path.text, &shard, &err));
    TRY(spine_codes_read(&codes, 0, 3, &err));
    assert_true(value_at(&codes.block, 0, 3) == 1 && value_at(&codes.block_excess, 0, 3) == 0.125F);
    assert_true(value_at(&codes.block, 2, 0) == 0.25F);
    TRY(spine_codes_read(&codes, 2, 1, &err)); /* its values aren't the first ones */
    assert_true(value_at(&codes.block, 0, 0) == 0.25F);
    assert_in_range(spine_codes_block_rows(&codes) * codes.hidden, 1, 1 << 22); /* 16 MiB */
    codes.hidden = INT32_MAX;
    assert_int_equal(spine_codes_block_rows(&codes), 1);
    spine_codes_close(&codes);
}

static void test_facts_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const struct spine_shard facts[] = {
        {0, 0, 0, 3, 3, 4, ""},         {-1, 1, 0, 3, 3, 4, ""}, {1, 1, 0, 3, 3, 4, ""},
        {0, 1, -1, 3, 3, 4, ""},        {0, 1, 0, -1, 3, 4, ""}, {0, 1, 1, 3, 3, 4, ""},
        {0, 1, 0, 3, 2, 4, ""},         {0, 1, 0, 3, 3, 0, ""},  {0, 1, 0, 3, 3, 1 << 21, ""},
        {0, 1, 1, 3, INT64_MIN, 4, ""},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct path path = join_path(&directory, "hand.h5");
        struct hand_shard made = sound;
        struct spine_shard shard;
        struct spine_codes codes;
        made.facts = facts[i];
        write_hand_shard(&path, &made);
        EXPECT_REFUSED(spine_codes_open_shard(&codes, path.text, &shard, &err),
                       "%s: its attributes contradict each other", path.text);
    }
}

static void test_a_value_that_is_not_finite_is_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "hand.h5");
    struct spine_shard shard;
    struct spine_codes codes;
    struct hand_shard made = sound;
    made.codes.data[2] = NAN;
    write_hand_shard(&path, &made);
    TRY(spine_codes_open_shard(&codes, path.text, &shard, &err));
    TRY(spine_codes_read(&codes, 0, 2, &err));
    EXPECT_REFUSED(spine_codes_read(&codes, 2, 1, &err),
                   "%s: '/codes/data' has a value that is not finite", path.text);
    spine_codes_close(&codes);
}

static void test_a_shard_with_too_little_in_it_is_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "hand.h5");
    struct spine_shard shard;
    struct spine_codes codes;
    struct hand_shard made = sound;
    made.num_words = 2;
    write_hand_shard(&path, &made);
    EXPECT_REFUSED(spine_codes_open_shard(&codes, path.text, &shard, &err),
                   "%s: is incomplete: it has 2 words for 3 rows", path.text);
    made = sound;
    made.codes.num_ends = 3;
    write_hand_shard(&path, &made);
    EXPECT_REFUSED(spine_codes_open_shard(&codes, path.text, &shard, &err),
                   "%s: is incomplete: '/codes/indptr' has 3 entries, expected 4", path.text);
    made = sound;
    made.excess.num_data = 0;
    write_hand_shard(&path, &made);
    EXPECT_REFUSED(spine_codes_open_shard(&codes, path.text, &shard, &err),
                   "%s: is incomplete: '/excess' has 0 values, 1 columns and row ends from 0 to 1",
                   path.text);
}

static void test_what_is_no_shard_is_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "other.h5");
    struct spine_store *store = NULL;
    struct spine_shard shard;
    struct spine_codes codes;
    TRY(spine_store_create(&store, path.text, "spine-codes", &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path.text, &err));
    EXPECT_REFUSED(spine_codes_open_shard(&codes, path.text, &shard, &err),
                   "%s: '/' has no attribute 'shard'", path.text);
    EXPECT_REFUSED(spine_codes_open_merged(&codes, path.text, &err),
                   "%s: has no dataset '/obs/_index'", path.text);
    TRY(spine_store_create(&store, path.text, "spine-model", &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path.text, &err));
    EXPECT_REFUSED(spine_codes_open_shard(&codes, path.text, &shard, &err),
                   "%s: holds 'spine-model', expected 'spine-codes'", path.text);
}

static void test_merged_codes_without_units_are_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "none.h5ad");
    struct spine_store *store = NULL;
    struct spine_codes codes;
    const struct spine_words none = {0};
    TRY(spine_store_create(&store, path.text, NULL, &err));
    TRY(spine_strings_append(store, "/obs/_index", &none, &err));
    TRY(spine_strings_append(store, "/var/_index", &none, &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path.text, &err));
    EXPECT_REFUSED(spine_codes_open_merged(&codes, path.text, &err),
                   "%s: has 0 units, expected 1 to 1048576", path.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_made_up_run_has_codes_of_all_kinds),
        cmocka_unit_test(test_a_shard_holds_the_codes_of_its_rows),
        cmocka_unit_test(test_a_shard_of_few_rows_is_small),
        cmocka_unit_test(test_noisy_codes_are_those_of_the_rows_with_the_epochs_noise),
        cmocka_unit_test(test_a_shard_is_whole_or_not_there),
        cmocka_unit_test(test_a_path_that_is_too_long_is_refused),
        cmocka_unit_test(test_a_shard_put_together_by_hand_is_read),
        cmocka_unit_test(test_facts_that_contradict_each_other_are_refused),
        cmocka_unit_test(test_a_value_that_is_not_finite_is_refused),
        cmocka_unit_test(test_a_shard_with_too_little_in_it_is_refused),
        cmocka_unit_test(test_what_is_no_shard_is_refused),
        cmocka_unit_test(test_merged_codes_without_units_are_refused),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
