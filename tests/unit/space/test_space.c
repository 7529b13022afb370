/* test_space.c -- words and vectors come out the same from every kind of file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/files/array.h"
#include "spine/files/merge.h"
#include "spine/files/npzfile.h"
#include "spine/files/object.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/space/keptspace.h"
#include "spine/space/space.h"
#include "support/bytes.h"
#include "support/directory.h"
#include "support/shards.h"
#include "support/spaces.h"

static const float numbers[3][2] = {{1, 2}, {-3, 0.5F}, {0, 4}};

static void write_store(const struct path *path, size_t num_words, const float *values)
{
    static const char *const list[] = {"a", "b", "c", "d"};
    struct spine_store *store = NULL;
    struct spine_words words = {0};
    for (size_t i = 0; i < num_words; i++)
        TRY(spine_words_add(&words, list[i], 1, &err));
    TRY(spine_store_create(&store, path->text, "spine-vectors", &err));
    TRY(spine_strings_append(store, "words", &words, &err));
    TRY(spine_array_make(store, "vectors", SPINE_ARRAY_FLOAT, 3, 2, &err));
    TRY(spine_array_write(store, "vectors", SPINE_ARRAY_FLOAT, 0, 3, 2, values, &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path->text, &err));
    spine_words_dispose(&words);
}

static void expect_dense(const struct spine_space *space)
{
    assert_int_equal(space->rows, 3);
    assert_int_equal(space->dimensions, 2);
    assert_non_null(space->dense);
    for (size_t i = 0; i < 3; i++) {
        float row[2];
        spine_space_row(space, i, row);
        assert_memory_equal(row, numbers[i], sizeof row);
    }
    float direction[2];
    assert_float_equal(spine_space_direction(space, 2, direction), 4, 0);
    assert_float_equal(direction[0], 0, 0);
    assert_float_equal(direction[1], 1, 0);
    assert_int_equal(spine_space_find(space, "b"), 1);
    assert_int_equal(spine_space_find(space, "d"), -1);
    assert_int_equal(spine_space_find(space, ""), -1);
}

/* A file that is gone shows that a space was taken from memory. */
static void test_a_kept_space_is_read_once(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "kept.h5"), other = join_path(&directory, "no");
    struct spine_keptspace kept = {NULL, {0}};
    struct spine_space space;

    write_store(&path, 3, numbers[0]);
    TRY(spine_keptspace_read(NULL, &space, path.text, NULL, &err));
    spine_keptspace_end(NULL, &space, path.text);
    assert_null(space.dense);

    TRY(spine_keptspace_read(&kept, &space, path.text, NULL, &err));
    spine_keptspace_end(&kept, &space, path.text);
    assert_null(space.dense);
    assert_int_equal(remove(path.text), 0);
    TRY(spine_keptspace_read(&kept, &space, path.text, NULL, &err));
    expect_dense(&space);
    spine_keptspace_end(&kept, &space, path.text);

    assert_int_equal(spine_keptspace_read(&kept, &space, other.text, NULL, &err), -1);
    assert_null(kept.path); /* another one takes its place */
    spine_keptspace_dispose(&kept);
}

static void test_dense_vectors_from_text_and_store(void **state)
{
    (void)state;
    const struct path text = join_path(&directory, "plain.txt");
    const struct path header = join_path(&directory, "header.vec");
    const struct path store = join_path(&directory, "vectors.h5");
    assert_int_equal(put_text(&text, "a 1 2\nb -3 0.5\nc 0 4\n"), 0);
    assert_int_equal(put_text(&header, "3 2\na 1 2\nb -3 .5\nc 0 4\n"), 0);
    write_store(&store, 3, &numbers[0][0]);
    const struct path *const paths[] = {&text, &header, &store};
    for (size_t i = 0; i < 3; i++) {
        struct spine_space space;
        TRY(spine_space_read(&space, paths[i]->text, &err));
        expect_dense(&space);
        assert_int_equal(space.num_repeated, 0);
        spine_space_dispose(&space);
        spine_space_dispose(&space);
    }
}

static void test_compressed_text_is_read(void **state)
{
    (void)state;
    struct spine_space space;
    TRY(spine_space_read(&space, SPINE_TEST_DATA "/glove.6B.100d.5k.txt.gz", &err));
    assert_int_equal(space.rows, 5000);
    assert_int_equal(space.dimensions, 100);
    assert_int_equal(spine_space_find(&space, "the"), 0);
    spine_space_dispose(&space);
}

