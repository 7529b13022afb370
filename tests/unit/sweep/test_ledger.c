/* test_ledger.c -- who works at a sweep agrees through its directory: nothing is claimed twice, and
 * what was written down is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spine/base/interrupt.h"
#include "spine/sweep/ledger.h"
#include "support/directory.h"
#include "support/expect.h"

static struct spine_trials trials;

/* A sweep in the test's directory, of these lines. */
static void describe(const char *lines)
{
    struct spine_config base;
    struct spine_inifile_lines sweep = {0};
    char text[1024];
    snprintf(text, sizeof text, "[data]\ninput = v.h5\n[train]\nepochs = 9\n[sweep]\n%s", lines);
    spine_trials_dispose(&trials);
    spine_config_init(&base);
    TRY(spine_inifile_parse(&base, &sweep, text, "s.ini", &err));
    TRY(spine_trials_init(&trials, &base, &sweep, &err));
    spine_inifile_lines_dispose(&sweep);
    assert_true(strlen(directory.text) < sizeof trials.directory);
    strcpy(trials.directory, directory.text);
}

#define GRID "method = grid\nobjective = minimize rl\nmodel.hidden = 5, 6, 7\n"
#define ASHA "method = asha\nobjective = minimize rl\nmin_epochs = 1\nmodel.hidden = 5, 6, 7\n"

static void begin(struct spine_ledger *ledger)
{
    TRY(spine_ledger_init(ledger, &trials, &err));
    TRY(spine_ledger_open(ledger, &err));
}

static struct spine_job claim(struct spine_ledger *ledger)
{
    struct spine_job job;
    TRY(spine_ledger_claim(ledger, &job, &err));
    return job;
}

static struct spine_scores scores(double rl)
{
    struct spine_scores made = spine_goal_unknown();
    made.value[spine_goal_find("rl")] = rl;
    return made;
}

static void finish(struct spine_ledger *ledger, const struct spine_job *job, double rl)
{
    const struct spine_scores found = scores(rl);
    TRY(spine_ledger_record(ledger, job, &found, false, 0.5, &err));
    spine_ledger_release(ledger);
}

