/* packed.h -- arrays of whole numbers in JSON, as small as they get: little-endian bytes in base64
 * (RFC 4648), for scripts that take them as typed arrays. */
#ifndef SPINE_PAGES_PACKED_H
#define SPINE_PAGES_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* Add 'count' numbers to an object under 'name', in 'width' bytes each: 1, 2 or 4, into which they
 * must fit. */
int spine_packed_add(struct cJSON *object, const char *name, const uint32_t *numbers, size_t count,
                     size_t width, struct spine_error *err);

/* Lists of items that have values, filled one after another. */
struct spine_lists {
    size_t count;     /* lists */
    uint32_t *counts; /* owned; (count): items of each */
    size_t num_items;
    uint32_t *items, *values; /* owned; (num_items): of all lists */
};

/* Make room for 'count' lists of at most 'most' items each, below 65536. */
int spine_lists_init(struct spine_lists *lists, size_t count, size_t most, struct spine_error *err);
void spine_lists_append(struct spine_lists *lists, size_t list, size_t item, uint32_t value);

/* Add them to an object as {"counts": ..., "items": ..., "values": ...}, in 2, 'item_width' and
 * 'value_width' bytes. */
int spine_lists_add(const struct spine_lists *lists, struct cJSON *object, const char *name,
                    size_t item_width, size_t value_width, struct spine_error *err);
void spine_lists_dispose(struct spine_lists *lists);

#endif
