/* test_readability.c -- intruders, intrusion, coherence, DistRatio and diversity, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/eval/readability.h"
#include "support/spaces.h"

/* Eight words, of which the reference has a to g. Dimension 0 is that of a and b, its only words;
 * dimension 1 that of c, d and e, in which h is stronger still, but not known; dimension 2 has no
 * words. */
static const float codes[8][3] = {{0.9F, 0, 0}, {0.8F, 0, 0}, {0, 0.7F, 0}, {0, 0.6F, 0},
                                  {0, 0.5F, 0}, {0, 0, 0},    {0, 0, 0},    {0, 0.9F, 0}};
static const float places[7][2] = {{1, 0}, {3, 4}, {0, 1}, {0, 2}, {0, 3}, {-1, 0}, {0, 0}};

struct made {
    struct spine_space judged, neutral;
    struct spine_ranking ranking;
    struct spine_reference reference;
    struct spine_topwords topwords;
};

static struct made made;

static int make(void **state)
{
    (void)state;
    make_codes(&made.judged, "a b c d e f g h", 3, &codes[0][0]);
    make_space(&made.neutral, "g a b c d e f", 2, &(float[14]){0}[0]);
    /* g, with a vector of zeros, isn't known either. */
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 2; k++)
            made.neutral.dense[2 * (i + 1) + k] = places[i][k];
    TRY(spine_ranking_init(&made.ranking, &made.judged, &err));
    TRY(spine_reference_init(&made.reference, &made.neutral, &made.judged, &err));
    TRY(spine_topwords_init(&made.topwords, &made.judged, &made.ranking, &made.reference, 3, &err));
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    spine_topwords_dispose(&made.topwords);
    spine_reference_dispose(&made.reference);
    spine_ranking_dispose(&made.ranking);
    spine_space_dispose(&made.judged);
    spine_space_dispose(&made.neutral);
    return 0;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

static void test_what_is_shown_is_known(void **state)
{
    (void)state;
    assert_int_equal(made.topwords.count[0], 2);
    assert_int_equal(made.topwords.count[1], 3);
    assert_int_equal(made.topwords.count[2], 0);
    assert_int_equal(spine_topwords_top(&made.topwords, 1)[0], 2);
    assert_false(spine_reference_knows(&made.reference, 6));
    assert_false(spine_reference_knows(&made.reference, 7));
    assert_true(is_near(spine_reference_cosine(&made.reference, 0, 1), 0.6));
    assert_true(is_near(spine_reference_distance(&made.reference, 0, 1), sqrt(20)));
}

/* The top tenth of eight words is one word: a, and h, which isn't known. */
static void test_intruders_are_strong_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(made.topwords.pool_count, 1);
    assert_int_equal(made.topwords.pool[0], 0);
    for (uint32_t draw = 0; draw < 20; draw++) {
        assert_int_equal(spine_topwords_intruder(&made.topwords, 1, 3, 1, draw), 0);
        assert_int_equal(spine_topwords_intruder(&made.topwords, 0, 2, 1, draw), -1); /* a itself */
        assert_int_equal(spine_topwords_intruder(&made.topwords, 2, 2, 1, draw), -1);
    }
}

static void test_intruders_vary_with_draw_and_seed(void **state)
{
    (void)state;
    enum { ROWS = 60, COLUMNS = 20 };
    static float values[ROWS][COLUMNS];
    struct spine_space space;
    struct spine_ranking ranking;
    struct spine_topwords topwords;
    char words[ROWS * 4] = "";
    int differ[2] = {0, 0};
    for (size_t i = 0; i < ROWS; i++) {
        char word[8];
        snprintf(word, sizeof word, "%sw%zu", i > 0 ? " " : "", i);
        strcat(words, word);
        values[i][i % COLUMNS] = (float)(i + 1);
    }
    make_space(&space, words, COLUMNS, &values[0][0]);
    TRY(spine_ranking_init(&ranking, &space, &err));
    TRY(spine_topwords_init(&topwords, &space, &ranking, NULL, 2, &err));
    assert_int_equal(topwords.pool_count, ROWS);
    for (uint32_t draw = 0; draw < 50; draw++) {
        const int64_t intruder = spine_topwords_intruder(&topwords, 3, 2, 1, draw);
        assert_true(intruder >= 0 && intruder % COLUMNS != 3);
        assert_int_equal(intruder, spine_topwords_intruder(&topwords, 3, 2, 1, draw));
        differ[0] += intruder != spine_topwords_intruder(&topwords, 3, 2, 1, draw + 1);
        differ[1] += intruder != spine_topwords_intruder(&topwords, 3, 2, 2, draw);
    }
    assert_true(differ[0] > 25 && differ[1] > 25);
    spine_topwords_dispose(&topwords);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
}

