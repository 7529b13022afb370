/* test_wordtests.c -- what people made up to try vectors with: similarity, analogies,
 * categorization and category scores, on cases worked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "spine/eval/analogies.h"
#include "spine/eval/categories.h"
#include "spine/eval/purity.h"
#include "spine/eval/similarity.h"
#include "support/directory.h"
#include "support/spaces.h"

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

static struct path put(const char *name, const char *text)
{
    const struct path path = join_path(&directory, name);
    assert_int_equal(put_text(&path, text), 0);
    return path;
}

/* Read a test set and measure it. */
static int measure_pairs(const struct spine_space *space, const char *path,
                         struct spine_similarity *result)
{
    struct spine_testset set;
    int rc = spine_testset_read_pairs(&set, path, &err);
    if (rc == 0)
        rc = spine_similarity_measure(space, &set, 1, result, &err);
    spine_testset_dispose(&set);
    return rc;
}

static int measure_analogies(const struct spine_space *space, const char *path,
                             struct spine_analogies *result)
{
    struct spine_testset set;
    int rc = spine_testset_read_analogies(&set, path, &err);
    if (rc == 0)
        rc = spine_analogies_measure(space, &set, result, &err);
    spine_testset_dispose(&set);
    return rc;
}

static int measure_sorted(const struct spine_space *space, const char *path, uint64_t seed,
                          struct spine_purity *result)
{
    struct spine_testset set;
    int rc = spine_testset_read_sorted(&set, path, &err);
    if (rc == 0)
        rc = spine_purity_measure(space, &set, seed, result, &err);
    spine_testset_dispose(&set);
    return rc;
}

/* --- Similarity --------------------------------------------------------------------------- */

/* Cosines with a: b .6, c 0, d -1, z 0. */
static const float plane[5][2] = {{1, 0}, {3, 4}, {0, 2}, {-2, 0}, {0, 0}};

static void test_similarity(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_similarity result;
    make_space(&space, "a b c d z", 2, &plane[0][0]);
    const char *const forms[] = {
        "a\tb\t9\na\tc\t5\na\td\t1\na\tnone\t3\nnone\tb\t1\n",
        "Word 1,Word 2,Human (mean)\na,b,9\nA,c,5\na,d,1\n\na,none,3\nnone,b,1\n",
        "a b 9\na c 5.0\nA d 1\na none 3\nnone b 1",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct path path = put("pairs", forms[i]);
        TRY(measure_pairs(&space, path.text, &result));
        assert_true(is_near(result.rho.value, 1));
        assert_int_equal(result.found, 3);
        assert_int_equal(result.missing, 2);
    }
    /* c and z tie at 0: cosine ranks 4 2.5 2.5 1, score ranks 4 3 1 2. Of deviations 3; 4.5 5. */
    const struct path tied = put("tied", "a b 9\na c 5\na z 1\na d 2\n");
    TRY(measure_pairs(&space, tied.text, &result));
    assert_true(is_near(result.rho.value, 3 / sqrt(4.5 * 5)));
    const struct path few = put("few", "a b 9\na c 1\n");
    TRY(measure_pairs(&space, few.text, &result));
    assert_true(isnan(result.rho.value));
    spine_space_dispose(&space);
}

static void test_similarity_of_codes_is_that_of_dense_vectors(void **state)
{
    (void)state;
    static const float values[4][4] = {
        {0.5F, 0, 0.25F, 0}, {0, 0, 0.75F, 1}, {0.5F, 0.5F, 0.125F, 0}, {0, 0, 0, 0}};
    struct spine_space dense, codes;
    make_space(&dense, "a b c d", 4, &values[0][0]);
    make_codes(&codes, "a b c d", 4, &values[0][0]);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            assert_true(
                is_near(spine_space_cosine(&dense, i, k), spine_space_cosine(&codes, i, k)));
    assert_true(is_near(spine_space_cosine(&codes, 0, 1), 0.1875 / sqrt(0.3125 * 1.5625)));
    spine_space_dispose(&dense);
    spine_space_dispose(&codes);
}

