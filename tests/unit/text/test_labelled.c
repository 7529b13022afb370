/* test_labelled.c -- labelled texts are read as fastText's form has them, or refused with the line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/text/labelled.h"
#include "support/directory.h"
#include "support/expect.h"

/* "LABEL:TOKEN,TOKEN|" for each text. */
static void describe(const struct spine_labelled *texts, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < texts->count; i++) {
        used += (size_t)snprintf(text + used, size - used,
                                 "%s:", spine_words_get(&texts->labels, texts->label[i]));
        for (size_t k = texts->first[i]; k < texts->first[i + 1]; k++)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     spine_words_get(&texts->tokens, k),
                                     k + 1 < texts->first[i + 1] ? "," : "|");
        assert_true(used < size);
    }
}

/* Make a file of these bytes; its path. */
static struct path write_bytes(const char *bytes, size_t length)
{
    const struct path path = join_path(&directory, "texts");
    FILE *file = fopen(path.text, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_labels_and_tokens_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"__label__a one two\n", "a:one,two|"},
        {"__label__a one", "a:one|"},
        {"one __label__a two\none two __label__a\n", "a:one,two|a:one,two|"},
        {" \t__label__a\t one  two \r\n__label__b x\r\n", "a:one,two|b:x|"},
        {"\xEF\xBB\xBF__label__a one\n", "a:one|"},
        {"__label__b x\n__label__a y\n__label__b z\n", "b:x|a:y|b:z|"},
        {"__label____label__a _label_ __label\n", "__label__a:_label_,__label|"},
        {"__label__\xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\n",
         "\xC3\xA9t\xC3\xA9:\xE2\x82\xAC,\xF0\x9F\x98\x80|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_labelled texts = {0};
        char text[256];
        const struct path path = write_bytes(cases[i].text, strlen(cases[i].text));
        TRY(spine_labelled_add(&texts, path.text, &err));
        describe(&texts, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
        spine_labelled_dispose(&texts);
    }
}

static void test_what_is_no_labelled_text_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *expected; /* behind the path */
    } cases[] = {
#define BYTES(text) (text), sizeof(text) - 1
        {BYTES(""), ": no labelled texts"},
        {BYTES("one two\n"), ":1: no label: a token that begins with __label__ was expected"},
        {BYTES("__label__a x\n\n"),
         ":2: no label: a token that begins with __label__ was expected"},
        {BYTES("__label__a x\n \t\n"),
         ":2: no label: a token that begins with __label__ was expected"},
        {BYTES("__LABEL__a x\n"), ":1: no label: a token that begins with __label__ was expected"},
        {BYTES("__label__a x\n__label__a y __label__b\n"), ":2: more than one label"},
        {BYTES("__label__a __label__a x\n"), ":1: more than one label"},
        {BYTES("__label__a\n"), ":1: a label without a text"},
        {BYTES("__label__a \t\n"), ":1: a label without a text"},
        {BYTES("__label__ x\n"), ":1: nothing follows __label__"},
        {BYTES("__label__a caf\xE9\n"), ":1: 'caf\xE9' is not UTF-8 text"},
        {BYTES("__label__\xC0\xAF x\n"), ":1: '\xC0\xAF' is not UTF-8 text"},
        {BYTES("__label__a \xED\xA0\x80\n"), ":1: '\xED\xA0\x80' is not UTF-8 text"},
        {BYTES("__label__a \xE2\x82\n"), ":1: '\xE2\x82' is not UTF-8 text"},
        {BYTES("__label__a x\0y\n"), ":1: 'x\\x00y' is not UTF-8 text"},
        {BYTES("__label__a\0 x\n"), ":1: 'a\\x00' is not UTF-8 text"},
        {BYTES("\xFF\xFE_\0_\0l\0"), ":1: '\xFF\xFE_\\x00_\\x00l\\x00' is not UTF-8 text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_labelled texts = {0};
        const struct path path = write_bytes(cases[i].bytes, cases[i].length);
        EXPECT_REFUSED(spine_labelled_add(&texts, path.text, &err), "%s%s", path.text,
                       cases[i].expected);
        spine_labelled_dispose(&texts);
    }
    struct spine_labelled texts = {0};
    EXPECT_REFUSED(spine_labelled_add(&texts, "nowhere", &err),
                   "nowhere: No such file or directory");
}

static void test_files_are_appended_and_share_their_labels(void **state)
{
    (void)state;
    struct spine_labelled texts = {0};
    char text[256];
    const struct path path = write_bytes("__label__a x\n__label__b y z\n", 28);
    TRY(spine_labelled_add(&texts, path.text, &err));
    write_bytes("__label__c u\n__label__a v\n", 26);
    TRY(spine_labelled_add(&texts, path.text, &err));
    describe(&texts, text, sizeof text);
    assert_string_equal(text, "a:x|b:y,z|c:u|a:v|");
    assert_int_equal(texts.labels.count, 3);
    spine_labelled_dispose(&texts);
    spine_labelled_dispose(&texts);
}

static void test_a_thousand_labels_are_enough(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "many");
    for (int most = SPINE_LABELS_MOST; most <= SPINE_LABELS_MOST + 1; most++) {
        struct spine_labelled texts = {0};
        FILE *file = fopen(path.text, "w");
        assert_non_null(file);
        for (int i = 0; i < 2 * most; i++)
            fprintf(file, "__label__%d x\n", i % most);
        fclose(file);
        if (most == SPINE_LABELS_MOST) {
            TRY(spine_labelled_add(&texts, path.text, &err));
            assert_int_equal(texts.count, 2 * most);
            assert_int_equal(texts.labels.count, most);
        } else {
            EXPECT_REFUSED(spine_labelled_add(&texts, path.text, &err),
                           "%s:%d: more than 1000 different labels", path.text, most);
        }
        spine_labelled_dispose(&texts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_and_tokens_are_told_apart),
        cmocka_unit_test(test_what_is_no_labelled_text_is_refused_with_its_line),
        cmocka_unit_test(test_files_are_appended_and_share_their_labels),
        cmocka_unit_test(test_a_thousand_labels_are_enough),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
