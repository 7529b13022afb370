/* test_trials.c -- a sweep's description gives the trials that it says, and what can't be is
 * refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/config/identity.h"
#include "spine/sweep/trials.h"
#include "support/expect.h"

static int read_sweep(struct spine_trials *trials, const char *text)
{
    struct spine_config base;
    struct spine_inifile_lines lines = {0};
    spine_config_init(&base);
    strcpy(base.input, "vectors.h5");
    int rc = spine_inifile_parse(&base, &lines, text, "s.ini", &err);
    *trials = (struct spine_trials){0};
    if (rc == 0)
        rc = spine_trials_init(trials, &base, &lines, &err);
    spine_inifile_lines_dispose(&lines);
    return rc;
}

#define GRID "[sweep]\nmethod = grid\nobjective = minimize rl\n"
#define RANDOM "[sweep]\nmethod = random\nobjective = minimize rl\ntrials = 200\n"
#define ASHA "[sweep]\nmethod = asha\nobjective = minimize rl\n"

static void test_a_grid_is_all_combinations_the_last_fastest(void **state)
{
    (void)state;
    struct spine_trials trials;
    struct spine_config config;
    char text[SPINE_PARAMETER_VALUE];
    TRY(read_sweep(&trials, GRID "model.hidden = 50, 100\ntrain.noise = 0,0.2 , 0.4\n"));
    assert_int_equal(trials.count, 6);
    static const int64_t hidden[] = {50, 50, 50, 100, 100, 100};
    static const double noise[] = {0, 0.2, 0.4, 0, 0.2, 0.4};
    for (size_t i = 0; i < 6; i++) {
        TRY(spine_trials_config(&trials, i, &config, &err));
        assert_int_equal(config.hidden, hidden[i]);
        assert_true(config.noise == noise[i]);
        assert_string_equal(config.input, "vectors.h5");
    }
    spine_trials_value(&trials, 4, 1, text);
    assert_string_equal(text, "0.2");
    spine_trials_dispose(&trials);
}

static void test_draws_fill_their_ranges_and_read_back_as_what_is_used(void **state)
{
    (void)state;
    struct spine_trials trials, again;
    struct spine_config config;
    char text[SPINE_PARAMETER_VALUE], other[SPINE_PARAMETER_VALUE];
    static const char description[] = RANDOM "train.learning_rate = log 1e-4 .. 1e-1\n"
                                             "loss.sparsity = uniform 0.8 .. 0.95\n"
                                             "train.batch_size = int 3 .. 6\n"
                                             "model.hidden = int log 1 .. 1000\n"
                                             "train.optimizer = sgd, adam\n";
    TRY(read_sweep(&trials, description));
    TRY(read_sweep(&again, description));
    double below = 0, sparsity = 0, sizes[7] = {0}, units = 0, adam = 0;
    for (size_t i = 0; i < trials.count; i++) {
        TRY(spine_trials_config(&trials, i, &config, &err));
        assert_true(config.learning_rate >= 1e-4 && config.learning_rate <= 1e-1);
        assert_true(config.sparsity >= 0.8 && config.sparsity <= 0.95);
        assert_in_range(config.batch_size, 3, 6);
        assert_in_range(config.hidden, 1, 1000);
        below += config.learning_rate < 3.1623e-3;
        sparsity += config.sparsity / 200;
        sizes[config.batch_size]++;
        units += config.hidden <= 31;
        adam += config.optimizer == 2;
        spine_trials_value(&trials, i, 0, text);
        spine_trials_value(&again, i, 0, other);
        assert_string_equal(text, other);
        assert_true(strtod(text, NULL) == config.learning_rate);
    }
    /* 200 draws: five standard deviations of a half are 35 */
    assert_true(fabs(below - 100) < 35 && fabs(units - 100) < 35 && fabs(adam - 100) < 35);
    assert_true(fabs(sparsity - 0.875) < 0.016);
    for (size_t size = 3; size <= 6; size++)
        assert_true(fabs(sizes[size] - 50) < 31);
    spine_trials_dispose(&trials);
    spine_trials_dispose(&again);
}

