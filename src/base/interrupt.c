/* interrupt.c -- when somebody outside asks the program to save or to stop. */
#include "spine/base/interrupt.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"

/* Set by the handler, cleared by the reader. */
static volatile sig_atomic_t save_asked, leave_asked, hurry_asked;
static double started; /* when the signals were installed, by the wall clock */

static void note(int signal_number)
{
    switch (signal_number) {
    case SIGUSR2:
        save_asked = 1;
        break;
    case SIGUSR1:
        leave_asked = 1;
        break;
    default:
        hurry_asked = 1;
        signal(signal_number, SIG_DFL); /* the next one ends us */
    }
}

void spine_interrupt_install(void)
{
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    save_asked = leave_asked = hurry_asked = 0;
    started = spine_clock_date();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

static int take(volatile sig_atomic_t *asked)
{
    const int was = *asked;
    *asked = 0;
    return was;
}

int spine_interrupt_save(void)
{
    return take(&save_asked);
}

int spine_interrupt_leave(void)
{
    return take(&leave_asked);
}

int spine_interrupt_hurry(void)
{
    return take(&hurry_asked);
}

double spine_interrupt_time_left(double minutes)
{
    const char *slurm = getenv("SLURM_JOB_END_TIME"); /* seconds since 1970 */
    const double job_end = slurm == NULL ? 0 : strtod(slurm, NULL);
    double end = HUGE_VAL;
    if (minutes > 0)
        end = started + 60 * minutes;
    if (job_end > 0 && job_end < end)
        end = job_end;
    return end - spine_clock_date();
}
