/* checksum.h -- a checksum at the end of a checkpoint.
 *
 * It detects a damaged file before HDF5 reads it, and covers what HDF5's own checksums leave out:
 * attributes and the structure of the file. It has 32 bytes, which HDF5 ignores after its own: the
 * name "spine-seal XXH3 ", which early versions gave it, and the XXH3 of all bytes before the name
 * in 16 hexadecimal digits. */
#ifndef SPINE_FILES_CHECKSUM_H
#define SPINE_FILES_CHECKSUM_H

#include <stdbool.h>

#include "spine/base/error.h"

/* Append the checksum to the file 'part', which messages call 'path'. */
int spine_checksum_put(const char *part, const char *path, struct spine_error *err);

/* Refuse a file whose checksum is missing or doesn't match, and set *is_damaged. If the file can't
 * be read, fail without setting it. */
int spine_checksum_check(const char *path, bool *is_damaged, struct spine_error *err);

#endif
