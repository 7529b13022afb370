/* test_merge.c -- shards of any number give the same file; a set that isn't whole is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "spine/config/config.h"
#include "spine/files/attribute.h"
#include "spine/files/codes.h"
#include "spine/files/merge.h"
#include "spine/files/outputs.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "support/directory.h"
#include "support/shards.h"

static void merge(const struct path *path, struct spine_merge_report *report)
{
    const struct path part = join_path(&directory, "codes.h5ad.part");
    TRY(spine_merge_into(directory.text, path->text, NULL, NULL, report, &err));
    assert_false(is_there(&part));
}

static void check_merged(const struct path *path)
{
    struct spine_codes codes;
    struct spine_words words = {0};
    TRY(spine_codes_open_merged(&codes, path->text, &err));
    assert_int_equal(codes.rows, RUN_ROWS);
    assert_int_equal(codes.hidden, RUN_HIDDEN);
    TRY(spine_codes_read(&codes, 0, RUN_ROWS, &err));
    int64_t at = 0, at_excess = 0;
    for (size_t i = 0; i < RUN_ROWS; i++)
        for (size_t j = 0; j < RUN_HIDDEN; j++) {
            if (run_code(i, j) > 0) {
                assert_int_equal(codes.block.indices[at], j);
                assert_true(codes.block.data[at++] == run_code(i, j));
            }
            if (run_z(i, j) > 1) {
                assert_int_equal(codes.block_excess.indices[at_excess], j);
                assert_true(codes.block_excess.data[at_excess++] == run_z(i, j) - 1);
            }
        }
    assert_int_equal(codes.block.count, at);
    assert_int_equal(codes.block_excess.count, at_excess);
    TRY(spine_strings_read(codes.store, "/obs/_index", 0, RUN_ROWS, &words, &err));
    for (size_t i = 0; i < RUN_ROWS; i++) {
        char buffer[32];
        assert_string_equal(spine_words_get(&words, i),
                            i == 2 ? "caf\\xE9" : run_word(i, buffer)); /* 2 isn't UTF-8 */
    }
    spine_words_dispose(&words);
    spine_codes_close(&codes);
}

static void test_any_number_of_shards_gives_the_same_h5ad(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 6};
    const struct path path = join_path(&directory, "codes.h5ad");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct spine_merge_report report;
        const struct path shards = join_path(&directory, "shards");
        remove_all(&shards);
        write_shards(&directory, sizes[s]);
        merge(&path, &report);
        check_merged(&path);
        assert_int_equal(report.shards, sizes[s]);
        assert_int_equal(report.output.rows, RUN_ROWS);
        assert_int_equal(report.output.columns, RUN_HIDDEN);
        assert_int_equal(report.output.escaped, 1);
        size_t values = 0;
        for (size_t i = 0; i < RUN_ROWS; i++)
            for (size_t j = 0; j < RUN_HIDDEN; j++)
                values += run_code(i, j) > 0;
        assert_int_equal(report.output.values, values);
    }
}

/* A unit's number and its strongest words, at most three. */
static void expect_label(const char *label, size_t unit)
{
    char expected[128], buffer[32];
    bool is_used[RUN_ROWS] = {false};
    int length = snprintf(expected, sizeof expected, "%zu", unit);

    for (int n = 0; n < 3; n++) {
        size_t best = RUN_ROWS;
        for (size_t i = 0; i < RUN_ROWS; i++)
            if (!is_used[i] && run_code(i, unit) > 0 &&
                (best == RUN_ROWS || run_z(i, unit) > run_z(best, unit)))
                best = i;
        if (best == RUN_ROWS)
            break;
        is_used[best] = true;
        length += snprintf(expected + length, sizeof expected - (size_t)length, " %s",
                           best == 2 ? "caf\\xE9" : run_word(best, buffer));
    }

    assert_string_equal(label, expected);
}

