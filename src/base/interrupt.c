/* interrupt.c -- signals and time limits: requests to save or to stop. */
#include "spine/base/interrupt.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"

/* Set by the handler, cleared by the reader. */
static volatile sig_atomic_t save_requested, leave_requested, hurry_requested;
static volatile sig_atomic_t hurried_by; /* the last signal to do so; not cleared */
static double started;                   /* when they were installed, by spine_clock_now() */

static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGXCPU, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[SIGNALS]; /* what they did before we took them */

static void note(int signal_number)
{
    switch (signal_number) {
    case SIGUSR2:
        save_requested = 1;
        break;
    case SIGUSR1:
        leave_requested = 1;
        break;
    case SIGXCPU: /* comes every second, until the hard limit */
        hurry_requested = 1;
        hurried_by = signal_number;
        break;
    default:
        hurry_requested = 1;
        hurried_by = signal_number;
        signal(signal_number, SIG_DFL); /* the next one ends the process */
    }
}

void spine_interrupt_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    save_requested = leave_requested = hurry_requested = hurried_by = 0;
    started = spine_clock_now();
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) != 0)
            continue;
        if (now.sa_handler != note)
            before[i] = now;
        /* nohup ignores it, and so does a shell that leaves its jobs behind. */
        if (signals[i] != SIGHUP || now.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

void spine_interrupt_release(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    if (hurried_by != 0)
        raise(hurried_by);
}

void spine_interrupt_outlive_readers(void)
{
    signal(SIGPIPE, SIG_IGN);
}

/* Only what was seen is cleared: a signal that comes between the two isn't lost. */
static bool fetch_and_clear(volatile sig_atomic_t *request)
{
    if (*request == 0)
        return false;

    *request = 0;
    return true;
}

bool spine_interrupt_save(void)
{
    return fetch_and_clear(&save_requested);
}

bool spine_interrupt_leave(void)
{
    return fetch_and_clear(&leave_requested);
}

bool spine_interrupt_hurry(void)
{
    return fetch_and_clear(&hurry_requested);
}

bool spine_interrupt_was_hurried(void)
{
    return hurried_by != 0;
}

double spine_interrupt_time_left(double minutes)
{
    const char *slurm = getenv("SLURM_JOB_END_TIME"); /* seconds since 1970 */
    const double job_end = slurm == NULL ? 0 : strtod(slurm, NULL);
    double left = HUGE_VAL;

    if (minutes > 0) /* whatever happens to the date */
        left = started + 60 * minutes - spine_clock_now();
    if (job_end > 0 && job_end - spine_clock_date() < left)
        left = job_end - spine_clock_date();
    return left;
}