static void expect_codes(const char *path, bool is_merged)
{
    struct spine_space space;
    TRY(spine_space_read(&space, path, &err));
    assert_int_equal(space.rows, RUN_ROWS);
    assert_int_equal(space.dimensions, RUN_HIDDEN);
    assert_null(space.dense);
    assert_int_equal(space.excess.rows, RUN_ROWS);
    for (size_t i = 0; i < RUN_ROWS; i++) {
        char word[32];
        float row[RUN_HIDDEN];
        spine_space_row(&space, i, row);
        for (size_t j = 0; j < RUN_HIDDEN; j++)
            assert_true(row[j] == run_code(i, j));
        for (int64_t at = space.excess.indptr[i]; at < space.excess.indptr[i + 1]; at++)
            assert_true(space.excess.data[at] == run_z(i, (size_t)space.excess.indices[at]) - 1);
        if (i != 2) /* not UTF-8: escaped when merged */
            assert_int_equal(spine_space_find(&space, run_word(i, word)), i);
    }
    assert_int_equal(spine_space_find(&space, is_merged ? "caf\\xE9" : "caf\xE9"), 2);
    spine_space_dispose(&space);
}

static void test_codes_of_a_run_merged_or_not(void **state)
{
    (void)state;
    struct spine_merge_report report;
    const struct path merged = join_path(&directory, "codes.h5ad");
    const struct path text = join_path(&directory, "codes.txt");
    struct spine_space space;
    write_shards(&directory, 3);
    expect_codes(directory.text, false);
    TRY(spine_merge_into(directory.text, merged.text, NULL, NULL, &report, &err));
    expect_codes(directory.text, true);
    expect_codes(merged.text, true);
    TRY(spine_merge_into(directory.text, text.text, NULL, NULL, &report, &err));
    TRY(spine_space_read(&space, text.text, &err));
    for (size_t i = 0; i < RUN_ROWS * RUN_HIDDEN; i++)
        assert_true(space.dense[i] == run_code(i / RUN_HIDDEN, i % RUN_HIDDEN));
    spine_space_dispose(&space);
}

/* Words that a format changes are compared in test_merge.c. */
static void expect_merged_into(const char *name, bool is_sparse)
{
    const struct path path = join_path(&directory, name);
    struct spine_merge_report report;
    struct spine_space space;
    float row[RUN_HIDDEN];

    TRY(spine_merge_into(directory.text, path.text, NULL, NULL, &report, &err));
    TRY(spine_space_read(&space, path.text, &err));
    assert_int_equal(space.rows, RUN_ROWS);
    assert_int_equal(space.dimensions, RUN_HIDDEN);
    assert_int_equal(space.dense == NULL, is_sparse);
    assert_int_equal(space.is_listed, false);
    for (size_t i = 0; i < RUN_ROWS; i++) {
        spine_space_row(&space, i, row);
        for (size_t j = 0; j < RUN_HIDDEN; j++)
            assert_true(row[j] == run_code(i, j));
    }
    assert_int_equal(spine_space_find(&space, "caf\\xE9"), 2);
    spine_space_dispose(&space);
}

static void test_codes_in_all_formats_that_are_written(void **state)
{
    static const char *const sparse[] = {"c.npz", "c.mtx", "d.mtx.gz", "c.sparse", "d.sparse.zst"};
    (void)state;

    write_shards(&directory, 3);
    for (size_t i = 0; i < sizeof sparse / sizeof *sparse; i++)
        expect_merged_into(sparse[i], true);
    expect_merged_into("e.npy", false);
    expect_merged_into("f.npy.gz", false);
}

static void expect_bare(const struct path *path, const char *word)
{
    struct spine_space space;

    TRY(spine_space_read(&space, path->text, &err));
    assert_int_equal(space.rows, 2);
    assert_int_equal(spine_space_find(&space, word), 1);
    assert_false(space.is_listed);
    spine_space_dispose(&space);
}