/* What another process would claim now, and loses at once as it ends: trial * 10 + verdict. */
static int claim_elsewhere(void)
{
    const pid_t child = fork();
    if (child == 0) {
        struct spine_ledger ledger;
        struct spine_job job;
        _exit(spine_ledger_init(&ledger, &trials, &err) || spine_ledger_claim(&ledger, &job, &err)
                  ? 99
                  : (int)job.trial * 10 + (int)job.verdict);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void test_trials_go_to_one_each_and_back_when_it_dies(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    describe(GRID);
    begin(&ledger);
    assert_int_equal(claim(&ledger).trial, 0);
    assert_int_equal(claim_elsewhere(), 10 + SPINE_HALVING_TRAIN);
    assert_int_equal(claim_elsewhere(), 10 + SPINE_HALVING_TRAIN); /* that one died: again */
    spine_ledger_release(&ledger);
    assert_int_equal(claim_elsewhere(), SPINE_HALVING_TRAIN);
    spine_ledger_dispose(&ledger);
    spine_ledger_dispose(&ledger);
}

static void test_what_is_recorded_is_read_by_others(void **state)
{
    (void)state;
    struct spine_ledger ledger, other;
    describe(GRID);
    begin(&ledger);
    struct spine_job job = claim(&ledger);
    finish(&ledger, &job, 0.1);
    job = claim(&ledger);
    TRY(spine_ledger_fail(&ledger, &job, "it \"broke\"\n", &err));
    spine_ledger_release(&ledger);

    begin(&other);
    TRY(spine_ledger_read(&other, &err));
    assert_int_equal(other.contenders[0].done, 1);
    assert_true(other.contenders[0].scores[0].value[spine_goal_find("rl")] == 0.1);
    assert_true(other.accounts[0].seconds == 0.5);
    assert_int_equal(other.contenders[1].state, SPINE_CONTENDER_FAILED);
    assert_string_equal(other.accounts[1].reason, "it \"broke\"\n");
    assert_int_equal(claim(&other).trial, 2);
    spine_ledger_release(&other);
    TRY(spine_ledger_retry(&other, &err));
    assert_int_equal(claim_elsewhere(), 10 + SPINE_HALVING_TRAIN);
    spine_ledger_dispose(&ledger);
    spine_ledger_dispose(&other);
}

static void test_a_trial_can_be_claimed_by_its_number(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    struct spine_job job;
    describe(GRID);
    begin(&ledger);
    TRY(spine_ledger_claim_trial(&ledger, 2, &job, &err));
    assert_int_equal(job.verdict, SPINE_HALVING_TRAIN);
    finish(&ledger, &job, 0.2);
    TRY(spine_ledger_claim_trial(&ledger, 2, &job, &err));
    assert_int_equal(job.verdict, SPINE_HALVING_OVER);

    /* Another process has trial 1. */
    int taken[2], go_on[2];
    char byte = 0, path[SPINE_RUNDIR_PATH];
    assert_int_equal(pipe(taken) | pipe(go_on), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct spine_ledger theirs;
        _exit(spine_ledger_init(&theirs, &trials, &err) ||
              spine_ledger_claim_trial(&theirs, 1, &job, &err) || write(taken[1], &byte, 1) != 1 ||
              read(go_on[0], &byte, 1) != 1);
    }
    assert_int_equal(read(taken[0], &byte, 1), 1);
    EXPECT_REFUSED(spine_ledger_claim_trial(&ledger, 1, &job, &err),
                   "trial 1: another process is training it");
    TRY(spine_ledger_trial_path(&ledger, 1, path, &err));
    assert_int_equal(write(go_on[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    TRY(spine_ledger_claim_trial(&ledger, 1, &job, &err));
    spine_ledger_dispose(&ledger);
}

static void test_asha_goes_on_from_what_the_files_say(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    describe(ASHA);
    for (size_t i = 0; i < 3; i++) { /* each time as another process would */
        begin(&ledger);
        const struct spine_job job = claim(&ledger);
        assert_true(job.trial == i && job.rung == 0);
        finish(&ledger, &job, i == 1 ? 0.1 : 0.2);
        spine_ledger_dispose(&ledger);
    }
    for (size_t rung = 1; rung < 3; rung++) {
        begin(&ledger);
        const struct spine_job job = claim(&ledger);
        assert_true(job.verdict == SPINE_HALVING_TRAIN && job.trial == 1 && job.rung == rung);
        finish(&ledger, &job, 0.05);
        spine_ledger_dispose(&ledger);
    }
    begin(&ledger);
    assert_int_equal(claim(&ledger).verdict, SPINE_HALVING_OVER);
    spine_ledger_dispose(&ledger);
}

static void test_a_trial_that_kills_whoever_trains_it_fails_at_last(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    describe(GRID);
    begin(&ledger);
    for (int i = 0; i < SPINE_LEDGER_MOST_CLAIMS; i++)
        assert_int_equal(claim_elsewhere(), SPINE_HALVING_TRAIN);
    assert_int_equal(claim_elsewhere(), 10 + SPINE_HALVING_TRAIN);
    TRY(spine_ledger_read(&ledger, &err));
    assert_int_equal(ledger.contenders[0].state, SPINE_CONTENDER_FAILED);
    assert_non_null(strstr(ledger.accounts[0].reason, "its worker died repeatedly"));
    spine_ledger_dispose(&ledger);
}

static void test_a_trial_that_gets_on_or_is_paused_may_die_often(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    char path[SPINE_RUNDIR_PATH];
    describe(GRID);
    begin(&ledger);
    for (int i = 0; i < 3 * SPINE_LEDGER_MOST_CLAIMS; i++) {
        assert_int_equal(claim_elsewhere(), SPINE_HALVING_TRAIN);
        TRY(spine_ledger_trial_path(&ledger, 0, path, &err));
        strcat(path, "/metrics.jsonl");
        FILE *file = fopen(path, "a");
        assert_non_null(file);
        fprintf(file, "{\"epoch\":%d,\"rl\":0.5}\n", i + 1);
        fclose(file);
    }
    for (int i = 0; i < 3 * SPINE_LEDGER_MOST_CLAIMS; i++) {
        const struct spine_job job = claim(&ledger);
        assert_true(job.verdict == SPINE_HALVING_TRAIN && job.trial == 0);
        TRY(spine_ledger_pause(&ledger, &job, &err));
        spine_ledger_release(&ledger);
    }
    spine_ledger_dispose(&ledger);
}

static void put(const struct path *path, const char *text)
{
    FILE *file = fopen(path->text, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_a_trial_file_that_was_not_written_by_us_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{",
        "{\"rungs\":[{",
        "{\"rungs\":[1],\"sent\":1,\"seconds\":0,\"epoch\":0,\"claims\":0}",
        "{\"rungs\":{},\"sent\":0,\"seconds\":0,\"epoch\":0,\"claims\":0}",
        "{\"rungs\":[],\"sent\":2,\"seconds\":0,\"epoch\":0,\"claims\":0}",
        "{\"rungs\":[{\"scores\":{}},{\"scores\":{}}],\"sent\":2,\"seconds\":0,\"epoch\":0,"
        "\"claims\":0}",
        "{\"rungs\":[{\"scores\":{}}],\"sent\":0,\"seconds\":0,\"epoch\":0,\"claims\":0}",
        "{\"rungs\":[],\"sent\":1,\"seconds\":\"x\",\"epoch\":0,\"claims\":0}",
        "{\"rungs\":[],\"sent\":1,\"seconds\":0,\"epoch\":1e300,\"claims\":0}",
        "{\"rungs\":[],\"sent\":1,\"seconds\":0,\"epoch\":0,\"claims\":-1}",
    };
    struct spine_ledger ledger;
    struct spine_job job;
    describe(GRID);
    begin(&ledger);
    claim(&ledger); /* which makes its directory */
    spine_ledger_dispose(&ledger);
    const struct path trial = join_path(&directory, "trials/0000");
    const struct path path = join_path(&trial, "trial.json");

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put(&path, texts[i]);
        begin(&ledger);
        EXPECT_REFUSED(spine_ledger_read(&ledger, &err),
                       "%s: is damaged: expected what spine-sweep writes; if you remove it, "
                       "'spine-sweep run' resumes the trial from its checkpoint",
                       path.text);
        assert_int_equal(spine_ledger_claim(&ledger, &job, &err), -1);
        spine_ledger_dispose(&ledger);
    }
    assert_int_equal(remove(path.text), 0);
    begin(&ledger);
    assert_int_equal(claim(&ledger).trial, 0);
    spine_ledger_dispose(&ledger);

    put(&path, ""); /* a claim, after a power failure */
    begin(&ledger);
    assert_int_equal(claim(&ledger).trial, 0);
    assert_int_equal(ledger.accounts[0].claims, 2);
    spine_ledger_dispose(&ledger);
}

/* 0.1 + 0.2 and its neighbours are equal to 15 digits. */
static void test_scores_are_the_same_here_and_on_the_disk(void **state)
{
    (void)state;
    struct spine_ledger ledger, other;
    describe(GRID);
    begin(&ledger);
    const double values[] = {0.1 + 0.2, 0.3, nextafter(0.1 + 0.2, 1)};
    for (size_t i = 0; i < 3; i++) {
        const struct spine_job job = claim(&ledger);
        finish(&ledger, &job, values[i]);
    }
    begin(&other);
    TRY(spine_ledger_read(&other, &err));
    const size_t rl = spine_goal_find("rl");
    for (size_t i = 0; i < 3; i++) {
        assert_true(ledger.contenders[i].scores[0].value[rl] == values[i]);
        assert_true(other.contenders[i].scores[0].value[rl] == values[i]);
    }
    spine_ledger_dispose(&ledger);
    spine_ledger_dispose(&other);
}

static void test_what_could_not_be_evaluated_is_claimed_by_the_next_process(void **state)
{
    (void)state;
    struct spine_ledger ledger, other;
    describe(GRID);
    begin(&ledger);
    const struct spine_job job = claim(&ledger);
    TRY(spine_ledger_defer(&ledger, &job, "v.h5: Input/output error", &err));
    spine_ledger_release(&ledger);
    assert_int_equal(claim(&ledger).trial, 1);

    begin(&other);
    TRY(spine_ledger_read(&other, &err));
    assert_int_equal(other.contenders[0].done, 0);
    assert_string_equal(other.accounts[0].not_evaluated, "v.h5: Input/output error");
    spine_ledger_dispose(&other);
    assert_int_equal(claim_elsewhere(), SPINE_HALVING_TRAIN);
    spine_ledger_dispose(&ledger);
}

/* Let another process fail a trial of this number. */
static void fail_elsewhere(size_t trial)
{
    const pid_t child = fork();
    if (child == 0) {
        struct spine_ledger theirs;
        struct spine_job job;
        _exit(spine_ledger_init(&theirs, &trials, &err) ||
              spine_ledger_claim_trial(&theirs, trial, &job, &err) ||
              spine_ledger_fail(&theirs, &job, "broken", &err));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Also where an entry of .changes was cut off by a crash, or isn't what we write. */
static void test_what_others_record_is_noticed(void **state)
{
    (void)state;
    static const char *const left[] = {"", "00", "no entry"};
    struct spine_ledger ledger;
    describe(GRID);
    begin(&ledger);
    TRY(spine_ledger_read(&ledger, &err));
    const struct path changes = join_path(&directory, ".changes");

    for (size_t i = 0; i < 3; i++) {
        FILE *file = fopen(changes.text, "a");
        assert_non_null(file);
        fputs(left[i], file);
        fclose(file);
        fail_elsewhere(2 - i);
        TRY(spine_ledger_read(&ledger, &err));
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(ledger.contenders[j].state,
                             j >= 2 - i ? SPINE_CONTENDER_FAILED : SPINE_CONTENDER_FREE);
    }
    spine_ledger_dispose(&ledger);
}

static void test_the_last_line_of_the_metrics_is_looked_at(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    struct spine_scores found;
    int64_t epoch = -1;
    describe(GRID);
    begin(&ledger);
    TRY(spine_ledger_progress(&ledger, 0, &found, &epoch, &err));
    assert_int_equal(epoch, 0);
    claim(&ledger);
    const struct path trial = join_path(&directory, "trials/0000");
    const struct path metrics = join_path(&trial, "metrics.jsonl");
    FILE *file = fopen(metrics.text, "w");
    assert_non_null(file);
    fputs("{\"epoch\":1,\"rl\":0.5}\n{\"epoch\":2,\"rl\":0.25,\"dead\":3}\n{\"epoch\":3,\"rl\"",
          file);
    fclose(file);
    TRY(spine_ledger_progress(&ledger, 0, &found, &epoch, &err));
    assert_int_equal(epoch, 2);
    assert_true(found.value[spine_goal_find("rl")] == 0.25);
    assert_true(found.value[spine_goal_find("dead")] == 3);
    spine_ledger_dispose(&ledger);
}

static void test_a_directory_keeps_its_sweep(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    describe(GRID);
    begin(&ledger);
    spine_ledger_dispose(&ledger);
    begin(&ledger); /* the same */
    TRY(spine_ledger_find(&ledger, &err));
    spine_ledger_dispose(&ledger);
    describe("method = grid\nobjective = maximize l0\nmodel.hidden = 5, 6, 7\n"); /* another goal */
    begin(&ledger);
    spine_ledger_dispose(&ledger);
    describe("method = grid\nobjective = minimize rl\nmodel.hidden = 5, 6, 8\n");
    TRY(spine_ledger_init(&ledger, &trials, &err));
    char expected[700];
    snprintf(expected, sizeof expected,
             "sweep.directory: %s belongs to another sweep: sweep.model.hidden was 5, 6, 7, "
             "is 5, 6, 8; use another directory",
             directory.text);
    EXPECT_REFUSED(spine_ledger_open(&ledger, &err), "%s", expected);
    EXPECT_REFUSED(spine_ledger_find(&ledger, &err), "%s", expected);
    const struct path ini = join_path(&directory, "sweep.ini");
    FILE *file = fopen(ini.text, "w"); /* emptied by hand */
    assert_non_null(file);
    fclose(file);
    EXPECT_REFUSED(spine_ledger_open(&ledger, &err),
                   "sweep.directory: %s holds a sweep that can't be read: sweep.method: is not "
                   "set; set it to grid, random or asha",
                   directory.text);
    spine_ledger_dispose(&ledger);
}

/* Another process takes the sweep's lock, and keeps it until it is killed. */
static pid_t lock_elsewhere(const struct spine_ledger *ledger)
{
    int taken[2], lock;
    char byte = 0;
    assert_int_equal(pipe(taken), 0);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60); /* if the parent fails */
        if (spine_ledger_lock(ledger, &lock, &err) == 0 && write(taken[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    close(taken[1]);
    assert_int_equal(read(taken[0], &byte, 1), 1);
    close(taken[0]);
    return child;
}

/* The status of a claim, in another process, by one that a signal has told to stop. */
static int status_when_told_to_stop(struct spine_ledger *ledger)
{
    struct spine_job job;
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        spine_interrupt_install();
        raise(SIGTERM);
        _exit(spine_ledger_claim(ledger, &job, &err) == -1 ? (int)err.status : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_a_process_that_keeps_the_lock_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    struct spine_job job;
    char expected[700];
    describe(GRID);
    begin(&ledger);
    ledger.patience = 0.02;
    const pid_t child = lock_elsewhere(&ledger);
    assert_int_equal(spine_ledger_claim(&ledger, &job, &err), -1);
    snprintf(expected, sizeof expected,
             "%s/.lock: locked by another process of the sweep for 0.02 s; if that process is "
             "suspended, "
             "resume or end it; then run the same command again",
             directory.text);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
    assert_int_equal(status_when_told_to_stop(&ledger), SPINE_EXIT_AGAIN);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(claim(&ledger).verdict, SPINE_HALVING_TRAIN);
    spine_ledger_dispose(&ledger);
}

static void test_taking_the_lock_changes_the_time_of_its_file(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    struct stat facts;
    int lock = -1;
    describe(GRID);
    begin(&ledger);
    const struct path path = join_path(&directory, ".lock");
    assert_int_equal(utimensat(AT_FDCWD, path.text, old, 0), 0);
    assert_int_equal(spine_ledger_lock(&ledger, &lock, &err), 0);
    assert_int_equal(stat(path.text, &facts), 0);
    assert_true(facts.st_mtim.tv_sec > 1);
    spine_ledger_unlock(lock);
    spine_ledger_dispose(&ledger);
}

/* Earlier versions drew trials that repeat others, and didn't say so. */
static void test_an_earlier_sweep_keeps_its_draws(void **state)
{
    static const char drawn[] = "method = random\nobjective = minimize rl\ntrials = 6\n"
                                "model.hidden = 5, 6\n";
    struct spine_ledger ledger;
    char lines[300], expected[700];
    (void)state;

    snprintf(lines, sizeof lines, "%sdraws = independent\n", drawn);
    describe(lines);
    char *text = spine_trials_text(&trials, &err), *line = strstr(text, "draws = independent\n");
    assert_non_null(line);
    memmove(line, line + 20, strlen(line + 20) + 1);
    put_below("sweep.ini", text);
    free(text);
    begin(&ledger);
    spine_ledger_dispose(&ledger);

    describe(drawn);
    TRY(spine_ledger_init(&ledger, &trials, &err));
    snprintf(expected, sizeof expected,
             "sweep.directory: %s has a sweep whose trials may repeat: sweep.draws was "
             "independent, is distinct; set sweep.draws = independent to resume it, or use another "
             "directory",
             directory.text);
    EXPECT_REFUSED(spine_ledger_open(&ledger, &err), "%s", expected);
    spine_ledger_dispose(&ledger);
}

static void test_a_sweep_may_have_more_trials_not_fewer(void **state)
{
    (void)state;
    struct spine_ledger ledger;
    static const char *const drawn = "method = random\nobjective = minimize rl\n"
                                     "train.noise = uniform 0 .. 1\ntrials = ";
    char lines[200];
    for (int count = 3; count < 6; count++) {
        snprintf(lines, sizeof lines, "%s%d\n", drawn, count);
        describe(lines);
        begin(&ledger);
        spine_ledger_dispose(&ledger);
    }
    snprintf(lines, sizeof lines, "%s%d\n", drawn, 4);
    describe(lines);
    TRY(spine_ledger_init(&ledger, &trials, &err));
    EXPECT_REFUSED(spine_ledger_open(&ledger, &err), "sweep.trials: is 4, but %s has a sweep of 5",
                   directory.text);
    spine_ledger_dispose(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_trials_go_to_one_each_and_back_when_it_dies),
        TEST(test_what_is_recorded_is_read_by_others),
        TEST(test_a_trial_can_be_claimed_by_its_number),
        TEST(test_asha_goes_on_from_what_the_files_say),
        TEST(test_a_trial_that_kills_whoever_trains_it_fails_at_last),
        TEST(test_a_trial_that_gets_on_or_is_paused_may_die_often),
        TEST(test_a_trial_file_that_was_not_written_by_us_is_refused),
        TEST(test_scores_are_the_same_here_and_on_the_disk),
        TEST(test_what_could_not_be_evaluated_is_claimed_by_the_next_process),
        TEST(test_what_others_record_is_noticed),
        TEST(test_the_last_line_of_the_metrics_is_looked_at),
        TEST(test_a_directory_keeps_its_sweep),
        TEST(test_a_process_that_keeps_the_lock_is_not_waited_for_for_ever),
        TEST(test_taking_the_lock_changes_the_time_of_its_file),
        TEST(test_an_earlier_sweep_keeps_its_draws),
        TEST(test_a_sweep_may_have_more_trials_not_fewer),
    };
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    spine_trials_dispose(&trials);
    return failures;
}
