/* checksum.h -- a checksum at a checkpoint's end, which tells a whole file from a damaged one before
 * HDF5 sees it, and covers what its own checksums leave out: attributes, and where things are.
 * 16 bytes of name and the XXH3 of all before them in 16 hexadecimal digits; HDF5 doesn't mind what
 * stands behind its own bytes. */
#ifndef SPINE_FILES_CHECKSUM_H
#define SPINE_FILES_CHECKSUM_H

#include "spine/base/error.h"

/* Append the seal to the file 'part', which messages call 'path'. */
int spine_checksum_put(const char *part, const char *path, struct spine_error *err);

/* Refuse a file without a seal, or with that of other bytes. */
int spine_checksum_check(const char *path, struct spine_error *err);

#endif
