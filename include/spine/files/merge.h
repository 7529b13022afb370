/* merge.h -- the shards of a run, merged into files of any format (output.h).
 *
 * Shards are read a block of rows at a time, so memory doesn't grow with their number. Local: one
 * rank does it. */
#ifndef SPINE_FILES_MERGE_H
#define SPINE_FILES_MERGE_H

#include <stddef.h>

#include "spine/base/error.h"
#include "spine/files/output.h"

struct spine_merge_request {
    const char *directory; /* of the run; borrowed, as all */
    const char *const *paths;
    size_t num_paths;
    const struct spine_output_options *options; /* NULL: values aren't changed */
    /* NULL: it is read from those files of the run that exist. */
    const struct spine_output_source *source;
};

struct spine_merge_report {
    size_t shards;
    struct spine_output_report output;
};

/* Check the shards and merge them into all files, which appear together (outputs.h) and complete,
 * or not at all. 'reports' has room for num_paths. */
int spine_merge(const struct spine_merge_request *request, struct spine_merge_report *reports,
                struct spine_error *err);

/* The same into one file, which is a common case. */
int spine_merge_into(const char *directory, const char *path,
                     const struct spine_output_options *options,
                     const struct spine_output_source *source, struct spine_merge_report *report,
                     struct spine_error *err);

#endif