/* One that nobody has asked for is no reason to refuse a file, whatever is wrong with it. */
static void test_a_list_beside_that_doesnt_fit_isnt_used(void **state)
{
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}";
    static const char *const lists[] = {"a\n", "a\nb\nc\n", "", "{\"a\": 1}"};
    const struct path path = join_path(&directory, "bare.npy");
    const struct path list = join_path(&directory, "bare.words.txt");
    struct spine_space space;
    struct bytes bytes = {0};
    (void)state;

    add_bytes(&bytes, "\x93NUMPY\1\0", 8);
    add_whole(&bytes, strlen(header), 2);
    add_text(&bytes, header);
    add_float(&bytes, 1);
    add_float(&bytes, 2);
    put_bytes(&path, &bytes);
    assert_int_equal(put_text(&list, "a\nb\n"), 0);
    expect_bare(&path, "b");

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        assert_int_equal(put_text(&list, lists[i]), 0);
        expect_bare(&path, "1");
        assert_int_equal(spine_space_read_listed(&space, path.text, list.text, &err), -1);
    }
    assert_int_equal(put_text(&list, "a\n"), 0);
    EXPECT_REFUSED(spine_space_read_listed(&space, path.text, list.text, &err),
                   "%s: has 1 word for 2 vectors", list.text);
    assert_int_equal(remove(list.text), 0);
}

