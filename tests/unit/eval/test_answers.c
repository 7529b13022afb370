/* test_answers.c -- questionnaires and what is answered to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/eval/answers.h"
#include "spine/eval/questionnaire.h"
#include "support/directory.h"
#include "support/expect.h"

static struct path put(const char *name, const char *text)
{
    const struct path path = join_path(&directory, name);
    assert_int_equal(put_text(&path, text), 0);
    return path;
}

/* --- Writing ------------------------------------------------------------------------------ */

/* Five dimensions of three words each; "two words" is harmless; the last but one has a bell, the
 * last a formula. */
static const char vectors[] =
    "a1 3 0 0 0 0\na2 2 0 0 0 0\ntwo\xC2\xA0words 1 0 0 0 0\nb1 0 3 0 0 0\nb2 0 2 0 0 0\n"
    "b3 0 1 0 0 0\nc1 0 0 3 0 0\nc2 0 0 2 0 0\nc3 0 0 1 0 0\nd1 0 0 0 3 0\nd2 0 0 0 2 0\n"
    "d\x07 0 0 0 1 0\ne1 0 0 0 0 3\n=e2() 0 0 0 0 2\ne3 0 0 0 0 1\n";

static void test_questions_and_key_match(void **state)
{
    (void)state;
    const struct path input = put("vectors.txt", vectors);
    const struct path sheet = join_path(&directory, "sheet.tsv");
    const struct path key = join_path(&directory, "sheet.key.tsv");
    const char *files[] = {input.text, input.text};
    const struct spine_questionnaire wish = {
        .files = files, .num_files = 2, .shown = 3, .most = 10, .seed = 1};
    size_t count = 0;
    TRY(spine_questionnaire_write(&wish, sheet.text, &count, &err));
    assert_int_equal(count, 6); /* bell and formula aren't asked about */
    char *text = get_bytes(&sheet, NULL), *keys = get_bytes(&key, NULL);
    char *row = strchr(text, '\n') + 1, *answer = strchr(keys, '\n') + 1;
    int places[5] = {0};
    for (size_t q = 1; q <= count; q++) {
        char word[4][32], file[PATH_SIZE];
        size_t question, again, dimension, place, choices;
        assert_int_equal(sscanf(row, "%zu\t%31[^\t]\t%31[^\t]\t%31[^\t]\t%31[^\t]\t\n", &question,
                                word[0], word[1], word[2], word[3]),
                         5);
        assert_int_equal(sscanf(answer, "%zu\t%511[^\t]\t%zu\t%zu\t%zu\n", &again, file, &dimension,
                                &place, &choices),
                         5);
        assert_int_equal(question, q);
        assert_int_equal(again, q);
        assert_int_equal(choices, 4);
        assert_string_equal(file, input.text);
        for (size_t i = 0; i < 4; i++) {
            const bool belongs = word[i][0] == "abc"[dimension] ||
                                 (dimension == 0 && strncmp(word[i], "two", 3) == 0);
            assert_int_equal(belongs, i + 1 != place);
        }
        places[place]++;
        row = strchr(row, '\n') + 1;
        answer = strchr(answer, '\n') + 1;
    }
    for (size_t i = 1; i <= 4; i++)
        assert_true(places[i] < 6); /* not always the same */
    assert_true(*row == '\0' && *answer == '\0');
    free(text);
    free(keys);
}

static void test_a_questionnaire_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    const struct path input = put("vectors.txt", vectors);
    const struct path few = put("few.txt", "a 1\nb 2\n");
    const struct path sheet = join_path(&directory, "none/sheet.tsv");
    const struct path blocked = join_path(&directory, "blocked.tsv");
    const struct path in_the_way = join_path(&directory, "blocked.key.tsv");
    const char *files[] = {input.text};
    struct spine_questionnaire wish = {
        .files = files, .num_files = 1, .shown = 3, .most = 1, .seed = 1};
    size_t count = 0;
    EXPECT_REFUSED(spine_questionnaire_write(&wish, sheet.text, &count, &err),
                   "%s: its directory doesn't exist", sheet.text);
    mkdir(in_the_way.text, 0777);
    assert_int_equal(spine_questionnaire_write(&wish, blocked.text, &count, &err), -1);
    assert_false(is_there(&blocked));
    const struct path part = part_of(&blocked), key_part = part_of(&in_the_way);
    assert_false(is_there(&part) || is_there(&key_part));
    files[0] = few.text;
    EXPECT_REFUSED(spine_questionnaire_write(&wish, blocked.text, &count, &err),
                   "%s: no dimension has 3 top words and an intruder", few.text);
}

/* --- Scoring ------------------------------------------------------------------------------ */

static const char key_text[] = "question\tfile\tdimension\tintruder\tchoices\n"
                               "1\trun\t7\t1\t3\n2\tother\t8\t2\t3\n3\trun\t9\t3\t3\n";

