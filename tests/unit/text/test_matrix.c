/* test_matrix.c -- matrices in binary files: .npy and safetensors, and what damaged ones are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/text/npy.h"
#include "spine/text/safetensors.h"
#include "spine/text/shardindex.h"
#include "support/bytes.h"
#include "support/directory.h"
#include "support/expect.h"

static struct path file;
static struct spine_binary binary;

/* Write the bytes and open them as a file called "f". */
static void open_bytes(const struct bytes *bytes)
{
    file = join_path(&directory, "f");
    put_bytes(&file, bytes);
    TRY(spine_binary_open(&binary, file.text, "f", &err));
}

/* A header of version 1 with this text. */
static void begin_npy(struct bytes *bytes, const char *text)
{
    *bytes = (struct bytes){0};
    add_bytes(bytes, "\x93NUMPY\1\0", 8);
    add_whole(bytes, strlen(text), 2);
    add_text(bytes, text);
}

static void expect_values(const struct spine_matrix *matrix, size_t first, size_t count,
                          const float *expected)
{
    enum { STRIDE = 5 };
    float values[4 * STRIDE];
    assert_true(count <= 4 && matrix->columns <= STRIDE);
    for (size_t stride = matrix->columns; stride <= STRIDE; stride += STRIDE - matrix->columns) {
        TRY(spine_matrix_read(matrix, first, count, stride, values, &err));
        for (size_t i = 0; i < count; i++)
            assert_memory_equal(values + i * stride, expected + i * matrix->columns,
                                matrix->columns * sizeof *values);
        if (stride == STRIDE)
            break;
    }
}

/* (3, 2) as all types, orders and byte orders. */
static void npy_of_each_type_is_read(void **state)
{
    static const float expected[] = {1, -2, 0.5F, 65504, 0, 0x1p-24F};
    static const uint64_t bits[][6] = {
        {0x3C00, 0xC000, 0x3800, 0x7BFF, 0, 1},
        {0x3F800000, 0xC0000000, 0x3F000000, 0x477FE000, 0, 0x33800000},
        {0x3FF0000000000000, 0xC000000000000000, 0x3FE0000000000000, 0x40EFFC0000000000, 0,
         0x3E70000000000000}};
    (void)state;
    for (int type = 0; type < 3; type++)
        for (int variant = 0; variant < 4; variant++) {
            const bool is_big = variant & 1, is_by_column = variant & 2;
            const int width = 2 << type;
            struct bytes bytes;
            struct spine_npy npy;
            struct spine_matrix matrix;
            char text[100];
            snprintf(text, sizeof text,
                     "{'descr': '%cf%d', 'fortran_order': %s, 'shape': (3, 2), }   \n",
                     is_big ? '>' : '<', width, is_by_column ? "True" : "False");
            begin_npy(&bytes, text);
            for (int i = 0; i < 6; i++) {
                const uint64_t value = bits[type][is_by_column ? i % 3 * 2 + i / 3 : i];
                for (int k = 0; k < width; k++)
                    add_whole(&bytes, value >> 8 * (is_big ? width - 1 - k : k) & 0xFF, 1);
            }
            open_bytes(&bytes);
            TRY(spine_npy_open(&npy, &binary, &err));
            TRY(spine_npy_matrix(&npy, &binary, &matrix, &err));
            assert_int_equal(matrix.rows, 3);
            assert_int_equal(matrix.columns, 2);
            expect_values(&matrix, 0, 3, expected);
            expect_values(&matrix, 1, 1, expected + 2);
            expect_values(&matrix, 2, 1, expected + 4);
            expect_values(&matrix, 3, 0, expected);
            spine_binary_close(&binary);
        }
}

