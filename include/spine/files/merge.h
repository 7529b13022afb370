/* merge.h -- the shards of a run, merged into one file of any format (output.h).
 *
 * Shards are read a block of rows at a time, so memory doesn't grow with their number. Local: one
 * rank does it. */
#ifndef SPINE_FILES_MERGE_H
#define SPINE_FILES_MERGE_H

#include <stddef.h>

#include "spine/base/error.h"
#include "spine/files/output.h"

struct spine_merge_report {
    size_t shards;
    struct spine_output_report output;
};

/* Check the shards and merge them into the file 'path', which appears complete or not at all. If
 * 'options' is NULL, values aren't changed. If 'source' is NULL, it is read from those of the run's
 * files that exist. */
int spine_merge(const char *directory, const char *path, const struct spine_output_options *options,
                const struct spine_output_source *source, struct spine_merge_report *report,
                struct spine_error *err);

#endif
