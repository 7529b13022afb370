/* merge.h -- the shards of a run, joined into one file.
 *
 *     codes.h5ad   AnnData's on-disk format (anndata 0.8 to 0.12): X is the codes as CSR, obs_names
 *                  the words, var_names the units' numbers; layers["excess"] see codes.h. Opens
 *                  with anndata.read_h5ad, scanpy and, as plain HDF5, h5py and scipy
 *     codes.txt    the published program's text: "word v v v ...", one word a line, all units
 *
 * Shards are read a block of rows at a time: memory doesn't grow with their number. Local: one
 * rank does it. */
#ifndef SPINE_FILES_MERGE_H
#define SPINE_FILES_MERGE_H

#include <stddef.h>

#include "spine/base/error.h"
#include "spine/files/codes.h"

enum spine_merge_format { SPINE_MERGE_H5AD, SPINE_MERGE_TXT };

/* The format that a file name's ending asks for: .h5ad or .txt. Refuses others. */
int spine_merge_format_of(const char *path, enum spine_merge_format *format,
                          struct spine_error *err);

struct spine_merge_report {
    size_t shards, rows, hidden, values;
    size_t escaped; /* words that aren't valid UTF-8, escaped in the .h5ad */
};

/* Join the checked shards into the file 'path', complete or not at all. */
int spine_merge(const char *directory, const char *path, enum spine_merge_format format,
                struct spine_merge_report *report, struct spine_error *err);

#endif
