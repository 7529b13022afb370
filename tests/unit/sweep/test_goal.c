/* test_goal.c -- objectives and limits are read as written, and order trials as the manual says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "spine/sweep/goal.h"
#include "support/expect.h"

static void test_an_objective_is_a_direction_and_a_name(void **state)
{
    (void)state;
    struct spine_goal goal = {0};
    TRY(spine_goal_set_objective(&goal, "maximize explained_variance", &err));
    assert_true(goal.maximize);
    assert_string_equal(spine_goal_name(goal.objective), "explained_variance");
    TRY(spine_goal_set_objective(&goal, "minimize  rl", &err));
    assert_false(goal.maximize);
    assert_string_equal(spine_goal_name(goal.objective), "rl");
    static const char *const bad[] = {"", "rl", "maximize", "maximise rl", "minimize rl psl"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT_REFUSED(spine_goal_set_objective(&goal, bad[i], &err),
                       "'%s' is neither 'maximize NAME' nor 'minimize NAME'", bad[i]);
    assert_int_equal(spine_goal_set_objective(&goal, "minimize loss", &err), -1);
    assert_non_null(
        strstr(err.text, "unknown score 'loss'; expected one of rl, asl, psl, total, "));
    assert_string_equal(spine_goal_name(SPINE_GOAL_TOTAL), "total");
    assert_string_equal(spine_goal_name(SPINE_GOAL_EXPLAINED), "explained_variance");
    assert_string_equal(spine_goal_name(SPINE_GOAL_INTRUSION), "intrusion");
}

static void test_limits_are_read_in_order(void **state)
{
    (void)state;
    struct spine_goal goal = {0};
    TRY(spine_goal_set_limits(&goal, "explained_variance >= 0.6,dead<=50 , rl <= 1e-1", &err));
    assert_int_equal(goal.num_limits, 3);
    assert_true(goal.limit[0].at_least && goal.limit[0].bound == 0.6);
    assert_true(!goal.limit[1].at_least && goal.limit[1].bound == 50);
    assert_string_equal(spine_goal_name(goal.limit[2].score), "rl");
    TRY(spine_goal_set_limits(&goal, " rl >= 1,  psl >= 2, asl >= 3,l0 <= 4", &err));
    assert_int_equal(goal.num_limits, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(goal.limit[i].bound == (double)i + 1);
    static const char *const bad[] = {"",       "rl",        "rl < 1",   "rl = 1",
                                      "rl >= ", "rl <= 1 2", "0.6 <= rl"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT_REFUSED(spine_goal_set_limits(&goal, bad[i], &err),
                       "'%s' is neither 'NAME >= NUMBER' nor 'NAME <= NUMBER'", bad[i]);
    EXPECT_REFUSED(spine_goal_set_limits(&goal, "rl <= nan", &err), "'nan' is not a number");
    EXPECT_REFUSED(spine_goal_set_limits(&goal, "rl <= 1x", &err), "'1x' is not a number");
}

static struct spine_scores scores(double rl, double explained)
{
    struct spine_scores made = spine_goal_unknown();
    made.value[spine_goal_find("rl")] = rl;
    made.value[spine_goal_find("explained_variance")] = explained;
    return made;
}

/* minimize rl, explained_variance >= 0.5: better first */
static void test_limits_come_before_the_objective(void **state)
{
    (void)state;
    struct spine_goal goal = {0};
    TRY(spine_goal_set_objective(&goal, "minimize rl", &err));
    TRY(spine_goal_set_limits(&goal, "explained_variance >= 0.5", &err));
    const struct spine_scores best_first[] = {
        scores(0.1, 0.5), scores(0.2, 0.9), scores(NAN, 0.6), scores(0.3, 0.4),
        scores(0.1, 0.3), scores(0.1, NAN), scores(NAN, NAN),
    };
    enum { COUNT = sizeof best_first / sizeof *best_first };
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(spine_goal_allows(&goal, &best_first[i]), i < 3);
        for (size_t j = 0; j < COUNT; j++) {
            const int order = spine_goal_compare(&goal, &best_first[i], &best_first[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_objective_is_a_direction_and_a_name),
        cmocka_unit_test(test_limits_are_read_in_order),
        cmocka_unit_test(test_limits_come_before_the_objective),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
