/* merge.h -- the shards of a run, joined into one file of any format (output.h).
 *
 * Shards are read a block of rows at a time: memory doesn't grow with their number. Local: one
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

/* Join the checked shards into the file 'path', complete or not at all. 'options' may be NULL:
 * nothing is changed; so may 'source': it is read from the run's own files, as far as they are
 * there. */
int spine_merge(const char *directory, const char *path, const struct spine_output_options *options,
                const struct spine_output_source *source, struct spine_merge_report *report,
                struct spine_error *err);

#endif
