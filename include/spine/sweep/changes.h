/* changes.h -- the file .changes of a sweep: whose records (record.h) were written, in order.
 *
 * For each time a record is written, the file has the trial's number in 8 bytes. Callers hold the
 * sweep's lock, except those that only show the state of the sweep. Local. */
#ifndef SPINE_SWEEP_CHANGES_H
#define SPINE_SWEEP_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spine/base/error.h"

/* How far the file was read. Begins zeroed. */
struct spine_changes {
    bool is_read;
    off_t seen; /* bytes */
};

/* The trials that have changed since then. */
struct spine_changed {
    bool is_known;  /* if not, any trial may have: on the first call, or if the file is damaged */
    size_t *trials; /* owned; (count), a trial as often as it has changed */
    size_t count, capacity;
    off_t end; /* of the file */
};

/* Note that a trial's record will change. Call it before the change, so that none goes
 * unnoticed. */
int spine_changes_note(const char *path, size_t trial, struct spine_error *err);

/* Read which trials have changed. On success the caller frees changed->trials, and calls
 * spine_changes_settle() when it has read these trials. */
int spine_changes_read(const struct spine_changes *changes, const char *path,
                       struct spine_changed *changed, struct spine_error *err);
void spine_changes_settle(struct spine_changes *changes, const struct spine_changed *changed);

#endif