static void test_the_h5ad_says_what_anndata_asks_for(void **state)
{
    (void)state;
    static const struct {
        const char *object, *type, *version;
    } encodings[] = {
        {"/", "anndata", "0.1.0"},      {"/X", "csr_matrix", "0.1.0"},
        {"/layers", "dict", "0.1.0"},   {"/layers/excess", "csr_matrix", "0.1.0"},
        {"/obs", "dataframe", "0.2.0"}, {"/obs/_index", "string-array", "0.2.0"},
        {"/var", "dataframe", "0.2.0"}, {"/var/_index", "string-array", "0.2.0"},
        {"/obsm", "dict", "0.1.0"},     {"/varm", "dict", "0.1.0"},
        {"/obsp", "dict", "0.1.0"},     {"/varp", "dict", "0.1.0"},
        {"/uns", "dict", "0.1.0"},
    };
    const struct path path = join_path(&directory, "codes.h5ad");
    struct spine_merge_report report;
    struct spine_store *store = NULL;
    struct spine_words units = {0};
    write_shards(&directory, 2);
    merge(&path, &report);
    TRY(spine_store_open(&store, path.text, NULL, &err));
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        char *type = NULL, *version = NULL;
        TRY(spine_attribute_get_text(store, encodings[i].object, "encoding-type", &type, &err));
        TRY(spine_attribute_get_text(store, encodings[i].object, "encoding-version", &version,
                                     &err));
        assert_string_equal(type, encodings[i].type);
        assert_string_equal(version, encodings[i].version);
        free(type);
        free(version);
    }
    char *index = NULL;
    TRY(spine_attribute_get_text(store, "/var", "_index", &index, &err));
    assert_string_equal(index, "_index");
    free(index);
    TRY(spine_strings_read(store, "/var/_index", 0, RUN_HIDDEN, &units, &err));
    expect_label(spine_words_get(&units, 0), 0);
    expect_label(spine_words_get(&units, RUN_HIDDEN - 1), RUN_HIDDEN - 1);
    spine_words_dispose(&units);
    TRY(spine_store_close(store, &err));
}

/* The last RUN_HIDDEN fields of a line are its codes; what is before them is the word. */
static void check_line(char *line, size_t row)
{
    char buffer[32];
    for (size_t j = RUN_HIDDEN; j-- > 0;) {
        char *end, *field = strrchr(line, ' ');
        assert_non_null(field);
        assert_true(strtof(field + 1, &end) == run_code(row, j));
        assert_true(end != field + 1 && *end == '\0');
        *field = '\0';
    }
    assert_string_equal(line, run_word(row, buffer)); /* also what isn't UTF-8, byte for byte */
}

static void test_the_text_reads_back_as_the_codes(void **state)
{
    (void)state;
    static const int sizes[] = {1, 3};
    const struct path path = join_path(&directory, "codes.txt");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct spine_merge_report report;
        write_shards(&directory, sizes[s]);
        merge(&path, &report);
        assert_int_equal(report.output.rows, RUN_ROWS);
        char *text = get_bytes(&path, NULL), *line = text;
        for (size_t row = 0; row < RUN_ROWS; row++) {
            char *end = strchr(line, '\n');
            assert_non_null(end);
            *end = '\0';
            check_line(line, row);
            line = end + 1;
        }
        assert_int_equal(*line, '\0');
        free(text);
    }
}

static void test_a_real_in_the_text_is_the_same_float(void **state)
{
    (void)state;
    static const float values[] = {0.1F, 1.0F / 3, 1e-30F, 0x1.fffffep-1F, 0x1p-149F};
    const struct path path = join_path(&directory, "codes.txt");
    struct spine_merge_report report;
    struct hand_shard shard = {
        .facts = {0, 1, 0, 1, 1, 5, "f"},
        .codes = {5, 5, 2, {0}, {0, 1, 2, 3, 4}, {0, 5}},
        .excess = {0, 0, 2, {0}, {0}, {0, 0}},
        .num_words = 1,
        .words = {"w"},
    };
    memcpy(shard.codes.data, values, sizeof values);
    write_shards(&directory, 1);
    const struct path first = shard_path(&directory, 0);
    write_hand_shard(&first, &shard);
    merge(&path, &report);
    char *text = get_bytes(&path, NULL), *at = text + 1;
    for (size_t j = 0; j < 5; j++)
        assert_true(strtof(at, &at) == values[j]);
    free(text);
}

static void test_a_merge_replaces_the_file_that_was_there(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "codes.h5ad");
    struct spine_merge_report report;
    write_shards(&directory, 1);
    assert_int_equal(put_text(&path, "old"), 0);
    merge(&path, &report);
    check_merged(&path);
}

/* --- What is refused -------------------------------------------------------------------------- */