/* As other programs write them: in another order, with comments, without values. */
static void test_sparse_matrices_in_text(void **state)
{
    static const struct {
        const char *name, *bytes;
        float values[4]; /* (2, 2) */
    } cases[] = {
        {"sorted.mtx",
         "%%MatrixMarket matrix coordinate real general\r\n%x\n\n2 2 2\n1 2 .5\n2 1 -3\n",
         {0, 0.5F, -3, 0}},
        {"columns.mtx",
         "%%matrixmarket MATRIX coordinate INTEGER general\n 2 2 3 \n2 1 3\n 1 2 5\n2 2 0\n",
         {0, 5, 3, 0}},
        {"pattern.mtx",
         "%%MatrixMarket matrix coordinate pattern general\n2 2 1\n2 2",
         {0, 0, 0, 1}},
        {"any.name", "a 1:2 0:1\r\n\nb\t1:3e0\n", {1, 2, 0, 3}},
        {"one.sparse", "a\nb 1:1", {0, 0, 0, 1}},
        {"numbers.sparse", "5 1:2 0:1\n7 1:3\n", {1, 2, 0, 3}},
    };
    const struct path list = join_path(&directory, "words");
    struct spine_space space;
    float row[2];
    (void)state;

    assert_int_equal(put_text(&list, "a\nb\n"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path path = join_path(&directory, cases[i].name);
        assert_int_equal(put_text(&path, cases[i].bytes), 0);
        TRY(spine_space_read_listed(&space, path.text, list.text, &err));
        assert_null(space.dense);
        assert_int_equal(space.rows, 2);
        assert_int_equal(space.is_listed, i < 3);
        assert_int_equal(spine_space_find(&space, i < 5 ? "b" : "7"), 1);
        for (size_t k = 0; k < 2; k++) {
            spine_space_row(&space, k, row);
            assert_memory_equal(row, cases[i].values + 2 * k, sizeof row);
        }
        spine_space_dispose(&space);
    }
}

/* SciPy's arrays of a matrix of 2 x 3: two values of two bytes, and their columns. */
static void write_arrays(const struct path *path, const char *type, const char values[4],
                         int64_t column)
{
    enum { ARRAYS = 5 };
    const int64_t ends[] = {0, 1, 2}, columns[] = {column, 0}, shape[] = {2, 3};
    const struct {
        const char *name, *type, *shape;
        const void *bytes;
        size_t size;
    } given[ARRAYS] = {{"format.npy", "|S3", "", "csr", 3},
                       {"shape.npy", "<i8", "2,", shape, sizeof shape},
                       {"indptr.npy", "<i8", "3,", ends, sizeof ends},
                       {"indices.npy", "<i8", "2,", columns, sizeof columns},
                       {"data.npy", type, "2,", values, 4}};
    struct spine_npzfile_array arrays[ARRAYS];

    for (size_t i = 0; i < ARRAYS; i++) {
        arrays[i] = (struct spine_npzfile_array){given[i].name, given[i].type, NULL};
        TRY(spine_npzfile_begin(&arrays[i], path->text, &err));
        assert_int_equal(fwrite(given[i].bytes, given[i].size, 1, arrays[i].spool), 1);
        TRY(spine_npzfile_end(&arrays[i], path->text, given[i].shape, &err));
    }
    TRY(spine_npzfile_write(path->text, arrays, ARRAYS, &err));
    TRY(spine_outfile_publish(path->text, &err));
    spine_npzfile_dispose(arrays, ARRAYS);
}

static void test_sparse_arrays_of_whole_numbers(void **state)
{
    static const float expected[2][3] = {{0, -2, 0}, {260, 0, 0}};
    const struct path path = join_path(&directory, "counts.npz");
    const struct path list = join_path(&directory, "words");
    struct spine_space space;
    float row[3];
    (void)state;

    assert_int_equal(put_text(&list, "a\nb\n"), 0);
    write_arrays(&path, "<i2", "\xFE\xFF\4\1", 1);
    TRY(spine_space_read_listed(&space, path.text, list.text, &err));
    assert_null(space.dense);
    for (size_t i = 0; i < 2; i++) {
        spine_space_row(&space, i, row);
        assert_memory_equal(row, expected[i], sizeof row);
    }
    spine_space_dispose(&space);

    write_arrays(&path, "<V2", "\xFE\xFF\4\1", 1);
    EXPECT_REFUSED(spine_space_read_listed(&space, path.text, list.text, &err),
                   "%s:data.npy: a NumPy array of type '<V2'; whole numbers, f2, f4 and f8 are "
                   "read: scipy.sparse.save_npz(FILE, MATRIX.astype('float32'))",
                   path.text);
    for (size_t i = 0; i < 3; i++) {
        static const int64_t outside[] = {-1, 3, INT64_C(1) << 40};
        write_arrays(&path, "<i2", "\xFE\xFF\4\1", outside[i]);
        EXPECT_REFUSED(spine_space_read_listed(&space, path.text, list.text, &err),
                       "%s: row 1 has a value in column %lld, counted from 0, of 3 columns",
                       path.text, (long long)outside[i]);
    }
}

/* The list has two words. */
static void test_bad_sparse_matrices_are_refused(void **state)
{
#define BANNER "%%MatrixMarket matrix coordinate real general\n"
    static const struct {
        const char *name, *bytes, *text;
    } cases[] = {
        {"a.mtx", "%%MatrixMarket matrix array real general\n2 2\n",
         "a.mtx:1: of Matrix Market's files, 'matrix coordinate real general' is read; write it "
         "so: "
         "scipy.io.mmwrite(FILE, scipy.sparse.csr_matrix(MATRIX), symmetry='general')"},
        {"b.mtx", BANNER "%\n", "b.mtx: expected a line of the rows, columns and values: 5 9 20"},
        {"b.mtx", BANNER "2 -2 1\n",
         "b.mtx: expected a line of the rows, columns and values: 5 9 20"},
        {"c.mtx", BANNER "2147483647 2 1\n", "words: has 2 words for 2147483647 vectors"},
        {"d.mtx", BANNER "2 3 1\n2 4 .5\n",
         "d.mtx:3: expected a row in 1 to 2, a column in 1 to 3, and a number"},
        {"d.mtx", BANNER "2 3 1\n0 1 .5\n",
         "d.mtx:3: expected a row in 1 to 2, a column in 1 to 3, and a number"},
        {"d.mtx", BANNER "2 3 1\n2 1 x\n",
         "d.mtx:3: expected a row in 1 to 2, a column in 1 to 3, and a number"},
        {"e.mtx", BANNER "2 3 2\n2 1 1\n", "e.mtx: announces 2 values, but has 1; was it cut off?"},
        {"e.mtx", BANNER "2 3 1\n", "e.mtx: announces 1 value, but has 0; was it cut off?"},
        {"e.mtx", BANNER "2 3 9223372036854775807\n2 1 1\n",
         "e.mtx: announces 9223372036854775807 values, but has 1; was it cut off?"},
        {"e.mtx", BANNER "2 3 9223372036854775808\n",
         "e.mtx: expected a line of the rows, columns and values: 5 9 20"},
        {"e.mtx", BANNER "2147483648 3 1\n",
         "e.mtx: expected a line of the rows, columns and values: 5 9 20"},
        {"e.mtx", BANNER "2 3 2\n2 1 1\n2 1 2\n", "e.mtx: has two values in row 2, column 1"},
        {"e.mtx", BANNER "2 3 1\n2 1 inf\n", "e.mtx: the value in row 2, column 1 is not finite"},
        {"f.sparse", "a 1:2 0:1\nb 1:1 1:1\n", "f.sparse: has two values in row 2, column 2"},
        {"h.sparse", "New York 0:1\n",
         "h.sparse:1: expected DIMENSION:VALUE after the word, got 'York'"},
        {"i.sparse", "a\nb\n",
         "i.sparse: has no values, expected rows of WORD DIMENSION:VALUE ..."},
        {"g.txt", "1 1:2 3:1\n-1 1:1 2:1\n",
         "g.txt: the rows are sparse, DIMENSION:VALUE; from a file NAME.sparse, spine-eval, "
         "spine-top and spine-report read them; else write all values of a row (for codes of a "
         "run: spine-merge RUN -o FILE.h5ad)"},
    };
#undef BANNER
    const struct path list = join_path(&directory, "words");
    struct spine_space space;
    (void)state;

    assert_int_equal(put_text(&list, "a\nb\n"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path path = join_path(&directory, cases[i].name);
        assert_int_equal(put_text(&path, cases[i].bytes), 0);
        EXPECT_REFUSED(spine_space_read_listed(&space, path.text, list.text, &err), "%s/%s",
                       directory.text, cases[i].text);
    }
    const struct path path = join_path(&directory, "a.mtx");
    assert_int_equal(put_text(&path, "%%MatrixMarket matrix coordinate real general\n1 1 0\n"), 0);
    EXPECT_REFUSED(spine_space_read(&space, path.text, &err),
                   "%s: has no words; expected a list, NAME.words.txt, beside it, or with "
                   "--words-from",
                   path.text);
}

/* As other programs write AnnData. */
static void test_codes_without_excess(void **state)
{
    (void)state;
    static const struct hand_matrix matrix = {2, 2, 4, {0.5F, 3}, {1, 0}, {0, 1, 1, 2}};
    const struct path path = join_path(&directory, "foreign.h5ad");
    struct spine_store *store = NULL;
    struct spine_words words = {0};
    struct spine_space space;
    float row[2];
    TRY(spine_words_add(&words, "a", 1, &err) || spine_words_add(&words, "b", 1, &err));
    TRY(spine_store_create(&store, path.text, NULL, &err));
    write_hand_matrix(store, "/X", &matrix);
    TRY(spine_object_make_group(store, "/obs", &err) ||
        spine_object_make_group(store, "/var", &err));
    TRY(spine_strings_append(store, "/var/_index", &words, &err));
    TRY(spine_words_add(&words, "a", 1, &err)); /* a word that is repeated */
    TRY(spine_strings_append(store, "/obs/_index", &words, &err));
    TRY(spine_store_close(store, &err) || spine_outfile_publish(path.text, &err));
    spine_words_dispose(&words);
    TRY(spine_space_read(&space, path.text, &err));
    assert_int_equal(space.codes.count, 2);
    assert_int_equal(space.excess.count, 0);
    assert_int_equal(space.num_repeated, 1);
    assert_int_equal(spine_space_find(&space, "a"), 0);
    spine_space_row(&space, 2, row);
    assert_true(row[0] == 3 && row[1] == 0);
    spine_space_dispose(&space);
}

static void test_vectors_of_a_tsv_are_refused_with_their_words_named(void **state)
{
    struct spine_space space;
    (void)state;
    const struct path table = join_path(&directory, "codes.tsv");
    const struct path metadata = join_path(&directory, "codes.metadata.tsv");
    assert_int_equal(put_text(&table, "0.5\t0\t1\n0.25\t1\t0\n"), 0);
    for (int i = 0; i < 2; i++) {
        EXPECT_REFUSED(spine_space_read(&space, table.text, &err),
                       "%s:1: rows without words: all 3 fields are numbers; put the words before "
                       "them: paste %.200s %.200s > FILE",
                       table.text, i == 0 ? "WORDS" : metadata.text, table.text);
        assert_int_equal(put_text(&metadata, "a\nb\n"), 0);
    }
}

static void test_bad_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes, *text;
    } cases[] = {
        {"none.txt", NULL, "none.txt: No such file or directory"},
        {"empty.txt", "", "empty.txt: the file is empty"},
        {"nan.txt", "a 1 2\nb nan 2\n", "nan.txt:2: number 1 of 2 is not finite: 'nan'"},
        {"short.txt", "a 1 2\nb 3 4\nc 1\n", "short.txt:3: expected 2 numbers, got 1"},
        {"more.vec", "5 2\na 1 2\nb 1 3\n",
         "more.vec:1: the header announces 5 vectors, the file has 2; if it wasn't cut off, "
         "spine-convert --header=skip reads it anyway"},
    };
    struct spine_space space;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path path = join_path(&directory, cases[i].name);
        if (cases[i].bytes != NULL)
            assert_int_equal(put_text(&path, cases[i].bytes), 0);
        EXPECT_REFUSED(spine_space_read(&space, path.text, &err), "%s/%s", directory.text,
                       cases[i].text);
    }
    EXPECT_REFUSED(spine_space_read(&space, directory.text, &err),
                   "%s: has neither codes.h5ad nor shards; is it the directory of a finished run?",
                   directory.text);
    const struct path path = join_path(&directory, "vectors.h5");
    write_store(&path, 4, &numbers[0][0]);
    EXPECT_REFUSED(spine_space_read(&space, path.text, &err), "%s: has 4 words for 3 vectors",
                   path.text);
    const float infinite[6] = {1, 2, 3, 1e38F * 10, 5, 6};
    write_store(&path, 3, infinite);
    EXPECT_REFUSED(spine_space_read(&space, path.text, &err),
                   "%s: row 2 has a value that is not finite", path.text);
    struct spine_store *store = NULL;
    const struct path other = join_path(&directory, "other.h5");
    TRY(spine_store_create(&store, other.text, NULL, &err) || spine_store_close(store, &err) ||
        spine_outfile_publish(other.text, &err));
    EXPECT_REFUSED(spine_space_read(&space, other.text, &err),
                   "%s: holds neither vectors (/vectors) nor codes (/X), nor any other matrix of "
                   "floating-point numbers",
                   other.text);
}

