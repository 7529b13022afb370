/* clock.h -- the time, for measuring and for logs. */
#ifndef SPINE_BASE_CLOCK_H
#define SPINE_BASE_CLOCK_H

/* Seconds since some moment in the past, which never jump: for how long something took. */
double spine_clock_now(void);

/* Seconds since 1970 began, UTC, as the system's clock has them: it may be set back. */
double spine_clock_date(void);

#endif
