/* timeline.h -- what each rank did when, for Chrome's trace viewer (chrome://tracing, Perfetto). */
#ifndef SPINE_RANKS_TIMELINE_H
#define SPINE_RANKS_TIMELINE_H

#include "spine/ranks/comm.h"

struct spine_timeline_event {
    const char *name;  /* a literal */
    double begin, end; /* spine_comm_clock() */
};

struct spine_timeline {
    size_t count, most;
    struct spine_timeline_event *events; /* owned; (most) */
};

/* Allocate memory for 'most' events; later ones are dropped. */
int spine_timeline_init(struct spine_timeline *timeline, size_t most, struct spine_error *err);
void spine_timeline_dispose(struct spine_timeline *timeline);

/* Record an event; does nothing if timeline is NULL. Local. */
void spine_timeline_add(struct spine_timeline *timeline, const char *name, double begin,
                        double end);

/* Write all ranks' events to 'path' in Chrome's trace event format. Times come from each rank's
 * clock; clocks agree only within a host. Collective. */
int spine_timeline_write(const struct spine_timeline *timeline, struct spine_comm *comm,
                         const char *path, struct spine_error *err);

#endif