static void test_similarity_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", ": has no pairs of words"},
        {"a b score\n", ": has no pairs of words"},
        {"a b\n", ":1: expected two words and a score, the line has 2 fields"},
        {"a b 1\na b c d\n", ":2: expected a score as third field, got 'c'"},
        {"a b 1\nb c x\x07\n", ":2: expected a score as third field, got 'x\\x07'"},
        {"a b 1\nb c nan\n", ":2: expected a score as third field, got 'nan'"},
    };
    struct spine_space space;
    struct spine_similarity result;
    make_space(&space, "a b c d z", 2, &plane[0][0]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path path = put("pairs", cases[i].text);
        EXPECT_REFUSED(measure_pairs(&space, path.text, &result), "%s%s", path.text,
                       cases[i].message);
    }
    spine_space_dispose(&space);
}

/* --- Analogies ---------------------------------------------------------------------------- */

/* man : king is woman : queen, by adding; but the nearest to king is its neighbour prince, and king
 * itself would be the answer were it allowed. Nothing is at the origin. */
static const float royal[6][3] = {{1, 0, 0}, {1, 1, 0},        {0, 0, 1},
                                  {0, 1, 1}, {0.9F, 1, 0.05F}, {0, 0, 0}};

static void test_analogies(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_analogies result;
    make_space(&space, "man king woman queen prince nothing", 3, &royal[0][0]);
    const struct path path = put("questions", ": family\nman king woman queen\n"
                                              "Man King Woman Queen\n"
                                              "man king woman prince\n: more\n"
                                              "man king woman nobody\n"
                                              "man nothing woman queen\n");
    TRY(measure_analogies(&space, path.text, &result));
    assert_int_equal(result.counted, 3);
    assert_int_equal(result.missing, 2);
    assert_true(is_near(result.add.value, 2.0 / 3));
    assert_true(is_near(result.mul.value, 2.0 / 3));
    assert_true(is_near(result.add.low, spine_statistics_wilson(2.0 / 3, 3).low));
    const struct path none = put("none", ": section\na b c d\n");
    TRY(measure_analogies(&space, none.text, &result));
    assert_true(isnan(result.add.value) && isnan(result.mul.value));
    assert_int_equal(result.missing, 1);
    const struct path three = put("three", "a b c d\na b c\n");
    EXPECT_REFUSED(
        measure_analogies(&space, three.text, &result),
        "%s:2: expected four words, or ': section' (if answers are in another file, put them "
        "beside the questions with paste -d' ' QUESTIONS ANSWERS), the line has 3 fields",
        three.text);
    const struct path empty = put("empty", ": section\n");
    EXPECT_REFUSED(measure_analogies(&space, empty.text, &result), "%s: has no questions",
                   empty.text);
    spine_space_dispose(&space);
}

/* By adding, x: cos(x, b) - cos(x, a) + cos(x, c); by multiplying, what is far from a gains more.
 * a = (1, 0), b = (0, 1), c = (.6, .8). x1 = (-.6, .8): .8 + .6 + .28 = 1.68; 1.8 1.28 / .402 =
 * 5.73. x2 = (.28, .96): .96 - .28 + .936 = 1.616; 1.96 1.936 / 1.282 = 2.96. x3 = (0, 1):
 * 1 - 0 + .8 = 1.8, 2 1.8 / 1.002 = 3.59. So x3 by adding, x1 by multiplying. */
static void test_multiplying_differs_from_adding(void **state)
{
    (void)state;
    static const float values[6][2] = {{1, 0},        {0, 1},         {0.6F, 0.8F},
                                       {-0.6F, 0.8F}, {0.28F, 0.96F}, {0, 3}};
    struct spine_space space;
    struct spine_analogies result;
    make_space(&space, "a b c x1 x2 x3", 2, &values[0][0]);
    const struct path path = put("questions", "a b c x3\n");
    TRY(measure_analogies(&space, path.text, &result));
    assert_true(result.add.value == 1 && result.mul.value == 0);
    const struct path other = put("questions", "a b c x1\n");
    TRY(measure_analogies(&space, other.text, &result));
    assert_true(result.add.value == 0 && result.mul.value == 1);
    spine_space_dispose(&space);
}

/* --- Categorization ----------------------------------------------------------------------- */

