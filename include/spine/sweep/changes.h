/* changes.h -- the file .changes of a sweep: which trials' records were written, in order.
 *
 * An entry for each time: the trial's number, in 8 bytes. All is done while the sweep is locked, but
 * reading by those that only look. Local. */
#ifndef SPINE_SWEEP_CHANGES_H
#define SPINE_SWEEP_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spine/base/error.h"

/* Up to where the file was read. Begins zeroed. */
struct spine_changes {
    bool is_read;
    off_t seen; /* bytes */
};

/* The trials that have changed since. */
struct spine_changed {
    bool is_known;  /* else any may have: at first, or where the file isn't what we wrote */
    size_t *trials; /* owned; (count), a trial as often as it has changed */
    size_t count, capacity;
    off_t end; /* of the file */
};

/* Note that a trial's record changes; before it does, so that it can't go unnoticed. */
int spine_changes_note(const char *path, size_t trial, struct spine_error *err);

/* Read what has changed. On success the caller frees changed->trials; once it has read these trials,
 * it calls spine_changes_settle(). */
int spine_changes_read(const struct spine_changes *changes, const char *path,
                       struct spine_changed *changed, struct spine_error *err);
void spine_changes_settle(struct spine_changes *changes, const struct spine_changed *changed);

#endif