static const struct spine_estimate *find(const struct spine_answers *answers, size_t file,
                                         const char *name)
{
    const struct spine_figure *figure =
        spine_figures_find(&answers->evaluations[file].figures, "people", name);
    assert_non_null(figure);
    return &figure->estimate;
}

static void test_answers_are_scored_by_file_and_by_person(void **state)
{
    (void)state;
    const struct path key = put("key.tsv", key_text);
    /* The first finds both of run; the second one of two, and its line has lost the empty end. */
    const struct path first = put("first", "question\ta\tb\tc\t?\n1\tx\ty\tz\t1\n"
                                           "2\tx\ty\tz\t1\n3\tx\ty\tz\t3\n");
    const struct path second =
        put("second", "question\ta\tb\tc\t?\n3\tx\ty\tz\t1\n1\tx\ty\tz\t1\n2\tx\ty\tz\n");
    const char *sheets[] = {first.text, second.text};
    struct spine_answers answers;
    TRY(spine_answers_score(&answers, key.text, sheets, 2, &err));
    assert_int_equal(answers.files.count, 2);
    assert_string_equal(answers.evaluations[0].path, "run");
    assert_int_equal(answers.evaluations[0].rows, 2);
    const struct spine_estimate *all = find(&answers, 0, "intrusion");
    assert_true(fabs(all->value - 0.75) < 1e-9);
    assert_true(fabs(all->low - spine_statistics_wilson(0.75, 2).low) < 1e-9);
    assert_true(find(&answers, 1, "intrusion")->value == 0);
    const struct spine_figure *figure =
        spine_figures_find(&answers.evaluations[1].figures, "people", "intrusion");
    assert_int_equal(figure->count, 1);
    assert_int_equal(figure->missing, 1);
    assert_true(find(&answers, 0, "annotator 1, first")->value == 1);
    assert_true(find(&answers, 0, "annotator 2, second")->value == 0.5);
    /* Question 1: both chose 1; question 3: 3 and 1. P = 1/2; shares 3/4, 0, 1/4: Pe = 5/8. */
    assert_true(fabs(find(&answers, 0, "Fleiss' kappa")->value - (0.5 - 0.625) / 0.375) < 1e-9);
    assert_true(isnan(find(&answers, 1, "Fleiss' kappa")->value));
    spine_answers_dispose(&answers);
    TRY(spine_answers_score(&answers, key.text, sheets, 1, &err));
    assert_null(spine_figures_find(&answers.evaluations[0].figures, "people", "Fleiss' kappa"));
    assert_int_equal(answers.evaluations[0].figures.count, 1);
    spine_answers_dispose(&answers);
}

static void test_wrong_sheets_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1\tx\ty\tz\t1\n", ":1: expected a header that begins with 'question', got '1'"},
        {"question\n4\tx\ty\tz\t1\n", ":2: expected the number of a question of the key, got '4'"},
        {"question\n-1\tx\ty\tz\t1\n",
         ":2: expected the number of a question of the key, got '-1'"},
        {"question\n1\tx\ty\tz\t4\n",
         ":2: expected the number of a word, 1 for the first, got '4'"},
        {"question\n1\tx\ty\tz\tx\n",
         ":2: expected the number of a word, 1 for the first, got 'x'"},
        {"question\n1\tx\ty\n",
         ":2: expected a question, its words and the answer, the line has 3 fields"},
        {"question\n1\tx\ty\tz\t1\n1\tx\ty\tz\t1\n", ":3: expected every question once, got '1'"},
    };
    const struct path key = put("key.tsv", key_text);
    struct spine_answers answers;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path sheet = put("sheet.tsv", cases[i].text);
        const char *sheets[] = {sheet.text};
        EXPECT_REFUSED(spine_answers_score(&answers, key.text, sheets, 1, &err), "%s%s", sheet.text,
                       cases[i].message);
    }
}

static void test_wrong_keys_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", ": has no questions"},
        {"question\n", ": has no questions"},
        {"question\n1\trun\t7\t1\n",
         ":2: expected the five fields of a key, the line has 4 fields"},
        {"question\n2\trun\t7\t1\t3\n", ":2: expected the next question's number, got '2'"},
        {"question\n1\tr\x1Bn\t7\t1\t3\n", ":2: expected the path of a file, got 'r\\x1Bn'"},
        {"question\n1\trun\t7\t4\t3\n", ":2: expected the number of the intruder, got '4'"},
        {"question\n1\trun\t7\t1\t3\n2\trun\t7\t1\t4\n",
         ":3: expected the same number of choices throughout, got '4'"},
    };
    struct spine_answers answers;
    const char *sheets[] = {"none"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path key = put("key.tsv", cases[i].text);
        EXPECT_REFUSED(spine_answers_score(&answers, key.text, sheets, 1, &err), "%s%s", key.text,
                       cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_questions_and_key_match),
        TEST(test_a_questionnaire_that_cannot_be_written_leaves_nothing),
        TEST(test_answers_are_scored_by_file_and_by_person),
        TEST(test_wrong_sheets_are_refused),
        TEST(test_wrong_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
