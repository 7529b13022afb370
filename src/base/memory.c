/* memory.c -- checked allocation, the only source of "out of memory" messages. */
#include "spine/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int spine_memory_fail(const char *what, struct spine_error *err)
{
    return spine_fail(err, "out of memory for %s", what);
}

/* The bytes of 'count' elements, at least 1; 0 if they overflow size_t. */
static size_t bytes_of(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return 0;

    return count * size > 0 ? count * size : 1;
}

static void *check(void *memory, const char *what, struct spine_error *err)
{
    if (memory == NULL)
        spine_memory_fail(what, err);
    return memory;
}

void *spine_memory_get(size_t count, size_t size, const char *what, struct spine_error *err)
{
    const size_t bytes = bytes_of(count, size);

    return check(bytes == 0 ? NULL : malloc(bytes), what, err);
}

void *spine_memory_zeroed(size_t count, size_t size, const char *what, struct spine_error *err)
{
    const size_t bytes = bytes_of(count, size);

    return check(bytes == 0 ? NULL : calloc(bytes, 1), what, err);
}

void *spine_memory_aligned(size_t count, size_t size, const char *what, struct spine_error *err)
{
    const size_t bytes = bytes_of(count, size);
    if (bytes == 0 || bytes > SIZE_MAX - SPINE_MEMORY_ALIGN)
        return check(NULL, what, err);

    /* aligned_alloc() wants whole multiples of the alignment. */
    const size_t whole = (bytes + SPINE_MEMORY_ALIGN - 1) / SPINE_MEMORY_ALIGN * SPINE_MEMORY_ALIGN;
    return check(aligned_alloc(SPINE_MEMORY_ALIGN, whole), what, err);
}

char *spine_memory_copy(const char *text, const char *what, struct spine_error *err)
{
    return spine_memory_copy_part(text, strlen(text), what, err);
}

char *spine_memory_copy_part(const char *text, size_t length, const char *what,
                             struct spine_error *err)
{
    char *copy = spine_memory_get(length + 1, 1, what, err);
    if (copy == NULL)
        return NULL;

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

int spine_memory_reserve_exactly(void *list, size_t *capacity, size_t needed, size_t size,
                                 const char *what, struct spine_error *err)
{
    if (needed <= *capacity)
        return 0;

    void *first; /* whatever type it points to */
    memcpy(&first, list, sizeof first);
    const size_t bytes = bytes_of(needed, size);
    void *larger = bytes == 0 ? NULL : realloc(first, bytes);
    if (larger == NULL)
        return spine_memory_fail(what, err);

    memcpy(list, &larger, sizeof larger);
    *capacity = needed;
    return 0;
}

int spine_memory_reserve(void *list, size_t *capacity, size_t needed, size_t size, const char *what,
                         struct spine_error *err)
{
    enum { FIRST = 64 };
    if (needed <= *capacity)
        return 0;

    size_t wanted = *capacity < FIRST ? FIRST : *capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * *capacity;
    if (wanted < needed)
        wanted = needed;
    return spine_memory_reserve_exactly(list, capacity, wanted, size, what, err);
}

void spine_memory_advise_huge(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = 2 << 20, begin = ((uintptr_t)block + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)block + bytes) / page * page;

    if (begin < end)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
    (void)block, (void)bytes;
#endif
}
