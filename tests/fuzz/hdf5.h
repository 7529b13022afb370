/* hdf5.h -- HDF5 files of all our formats, sound ones and such that a stranger might have made:
 * other types, ranks, extents and values. The HDF5 library itself doesn't survive any bytes
 * (README.md), so files are damaged through it: what it then holds is sound as HDF5. */
#ifndef SPINE_FUZZ_HDF5_H
#define SPINE_FUZZ_HDF5_H

#include "fuzz.h"

struct fuzz_format {
    const char *name;
    /* Read a file in all ways there are. Returns 0 if it was accepted. */
    int (*read)(const char *path);
    uint8_t *bytes; /* owned; (size), of a sound file */
    size_t size;
    struct fuzz_objects *objects; /* owned; what is in it */
};

enum { FUZZ_VECTORS, FUZZ_SHARD, FUZZ_MERGED, FUZZ_MODEL, FUZZ_CHECKPOINT, FUZZ_FORMATS };

/* All formats; filled by the first call. */
struct fuzz_format *fuzz_formats(void);

/* Make 'file' a file of the format with changes by these bytes; none for no bytes. */
void fuzz_change(const struct fuzz_file *file, const struct fuzz_format *format,
                 const uint8_t *bytes, size_t size);

#endif
