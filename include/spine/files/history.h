/* history.h -- metrics.jsonl (metrics.h) read back, as columns for a page. */
#ifndef SPINE_FILES_HISTORY_H
#define SPINE_FILES_HISTORY_H

#include <stddef.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* Read the file into an object with an array for each field of struct spine_metrics, null where an
 * epoch has none: {"epoch": [1, 2, ...], "rl": [...], ...}, to six digits. Of more than 'most'
 * epochs the evaluated ones, the last, and evenly spaced ones stay. A last line without its end is
 * being written and left out. *history is NULL if there is no such file; the caller deletes it. */
int spine_history_read(const char *path, size_t most, struct cJSON **history,
                       struct spine_error *err);

#endif
