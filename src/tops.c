/* tops.c -- the words that a unit fires most for. */
#include "spine/tops.h"

#include <stdlib.h>
#include <string.h>

/* Put a word into its unit's sorted list, if it belongs there. Rows come in ascending order, so
 * an equal one goes behind. */
static void insert(struct spine_tops *tops, size_t unit, float strength, size_t row)
{
    struct spine_top *top = tops->top + unit * tops->most;
    size_t place = tops->count[unit];
    tops->active[unit]++;
    while (place > 0 && top[place - 1].strength < strength)
        place--;
    if (place == tops->most)
        return;
    const size_t kept = tops->count[unit] < tops->most ? tops->count[unit] : tops->most - 1;
    memmove(top + place + 1, top + place, (kept - place) * sizeof *top);
    top[place] = (struct spine_top){strength, row};
    tops->count[unit] = kept + 1;
}

/* The excess of a row's unit; *at walks through the row's excess entries, which ascend. */
static float excess_of(const struct spine_csr *excess, size_t row, int32_t unit, int64_t *at)
{
    while (*at < excess->indptr[row + 1] && excess->indices[*at] < unit)
        ++*at;
    return *at < excess->indptr[row + 1] && excess->indices[*at] == unit ? excess->data[*at] : 0;
}

static void insert_block(struct spine_tops *tops, const struct spine_codes *codes, size_t first)
{
    const struct spine_csr *block = &codes->block;
    for (size_t i = 0; i < block->rows; i++) {
        int64_t at_excess = codes->block_excess.indptr[i];
        for (int64_t at = block->indptr[i]; at < block->indptr[i + 1]; at++) {
            const int32_t unit = block->indices[at];
            const float excess = excess_of(&codes->block_excess, i, unit, &at_excess);
            insert(tops, (size_t)unit, block->data[at] + excess, first + i);
        }
    }
}

int spine_tops_init(struct spine_tops *tops, struct spine_codes *codes, size_t most,
                    struct spine_error *err)
{
    *tops = (struct spine_tops){.hidden = codes->hidden, .most = most};
    tops->count = calloc(codes->hidden, sizeof *tops->count);
    tops->active = calloc(codes->hidden, sizeof *tops->active);
    tops->top = calloc(codes->hidden * most, sizeof *tops->top);
    int rc = tops->count == NULL || tops->active == NULL || tops->top == NULL
                 ? spine_fail(err, "out of memory for the top words of %zu units", codes->hidden)
                 : 0;
    const size_t block = spine_codes_block_rows(codes);
    for (size_t first = 0; rc == 0 && first < codes->rows; first += block) {
        const size_t count = codes->rows - first < block ? codes->rows - first : block;
        rc = spine_codes_read(codes, first, count, err);
        if (rc == 0)
            insert_block(tops, codes, first);
    }
    if (rc == 0)
        rc = spine_store_read_words(codes->store, codes->words, 0, codes->rows, &tops->words, err);
    if (rc != 0)
        spine_tops_dispose(tops);
    return rc;
}

void spine_tops_dispose(struct spine_tops *tops)
{
    free(tops->count);
    free(tops->active);
    free(tops->top);
    spine_words_dispose(&tops->words);
    *tops = (struct spine_tops){0};
}

const struct spine_top *spine_tops_get(const struct spine_tops *tops, size_t unit, size_t place)
{
    return &tops->top[unit * tops->most + place];
}

const char *spine_tops_word(const struct spine_tops *tops, size_t unit, size_t place)
{
    return spine_words_get(&tops->words, spine_tops_get(tops, unit, place)->row);
}

double spine_tops_mean(const struct spine_tops *tops, size_t unit)
{
    double sum = 0;
    for (size_t place = 0; place < tops->count[unit]; place++)
        sum += (double)spine_tops_get(tops, unit, place)->strength;
    return sum / (double)tops->most;
}

static int by_strength(const void *a, const void *b)
{
    const struct spine_unit *first = a, *second = b;
    if (first->strength != second->strength)
        return first->strength < second->strength ? 1 : -1;
    return first->unit < second->unit ? -1 : 1;
}

int spine_tops_units_of(struct spine_codes *codes, size_t row, struct spine_unit **units,
                        size_t *count, struct spine_error *err)
{
    *units = NULL;
    *count = 0;
    if (spine_codes_read(codes, row, 1, err))
        return -1;
    const struct spine_csr *block = &codes->block;
    *units = malloc((block->count + 1) * sizeof **units);
    if (*units == NULL)
        return spine_fail(err, "out of memory for %zu units", block->count);
    int64_t at_excess = 0;
    for (size_t at = 0; at < block->count; at++) {
        const int32_t unit = block->indices[at];
        const float excess = excess_of(&codes->block_excess, 0, unit, &at_excess);
        (*units)[at] = (struct spine_unit){block->data[at] + excess, (size_t)unit};
    }
    *count = block->count;
    qsort(*units, *count, sizeof **units, by_strength);
    return 0;
}