static void test_coherence(void **state)
{
    (void)state;
    struct spine_readability result;
    TRY(spine_readability_coherence(&made.topwords, &made.reference, 2, &result, &err));
    assert_true(is_near(result.estimate.value, (0.6 + 1) / 2)); /* a b; c d */
    assert_int_equal(result.counted, 2);
    assert_int_equal(result.missing, 1);
    /* The standard error of .6 and 1 is .2. */
    assert_true(is_near(result.estimate.low, 0.8 - 1.96 * 0.2));
    TRY(spine_readability_coherence(&made.topwords, &made.reference, 3, &result, &err));
    assert_true(is_near(result.estimate.value, 1));
    assert_true(isnan(result.estimate.low)); /* of one dimension */
    assert_int_equal(result.missing, 2);
}

static void test_intrusion(void **state)
{
    (void)state;
    struct spine_intrusion result;
    /* Only dimension 1 has an intruder, a, at right angles to its words. */
    TRY(spine_readability_intrusion(&made.topwords, &made.reference, 3, 5, 1, &result, &err));
    assert_true(result.all.estimate.value == 1);
    assert_int_equal(result.all.counted, 1);
    assert_int_equal(result.all.missing, 2);
    assert_true(is_near(result.all.estimate.low, spine_statistics_wilson(1, 1).low));
    /* Were the intruder like d, a tie, it would be missed. */
    const uint32_t row = made.reference.row[0];
    const double norm = made.reference.norm[0];
    made.reference.row[0] = made.reference.row[3];
    made.reference.norm[0] = made.reference.norm[3];
    TRY(spine_readability_intrusion(&made.topwords, &made.reference, 3, 5, 1, &result, &err));
    assert_true(result.all.estimate.value == 0);
    made.reference.row[0] = row;
    made.reference.norm[0] = norm;
}

/* Of dimension 1, three of four words are known, as many as are shown; of dimension 0, two. */
static void test_intrusion_of_known_dimensions(void **state)
{
    (void)state;
    struct spine_intrusion result;

    assert_int_equal(spine_reference_unknown(&made.reference), 2);
    assert_int_equal(made.topwords.known[0], 2);
    assert_int_equal(made.topwords.known[1], 3);
    TRY(spine_readability_intrusion(&made.topwords, &made.reference, 3, 5, 1, &result, &err));
    assert_true(result.known.estimate.value == 1);
    assert_int_equal(result.known.counted, 1);

    made.topwords.known[1] = 2;
    TRY(spine_readability_intrusion(&made.topwords, &made.reference, 3, 5, 1, &result, &err));
    assert_int_equal(result.known.counted, 0);
    assert_int_equal(result.known.missing, 3);
    assert_int_equal(result.all.counted, 1);
    made.topwords.known[1] = 3;
}

static void test_distratio(void **state)
{
    (void)state;
    struct spine_readability result;
    /* Inter: a (1, 0) to (0, 1), (0, 2), (0, 3); intra: 1, 1 and 2. */
    TRY(spine_readability_distratio(&made.topwords, &made.reference, 3, 5, 1, &result, &err));
    assert_true(is_near(result.estimate.value, (sqrt(2) + sqrt(5) + sqrt(10)) / 3 / (4.0 / 3.0)));
    assert_int_equal(result.counted, 1);
    assert_int_equal(result.missing, 2);
    /* Top words that don't differ have no ratio. */
    made.reference.length[3] = made.reference.length[4] = 1;
    TRY(spine_readability_distratio(&made.topwords, &made.reference, 3, 5, 1, &result, &err));
    assert_true(isnan(result.estimate.value));
    assert_int_equal(result.missing, 3);
    made.reference.length[3] = 2;
    made.reference.length[4] = 3;
}

static void test_diversity(void **state)
{
    (void)state;
    struct spine_readability result;
    TRY(spine_readability_diversity(&made.topwords, 2, &result, &err));
    assert_true(is_near(result.estimate.value, 4.0 / 6.0)); /* a b c d */
    assert_int_equal(result.counted, 2);
    assert_int_equal(result.missing, 1);
    TRY(spine_readability_diversity(&made.topwords, made.topwords.most + 1, &result, &err));
    assert_true(isnan(result.estimate.value));
    assert_int_equal(result.missing, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_shown_is_known),
        cmocka_unit_test(test_intruders_are_strong_elsewhere),
        cmocka_unit_test(test_intruders_vary_with_draw_and_seed),
        cmocka_unit_test(test_coherence),
        cmocka_unit_test(test_intrusion),
        cmocka_unit_test(test_intrusion_of_known_dimensions),
        cmocka_unit_test(test_distratio),
        cmocka_unit_test(test_diversity),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
