/* start.c -- the first bytes of a file. */
#include "spine/text/start.h"

#include <ctype.h>
#include <string.h>

#include "spine/text/binary.h"

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
