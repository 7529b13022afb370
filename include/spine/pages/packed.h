/* packed.h -- arrays of whole numbers in compact JSON: little-endian bytes in base64 (RFC 4648),
 * which scripts read as typed arrays. */
#ifndef SPINE_PAGES_PACKED_H
#define SPINE_PAGES_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* Add 'count' numbers to an object as 'name', in 'width' bytes each. They must fit into that width,
 * 1, 2 or 4. */
int spine_packed_add(struct cJSON *object, const char *name, const uint32_t *numbers, size_t count,
                     size_t width, struct spine_error *err);

/* Lists of items with values; the lists are filled one after another. */
struct spine_lists {
    size_t count;     /* lists */
    uint32_t *counts; /* owned; (count): items of each */
    size_t num_items;
    uint32_t *items, *values; /* owned; (num_items): of all lists */
};

/* Allocate 'count' lists of at most 'most' items each, below 65536. */
int spine_lists_init(struct spine_lists *lists, size_t count, size_t most, struct spine_error *err);
void spine_lists_append(struct spine_lists *lists, size_t list, size_t item, uint32_t value);

/* Add the lists to an object as {"counts": ..., "items": ..., "values": ...}, with 2, 'item_width'
 * and 'value_width' bytes a number. */
int spine_lists_add(const struct spine_lists *lists, struct cJSON *object, const char *name,
                    size_t item_width, size_t value_width, struct spine_error *err);
void spine_lists_dispose(struct spine_lists *lists);

#endif