static void test_categorization(void **state)
{
    (void)state;
    /* Two bundles of directions, of other lengths; owl flies with the planes. */
    static const float values[7][2] = {{1, 0},    {9, 0.5F}, {2, 0.1F}, {0, 1},
                                       {0.1F, 3}, {0.2F, 8}, {0, 0}};
    struct spine_space space;
    struct spine_purity result;
    make_space(&space, "cat dog cow jet kite owl zero", 2, &values[0][0]);
    const struct path path = put("sorted", "animal\tcat\nanimal\tdog\nanimal\tCow\nplane\tjet\n"
                                           "plane\tkite\nanimal\towl\nanimal\tzero\nplane\tufo\n");
    for (uint64_t seed = 0; seed < 10; seed++) {
        TRY(measure_sorted(&space, path.text, seed, &result));
        assert_true(is_near(result.purity, 5.0 / 6));
        assert_int_equal(result.found, 6);
        assert_int_equal(result.missing, 2);
    }
    const struct path none = put("none", "plane\tufo\n");
    TRY(measure_sorted(&space, none.text, 1, &result));
    assert_true(isnan(result.purity));
    const struct path bad = put("bad", "animal\tcat\nanimal\n");
    EXPECT_REFUSED(measure_sorted(&space, bad.text, 1, &result),
                   "%s:2: expected a category, a tab and a word, the line has 1 field", bad.text);
    spine_space_dispose(&space);
}

/* --- Category scores ---------------------------------------------------------------------- */

/* Forty words w0 to w39 and three dimensions: the first has w0 to w19 in order, the second w0 and
 * w30 on, the third none. */
static void make_forty(struct spine_space *space)
{
    static float values[40][3];
    char words[200] = "";
    for (size_t i = 0; i < 40; i++) {
        snprintf(words + strlen(words), sizeof words - strlen(words), "%sw%zu", i > 0 ? " " : "",
                 i);
        values[i][0] = i < 20 ? 1 - (float)i / 40 : 0;
        values[i][1] = i == 0 ? 1 : i >= 30 ? 0.5F : 0;
        values[i][2] = -1;
    }
    make_space(space, words, 3, &values[0][0]);
}

/* A list of the words [first, end), some twice or in upper case, and of one that isn't there. */
static void put_category(const struct path *lists, const char *name, size_t first, size_t end)
{
    const struct path path = join_path(lists, name);
    char text[512] = "nobody\n";
    for (size_t i = first; i < end; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "w%zu\nW%zu\n", i, i);
    assert_int_equal(put_text(&path, text), 0);
}

static void test_category_scores(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_ranking ranking;
    struct spine_categories_score result;
    const struct path lists = join_path(&directory, "lists");
    mkdir(lists.text, 0777);
    make_forty(&space);
    TRY(spine_ranking_init(&ranking, &space, &err));
    EXPECT_REFUSED(spine_categories_measure(&space, &ranking, lists.text, &result, &err),
                   "%s: has no categories: no files NAME.txt", lists.text);
    put_category(&lists, "early.txt", 5, 15);
    put_category(&lists, "late.txt", 28, 40);
    put_category(&lists, "small.txt", 0, 9); /* left out */
    put_category(&lists, "LICENSE", 0, 20);  /* no list */
    TRY(spine_categories_measure(&space, &ranking, lists.text, &result, &err));
    assert_int_equal(result.used, 2);
    assert_int_equal(result.left_out, 1);
    /* Lambda 1: 5 of early's 10 are among w0 to w9; 10 of late's 12 are in the second's first 12.
     * Lambda 2: all of early. The second has no more words. */
    assert_true(is_near(result.score[0].value, (50 + 1000.0 / 12 + 0) / 3));
    assert_true(is_near(result.score[1].value, (100 + 1000.0 / 12 + 0) / 3));
    assert_true(is_near(result.score[9].value, (100 + 1000.0 / 12 + 0) / 3));
    const struct path nowhere = join_path(&directory, "nowhere");
    EXPECT_REFUSED(spine_categories_measure(&space, &ranking, nowhere.text, &result, &err),
                   "%s: No such file or directory", nowhere.text);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_similarity),
        TEST(test_similarity_of_codes_is_that_of_dense_vectors),
        TEST(test_similarity_refuses),
        TEST(test_analogies),
        TEST(test_multiplying_differs_from_adding),
        TEST(test_categorization),
        TEST(test_category_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
