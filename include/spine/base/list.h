/* list.h -- room in a list that grows. */
#ifndef SPINE_BASE_LIST_H
#define SPINE_BASE_LIST_H

#include <stddef.h>

#include "spine/base/error.h"

/* Make room for 'needed' elements of 'size' bytes, at least doubling: *list is the address of the
 * pointer to the first, NULL while *capacity is 0. On failure, when memory runs out for so many
 * 'what', both are as they were. */
int spine_list_reserve(void *list, size_t *capacity, size_t needed, size_t size, const char *what,
                       struct spine_error *err);

#endif
