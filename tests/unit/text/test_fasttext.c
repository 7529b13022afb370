/* test_fasttext.c -- fastText's models: a word's vector is the mean of its row and its n-grams'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/text/fasttext.h"
#include "support/bytes.h"
#include "support/directory.h"
#include "support/expect.h"

enum { DIMENSION = 2, BUCKET = 7 };

static const char advice[] =
    "; convert it to text: fasttext print-word-vectors MODEL.bin < WORDS > "
    "VECTORS.vec";

struct facts {
    int32_t version, model, bucket, shortest, longest;
    int64_t pruned;
    int is_quantized;
};

static const struct facts usual = {12, 2, BUCKET, 2, 3, -1, 0};

static void add_entry(struct bytes *bytes, const char *word, int kind)
{
    add_bytes(bytes, word, strlen(word) + 1);
    add_whole(bytes, 7, 8);
    add_whole(bytes, (uint64_t)kind, 1);
}

/* Two words and a label; row i of the matrix is (i, 100 i). */
static void make_model(struct bytes *bytes, const struct facts *facts)
{
    const int32_t settings[12] = {
        DIMENSION,      5,  5, 5, 5, 1, 2, facts->model, facts->bucket, facts->shortest,
        facts->longest, 100};
    *bytes = (struct bytes){0};
    add_whole(bytes, 793712314, 4);
    add_whole(bytes, (uint64_t)facts->version, 4);
    for (int i = 0; i < 12; i++)
        add_whole(bytes, (uint64_t)settings[i], 4);
    add_whole(bytes, 0, 8);
    add_whole(bytes, 3, 4);
    add_whole(bytes, 2, 4);
    add_whole(bytes, 1, 4);
    add_whole(bytes, 21, 8);
    add_whole(bytes, (uint64_t)facts->pruned, 8);
    add_entry(bytes, "</s>", 0);
    add_entry(bytes, "\xC3\xA9h", 0);
    add_entry(bytes, "__label__x", 1);
    add_whole(bytes, (uint64_t)facts->is_quantized, 1);
    add_whole(bytes, 2 + BUCKET, 8);
    add_whole(bytes, DIMENSION, 8);
    for (int i = 0; i < 2 + BUCKET; i++) {
        add_float(bytes, (float)i);
        add_float(bytes, 100 * (float)i);
    }
}

static int open_model(const struct bytes *bytes, struct spine_binary *binary,
                      struct spine_fasttext *model)
{
    const struct path path = join_path(&directory, "f");
    put_bytes(&path, bytes);
    TRY(spine_binary_open(binary, path.text, "f", &err));
    return spine_fasttext_open(model, binary, &err);
}

static uint32_t fnv(const char *text)
{
    uint32_t value = 2166136261U;
    for (; *text != '\0'; text++)
        value = (value ^ (uint32_t)(int32_t)(signed char)*text) * 16777619U;
    return value;
}

static void vectors_are_means_over_ngrams(void **state)
{
    /* Of 2 or 3 characters of "<éh>". */
    static const char *const ngrams[] = {"<\xC3\xA9", "<\xC3\xA9h", "\xC3\xA9h", "\xC3\xA9h>",
                                         "h>"};
    struct spine_binary binary;
    struct spine_fasttext model;
    struct bytes bytes;
    float values[2 * DIMENSION], sum = 1;
    (void)state;
    make_model(&bytes, &usual);
    assert_true(spine_fasttext_is(bytes.at, bytes.count));
    TRY(open_model(&bytes, &binary, &model));
    assert_int_equal(model.words.count, 2);
    assert_string_equal(spine_words_get(&model.words, 1), "\xC3\xA9h");
    TRY(spine_fasttext_read(&model, 0, 2, DIMENSION, values, &err));
    for (size_t i = 0; i < 5; i++)
        sum += (float)(2 + fnv(ngrams[i]) % BUCKET);
    const float expected[] = {0, 0, sum * (1 / 6.0F), 100 * sum * (1 / 6.0F)};
    assert_memory_equal(values, expected, sizeof expected);
    spine_fasttext_dispose(&model);
    spine_binary_close(&binary);
}

static void without_ngrams_vectors_are_rows(void **state)
{
    static const float expected[] = {0, 0, 1, 100};
    struct facts facts[] = {usual, usual, usual};
    (void)state;
    facts[0].longest = 0;
    facts[1].pruned = 0;
    facts[2].version = 11, facts[2].model = 3;
    for (int i = 0; i < 3; i++) {
        struct spine_binary binary;
        struct spine_fasttext model;
        struct bytes bytes;
        float values[2 * DIMENSION];
        make_model(&bytes, &facts[i]);
        TRY(open_model(&bytes, &binary, &model));
        TRY(spine_fasttext_read(&model, 0, 2, DIMENSION, values, &err));
        assert_memory_equal(values, expected, sizeof expected);
        spine_fasttext_dispose(&model);
        spine_binary_close(&binary);
    }
}

static void other_models_are_refused_with_a_command(void **state)
{
    static const char *const said[] = {
        "of an unknown version", "that is quantized (.ftz), which is not read",
        "that is pruned, which is not read", "with settings that make no sense",
        "whose matrix doesn't have the dictionary's size"};
    struct facts facts[] = {usual, usual, usual, usual, usual};
    (void)state;
    facts[0].version = 13;
    facts[1].is_quantized = 1;
    facts[2].pruned = 5;
    facts[3].shortest = -1;
    facts[4].bucket = BUCKET + 1;
    for (int i = 0; i < 5; i++) {
        struct spine_binary binary;
        struct spine_fasttext model;
        struct bytes bytes;
        make_model(&bytes, &facts[i]);
        EXPECT_REFUSED(open_model(&bytes, &binary, &model), "f: a fastText model (.bin) %s%s",
                       said[i], advice);
        spine_binary_close(&binary);
    }
}

/* Wherever the file ends, it is refused. */
static void models_that_are_cut_off_are_refused(void **state)
{
    struct bytes bytes;
    (void)state;
    make_model(&bytes, &usual);
    for (size_t all = bytes.count, count = 8; count < all; count++) {
        struct spine_binary binary;
        struct spine_fasttext model;
        bytes.count = count;
        assert_int_equal(open_model(&bytes, &binary, &model), -1);
        assert_int_equal(err.status, SPINE_EXIT_REFUSED);
        spine_binary_close(&binary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors_are_means_over_ngrams),
        TEST(without_ngrams_vectors_are_rows),
        TEST(other_models_are_refused_with_a_command),
        TEST(models_that_are_cut_off_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