static void test_more_trials_or_another_goal_leave_trials_as_they_were(void **state)
{
    (void)state;
    struct spine_trials trials, more, other;
    char text[SPINE_PARAMETER_VALUE], same[SPINE_PARAMETER_VALUE];
    TRY(read_sweep(&trials, RANDOM "loss.sparsity = uniform 0 .. 1\n"));
    TRY(read_sweep(&more, "[sweep]\nmethod = random\ntrials = 300\nobjective = maximize l0\n"
                          "loss.sparsity = uniform 0 .. 1\n"));
    TRY(read_sweep(&other, RANDOM "seed = 2\nloss.sparsity = uniform 0 .. 1\n"));
    char *identity = spine_trials_identity(&trials, &err),
         *with_more = spine_trials_identity(&more, &err),
         *of_other = spine_trials_identity(&other, &err);
    assert_string_equal(identity, with_more);
    assert_string_not_equal(identity, of_other);
    for (size_t i = 0; i < trials.count; i++) {
        spine_trials_value(&trials, i, 0, text);
        spine_trials_value(&more, i, 0, same);
        assert_string_equal(text, same);
    }
    free(identity);
    free(with_more);
    free(of_other);
    spine_trials_dispose(&trials);
    spine_trials_dispose(&more);
    spine_trials_dispose(&other);
}

/* There are six combinations. */
static void test_no_trial_is_drawn_twice(void **state)
{
    static const char parameters[] = "model.hidden = 50, 100\ntrain.batch_size = int 10 .. 12\n";
    static const char lists[] = "model.hidden = 50, 100\ntrain.batch_size = 10, 11, 12\n";
    struct spine_trials trials, first;
    char text[SPINE_PARAMETER_VALUE], same[SPINE_PARAMETER_VALUE], all[1024];
    bool seen[6] = {false};
    (void)state;

    for (int i = 0; i < 2; i++) {
        snprintf(all, sizeof all, RANDOM "%s", i == 0 ? parameters : lists);
        TRY(read_sweep(&trials, all));
        assert_int_equal(trials.count, 6); /* instead of 200 */
        assert_true(trials.num_repeats > 0);
        memset(seen, 0, sizeof seen);
        for (size_t k = 0; k < 6; k++) {
            spine_trials_value(&trials, k, 0, text);
            spine_trials_value(&trials, k, 1, same);
            bool *place = &seen[3 * (strcmp(text, "50") == 0) + (size_t)(same[1] - '0')];
            assert_false(*place);
            *place = true;
        }
        snprintf(all, sizeof all,
                 "[sweep]\nmethod = random\nobjective = minimize rl\ntrials = 4\n%s",
                 i == 0 ? parameters : lists);
        TRY(read_sweep(&first, all));
        assert_int_equal(first.count, 4);
        for (size_t k = 0; k < 4; k++)
            for (size_t p = 0; p < 2; p++) {
                spine_trials_value(&first, k, p, text);
                spine_trials_value(&trials, k, p, same);
                assert_string_equal(text, same);
            }
        spine_trials_dispose(&first);
        spine_trials_dispose(&trials);
    }
    snprintf(all, sizeof all, RANDOM "draws = independent\n%s", lists);
    TRY(read_sweep(&trials, all));
    assert_int_equal(trials.count, 200);
    spine_trials_dispose(&trials);
}

/* Few draws of a logarithmic range give its last numbers. */
static void test_all_of_a_range_can_be_drawn(void **state)
{
    struct spine_trials trials;
    (void)state;

    TRY(read_sweep(&trials, "[sweep]\nmethod = random\nobjective = minimize rl\ntrials = 300\n"
                            "model.hidden = int log 1 .. 300\n"));
    assert_int_equal(trials.count, 300);
    spine_trials_dispose(&trials);
}