static void half_precision_has_its_special_values(void **state)
{
    struct bytes bytes;
    struct spine_npy npy;
    struct spine_matrix matrix;
    float values[5];
    (void)state;
    begin_npy(&bytes, "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 5)}");
    add_whole(&bytes, 0x7C00, 2);
    add_whole(&bytes, 0xFC00, 2);
    add_whole(&bytes, 0x7E00, 2);
    add_whole(&bytes, 0x8001, 2);
    add_whole(&bytes, 0x83FF, 2);
    open_bytes(&bytes);
    TRY(spine_npy_open(&npy, &binary, &err));
    TRY(spine_npy_matrix(&npy, &binary, &matrix, &err));
    TRY(spine_matrix_read(&matrix, 0, 1, 5, values, &err));
    assert_true(isinf(values[0]) && values[0] > 0);
    assert_true(isinf(values[1]) && values[1] < 0);
    assert_true(isnan(values[2]));
    assert_true(values[3] == -0x1p-24F);
    assert_true(values[4] == -1023 * 0x1p-24F);
    spine_binary_close(&binary);
}

/* -1 as a number with a sign, and the greatest without one. */
static void lists_of_whole_numbers_are_read(void **state)
{
    static const struct {
        const char *type;
        int width;
        float values[2];
    } cases[] = {{"|i1", 1, {-1, 2}},      {"<i2", 2, {-1, 2}},    {">i2", 2, {-1, 2}},
                 {"<i4", 4, {-1, 2}},      {"<i8", 8, {-1, 2}},    {">i8", 8, {-1, 2}},
                 {"|u1", 1, {255, 2}},     {"<u2", 2, {65535, 2}}, {"<u4", 4, {0x1p32F, 2}},
                 {">u8", 8, {0x1p64F, 2}}, {"|b1", 1, {255, 2}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes bytes;
        struct spine_npy npy;
        struct spine_matrix matrix;
        float values[2];
        char text[100];
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (2,)}",
                 cases[i].type);
        begin_npy(&bytes, text);
        for (int k = 0; k < cases[i].width; k++)
            add_whole(&bytes, 255, 1);
        for (int k = 0; k < cases[i].width; k++)
            add_whole(&bytes, k == (cases[i].type[0] == '>' ? cases[i].width - 1 : 0) ? 2 : 0, 1);
        open_bytes(&bytes);
        TRY(spine_npy_open(&npy, &binary, &err));
        assert_true(spine_npy_has_numbers(&npy));
        TRY(spine_npy_list(&npy, &binary, &matrix, &err));
        TRY(spine_matrix_read(&matrix, 0, 2, 1, values, &err));
        assert_memory_equal(values, cases[i].values, sizeof values);
        spine_binary_close(&binary);
    }
}

static void damaged_npy_headers_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)} trailing",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, -1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1111111111111111111, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'more': 1}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes bytes;
        struct spine_npy npy;
        begin_npy(&bytes, texts[i]);
        open_bytes(&bytes);
        EXPECT_REFUSED(spine_npy_open(&npy, &binary, &err),
                       "f: a NumPy array whose header can't be read: %s; expected {'descr': "
                       "'<f4', 'fortran_order': False, 'shape': (ROWS, COLUMNS)}",
                       texts[i]);
        spine_binary_close(&binary);
    }

    struct bytes bytes;
    struct spine_npy npy;
    begin_npy(&bytes, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}");
    open_bytes(&bytes);
    EXPECT_REFUSED(spine_npy_open(&npy, &binary, &err),
                   "f: a structured NumPy array, which is not read; save its numbers as one "
                   "matrix, and its words as an array of strings");
    spine_binary_close(&binary);
}

/* Open an array with this header and 8 bytes behind it; a matrix is expected to be refused. */
static void expect_no_matrix(const char *text, const char *message)
{
    struct bytes bytes;
    struct spine_npy npy;
    struct spine_matrix matrix;
    begin_npy(&bytes, text);
    add_whole(&bytes, 0, 8);
    open_bytes(&bytes);
    TRY(spine_npy_open(&npy, &binary, &err));
    EXPECT_REFUSED(spine_npy_matrix(&npy, &binary, &matrix, &err), "%s", message);
    spine_binary_close(&binary);
}

