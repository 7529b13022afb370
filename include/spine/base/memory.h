/* memory.h -- checked allocation, the only source of "out of memory" messages.
 *
 *     float *rows = spine_memory_zeroed(num_rows * dim, sizeof *rows, "the input's rows", err);
 *     if (rows == NULL)
 *         return -1;
 *
 * 'what' completes the message "out of memory for ...". All of the memory is released with free(). */
#ifndef SPINE_BASE_MEMORY_H
#define SPINE_BASE_MEMORY_H

#include <stddef.h>

#include "spine/base/error.h"

/* Memory for 'count' elements of 'size' bytes: uninitialised, zeroed, or uninitialised
 * on a boundary of SPINE_MEMORY_ALIGN bytes. A count of 0 gives a pointer that isn't NULL. On failure,
 * also where count * size overflows: NULL, with err filled. */
enum { SPINE_MEMORY_ALIGN = 64 };
void *spine_memory_get(size_t count, size_t size, const char *what, struct spine_error *err);
void *spine_memory_zeroed(size_t count, size_t size, const char *what, struct spine_error *err);
void *spine_memory_aligned(size_t count, size_t size, const char *what, struct spine_error *err);

/* A copy of a string, or of its first 'length' bytes, NUL-terminated. */
char *spine_memory_copy(const char *text, const char *what, struct spine_error *err);
char *spine_memory_copy_part(const char *text, size_t length, const char *what,
                             struct spine_error *err);

/* Give a list of elements of 'size' bytes a capacity of at least 'needed': 'list' is the address of
 * the pointer to its first element, which is NULL while *capacity is 0. Growing at least doubles
 * the capacity, or makes it exactly 'needed'. On failure list and capacity are as they were. */
int spine_memory_reserve(void *list, size_t *capacity, size_t needed, size_t size, const char *what,
                         struct spine_error *err);
int spine_memory_reserve_exactly(void *list, size_t *capacity, size_t needed, size_t size,
                                 const char *what, struct spine_error *err);

/* Have new memory, not yet written to, backed by huge pages, if the system will: with small ones, taking the
 * page faults of a large block lasts as long as filling it, and walks through it miss translations. */
void spine_memory_advise_huge(void *block, size_t bytes);

/* For an allocation that failed in another library: fills err, returns -1. */
int spine_memory_fail(const char *what, struct spine_error *err);

#endif