/* Read a sweep's own text: it must be the same sweep. */
static void assert_reads_back(const char *description)
{
    struct spine_trials trials, again;
    struct spine_config config, other;

    TRY(read_sweep(&trials, description));
    char *text = spine_trials_text(&trials, &err), *identity = spine_trials_identity(&trials, &err);
    TRY(read_sweep(&again, strstr(text, "[model]")));
    char *same = spine_trials_identity(&again, &err);
    assert_string_equal(identity, same);
    assert_int_equal(again.count, trials.count);
    for (size_t i = 0; i < trials.count; i++) {
        TRY(spine_trials_config(&trials, i, &config, &err));
        TRY(spine_trials_config(&again, i, &other, &err));
        assert_int_equal(config.refit, other.refit);
        assert_int_equal(config.start, other.start);
    }
    free(text);
    free(identity);
    free(same);
    spine_trials_dispose(&trials);
    spine_trials_dispose(&again);
}

static void test_defaults_that_follow_parameters_read_back(void **state)
{
    (void)state;
    assert_reads_back("[model]\nobjective = topk\n" GRID "model.unit_norm = no, yes\n");
    assert_reads_back("[model]\nobjective = topk\n" GRID "model.prefixes = 50, 100\n");
    assert_reads_back("[model]\nobjective = topk\n" GRID "train.start_from = a, b\n");
    assert_reads_back("[model]\nobjective = nnse\n" GRID "train.epochs = 0, 3\n");
    assert_reads_back(GRID "model.objective = spine, topk, nnse\n");
}

static void test_parameters_decide_on_the_objective_too(void **state)
{
    (void)state;
    static const struct {
        const char *text, *objective, *reason;
        int64_t epochs;
    } cases[] = {
        {GRID "model.hidden = 5, 6\n", "nnse", "", 5},
        {GRID "train.epochs = 5, 6\ntrain.noise = 0, 0.4\n", "spine", "train.noise", 60},
        {"[train]\nwarmup = 0.1\n" GRID "model.hidden = 5, 6\n", "spine", "train.warmup", 60},
        {"[model]\nobjective = topk\n" GRID "train.noise = 0, 0.4\n", "topk", "", 60},
        {GRID "model.objective = nnse\n", "spine", "", 60}, /* as earlier versions recorded it */
    };
    struct spine_trials trials;
    struct spine_config config;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TRY(read_sweep(&trials, cases[i].text));
        assert_string_equal(spine_objective_names[trials.base.objective], cases[i].objective);
        assert_string_equal(trials.reason == NULL ? "" : trials.reason->name, cases[i].reason);
        assert_int_equal(trials.base.epochs, cases[i].epochs);
        TRY(spine_trials_config(&trials, 0, &config, &err));
        assert_string_equal(spine_objective_names[config.objective],
                            i == 4 ? "nnse" : cases[i].objective);
        spine_trials_dispose(&trials);
    }
}

static void test_sweeps_with_other_defaults_of_objectives_differ(void **state)
{
    (void)state;
    struct spine_trials trials, earlier;
    char text[300];

    TRY(read_sweep(&trials, GRID "model.objective = spine, nnse\n"));
    TRY(read_sweep(&earlier,
                   "[model]\nstart = random\nl0 = 22\nridge = 0\n"
                   "[train]\nepochs = 60\nrefit = no\n" GRID "model.objective = spine, nnse\n"));
    char *is = spine_trials_identity(&trials, &err), *was = spine_trials_identity(&earlier, &err);
    assert_int_equal(spine_identity_differ(was, is, text, sizeof text), 5);
    assert_string_equal(text,
                        "model.start(nnse) was random, is words; model.l0(nnse) was 22, is 60; "
                        "model.ridge(nnse) was 0, is 2; train.epochs(nnse) was 60, is 5; "
                        "train.refit(nnse) was no, is yes");
    free(is);
    free(was);
    spine_trials_dispose(&trials);
    spine_trials_dispose(&earlier);
}

