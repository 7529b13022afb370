/* bytes.h -- files of any bytes, built up piece by piece. After temporary.h. */
#ifndef SPINE_BYTES_H
#define SPINE_BYTES_H

#include <stdint.h>

#include "support/temporary.h"

/* Bytes to be written; a zeroed struct is empty. */
struct bytes {
    size_t count;
    unsigned char at[1 << 16];
};

static inline void add_bytes(struct bytes *bytes, const void *more, size_t count)
{
    if (count > sizeof bytes->at - bytes->count)
        abort();
    memcpy(bytes->at + bytes->count, more, count);
    bytes->count += count;
}

static inline void add_text(struct bytes *bytes, const char *text)
{
    add_bytes(bytes, text, strlen(text));
}

/* A whole number of 'width' bytes, little-endian. */
static inline void add_whole(struct bytes *bytes, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) {
        const unsigned char byte = (unsigned char)(value >> 8 * i);
        add_bytes(bytes, &byte, 1);
    }
}

static inline void add_float(struct bytes *bytes, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_whole(bytes, bits, 4);
}

static inline void put_bytes(const struct path *path, const struct bytes *bytes)
{
    FILE *file = fopen(path->text, "wb");
    if (file == NULL || fwrite(bytes->at, 1, bytes->count, file) != bytes->count ||
        fclose(file) != 0)
        abort();
}

#endif
