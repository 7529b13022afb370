/* test_halving.c -- who goes on is decided as the paper has it, and the best gets to the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/sweep/halving.h"
#include "support/expect.h"

enum { MOST = 40 };

static struct spine_goal goal;
static struct spine_contender contenders[MOST];
static struct spine_scores scores[MOST][SPINE_HALVING_RUNGS];

static int begin(void **state)
{
    (void)state;
    goal = (struct spine_goal){0};
    for (size_t i = 0; i < MOST; i++) {
        contenders[i] = (struct spine_contender){.scores = scores[i]};
        for (size_t r = 0; r < SPINE_HALVING_RUNGS; r++)
            scores[i][r] = spine_goal_unknown();
    }
    return spine_goal_set_objective(&goal, "minimize rl", &err);
}

static void finish(size_t trial, double rl)
{
    struct spine_contender *contender = &contenders[trial];
    scores[trial][contender->done].value[goal.objective] = rl;
    contender->sent = ++contender->done;
    contender->state = SPINE_CONTENDER_FREE;
}

static void test_rungs_grow_by_the_reduction_and_end_with_all_epochs(void **state)
{
    (void)state;
    static const struct {
        int64_t least, reduction, most, count, epochs[5];
    } cases[] = {{3, 3, 27, 3, {3, 9, 27}},
                 {3, 3, 30, 4, {3, 9, 27, 30}},
                 {1, 4, 60, 4, {1, 4, 16, 60}},
                 {60, 2, 60, 1, {60}},
                 {59, 2, 60, 2, {59, 60}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_halving halving;
        spine_halving_init(&halving, &goal, cases[i].least, cases[i].reduction, cases[i].most);
        assert_int_equal(halving.num_rungs, cases[i].count);
        for (size_t r = 0; r < halving.num_rungs; r++)
            assert_int_equal(halving.epochs[r], cases[i].epochs[r]);
    }
}

static void test_one_rung_is_every_trial_in_order(void **state)
{
    struct spine_halving halving;
    size_t trial, rung;
    begin(state);
    spine_halving_init(&halving, &goal, 9, 3, 9);
    contenders[1].state = SPINE_CONTENDER_FAILED;
    for (size_t expected = 0; expected < 4; expected += expected == 0 ? 2 : 1) {
        assert_int_equal(spine_halving_next(&halving, contenders, 4, &trial, &rung),
                         SPINE_HALVING_TRAIN);
        assert_int_equal(trial, expected);
        assert_int_equal(rung, 0);
        contenders[trial].state = SPINE_CONTENDER_BUSY;
        contenders[trial].sent = 1;
    }
    assert_int_equal(spine_halving_next(&halving, contenders, 4, &trial, &rung),
                     SPINE_HALVING_OVER);
}

static void test_the_best_third_of_a_rung_rises_as_soon_as_it_is_one(void **state)
{
    struct spine_halving halving;
    size_t trial, rung;
    begin(state);
    spine_halving_init(&halving, &goal, 1, 3, 9);
    finish(0, 0.5);
    finish(1, 0.3);
    spine_halving_next(&halving, contenders, MOST, &trial, &rung);
    assert_true(trial == 2 && rung == 0);
    finish(2, 0.4);
    spine_halving_next(&halving, contenders, MOST, &trial, &rung);
    assert_true(trial == 1 && rung == 1);
    contenders[1].sent = 2;
    contenders[1].state = SPINE_CONTENDER_BUSY;
    spine_halving_next(&halving, contenders, MOST, &trial, &rung);
    assert_true(trial == 3 && rung == 0);
    contenders[1].state = SPINE_CONTENDER_FREE; /* killed on its way: it goes on first */
    spine_halving_next(&halving, contenders, MOST, &trial, &rung);
    assert_true(trial == 1 && rung == 1);
}

/* One worker alone, whose losses are known beforehand: rl = trial's place + something by rung. */
static void test_27_trials_cost_a_quarter_and_the_best_wins(void **state)
{
    enum { TRIALS = 27 };
    struct spine_halving halving;
    size_t trial, rung;
    int64_t epochs = 0;
    size_t on[3] = {0};
    begin(state);
    spine_halving_init(&halving, &goal, 3, 3, 27);
    while (spine_halving_next(&halving, contenders, TRIALS, &trial, &rung) == SPINE_HALVING_TRAIN) {
        assert_int_equal(contenders[trial].done, rung);
        epochs += halving.epochs[rung] - (rung == 0 ? 0 : halving.epochs[rung - 1]);
        on[rung]++;
        finish(trial, (double)((trial * 10 + 4) % TRIALS));
        assert_true(epochs < 27 * TRIALS);
    }
    assert_int_equal(on[0], TRIALS);
    assert_in_range(on[1], 9, 13);
    assert_in_range(on[2], 3, 5);
    assert_true(epochs < 27 * TRIALS * 4 / 10);
    assert_int_equal(contenders[5].done, 3); /* 54 % 27 = 0: the least */
}

static void test_few_trials_still_get_to_the_end(void **state)
{
    struct spine_halving halving;
    size_t trial, rung;
    begin(state);
    spine_halving_init(&halving, &goal, 1, 4, 16);
    finish(0, 0.5);
    contenders[1].state = SPINE_CONTENDER_BUSY;
    contenders[1].sent = 1;
    assert_int_equal(spine_halving_next(&halving, contenders, 2, &trial, &rung),
                     SPINE_HALVING_WAIT);
    finish(1, 0.4);
    for (size_t expected = 1; expected < 3; expected++) {
        assert_int_equal(spine_halving_next(&halving, contenders, 2, &trial, &rung),
                         SPINE_HALVING_TRAIN);
        assert_true(trial == 1 && rung == expected);
        finish(1, 0.3);
    }
    assert_int_equal(spine_halving_next(&halving, contenders, 2, &trial, &rung),
                     SPINE_HALVING_OVER);
}

static void test_another_rises_for_one_that_failed(void **state)
{
    struct spine_halving halving;
    size_t trial, rung;
    begin(state);
    spine_halving_init(&halving, &goal, 1, 4, 4);
    finish(0, 0.5);
    finish(1, 0.4);
    contenders[1].sent = 2;
    contenders[1].state = SPINE_CONTENDER_FAILED;
    assert_int_equal(spine_halving_next(&halving, contenders, 2, &trial, &rung),
                     SPINE_HALVING_TRAIN);
    assert_true(trial == 0 && rung == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rungs_grow_by_the_reduction_and_end_with_all_epochs),
        cmocka_unit_test(test_one_rung_is_every_trial_in_order),
        cmocka_unit_test(test_the_best_third_of_a_rung_rises_as_soon_as_it_is_one),
        cmocka_unit_test(test_27_trials_cost_a_quarter_and_the_best_wins),
        cmocka_unit_test(test_few_trials_still_get_to_the_end),
        cmocka_unit_test(test_another_rises_for_one_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