static void arrays_that_are_no_matrix_of_floats_are_refused(void **state)
{
    (void)state;
    expect_no_matrix("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1)}",
                     "f: a NumPy array of type '<i8'; f2, f4 and f8 are read: "
                     "np.save(FILE, a.astype('float32'))");
    expect_no_matrix("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}",
                     "f: a NumPy array of Python objects, which are not read; save it as numbers: "
                     "np.save(FILE, a.astype('float32'))");
    expect_no_matrix("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
                     "f: a NumPy array of 1 dimension; expected two, a row for each word");
    expect_no_matrix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1)}",
                     "f: announces 3 vectors of 1 numbers, but the file holds 2 numbers; was it "
                     "cut off?");
    expect_no_matrix(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999, "
        "999999999999999999)}",
        "f: announces 99999999999999999 vectors of 999999999999999999 numbers, but the file holds "
        "1 numbers; was it cut off?");
    expect_no_matrix("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5)}",
                     "f: has 0 vectors of 5 numbers");
}

static void words_of_an_npy_become_utf8(void **state)
{
    struct bytes bytes;
    struct spine_npy npy;
    struct spine_words words = {0};
    (void)state;
    begin_npy(&bytes, "{'descr': '<U3', 'fortran_order': False, 'shape': (3,)}");
    static const uint32_t codes[] = {'f', 'i', 'g', 0xE9, 0x20AC, 0, 0x1F600, ' ', 0};
    for (int i = 0; i < 9; i++)
        add_whole(&bytes, codes[i], 4);
    open_bytes(&bytes);
    TRY(spine_npy_open(&npy, &binary, &err));
    assert_true(spine_npy_has_words(&npy));
    TRY(spine_npy_words(&npy, &binary, &words, &err));
    assert_int_equal(words.count, 3);
    assert_string_equal(spine_words_get(&words, 0), "fig");
    assert_string_equal(spine_words_get(&words, 1), "\xC3\xA9\xE2\x82\xAC");
    assert_string_equal(spine_words_get(&words, 2), "\xF0\x9F\x98\x80 ");
    spine_words_dispose(&words);
    spine_binary_close(&binary);

    begin_npy(&bytes, "{'descr': '|S2', 'fortran_order': False, 'shape': (2,)}");
    add_bytes(&bytes, "ab\0\0", 4);
    open_bytes(&bytes);
    TRY(spine_npy_open(&npy, &binary, &err));
    TRY(spine_npy_words(&npy, &binary, &words, &err));
    assert_string_equal(spine_words_get(&words, 0), "ab");
    assert_string_equal(spine_words_get(&words, 1), "");
    spine_words_dispose(&words);
    spine_binary_close(&binary);
}

static void words_of_an_npy_that_are_cut_or_no_characters_are_refused(void **state)
{
    struct bytes bytes;
    struct spine_npy npy;
    struct spine_words words = {0};
    (void)state;
    begin_npy(&bytes, "{'descr': '<U1', 'fortran_order': False, 'shape': (2,)}");
    add_whole(&bytes, 0xD800, 4);
    open_bytes(&bytes);
    TRY(spine_npy_open(&npy, &binary, &err));
    EXPECT_REFUSED(spine_npy_words(&npy, &binary, &words, &err),
                   "f: announces 2 words of 4 bytes, but the file is shorter");
    spine_binary_close(&binary);
    add_whole(&bytes, 'a', 4);
    open_bytes(&bytes);
    EXPECT_REFUSED(spine_npy_words(&npy, &binary, &words, &err),
                   "f: word 0 has a code that isn't a character");
    spine_words_dispose(&words);
    spine_binary_close(&binary);
}

static void make_safetensors(struct bytes *bytes, const char *json)
{
    *bytes = (struct bytes){0};
    add_whole(bytes, strlen(json), 8);
    add_text(bytes, json);
}

