/* clock.c -- the time, for measuring and for logs. */
#include "spine/base/clock.h"

#include <stdio.h>
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

void spine_clock_duration(double seconds, char *text, size_t size)
{
    const long long whole = (long long)(seconds + 0.5);

    if (whole < 60)
        snprintf(text, size, "%lld s", whole);
    else if (whole < 3600)
        snprintf(text, size, "%lld min %lld s", whole / 60, whole % 60);
    else
        snprintf(text, size, "%lld h %lld min", whole / 3600, whole % 3600 / 60);
}
