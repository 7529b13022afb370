/* test_testset.c -- test sets in the forms in which they are downloaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spine/base/log.h"
#include "spine/text/testset.h"
#include "support/directory.h"
#include "support/expect.h"

typedef int reader(struct spine_testset *set, const char *path, struct spine_error *err);

/* All rows of a file: words with commas between them, a score that isn't 0, the section if it isn't
 * the first; rows with semicolons. */
static void read_all(reader *read, const char *bytes, char *text, size_t size)
{
    const struct path path = join_path(&directory, "set");
    struct spine_testset set;
    assert_int_equal(put_text(&path, bytes), 0);
    TRY(read(&set, path.text, &err));
    text[0] = '\0';
    for (size_t i = 0; i < set.count; i++) {
        for (size_t k = 0; k < spine_testset_count(&set, i); k++)
            snprintf(text + strlen(text), size - strlen(text), "%s%s", k > 0 ? "," : "",
                     spine_testset_word(&set, i, k));
        if (set.score[i] != 0)
            snprintf(text + strlen(text), size - strlen(text), "=%.3g", set.score[i]);
        if (set.section[i] != 0)
            snprintf(text + strlen(text), size - strlen(text), "@%d", (int)set.section[i]);
        snprintf(text + strlen(text), size - strlen(text), ";");
    }
    spine_testset_dispose(&set);
}

struct test_case {
    const char *bytes, *rows;
};

static void try_all(reader *read, const struct test_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[512];
        read_all(read, cases[i].bytes, text, sizeof text);
        assert_string_equal(text, cases[i].rows);
    }
}

static void test_pairs(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"a\tb\t1\n", "a,b=1;"},
        {"# The test set\n# w1\tw2\tscore\na\tb\t1\n#\n\nc\td\t2\n", "a,b=1;c,d=2;"},
        {"#w1 w2 score\na b 1\n", "a,b=1;"},
        {"\"w1\",\"w2\",\"score\"\n\"a\",\"b\",1\n\"New York, NY\",d,2\n",
         "a,b=1;New York, NY,d=2;"},
        {"\"a \"\"b\"\"\" \"c\" 3\n", "a \"b\",c=3;"},
        {"\"\t'\t3\n\"a\tb\"\t1\n", "\",'=3;\"a,b\"=1;"}, /* quotes that are words, or in them */
        {"Mot 1;Mot 2;Note\na;b;7,35\nc;d;1\n", "a,b=7.35;c,d=1;"},
        {"1 2 .5\n2 3 .25\n", "1,2=0.5;2,3=0.25;"},
        {"10 a .5\n20 b .25\n", "10,a=0.5;20,b=0.25;"},
        /* SimLex-999, SimVerb-3500, Rare Words, a part of WordSim-353 */
        {"word1\tword2\tPOS\tSimLex999\tconc\na\tb\tA\t1.5\t4\nc\td\tN\t2.5\t3\n",
         "a,b=1.5;c,d=2.5;"},
        {"a\tb\tV\t6.81\tSYNONYMS\nc\td\tV\t6.82\tNONE\n", "a,b=6.81;c,d=6.82;"},
        {"a\tb\t5.88\t6\t5\nc\td\t2\t1\t3\t4\n", "a,b=5.88;c,d=2;"},
        {"Word 1,Word 2,1,2,Human (mean)\na,b,7,8,7.5\nc,d,1,2,1.5\n", "a,b=7.5;c,d=1.5;"},
        /* tables of pandas and of R, which count rows; the score before the words */
        {",w1,w2,s\n0,a,b,7\n1,c,d,6\n2,e,f,5\n", "a,b=7;c,d=6;e,f=5;"},
        {"\"w1\" \"w2\" \"s\"\n\"1\" \"a\" \"b\" 7\n\"2\" \"c\" \"d\" 6\n", "a,b=7;c,d=6;"},
        {"7.5\ta\tb\n6.5\tc\td\n", "a,b=7.5;c,d=6.5;"},
        {"a 7.5 b\nc 6.5 d\n", "a,b=7.5;c,d=6.5;"},
        {"sun-n sunlight-n 50.000000\nred-j blue-j 20\n", "sun,sunlight=50;red,blue=20;"},
        {"sun-n sunlight 50.000000\n", "sun-n,sunlight=50;"},
    };
    try_all(spine_testset_read_pairs, cases, sizeof cases / sizeof *cases);
}

static void test_sorted(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"fruit\tplum\nfruit\tfig\nmetal\tzinc\n", "fruit,plum;fruit,fig;metal,zinc;"},
        {"plum\tfruit\nfig\tfruit\nzinc\tmetal\n", "fruit,plum;fruit,fig;metal,zinc;"},
        {"word,category\nplum,fruit\nfig,fruit\n", "fruit,plum;fruit,fig;"},
        {"fruit plum\nfruit fig\n", "fruit,plum;fruit,fig;"},
        {"\"\",\"class\",\"word\"\n\"1\",\"fruit\",\"plum\"\n\"2\",\"fruit\",\"fig\"\n",
         "fruit,plum;fruit,fig;"},
        {"# sorted\nfruit\tred plum\nfruit\tfig\n", "fruit,red plum;fruit,fig;"},
        {"a\tb\n", "a,b;"},
    };
    try_all(spine_testset_read_sorted, cases, sizeof cases / sizeof *cases);
}

static void test_analogies(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {": one\na b c d\n: two\ne f g h\n", "a,b,c,d@1;e,f,g,h@2;"},
        {"good better rough JJ_JJR rougher\n", "good,better,rough,rougher;"},
        {"plum\tfig/quince\nzinc\tnickel\n", "plum,fig/quince,fig,quince;zinc,nickel;"},
        {"New York\tUSA\tParis\tFrance\n", "New York,USA,Paris,France;"},
    };
    try_all(spine_testset_read_analogies, cases, sizeof cases / sizeof *cases);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        reader *read;
        const char *bytes, *message;
    } cases[] = {
        {spine_testset_read_pairs, "a b 1\nb Caf\xE9 2\n",
         ":2: is not UTF-8 text: byte 6 of the line is 0xE9; convert the file, as with iconv -f "
         "latin1 -t utf-8"},
        {spine_testset_read_pairs, "\xFF\xFEw",
         ": is UTF-16 text, as Excel's \"Unicode text\" is; convert it: iconv -f utf-16 -t utf-8"},
        {spine_testset_read_pairs, "# nothing\n", ": has no pairs of words"},
        {spine_testset_read_pairs, "a\tb\tV\t1\nc\td\tV\t2\ne\tf\tV\tx\n",
         ":3: expected a score as fourth field, got 'x'"},
        {spine_testset_read_pairs, "a\tb\t7,1\nc\td\t7,2\n",
         ":2: expected a score as third field, got '7,2'"},
        {spine_testset_read_sorted, "a b c\n",
         ":1: expected a category, a tab and a word, the line has 3 fields"},
        {spine_testset_read_analogies, "a b\na b c d\n",
         ":2: expected two words, as above, the line has 4 fields"},
        {spine_testset_read_analogies, "a b c d\na b\n",
         ":2: expected four words, as above, the line has 2 fields"},
    };
    const struct path path = join_path(&directory, "set");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_testset set;
        assert_int_equal(put_text(&path, cases[i].bytes), 0);
        EXPECT_REFUSED(cases[i].read(&set, path.text, &err), "%s%s", path.text, cases[i].message);
        spine_testset_dispose(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pairs),
        TEST(test_sorted),
        TEST(test_analogies),
        TEST(test_refusals),
    };
    spine_log_init("test", 0, 1, SPINE_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
