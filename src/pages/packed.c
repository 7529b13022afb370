/* packed.c -- arrays of whole numbers in JSON. */
#include "spine/pages/packed.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stdlib.h>

#include "spine/base/memory.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Byte i of the numbers; 0 after their end. */
static unsigned byte_at(const uint32_t *numbers, size_t count, size_t width, size_t i)
{
    return i < count * width ? numbers[i / width] >> (8 * (i % width)) & 0xff : 0;
}

/* Returns NULL, with err filled, on failure; the caller frees it. */
static char *encode(const uint32_t *numbers, size_t count, size_t width, struct spine_error *err)
{
    const size_t bytes = count * width;
    char *text = spine_memory_get((bytes + 2) / 3 * 4 + 1, 1, "packed numbers", err), *end = text;
    if (text == NULL)
        return NULL;

    for (size_t i = 0; i < bytes; i += 3) {
        const unsigned group = byte_at(numbers, count, width, i) << 16 |
                               byte_at(numbers, count, width, i + 1) << 8 |
                               byte_at(numbers, count, width, i + 2);
        *end++ = digits[group >> 18];
        *end++ = digits[group >> 12 & 63];
        *end++ = i + 1 < bytes ? digits[group >> 6 & 63] : '=';
        *end++ = i + 2 < bytes ? digits[group & 63] : '=';
    }

    *end = '\0';

    return text;
}

int spine_packed_add(struct cJSON *object, const char *name, const uint32_t *numbers, size_t count,
                     size_t width, struct spine_error *err)
{
    char *text = encode(numbers, count, width, err);
    if (text == NULL)
        return -1;

    const bool is_added = cJSON_AddStringToObject(object, name, text) != NULL;
    free(text);
    if (!is_added)
        return spine_memory_fail("packed numbers", err);
    return 0;
}

int spine_lists_init(struct spine_lists *lists, size_t count, size_t most, struct spine_error *err)
{
    *lists = (struct spine_lists){.count = count};
    lists->counts = spine_memory_zeroed(count + 1, sizeof *lists->counts, "the packed lists", err);
    lists->items =
        spine_memory_get(count * most + 1, sizeof *lists->items, "the packed lists", err);
    lists->values =
        spine_memory_get(count * most + 1, sizeof *lists->values, "the packed lists", err);
    if (lists->counts != NULL && lists->items != NULL && lists->values != NULL)
        return 0;
    spine_lists_dispose(lists);
    return -1;
}

void spine_lists_dispose(struct spine_lists *lists)
{
    free(lists->counts);
    free(lists->items);
    free(lists->values);
    *lists = (struct spine_lists){0};
}

void spine_lists_append(struct spine_lists *lists, size_t list, size_t item, uint32_t value)
{
    lists->counts[list]++;
    lists->items[lists->num_items] = (uint32_t)item;
    lists->values[lists->num_items++] = value;
}

int spine_lists_add(const struct spine_lists *lists, struct cJSON *object, const char *name,
                    size_t item_width, size_t value_width, struct spine_error *err)
{
    cJSON *packed = cJSON_AddObjectToObject(object, name);
    if (spine_packed_add(packed, "counts", lists->counts, lists->count, 2, err) ||
        spine_packed_add(packed, "items", lists->items, lists->num_items, item_width, err) ||
        spine_packed_add(packed, "values", lists->values, lists->num_items, value_width, err))
        return -1;
    return 0;
}
