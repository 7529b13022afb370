/* codegram.c -- the products of all pairs of units, summed over many rows of codes. */
#include "spine/math/codegram.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/exact.h"

/* Pairs that are collected: few enough for the second cache, and enough for a unit of 1,000 to have
 * 32 of them. */
enum { MOST = 32768 };

int spine_codegram_init(struct spine_codegram *gram, size_t units, struct spine_error *err)
{
    static const char what[] = "codes to be summed";

    *gram = (struct spine_codegram){.units = units};
    gram->unit = spine_memory_get(MOST, sizeof *gram->unit, what, err);
    gram->value = spine_memory_get(MOST, sizeof *gram->value, what, err);
    gram->end = spine_memory_get(MOST, sizeof *gram->end, what, err);
    gram->order = spine_memory_get(MOST, sizeof *gram->order, what, err);
    gram->begin = spine_memory_get(units + 1, sizeof *gram->begin, what, err);
    if (gram->unit == NULL || gram->value == NULL || gram->end == NULL || gram->order == NULL ||
        gram->begin == NULL) {
        spine_codegram_dispose(gram);
        return -1;
    }
    return 0;
}

void spine_codegram_dispose(struct spine_codegram *gram)
{
    free(gram->unit);
    free(gram->value);
    free(gram->end);
    free(gram->order);
    free(gram->begin);
    *gram = (struct spine_codegram){0};
}

size_t spine_codegram_bytes(size_t units)
{
    return MOST * (sizeof(int32_t) + sizeof(float) + 2 * sizeof(uint32_t)) +
           (units + 1) * sizeof(uint32_t);
}

/* Add a pair's products with itself and with the pairs after it in its row, 'count' in all. */
static void add_pair(const struct spine_codegram *gram, size_t count, const int32_t *unit,
                     const float *value)
{
    spine_exact_add_at(count, (double)value[0], value, unit, gram->shift,
                       gram->sums + (size_t)unit[0] * gram->pitch);
}

/* Sort the pairs by their units. */
static void sort(struct spine_codegram *gram)
{
    uint32_t *begin = gram->begin;

    memset(begin, 0, (gram->units + 1) * sizeof *begin);
    for (size_t p = 0; p < gram->count; p++)
        begin[gram->unit[p] + 1]++;
    for (size_t j = 0; j < gram->units; j++)
        begin[j + 1] += begin[j];
    for (size_t p = 0; p < gram->count; p++)
        gram->order[begin[gram->unit[p]]++] = (uint32_t)p;
}

void spine_codegram_add(struct spine_codegram *gram)
{
    sort(gram);
    for (size_t i = 0; i < gram->count; i++) {
        const size_t p = gram->order[i];
        add_pair(gram, gram->end[p] - p, gram->unit + p, gram->value + p);
    }
    gram->count = 0;
}

void spine_codegram_forget(struct spine_codegram *gram)
{
    gram->count = 0;
}

void spine_codegram_collect(struct spine_codegram *gram, size_t count, const int32_t *unit,
                            const float *value)
{
    if (count > MOST - gram->count)
        spine_codegram_add(gram);
    if (count > MOST) {
        for (size_t p = 0; p < count; p++)
            add_pair(gram, count - p, unit + p, value + p);
        return;
    }
    if (count == 0) /* there may be no arrays */
        return;

    const size_t begin = gram->count, end = begin + count;
    memcpy(gram->unit + begin, unit, count * sizeof *unit);
    memcpy(gram->value + begin, value, count * sizeof *value);
    for (size_t p = begin; p < end; p++)
        gram->end[p] = (uint32_t)end;
    gram->count = end;
}