static void safetensors_of_each_type_are_read(void **state)
{
    static const float expected[] = {1, -2, 0.5F, 0};
    struct bytes bytes;
    struct spine_matrix matrix;
    (void)state;
    make_safetensors(&bytes,
                     "{\"__metadata__\": {\"format\": \"pt\"},"
                     "\"half\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]},"
                     "\"brain\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[8,16]},"
                     "\"bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,32]},"
                     "\"single\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[16,32]}}");
    static const uint16_t half[] = {0x3C00, 0xC000, 0x3800, 0},
                          brain[] = {0x3F80, 0xC000, 0x3F00, 0};
    for (int i = 0; i < 4; i++)
        add_whole(&bytes, half[i], 2);
    for (int i = 0; i < 4; i++)
        add_whole(&bytes, brain[i], 2);
    for (int i = 0; i < 4; i++)
        add_float(&bytes, expected[i]);
    open_bytes(&bytes);
    assert_true(spine_safetensors_is(bytes.at, bytes.count, bytes.count));
    static const char *const names[] = {"half", "brain", "single"};
    for (int i = 0; i < 3; i++) {
        TRY(spine_safetensors_matrix(&binary, names[i], &matrix, &err));
        expect_values(&matrix, 0, 2, expected);
    }
    EXPECT_REFUSED(spine_safetensors_matrix(&binary, NULL, &matrix, &err),
                   "f: a safetensors file of several matrices; choose one as f:NAME: half "
                   "(2 x 2), brain (2 x 2), single (2 x 2)");
    EXPECT_REFUSED(spine_safetensors_matrix(&binary, "bias", &matrix, &err),
                   "f: not a matrix of type F16, BF16, F32 or F64: the tensor 'bias'; there are: "
                   "half (2 x 2), brain (2 x 2), single (2 x 2)");
    spine_binary_close(&binary);
}

static void embeddings_are_listed_first(void **state)
{
    struct bytes bytes;
    struct spine_matrix matrix;
    char json[4096] = "{";
    size_t used = 1;
    (void)state;

    for (int i = 0; i < 30; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "\"layer.%d.query\":{\"dtype\":\"F32\",\"shape\":[1,2],"
                                 "\"data_offsets\":[0,8]},",
                                 i);
    snprintf(json + used, sizeof json - used,
             "\"wte\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}");
    make_safetensors(&bytes, json);
    for (int i = 0; i < 4; i++)
        add_float(&bytes, 1);
    open_bytes(&bytes);
    EXPECT_REFUSED(spine_safetensors_matrix(&binary, NULL, &matrix, &err),
                   "f: a safetensors file of several matrices; choose one as f:NAME: wte "
                   "(2 x 2), layer.0.query (1 x 2), layer.1.query (1 x 2), layer.2.query (1 x 2), "
                   "layer.3.query (1 x 2), layer.4.query (1 x 2), layer.5.query (1 x 2), "
                   "layer.6.query (1 x 2), layer.7.query (1 x 2), layer.8.query (1 x 2), "
                   "layer.9.query (1 x 2), layer.10.query (1 x 2), layer.11.query (1 x 2), "
                   "layer.12.query (1 x 2), layer.13.query (1 x 2), layer.14.query (1 x 2), and "
                   "15 more");
    spine_binary_close(&binary);
}

/* Only tensors that can be chosen, those that look like embeddings if there are any. */
static void an_index_names_what_can_be_chosen(void **state)
{
    static const struct {
        const char *map, *text;
    } cases[] = {
        {"\"x.wte\": \"a.safetensors\", \"z\": \"a.safetensors\", \"up\": \"../b.safetensors\", "
         "\"n\": 3",
         "x.wte, z"},
        {"\"x.wte.y\": \"a.safetensors\", \"z\": \"a.safetensors\"", "x.wte.y"},
        {"\"wte.torch\": \"a.bin\", \"z\": \"a.safetensors\"", "z"},
    };
    const struct path index = join_path(&directory, "m.index.json");
    char json[2048], *shard;
    size_t used;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(json, sizeof json, "{\"weight_map\": {%s}}", cases[i].map);
        assert_int_equal(put_text(&index, json), 0);
        EXPECT_REFUSED(spine_shardindex_find(index.text, "q", &shard, &err),
                       "%s: an index without the tensor 'q'; there are, for example: %s",
                       index.text, cases[i].text);
    }
    EXPECT_REFUSED(spine_shardindex_find(index.text, "wte.torch", &shard, &err),
                   "%s: is an index of PyTorch's files, which is not read; write the tensor in "
                   "Python: numpy.save('vectors.npy', TENSOR.numpy()), or as .safetensors",
                   index.text);
    assert_int_equal(put_text(&index, "{\"weight_map\": {\"a\": \"a.bin\", \"n\": 3}}"), 0);
    EXPECT_REFUSED(spine_shardindex_find(index.text, NULL, &shard, &err),
                   "%s: is an index of PyTorch's files, which is not read; write the tensor in "
                   "Python: numpy.save('vectors.npy', TENSOR.numpy()), or as .safetensors",
                   index.text);

    used = (size_t)snprintf(json, sizeof json, "{\"weight_map\": {");
    for (int i = 0; i < 12; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "%s\"%d.a_name_of_more_than_forty_characters_in_all\": "
                                 "\"a.safetensors\"",
                                 i > 0 ? ", " : "", i);
    snprintf(json + used, sizeof json - used, "}}");
    assert_int_equal(put_text(&index, json), 0);
    assert_int_equal(spine_shardindex_find(index.text, NULL, &shard, &err), -1);
    assert_non_null(strstr(err.text, "7.a_name_of_more_than_forty_characters_in_all, and 4 more"));
}

