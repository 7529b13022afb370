/* npzfile.h -- NumPy's .npz: named arrays in a zip archive, uncompressed.
 *
 * Each array is written to a spool (sink.h), which begins with SPINE_SINK_NPY bytes for the header
 * of a NumPy file. All functions are local. */
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

/* Create the spool of an array in the directory of 'path'. */
int spine_npzfile_begin(struct spine_npzfile_array *array, const char *path,
                        struct spine_error *err);

/* Complete the array by writing its header. 'shape' is that of spine_sink_npy_header(). */
int spine_npzfile_end(struct spine_npzfile_array *array, const char *path, const char *shape,
                      struct spine_error *err);

/* Write the archive to PATH.part, complete or not at all; spine_outfile_publish() publishes it. */
int spine_npzfile_write(const char *path, struct spine_npzfile_array *arrays, size_t count,
                        struct spine_error *err);

/* Close the spools. */
void spine_npzfile_dispose(struct spine_npzfile_array *arrays, size_t count);

#endif