/* What was there before stays and nothing half-made is left. */
#define EXPECT_NO_MERGE(...)                                                                       \
    do {                                                                                           \
        const struct path path_ = join_path(&directory, "out.h5ad");                               \
        const struct path part_ = join_path(&directory, "out.h5ad.part");                          \
        struct spine_merge_report report_;                                                         \
        assert_int_equal(put_text(&path_, "old"), 0);                                              \
        EXPECT_REFUSED(spine_merge_into(directory.text, path_.text, NULL, NULL, &report_, &err),   \
                       __VA_ARGS__);                                                               \
        char *old_ = get_bytes(&path_, NULL);                                                      \
        assert_string_equal(old_, "old");                                                          \
        free(old_);                                                                                \
        assert_false(is_there(&part_));                                                            \
    } while (0)

static void test_a_missing_shard_is_refused(void **state)
{
    (void)state;
    EXPECT_NO_MERGE("%s: has no shards; is it the directory of a finished run?", directory.text);
    for (int64_t i = 0; i < 3; i++) {
        write_shards(&directory, 3);
        const struct path shard = shard_path(&directory, i);
        remove(shard.text);
        EXPECT_NO_MERGE("%s: the shard is missing", shard.text);
    }
}

static void test_a_foreign_shard_is_refused(void **state)
{
    (void)state;
    const struct path other = join_path(&directory, "other"), theirs = shard_path(&other, 1);
    const struct path ours = shard_path(&directory, 1), more = shard_path(&directory, 3);
    write_shards(&directory, 3);

    write_shards(&other, 2); /* of the same model on two ranks */
    assert_int_equal(copy_file(&theirs, &ours), 0);
    EXPECT_NO_MERGE("%s: belongs to another run than shard 0", ours.text);

    struct hand_shard hand = {
        .facts = {1, 3, 0, 2, RUN_ROWS, RUN_HIDDEN, "another fingerprint"},
        .codes = {.num_ends = 3},
        .excess = {.num_ends = 3},
        .num_words = 2,
        .words = {"a", "b"},
    };
    write_hand_shard(&ours, &hand);
    EXPECT_NO_MERGE("%s: belongs to another run than shard 0", ours.text);

    write_shards(&directory, 3);
    assert_int_equal(copy_file(&theirs, &more), 0);
    EXPECT_NO_MERGE("%s: belongs to another run: this one has 3 shards, 0 to 2", more.text);
    remove(more.text);
    const struct path misnamed = join_path(&directory, "shards/codes-1.h5");
    assert_int_equal(copy_file(&ours, &misnamed), 0);
    EXPECT_NO_MERGE("%s: belongs to another run: this one has 3 shards, 0 to 2", misnamed.text);
}

static void test_a_copied_shard_is_refused(void **state)
{
    (void)state;
    const struct path first = shard_path(&directory, 0), second = shard_path(&directory, 1);
    write_shards(&directory, 3);
    assert_int_equal(copy_file(&first, &second), 0);
    EXPECT_NO_MERGE("%s: is a duplicate: it holds shard 0", second.text);
    write_shards(&directory, 3);
    assert_int_equal(copy_file(&second, &first), 0);
    EXPECT_NO_MERGE("%s: is a duplicate: it holds shard 1", first.text);
}

static void test_an_incomplete_shard_is_refused(void **state)
{
    (void)state;
    const struct path shard = shard_path(&directory, 1);
    const struct path part = join_path(&directory, "shards/codes-00001.h5.part");
    write_shards(&directory, 3);
    assert_int_equal(put_text(&part, "half"), 0);
    EXPECT_NO_MERGE("%s: is incomplete: the run that wrote it didn't finish", part.text);
    remove(part.text);
    size_t bytes = 0;
    free(get_bytes(&shard, &bytes));
    assert_int_equal(truncate(shard.text, 3000), 0);
    EXPECT_NO_MERGE("%s: has only 3000 of %zu bytes: it is cut off, or the first of several files "
                    "that make up one",
                    shard.text, bytes);
    assert_int_equal(truncate(shard.text, 0), 0);
    EXPECT_NO_MERGE("%s: not an HDF5 file", shard.text);
}

