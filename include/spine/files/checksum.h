/* checksum.h -- a checksum at a checkpoint's end, which detects a damaged file before HDF5 reads
 * it, and covers what its own checksums leave out: attributes and the structure of the file.
 * 16 bytes of name, "spine-seal XXH3 ", and the XXH3 of all before them in 16 hexadecimal digits; HDF5 ignores what
 * follows its own bytes. (A seal is what checksums were called when files of this format were first written.) */
#ifndef SPINE_FILES_CHECKSUM_H
#define SPINE_FILES_CHECKSUM_H

#include <stdbool.h>

#include "spine/base/error.h"

/* Append the checksum to the file 'part', which messages call 'path'. */
int spine_checksum_put(const char *part, const char *path, struct spine_error *err);

/* Refuse a file that has no checksum, or one that doesn't match, and set *is_damaged; one that can't
 * be read isn't damaged. */
int spine_checksum_check(const char *path, bool *is_damaged, struct spine_error *err);

#endif
