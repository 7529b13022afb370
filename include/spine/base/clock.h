/* clock.h -- the time, for measuring and for logs. */
#ifndef SPINE_BASE_CLOCK_H
#define SPINE_BASE_CLOCK_H

/* Seconds since some moment in the past, from a clock that never jumps: for durations. */
double spine_clock_now(void);

/* Seconds since 1970 began, UTC, by the system's clock, which may be set back. */
double spine_clock_date(void);

#endif
