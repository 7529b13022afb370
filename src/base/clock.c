/* clock.c -- the time, for measuring and for logs. */
#include "spine/base/clock.h"

#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double spine_clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double spine_clock_date(void)
{
    return read_clock(CLOCK_REALTIME);
}