/* Two shards of two rows each. */
static const struct hand_shard two[2] = {
    {
        .facts = {0, 2, 0, 2, 4, 3, "f"},
        .codes = {2, 2, 3, {1, 0.5F}, {0, 2}, {0, 1, 2}},
        .excess = {1, 1, 3, {0.5F}, {0}, {0, 1, 1}},
        .num_words = 2,
        .words = {"a", "b"},
    },
    {
        .facts = {1, 2, 2, 2, 4, 3, "f"},
        .codes = {3, 3, 3, {0.5F, 0.5F, 1}, {0, 2, 1}, {0, 2, 3}},
        .excess = {1, 1, 3, {0.25F}, {1}, {0, 0, 1}},
        .num_words = 2,
        .words = {"c", "d"},
    },
};

static void write_two(const struct hand_shard *first, const struct hand_shard *second)
{
    const struct path paths[2] = {shard_path(&directory, 0), shard_path(&directory, 1)};
    const struct path shards = join_path(&directory, "shards");
    mkdir(shards.text, 0777);
    write_hand_shard(&paths[0], first);
    write_hand_shard(&paths[1], second);
}

static void test_shards_put_together_by_hand_are_merged(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "codes.txt");
    struct spine_merge_report report;
    write_two(&two[0], &two[1]);
    merge(&path, &report);
    char *text = get_bytes(&path, NULL);
    assert_string_equal(text, "a 1 0 0\nb 0 0 0.5\nc 0.5 0 0.5\nd 0 1 0\n");
    free(text);
    assert_int_equal(report.output.values, 5);
    assert_int_equal(report.output.escaped, 0);
}

static void test_rows_that_do_not_join_are_refused(void **state)
{
    (void)state;
    const struct path second = shard_path(&directory, 1);
    struct hand_shard late = two[1], first = two[0];
    late.facts.total_rows = first.facts.total_rows = 5;
    write_two(&first, &late);
    EXPECT_NO_MERGE("%s: the shards have 4 rows together, expected 5", directory.text);
    late.facts.first_row = 3;
    write_two(&first, &late);
    EXPECT_NO_MERGE("%s: begins with row 3, expected 2", second.text);
    late = two[1];
    late.facts.hidden = 4;
    write_two(&two[0], &late);
    EXPECT_NO_MERGE("%s: belongs to another run than shard 0", second.text);
}

static void test_broken_matrices_are_refused(void **state)
{
    (void)state;
    const struct path second = shard_path(&directory, 1);
    struct hand_shard broken = two[1];
    broken.codes.num_ends = 2;
    write_two(&two[0], &broken);
    EXPECT_NO_MERGE("%s: is incomplete: '/codes/indptr' has 2 entries, expected 3", second.text);

    broken = two[1];
    broken.codes.indices[0] = 2; /* 2 2 */
    write_two(&two[0], &broken);
    EXPECT_NO_MERGE("%s: '/codes/indices' has a column that is out of order or not below 3",
                    second.text);
    broken.codes.indices[0] = 0;
    broken.codes.indices[1] = 3;
    write_two(&two[0], &broken);
    EXPECT_NO_MERGE("%s: '/codes/indices' has a column that is out of order or not below 3",
                    second.text);
    broken = two[1];
    broken.excess.indices[0] = -1;
    write_two(&two[0], &broken);
    EXPECT_NO_MERGE("%s: '/excess/indices' has a column that is out of order or not below 3",
                    second.text);
    broken = two[1];
    broken.codes.indptr[1] = 4;
    write_two(&two[0], &broken);
    EXPECT_NO_MERGE("%s: the row ends in '/codes/indptr' don't ascend within it", second.text);
}

static void test_a_place_where_nothing_can_be_written_is_refused(void **state)
{
    (void)state;
    struct spine_merge_report report;
    const struct path path = join_path(&directory, "no/codes.txt");
    write_shards(&directory, 1);
    const struct path sparse = join_path(&directory, "no/codes.h5ad");
    EXPECT_REFUSED(spine_merge_into(directory.text, path.text, NULL, NULL, &report, &err),
                   "%s: its directory doesn't exist", path.text);
    EXPECT_REFUSED(spine_merge_into(directory.text, sparse.text, NULL, NULL, &report, &err),
                   "%s: its directory doesn't exist", sparse.text);
}

static void expect_text(const struct path *path, const char *expected)
{
    char *text = get_bytes(path, NULL);
    assert_string_equal(text, expected);
    free(text);
}

