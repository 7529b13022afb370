/* binary.c -- a binary file, read at any offset. */
#include "spine/text/binary.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/infile.h"

int spine_binary_open(struct spine_binary *binary, const char *path, const char *name,
                      struct spine_error *err)
{
    struct stat facts;

    *binary = (struct spine_binary){.name = name, .file = spine_infile_open(path)};
    if (binary->file < 0)
        return spine_infile_fail(name, err);

    int rc = 0;
    if (fstat(binary->file, &facts) != 0)
        rc = spine_fail(err, "%s: %s", name, strerror(errno));
    else if (!S_ISREG(facts.st_mode))
        rc = spine_refuse(err, "%s: is not a regular file", name);

    if (rc)
        spine_binary_close(binary);
    else
        binary->bytes = (uint64_t)facts.st_size;
    return rc;
}

int spine_binary_read(const struct spine_binary *binary, uint64_t offset, size_t bytes, void *to,
                      struct spine_error *err)
{
    char *at = to;

    if (offset > binary->bytes || bytes > binary->bytes - offset)
        return spine_refuse(err, "%s: the file ends too early: %llu bytes, expected %llu or more",
                            binary->name, (unsigned long long)binary->bytes,
                            (unsigned long long)offset + bytes);

    while (bytes > 0) {
        const ssize_t got = pread(binary->file, at, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return spine_fail(err, "%s: %s", binary->name, strerror(errno));
        if (got == 0)
            return spine_fail(err, "%s: the file became shorter while it was read", binary->name);
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return 0;
}

void spine_binary_close(struct spine_binary *binary)
{
    if (binary->file >= 0)
        close(binary->file);
    binary->file = -1;
}

static uint64_t little_endian(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

/* Unlike little_endian(), this lets a loop be vectorised. */
static inline uint32_t load_u32(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    return value;
}

uint16_t spine_binary_u16(const void *at)
{
    return (uint16_t)little_endian(at, 2);
}

uint32_t spine_binary_u32(const void *at)
{
    return (uint32_t)little_endian(at, 4);
}

uint64_t spine_binary_u64(const void *at)
{
    return little_endian(at, 8);
}

/* Exponents within the bounds differ from the least one by at most 2 * FAR, in unsigned numbers.
 * There is no && below, so that the loop over floats is vectorised. */
enum { FAR = 50 };

static size_t count_implausible_floats(const unsigned char *at, size_t count)
{
    enum { LEAST = 127 - FAR };
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const uint32_t size = load_u32(at + 4 * i) & 0x7FFFFFFF, exponent = size >> 23;
        found += (size != 0) & (exponent - LEAST > 2 * FAR);
    }
    return found;
}

static size_t count_implausible_doubles(const unsigned char *at, size_t count)
{
    enum { LEAST = 1023 - FAR };
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t size = spine_binary_u64(at + 8 * i) & INT64_MAX, exponent = size >> 52;
        found += (size != 0) & (exponent - LEAST > 2 * FAR);
    }
    return found;
}

size_t spine_binary_count_implausible(const void *at, size_t count, size_t width)
{
    return width == 4 ? count_implausible_floats(at, count) : count_implausible_doubles(at, count);
}

void spine_binary_floats(const void *at, size_t count, float *values)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(values, at, count * sizeof *values);
#else
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = spine_binary_u32((const char *)at + 4 * i);
        memcpy(values + i, &bits, sizeof bits);
    }
#endif
}