static void damaged_safetensors_are_refused(void **state)
{
    static const char *const tensors[] = {
        "\"shape\":[2,2],\"data_offsets\":[0,12]",    "\"shape\":[2,-2],\"data_offsets\":[0,16]",
        "\"shape\":[2,2],\"data_offsets\":[16,0]",    "\"shape\":[2,2.5],\"data_offsets\":[0,16]",
        "\"shape\":[1e300,2],\"data_offsets\":[0,8]", "\"shape\":[2,2],\"data_offsets\":[0]",
    };
    struct bytes bytes;
    struct spine_matrix matrix;
    char json[200];
    (void)state;
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        snprintf(json, sizeof json, "{\"x\":{\"dtype\":\"F32\",%s}}", tensors[i]);
        make_safetensors(&bytes, json);
        add_whole(&bytes, 0, 8);
        open_bytes(&bytes);
        EXPECT_REFUSED(
            spine_safetensors_matrix(&binary, NULL, &matrix, &err),
            "f: the header contradicts itself: the shape of the tensor 'x' doesn't fit its "
            "data_offsets; is the file damaged?");
        EXPECT_REFUSED(
            spine_safetensors_matrix(&binary, "x", &matrix, &err),
            "f: the header contradicts itself: the shape of the tensor 'x' doesn't fit its "
            "data_offsets; is the file damaged?");
        spine_binary_close(&binary);
    }
    make_safetensors(&bytes, "{\"x\":{\"dtype\":\"F32\",\"shape\":\"x\"}}");
    open_bytes(&bytes);
    EXPECT_REFUSED(spine_safetensors_matrix(&binary, NULL, &matrix, &err),
                   "f: a safetensors file without a matrix (a tensor of two dimensions) of "
                   "type F16, BF16, F32 or F64; write one in "
                   "Python: save_file({'vectors': TENSOR.float()}, 'vectors.safetensors')");
    spine_binary_close(&binary);
    make_safetensors(&bytes, "[]");
    open_bytes(&bytes);
    EXPECT_REFUSED(spine_safetensors_matrix(&binary, NULL, &matrix, &err),
                   "f: a safetensors file whose header is not a JSON object");
    spine_binary_close(&binary);
    make_safetensors(&bytes, "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}");
    open_bytes(&bytes);
    EXPECT_REFUSED(spine_safetensors_matrix(&binary, NULL, &matrix, &err),
                   "f: announces 2 vectors of 2 numbers, but the file holds 0 numbers; was it cut "
                   "off?");
    spine_binary_close(&binary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(npy_of_each_type_is_read),
        TEST(half_precision_has_its_special_values),
        TEST(lists_of_whole_numbers_are_read),
        TEST(damaged_npy_headers_are_refused),
        TEST(arrays_that_are_no_matrix_of_floats_are_refused),
        TEST(words_of_an_npy_become_utf8),
        TEST(words_of_an_npy_that_are_cut_or_no_characters_are_refused),
        TEST(safetensors_of_each_type_are_read),
        TEST(embeddings_are_listed_first),
        TEST(an_index_names_what_can_be_chosen),
        TEST(damaged_safetensors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