/* --- Words --------------------------------------------------------------------------------- */

static void test_words_are_found_in_any_case(void **state)
{
    static const float values[6][1] = {{1}, {2}, {3}, {4}, {5}, {6}};
    static const struct {
        const char *word;
        int64_t row;
    } cases[] = {{"athens", 0},        {"ATHENS", 0}, {"łódź", 1}, {"Paris", 2},
                 {"paris", 2},         {"NASA", 3},   {"nasa", 3}, {"ÉVORA", 4},
                 {"E\xCC\x81vora", 4}, {"none", -1},  {"us", 5},   {"US", 5}};
    struct spine_space space;
    (void)state;
    make_space(&space, "athens łódź Paris NASA évora us", 1, &values[0][0]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(spine_space_find_any_case(&space, cases[i].word), cases[i].row);
    spine_space_dispose(&space);
}

static void test_words_nearby_are_suggested(void **state)
{
    static const float values[6][1] = {{1}, {2}, {3}, {4}, {5}, {6}};
    struct spine_space space;
    size_t rows[3];
    (void)state;
    make_space(&space, "king kiln kings a remote ring", 1, &values[0][0]);
    assert_int_equal(spine_space_suggest(&space, "kinq", 3, rows), 1);
    assert_int_equal(rows[0], 0);
    assert_int_equal(spine_space_suggest(&space, "KINGG", 3, rows),
                     2); /* in row order: both by one */
    assert_int_equal(rows[0], 0);
    assert_int_equal(rows[1], 2);
    assert_int_equal(spine_space_suggest(&space, "rimoti", 3, rows), 1);
    assert_int_equal(rows[0], 4);
    assert_int_equal(spine_space_suggest(&space, "nothing", 3, rows), 0);
    assert_int_equal(spine_space_suggest(&space, "ing", 1, rows), 1); /* the first of two */
    assert_int_equal(rows[0], 0);
    spine_space_dispose(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_kept_space_is_read_once),
        TEST(test_dense_vectors_from_text_and_store),
        TEST(test_compressed_text_is_read),
        TEST(test_codes_of_a_run_merged_or_not),
        TEST(test_codes_in_all_formats_that_are_written),
        TEST(test_a_list_beside_that_doesnt_fit_isnt_used),
        TEST(test_sparse_matrices_in_text),
        TEST(test_sparse_arrays_of_whole_numbers),
        TEST(test_bad_sparse_matrices_are_refused),
        TEST(test_codes_without_excess),
        TEST(test_vectors_of_a_tsv_are_refused_with_their_words_named),
        TEST(test_bad_files_are_refused),
        TEST(test_words_are_found_in_any_case),
        TEST(test_words_nearby_are_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