static void test_an_output_that_cant_be_renamed_leaves_what_was_there(void **state)
{
    (void)state;
    const struct path first = join_path(&directory, "one.mtx"),
                      list = join_path(&directory, "one.words.txt");
    const struct path second = join_path(&directory, "two.npy"), part = part_of(&second);
    const char *const paths[] = {first.text, second.text};
    const struct spine_output_shape shape = {1, 2};
    const struct spine_output_options options = {0};
    struct spine_outputs outputs;
    struct spine_words words = {0};
    struct spine_csr values = {0};

    TRY(spine_words_add(&words, "word", strlen("word"), &err));
    TRY(spine_csr_reserve(&values, 1, 2, &err));
    spine_csr_add_row(&values, (const float[]){1, 2}, 2, 0);
    const struct spine_output_rows rows = {&words, &values, NULL};

    TRY(spine_outputs_open(&outputs, paths, 2, &shape, &options, NULL, &err));
    TRY(spine_outputs_write(&outputs, &rows, &err));
    assert_int_equal(put_text(&first, "old"), 0);
    assert_int_equal(put_text(&list, "old words"), 0);
    assert_int_equal(mkdir(second.text, 0777), 0);
    assert_int_equal(spine_outputs_close(&outputs, 0, &err), -1);
    assert_non_null(strstr(err.text, "two.npy: is a directory: not replaced by a file"));
    expect_text(&first, "old");
    expect_text(&list, "old words");
    assert_false(is_there(&part));

    spine_outputs_dispose(&outputs);
    spine_words_dispose(&words);
    spine_csr_dispose(&values);
}

/* One name of each format. */
static const char *const names[] = {"codes.h5ad", "codes.txt",    "codes.vec",
                                    "codes.bin",  "codes.npz",    "codes.mtx",
                                    "codes.npy",  "codes.sparse", "codes.tsv"};
enum { NUM_NAMES = sizeof names / sizeof *names };

static void test_a_symbolic_link_in_the_way_stays(void **state)
{
    (void)state;
    const struct path target = join_path(&directory, "target");
    write_shards(&directory, 1);
    assert_int_equal(put_text(&target, "precious"), 0);

    for (size_t i = 0; i < NUM_NAMES; i++) {
        const struct path path = join_path(&directory, names[i]), part = part_of(&path);
        struct spine_merge_report report;
        assert_int_equal(symlink(target.text, part.text), 0);
        EXPECT_REFUSED(spine_merge_into(directory.text, path.text, NULL, NULL, &report, &err),
                       "%s: Too many levels of symbolic links", part.text);
        assert_true(is_there(&part));
    }

    char *bytes = get_bytes(&target, NULL);
    assert_string_equal(bytes, "precious");
    free(bytes);
}

/* Merge a shard with a value in 20,000 columns while no file may have more than 128 bytes. */
static int merge_on_full_disk(const char *const *paths, size_t count)
{
    const struct path first = shard_path(&directory, 0);
    struct hand_shard wide = {
        .facts = {0, 1, 0, 1, 1, 20000, "f"},
        .codes = {1, 1, 2, {1}, {0}, {0, 1}},
        .excess = {0, 0, 2, {0}, {0}, {0, 0}},
        .num_words = 1,
        .words = {"w"},
    };
    const struct spine_merge_request request = {directory.text, paths, count, NULL, NULL};
    struct spine_merge_report reports[2];
    struct rlimit limit;

    write_shards(&directory, 1);
    write_hand_shard(&first, &wide);
    getrlimit(RLIMIT_FSIZE, &limit);
    const struct rlimit low = {128, limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &low);
    const int rc = spine_merge(&request, reports, &err);
    setrlimit(RLIMIT_FSIZE, &limit);
    return rc;
}

static void test_a_full_disk_leaves_nothing(void **state)
{
    (void)state;

    for (size_t i = 0; i < NUM_NAMES; i++) {
        const struct path path = join_path(&directory, names[i]), part = part_of(&path);
        const struct path words = join_path(&directory, "codes.words.txt");
        const struct path metadata = join_path(&directory, "codes.metadata.tsv");
        const char *const paths[] = {path.text};
        remove(words.text);
        if (merge_on_full_disk(paths, 1) == 0) { /* small enough */
            assert_true(strcmp(names[i], "codes.mtx") == 0 ||
                        strcmp(names[i], "codes.sparse") == 0);
            continue;
        }
        assert_int_equal(err.status, SPINE_EXIT_FAILED);
        assert_non_null(strstr(err.text, "File too large"));
        assert_false(is_there(&path));
        assert_false(is_there(&part));
        assert_false(is_there(&words));
        assert_false(is_there(&metadata));
    }
}