static void test_asha_draws_or_has_the_grid(void **state)
{
    (void)state;
    struct spine_trials trials;
    TRY(read_sweep(&trials, ASHA "min_epochs = 3\nmodel.hidden = 5, 6, 7\ntrain.noise = 0, 0.1\n"));
    assert_int_equal(trials.count, 6);
    assert_false(trials.drawn);
    struct spine_config config;
    int seen[3][2] = {{0}}, in_order = 0;
    for (size_t i = 0; i < 6; i++) { /* each of the grid once, in another order */
        TRY(spine_trials_config(&trials, i, &config, &err));
        seen[config.hidden - 5][config.noise > 0]++;
        in_order += config.hidden == (int64_t)(5 + i / 2);
    }
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(seen[i / 2][i % 2], 1);
    assert_true(in_order < 6);
    assert_int_equal(trials.reduction, 3);
    spine_trials_dispose(&trials);
    TRY(read_sweep(&trials, ASHA "min_epochs = 3\ntrials = 2\nmodel.hidden = 5, 6, 7\n"));
    assert_int_equal(trials.count, 2);
    assert_true(trials.drawn);
    spine_trials_dispose(&trials);
}

static const struct {
    const char *text, *error;
} bad[] = {
    {"[sweep]\nmodel.hidden = 5\n", "sweep.method: is not set; set it to grid, random or asha"},
    {"[sweep]\nmethod = grid\nmodel.hidden = 5\n",
     "sweep.objective: is not set; for example: maximize explained_variance"},
    {GRID, "[sweep] has no parameters; for example: model.hidden = 500, 1000"},
    {"[sweep]\nmethod = bayes\n", "s.ini:2: sweep.method: 'bayes' is none of grid|random|asha"},
    {GRID "trails = 5\n", "s.ini:4: unknown option 'sweep.trails'; the nearest is sweep.trials"},
    {GRID "model.hiden = 5\n",
     "s.ini:4: unknown option 'model.hiden'; the nearest is model.hidden"},
    {GRID "model.hidden = 5\nmodel.hidden = 6\n", "s.ini:5: model.hidden is set twice in [sweep]"},
    {GRID "model.hidden = 5, 5\n", "s.ini:4: model.hidden: 5 is listed twice"},
    {GRID "model.hidden = 5,,6\n", "s.ini:4: model.hidden: has an empty value"},
    {GRID "model.hidden =\n", "s.ini:4: model.hidden: has an empty value"},
    {GRID "model.hidden = 5, 0\n",
     "s.ini:4: model.hidden: 0 is out of bounds, expected 1 to 1048576"},
    {GRID "model.hidden = 5 6\n", "s.ini:4: model.hidden: '5 6' is not a whole number"},
    {GRID "model.hidden = int 5 .. 6\n",
     "model.hidden: is a range, but a grid needs lists; give a list, or set method = random"},
    {ASHA "min_epochs = 3\nmodel.hidden = int 5 .. 6\n",
     "model.hidden: is a range, but sweep.trials, the number of trials to draw, is not set"},
    {RANDOM "model.hidden = uniform 5 .. 6\n",
     "s.ini:5: model.hidden: expected whole numbers: 'int a .. b'"},
    {RANDOM "train.noise = int 0 .. 1\n",
     "s.ini:5: train.noise: expected 'uniform a .. b' or 'log a .. b'"},
    {RANDOM "train.noise = uniform 0.5 .. 0.5\n",
     "s.ini:5: train.noise: the range 0.5 .. 0.5 is empty"},
    {RANDOM "train.noise = uniform 0.5 .. 0.4\n",
     "s.ini:5: train.noise: the range 0.5 .. 0.4 is empty"},
    {RANDOM "train.noise = uniform 0.5\n", "s.ini:5: train.noise: '0.5' is not a range 'a .. b'"},
    {RANDOM "train.noise = uniform 0 .. x\n", "s.ini:5: train.noise: 'x' is not a number"},
    {RANDOM "train.noise = uniform 0 .. 1e7\n",
     "s.ini:5: train.noise: 1e7 is out of bounds, expected 0 to 1000000"},
    {RANDOM "train.noise = log 0 .. 1\n",
     "s.ini:5: train.noise: the range begins at 0, which has no logarithm"},
    {RANDOM "output.directory = a, b\n",
     "s.ini:5: output.directory: can't be a parameter: the sweep sets it itself"},
    {RANDOM "output.formats = txt\n",
     "s.ini:5: output.formats: can't be a parameter: it doesn't change what is computed"},
    {RANDOM "data.words = a.txt, b.txt\n",
     "s.ini:5: data.words: can't be a parameter: an input is converted once, with its words, "
     "before trials begin"},
    {RANDOM "train.time_limit = uniform 1 .. 5\n",
     "s.ini:5: train.time_limit: can't be a parameter: it doesn't change what is computed"},
    {RANDOM "train.checkpoint_keep = 1, 2\n",
     "s.ini:5: train.checkpoint_keep: can't be a parameter: it doesn't change what is computed"},
    {GRID "trials = 4\nmodel.hidden = 5\n",
     "s.ini:4: sweep.trials: isn't used with method = grid; leave it out"},
    {GRID "reduction = 4\nmodel.hidden = 5\n",
     "s.ini:4: sweep.reduction: isn't used with this method, only with asha; leave it out"},
    {"[sweep]\nmethod = random\nobjective = minimize rl\nmodel.hidden = 5\n",
     "sweep.trials: is not set; set it to the number of trials to draw"},
    {ASHA "model.hidden = 5\n",
     "sweep.min_epochs: is not set; set it to the epochs before the first "
     "comparison of trials"},
    {ASHA "min_epochs = 61\ntrain.noise = 0.5\n",
     "sweep.min_epochs: is 61, more than the 60 of train.epochs"},
    {ASHA "min_epochs = 9\nmodel.hidden = 5\n",
     "sweep.min_epochs: is 9, more than the 5 of train.epochs"},
    {ASHA "min_epochs = 3\ntrain.epochs = 5, 6\n",
     "train.epochs: can't be a parameter with method = asha, which trains the best trials "
     "for train.epochs"},
    {ASHA "reduction = 1\n", "s.ini:4: sweep.reduction: 1 is out of bounds, expected 2 to 1000"},
    {GRID "seed = x\n", "s.ini:4: sweep.seed: 'x' is not a whole number"},
    {GRID "subject_to = rl < 1\n",
     "s.ini:4: sweep.subject_to: 'rl < 1' is neither 'NAME >= NUMBER' nor 'NAME <= NUMBER'"},
    {GRID "subject_to = explained_variance >= 60\n",
     "s.ini:4: sweep.subject_to: no trial can have explained_variance >= 60: it is at most 1; 60 % "
     "is 0.6"},
    {GRID "subject_to = explained_variance <= -5, intrusion <= -0.5\n",
     "s.ini:4: sweep.subject_to: no trial can have intrusion <= -0.5: it is at least 0"},
    {GRID "subject_to = distratio >= 2, sparsity <= -1\n",
     "s.ini:4: sweep.subject_to: no trial can have sparsity <= -1: it is at least 0"},
    {GRID "model.hidden = 5\n[train]\nresume = never\n",
     "train.resume: is set by the sweep itself; leave it out"},
    {"[model]\nobjective = nnse\n" GRID "train.batch_size = 64, 128\n",
     "train.batch_size: has no effect with model.objective = nnse; leave it out"},
    {GRID "model.k = 22\n", "model.k: has no effect with model.objective = nnse; leave it out"},
    {GRID "train.warmup = 0.3, 0.8\n",
     "trial 1: train.warmup and train.decay: add up to more than 1"},
};

static void test_what_can_not_be_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct spine_trials trials;
        EXPECT_REFUSED(read_sweep(&trials, bad[i].text), "%s", bad[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_grid_is_all_combinations_the_last_fastest),
        cmocka_unit_test(test_draws_fill_their_ranges_and_read_back_as_what_is_used),
        cmocka_unit_test(test_more_trials_or_another_goal_leave_trials_as_they_were),
        cmocka_unit_test(test_no_trial_is_drawn_twice),
        cmocka_unit_test(test_defaults_that_follow_parameters_read_back),
        cmocka_unit_test(test_parameters_decide_on_the_objective_too),
        cmocka_unit_test(test_sweeps_with_other_defaults_of_objectives_differ),
        cmocka_unit_test(test_all_of_a_range_can_be_drawn),
        cmocka_unit_test(test_asha_draws_or_has_the_grid),
        cmocka_unit_test(test_what_can_not_be_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
