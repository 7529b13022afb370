/* npzfile.h -- NumPy's .npz: arrays by name in a zip archive, not compressed.
 *
 * Arrays are spools (sink.h) that begin with SPINE_SINK_NPY bytes for the header of a NumPy file;
 * spine_npzfile_begin() makes one. Everything here is local. */
#ifndef SPINE_FILES_NPZFILE_H
#define SPINE_FILES_NPZFILE_H

#include <stddef.h>
#include <stdio.h>

#include "spine/base/error.h"

struct spine_npzfile_array {
    const char *name;  /* of the member, such as "data.npy" */
    const char *descr; /* "<f4" */
    FILE *spool;       /* owned */
};

/* Begin the spool of an array near 'path'. */
int spine_npzfile_begin(struct spine_npzfile_array *array, const char *path,
                        struct spine_error *err);

/* Write the header in front: the array is complete. 'shape' as for spine_sink_npy_header(). */
int spine_npzfile_end(struct spine_npzfile_array *array, const char *path, const char *shape,
                      struct spine_error *err);

/* Write the archive, complete or not at all. */
int spine_npzfile_write(const char *path, struct spine_npzfile_array *arrays, size_t count,
                        struct spine_error *err);

/* Close the spools. */
void spine_npzfile_dispose(struct spine_npzfile_array *arrays, size_t count);

#endif
