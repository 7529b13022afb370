/* memory.h -- checked allocation, the only source of "out of memory" messages.
 *
 *     float *rows = spine_memory_zeroed(num_rows * dim, sizeof *rows, "the input's rows", err);
 *     if (rows == NULL)
 *         return -1;
 *
 * 'what' completes the message "out of memory for ...". Release all of it with free(). */
#ifndef SPINE_BASE_MEMORY_H
#define SPINE_BASE_MEMORY_H

#include <stddef.h>

#include "spine/base/error.h"

/* Allocate 'count' elements of 'size' bytes: uninitialised, zeroed, or uninitialised on a boundary
 * of SPINE_MEMORY_ALIGN bytes. A count of 0 gives a pointer that isn't NULL. Returns NULL, with err
 * filled, on failure, also if count * size overflows. */
enum { SPINE_MEMORY_ALIGN = 64 };
void *spine_memory_get(size_t count, size_t size, const char *what, struct spine_error *err);
void *spine_memory_zeroed(size_t count, size_t size, const char *what, struct spine_error *err);
void *spine_memory_aligned(size_t count, size_t size, const char *what, struct spine_error *err);

/* Copy a string, or its first 'length' bytes; the copy is NUL-terminated. */
char *spine_memory_copy(const char *text, const char *what, struct spine_error *err);
char *spine_memory_copy_part(const char *text, size_t length, const char *what,
                             struct spine_error *err);

/* Give a list of elements of 'size' bytes a capacity of at least 'needed': 'list' is the address of
 * the pointer to its first element, which is NULL while *capacity is 0. The first function at least
 * doubles the capacity, the second makes it exactly 'needed'. On failure nothing changes. */
int spine_memory_reserve(void *list, size_t *capacity, size_t needed, size_t size, const char *what,
                         struct spine_error *err);
int spine_memory_reserve_exactly(void *list, size_t *capacity, size_t needed, size_t size,
                                 const char *what, struct spine_error *err);

/* Ask the system to back new memory, not yet written to, with huge pages. With small pages, the
 * page faults of a large block cost as much as filling it, and reading it misses in the TLB. */
void spine_memory_advise_huge(void *block, size_t bytes);

/* Report that an allocation failed in another library. Returns -1. */
int spine_memory_fail(const char *what, struct spine_error *err);

#endif
