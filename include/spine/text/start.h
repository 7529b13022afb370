/* start.h -- the first bytes of a file, which show its form. */
#ifndef SPINE_TEXT_START_H
#define SPINE_TEXT_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

enum { SPINE_START_BYTES = 1 << 16 }; /* that are read, if the file has as many */

struct spine_start {
    const char *name; /* of the file in messages; borrowed, as is 'at' */
    const char *at;
    size_t bytes;        /* at 'at' */
    uint64_t file_bytes; /* of the file; UINT64_MAX if unknown */
};

/* Read the first bytes of a file or stream (stream.h), which the caller frees, even after a
 * failure. */
int spine_start_read(const char *path, struct spine_start *start, char **bytes,
                     struct spine_error *err);

/* Does 'what' follow 'offset' bytes? */
bool spine_start_holds(const struct spine_start *start, size_t offset, const char *what,
                       size_t length);

/* Is 'what' anywhere in it? */
bool spine_start_mentions(const struct spine_start *start, const char *what);

/* Count the control bytes of ASCII other than white space. */
size_t spine_start_count_controls(const struct spine_start *start);
bool spine_start_has_controls(const struct spine_start *start);

/* Is it the whole file? */
bool spine_start_is_whole(const struct spine_start *start);

/* Little-endian whole numbers; 0 where the bytes end before. */
uint32_t spine_start_u32(const struct spine_start *start, size_t offset);
uint64_t spine_start_u64(const struct spine_start *start, size_t offset);

#endif
