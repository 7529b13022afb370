/* test_interrupt.c -- each request is noted once, and the time left is the nearer end's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spine/base/interrupt.h"

static void assert_noted(int save, int leave, int hurry)
{
    assert_int_equal(spine_interrupt_save(), save);
    assert_int_equal(spine_interrupt_leave(), leave);
    assert_int_equal(spine_interrupt_hurry(), hurry);
}

static void test_each_signal_is_noted_once(void **state)
{
    (void)state;
    static const struct {
        int number, save, leave, hurry;
    } signals[] = {{SIGUSR2, 1, 0, 0}, {SIGUSR1, 0, 1, 0}, {SIGTERM, 0, 0, 1},
                   {SIGINT, 0, 0, 1},  {SIGHUP, 0, 0, 1},  {SIGXCPU, 0, 0, 1}};
    signal(SIGHUP, SIG_DFL); /* nohup may run this */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        spine_interrupt_install();
        assert_noted(0, 0, 0);
        raise(signals[i].number);
        assert_noted(signals[i].save, signals[i].leave, signals[i].hurry);
        assert_noted(0, 0, 0);
    }
}

static void test_a_signal_that_comes_again_is_noted_again(void **state)
{
    (void)state;
    spine_interrupt_install();
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR2);
        raise(SIGUSR2);
        raise(SIGUSR1);
        assert_noted(1, 1, 0);
        assert_noted(0, 0, 0);
    }
}

static volatile sig_atomic_t sent;

static void send_request(int number)
{
    (void)number;
    raise(SIGUSR1);
    sent = 1;
}

/* At whatever instruction of the reader it comes. */
static void test_a_signal_while_requests_are_read_is_noted(void **state)
{
    (void)state;
    enum { TIMES = 20000 };
    const struct itimerval soon = {.it_value = {.tv_usec = 1}};

    spine_interrupt_install();
    signal(SIGALRM, send_request);
    for (int i = 0; i < TIMES; i++) {
        bool is_noted = false;
        sent = 0;
        setitimer(ITIMER_REAL, &soon, NULL);
        while (sent == 0)
            is_noted = spine_interrupt_leave() || is_noted;
        if (!spine_interrupt_leave() && !is_noted)
            fail_msg("signal %d was lost", i);
    }
    signal(SIGALRM, SIG_DFL);
}

static void test_a_hangup_that_nohup_ignores_stays_ignored(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN);
    spine_interrupt_install();
    raise(SIGHUP);
    assert_noted(0, 0, 0);
    signal(SIGHUP, SIG_DFL);
}

static void test_installing_forgets_what_was_noted(void **state)
{
    (void)state;
    spine_interrupt_install();
    raise(SIGUSR1);
    raise(SIGUSR2);
    raise(SIGTERM);
    spine_interrupt_install();
    assert_noted(0, 0, 0);
    raise(SIGTERM); /* and a first one is a first one again */
    assert_noted(0, 0, 1);
}

/* The signal that ends a process which gets 'first' and then 'second', or 0. With 'first' 0, or
 * 'releases' after the first, signals were released. */
static int end_by_released(int first, bool releases, int second)
{
    const pid_t child = fork();
    if (child == 0) {
        spine_interrupt_install();
        if (first == 0)
            spine_interrupt_release();
        raise(first);
        if (releases)
            spine_interrupt_release();
        raise(second);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int end_by(int first, int second)
{
    return end_by_released(first, false, second);
}

static void test_releasing_does_what_signals_did_before(void **state)
{
    (void)state;
    spine_interrupt_install();
    spine_interrupt_release();
    assert_int_equal(end_by_released(SIGTERM, true, 0), SIGTERM);
    assert_int_equal(end_by_released(SIGUSR1, true, 0), 0);
    signal(SIGINT, SIG_IGN); /* as of a shell's job in the background */
    assert_int_equal(end_by_released(SIGINT, true, SIGINT), 0);
    assert_int_equal(end_by(0, SIGINT), 0);
    signal(SIGINT, SIG_DFL);
}

static void test_a_second_request_to_end_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(end_by(SIGTERM, SIGTERM), SIGTERM);
    assert_int_equal(end_by(SIGINT, SIGINT), SIGINT);
    assert_int_equal(end_by(SIGUSR1, SIGTERM), 0);
    assert_int_equal(end_by(SIGTERM, SIGUSR1), 0);
    assert_int_equal(end_by(SIGUSR1, SIGUSR1), 0);
    assert_int_equal(end_by(SIGXCPU, SIGXCPU), 0); /* it comes every second */
    assert_int_equal(end_by(0, SIGTERM), SIGTERM);
    assert_int_equal(end_by(0, SIGUSR1), SIGUSR1);
}

static void assert_left(double minutes, double least, double most)
{
    const double left = spine_interrupt_time_left(minutes);
    if (!(left >= least && left <= most))
        fail_msg("%g seconds are left, expected %g to %g", left, least, most);
}

static void set_job_end(double seconds_from_now)
{
    char text[32];
    snprintf(text, sizeof text, "%.0f", (double)time(NULL) + seconds_from_now);
    setenv("SLURM_JOB_END_TIME", text, 1);
}

static void test_the_time_left_is_that_to_the_nearer_end(void **state)
{
    (void)state;
    unsetenv("SLURM_JOB_END_TIME");
    spine_interrupt_install();
    assert_left(0, HUGE_VAL, HUGE_VAL);
    assert_left(2, 110, 120);
    assert_left(0.001, -10, 0.06);
    set_job_end(1000);
    assert_left(0, 990, 1001);
    assert_left(2, 110, 120);
    assert_left(100, 990, 1001);
    set_job_end(-50);
    assert_left(0, -61, -49);
    assert_left(2, -61, -49);
    static const char *const nothing[] = {"", "soon", "0", "-1"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        setenv("SLURM_JOB_END_TIME", nothing[i], 1);
        assert_left(0, HUGE_VAL, HUGE_VAL);
        assert_left(2, 110, 120);
    }
    unsetenv("SLURM_JOB_END_TIME");
}

static void test_time_passes(void **state)
{
    (void)state;
    spine_interrupt_install();
    const double before = spine_interrupt_time_left(1);
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    assert_true(spine_interrupt_time_left(1) <= before - 0.015);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_signal_is_noted_once),
        cmocka_unit_test(test_a_signal_that_comes_again_is_noted_again),
        cmocka_unit_test(test_a_signal_while_requests_are_read_is_noted),
        cmocka_unit_test(test_a_hangup_that_nohup_ignores_stays_ignored),
        cmocka_unit_test(test_installing_forgets_what_was_noted),
        cmocka_unit_test(test_releasing_does_what_signals_did_before),
        cmocka_unit_test(test_a_second_request_to_end_ends_the_process),
        cmocka_unit_test(test_the_time_left_is_that_to_the_nearer_end),
        cmocka_unit_test(test_time_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