static void test_outputs_appear_together_or_not_at_all(void **state)
{
    (void)state;
    const struct path small = join_path(&directory, "codes.mtx"), part = part_of(&small);
    const struct path words = join_path(&directory, "codes.words.txt");
    const struct path large = join_path(&directory, "codes.npy");
    const char *const paths[] = {small.text, large.text};
    remove(words.text);
    assert_int_equal(merge_on_full_disk(paths, 2), -1);
    assert_non_null(strstr(err.text, "File too large"));
    assert_false(is_there(&small));
    assert_false(is_there(&part));
    assert_false(is_there(&large));
    assert_false(is_there(&words));

    const struct spine_merge_request request = {directory.text, paths, 2, NULL, NULL};
    struct spine_merge_report reports[2];
    write_shards(&directory, 2);
    TRY(spine_merge(&request, reports, &err));
    assert_true(is_there(&small) && is_there(&large) && is_there(&words));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(reports[i].shards, 2);
        assert_int_equal(reports[i].output.rows, RUN_ROWS);
    }
}

static void test_the_format_follows_from_the_name(void **state)
{
    (void)state;
    static const char *const good[] = {"a.txt/b.h5ad", "codes.txt", "a.b.npz", "codes.vec.gz",
                                       "codes.mtx.zst"};
    static const char *const bad[] = {"codes", "codes.h5", "h5ad", ".h5ad", "a.txt/b", "", ".gz"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        TRY(spine_output_check_names(good + i, 1, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT_REFUSED(
            spine_output_check_names(bad + i, 1, &err),
            "%s: the name must end in .h5ad, .txt, .vec, .bin, .npz, .mtx, .npy, .sparse "
            "or .tsv, which selects the format",
            bad[i]);
    EXPECT_REFUSED(spine_output_check_names((const char *[]){"a.h5ad.gz"}, 1, &err),
                   "a.h5ad.gz: .h5ad files can't be compressed as a whole");
}

static void test_outputs_dont_replace_each_other(void **state)
{
    (void)state;
    TRY(spine_output_check_names((const char *[]){"a.npy", "./a.npz", "../a.npy", "a.txt"}, 4,
                                 &err));
    EXPECT_REFUSED(spine_output_check_names((const char *[]){"a.npy", "./a.npy"}, 2, &err),
                   "./a.npy: this output is given twice");
    EXPECT_REFUSED(spine_output_check_names((const char *[]){"./a.words.txt", "a.npy"}, 2, &err),
                   "./a.words.txt: is also the list of words of a.npy; name another file");
}

static void test_the_writers_are_the_formats_of_the_options(void **state)
{
    (void)state;
    for (size_t i = 0; spine_format_names[i] != NULL; i++) {
        char name[64];
        const char *path = name;
        snprintf(name, sizeof name, "codes.%s", spine_format_names[i]);
        assert_string_equal(name, names[i]);
        TRY(spine_output_check_names(&path, 1, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_any_number_of_shards_gives_the_same_h5ad),
        TEST(test_the_h5ad_says_what_anndata_asks_for),
        TEST(test_the_text_reads_back_as_the_codes),
        TEST(test_a_real_in_the_text_is_the_same_float),
        TEST(test_a_merge_replaces_the_file_that_was_there),
        TEST(test_a_missing_shard_is_refused),
        TEST(test_a_foreign_shard_is_refused),
        TEST(test_a_copied_shard_is_refused),
        TEST(test_an_incomplete_shard_is_refused),
        TEST(test_shards_put_together_by_hand_are_merged),
        TEST(test_rows_that_do_not_join_are_refused),
        TEST(test_broken_matrices_are_refused),
        TEST(test_a_place_where_nothing_can_be_written_is_refused),
        TEST(test_a_symbolic_link_in_the_way_stays),
        TEST(test_a_full_disk_leaves_nothing),
        TEST(test_outputs_appear_together_or_not_at_all),
        TEST(test_an_output_that_cant_be_renamed_leaves_what_was_there),
        TEST(test_the_format_follows_from_the_name),
        TEST(test_outputs_dont_replace_each_other),
        TEST(test_the_writers_are_the_formats_of_the_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
