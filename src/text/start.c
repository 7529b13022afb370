/* start.c -- the first bytes of a file. */
#include "spine/text/start.h"

#include <ctype.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/text/binary.h"
#include "spine/text/stream.h"

/* Read until there are SPINE_START_BYTES or the file ends. */
static int fill(struct spine_stream *stream, char *to, size_t *bytes, struct spine_error *err)
{
    size_t got = 1;

    *bytes = 0;
    while (*bytes < SPINE_START_BYTES && got > 0) {
        if (spine_stream_read(stream, to + *bytes, SPINE_START_BYTES - *bytes, &got, err))
            return -1;
        *bytes += got;
    }
    return 0;
}

int spine_start_read(const char *path, struct spine_start *start, char **bytes,
                     struct spine_error *err)
{
    struct spine_stream *stream = NULL;

    *bytes = NULL;
    *start = (struct spine_start){.name = path, .file_bytes = UINT64_MAX};
    if (spine_stream_open(&stream, path, err))
        return -1;
    *bytes = spine_memory_get(SPINE_START_BYTES, 1, "the beginning of the file", err);
    const int rc = *bytes == NULL ? -1 : fill(stream, *bytes, &start->bytes, err);

    start->at = *bytes;
    if (spine_stream_packing(stream) == SPINE_PACKING_NONE && spine_stream_is_file(stream))
        start->file_bytes = spine_stream_bytes(stream);
    spine_stream_close(stream);
    return rc;
}

bool spine_start_holds(const struct spine_start *start, size_t offset, const char *what,
                       size_t length)
{
    return start->bytes >= offset && start->bytes - offset >= length &&
           memcmp(start->at + offset, what, length) == 0;
}

bool spine_start_mentions(const struct spine_start *start, const char *what)
{
    const size_t length = strlen(what);

    for (size_t i = 0; i + length <= start->bytes; i++)
        if (memcmp(start->at + i, what, length) == 0)
            return true;
    return false;
}

size_t spine_start_count_controls(const struct spine_start *start)
{
    size_t count = 0;

    for (size_t i = 0; i < start->bytes; i++)
        count += iscntrl((unsigned char)start->at[i]) && !isspace((unsigned char)start->at[i]);
    return count;
}

bool spine_start_has_controls(const struct spine_start *start)
{
    return spine_start_count_controls(start) > 0;
}

bool spine_start_is_whole(const struct spine_start *start)
{
    return start->bytes == start->file_bytes || start->bytes < SPINE_START_BYTES;
}

uint32_t spine_start_u32(const struct spine_start *start, size_t offset)
{
    if (start->bytes < offset || start->bytes - offset < sizeof(uint32_t))
        return 0;
    return spine_binary_u32(start->at + offset);
}

uint64_t spine_start_u64(const struct spine_start *start, size_t offset)
{
    if (start->bytes < offset || start->bytes - offset < sizeof(uint64_t))
        return 0;
    return spine_binary_u64(start->at + offset);
}
