/* clock.h -- the time, for measuring and for logs. */
#ifndef SPINE_BASE_CLOCK_H
#define SPINE_BASE_CLOCK_H

#include <stddef.h>

/* Seconds since some fixed moment, from a clock that never jumps: for durations. */
double spine_clock_now(void);

/* Seconds since 1970-01-01 00:00 UTC by the system's clock, which may be set back. */
double spine_clock_date(void);

/* Write a duration for people: "2 h 10 min", "3 min 20 s", "41 s". */
void spine_clock_duration(double seconds, char *text, size_t size);

#endif
