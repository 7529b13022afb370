/* binary.h -- a binary file, read at any offset. */
#ifndef SPINE_TEXT_BINARY_H
#define SPINE_TEXT_BINARY_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_binary {
    const char *name; /* borrowed; the file's name in messages */
    int file;         /* descriptor, or -1 */
    uint64_t bytes;   /* of the file when it was opened */
};

/* Open a regular file. Messages call it 'name', which differs from the path for a spooled pipe or a
 * member of an archive. */
int spine_binary_open(struct spine_binary *binary, const char *path, const char *name,
                      struct spine_error *err);

/* Read the bytes [offset, offset + bytes). Refuses a range that isn't inside the file. */
int spine_binary_read(const struct spine_binary *binary, uint64_t offset, size_t bytes, void *to,
                      struct spine_error *err);

void spine_binary_close(struct spine_binary *binary);

/* Read a little-endian whole number of 2, 4 or 8 bytes at an address of any alignment. */
uint16_t spine_binary_u16(const void *at);
uint32_t spine_binary_u32(const void *at);
uint64_t spine_binary_u64(const void *at);

/* Count the little-endian numbers of 4 or 8 bytes ('width') that are hardly a vector's: beyond
 * 2^+-50 and not zero, or not finite. Bytes that aren't numbers usually look like such ones. */
size_t spine_binary_count_implausible(const void *at, size_t count, size_t width);

/* Copy 'count' little-endian floats from an address of any alignment. */
void spine_binary_floats(const void *at, size_t count, float *values);

#endif
