/* test_state.c -- what is said of a run on disk, and to scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spine/files/modelfile.h"
#include "spine/files/rundir.h"
#include "spine/files/state.h"
#include "support/directory.h"
#include "support/expect.h"

static void expect(const struct spine_state *run, int status, const char *expected)
{
    char text[sizeof err.text];

    spine_state_describe(run, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(spine_state_status(run), status);
}

static void expect_read(int status, const char *expected)
{
    struct spine_state run;
    TRY(spine_state_read(&run, directory.text, &err));
    expect(&run, status, expected);
}

static void write_model(const char *config)
{
    const struct path path = join_path(&directory, "model.h5");
    struct spine_params params;
    struct spine_scaling scaling;

    TRY(spine_params_init(&params, 2, 3, &err));
    TRY(spine_scaling_init(&scaling, params.dim, SPINE_WHITEN_NO, 0, &err));
    TRY(spine_modelfile_write(path.text, &params, &scaling, config, &err));
    spine_scaling_dispose(&scaling);
    spine_params_dispose(&params);
}

static void test_an_empty_directory_is_no_run(void **state)
{
    (void)state;
    expect_read(2, "is not the directory of a run");
    assert_false(spine_state_explains(directory.text, &err));
}

static void test_a_model_is_a_finished_run(void **state)
{
    (void)state;
    write_model("[train]\nepochs = 60\n");
    expect_read(0, "is finished: 60 epochs");
    assert_false(spine_state_explains(directory.text, &err));

    write_model("[train]\nepochs = 60\nstop_after = 18\n");
    expect_read(0, "is finished up to train.stop_after: 18 of 60 epochs; a higher train.stop_after "
                   "resumes");
}

static void test_a_loss_that_rose_is_a_diverged_run(void **state)
{
    (void)state;
    const struct path metrics = join_path(&directory, "metrics.jsonl");

    write_model("[train]\nepochs = 2\n");
    assert_int_equal(put_text(&metrics,
                              "{\"epoch\": 1, \"rl\": 1}\n"
                              "{\"epoch\": 2, \"rl\": 5, \"explained_variance\": -3.5}\n"),
                     0);
    expect_read(1, "has diverged: after 2 epochs the explained variance is -3.5; a lower "
                   "train.learning_rate may help");

    write_model("[model]\nobjective = nnse\n[train]\nepochs = 2\n");
    expect_read(1, "has diverged: after 2 epochs the explained variance is -3.5");
}

static void test_a_model_that_isnt_whole_is_damaged(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "model.h5");
    struct spine_state run;

    assert_int_equal(put_text(&path, "not HDF5"), 0);
    TRY(spine_state_read(&run, directory.text, &err));
    assert_int_equal(run.kind, SPINE_STATE_DAMAGED);
    assert_non_null(strstr(run.damage.text, "model.h5"));
    assert_int_equal(spine_state_status(&run), 1);
}

/* Another process trains it: this one is told who, and by whom it was trained when that has
 * ended. */
static void test_a_lock_that_is_held_is_a_running_run(void **state)
{
    (void)state;
    const struct path metrics = join_path(&directory, "metrics.jsonl");
    int ready[2], done[2];
    char byte;
    assert_int_equal(pipe(ready) || pipe(done), 0);
    assert_int_equal(put_text(&metrics, "{\"epoch\": 3, \"seconds\": 1000}\n"), 0);

    const pid_t child = fork();
    if (child == 0) {
        struct spine_config config;
        int lock = -1;
        spine_config_init(&config);
        config.epochs = 7;
        if (spine_rundir_lock(directory.text, &lock, &err) == 0)
            spine_state_sign(lock, &config, 4);
        const bool is_told = write(ready[1], "", 1) == 1 && read(done[0], &byte, 1) == 1;
        _exit(is_told ? 0 : 1);
    }

    struct spine_state run;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    TRY(spine_state_read(&run, directory.text, &err));
    assert_int_equal(run.kind, SPINE_STATE_RUNNING);
    assert_int_equal(run.owner.process, child);
    assert_int_equal(run.owner.ranks, 4);
    assert_true(run.seconds_left > 3900 && run.seconds_left <= 4000);
    assert_true(spine_state_explains(directory.text, &err));
    assert_non_null(strstr(err.text, ", 4 ranks) since "));
    assert_non_null(strstr(err.text, ": 3 of 7 epochs, about 1 h "));

    assert_int_equal(write(done[1], "", 1), 1);
    waitpid(child, NULL, 0);
    TRY(spine_state_read(&run, directory.text, &err));
    assert_int_equal(run.kind, SPINE_STATE_PAUSED);
    assert_int_equal(run.owner.process, child);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

static void test_a_pause_says_how_to_resume(void **state)
{
    (void)state;
    struct spine_state run = {.kind = SPINE_STATE_PAUSED, .epochs = 60, .last_epoch = 60};

    expect(&run, 75, "was begun and has saved nothing yet; run the same command to start again");
    run.is_saved = true;
    run.epoch = 18;
    expect(
        &run, 75,
        "saved after 18 of 60 epochs; run the same command to resume, or train.stop_after=18 for "
        "codes now");
    run.step = 1;
    expect(&run, 75,
           "saved after 18 of 60 epochs and 1 step; run the same command to resume, or "
           "train.stop_after=19 for codes after the next epoch");
    run.epoch = 59; /* its last epoch: before that there are no codes to be had */
    expect(&run, 75, "saved after 59 of 60 epochs and 1 step; run the same command to resume");
    run.epoch = 18;
    run.is_at_end = true;
    expect(&run, 75, "saved before the end of epoch 19 of 60; run the same command to resume");
    run.epoch = 60;
    expect(&run, 75,
           "has trained 60 of 60 epochs, but its codes are incomplete; run the same command to "
           "write them");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_empty_directory_is_no_run),
        TEST(test_a_model_is_a_finished_run),
        TEST(test_a_loss_that_rose_is_a_diverged_run),
        TEST(test_a_model_that_isnt_whole_is_damaged),
        TEST(test_a_lock_that_is_held_is_a_running_run),
        TEST(test_a_pause_says_how_to_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
