/* topwords.c -- what a judge is shown of every dimension. */
#include "spine/space/topwords.h"

#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

static bool is_known(const struct spine_reference *reference, size_t row)
{
    return reference == NULL || spine_reference_knows(reference, row);
}

static void take_tops(struct spine_topwords *panel, const struct spine_reference *reference)
{
    const struct spine_ranking *columns = panel->columns;
    for (size_t j = 0; j < columns->columns; j++) {
        const struct spine_entry *entries = spine_ranking_get(columns, j);
        uint32_t *top = panel->top + j * panel->most;
        for (size_t i = 0; i < columns->active[j] && panel->count[j] < panel->most; i++)
            if (is_known(reference, entries[i].row))
                top[panel->count[j]++] = entries[i].row;
    }
}

/* Mark the rows that are in the top tenth of a dimension, then list them. */
static void take_pool(struct spine_topwords *panel, const struct spine_reference *reference,
                      unsigned char *is_in)
{
    const struct spine_ranking *columns = panel->columns;
    const size_t tenth = (columns->rows + 9) / 10;
    for (size_t j = 0; j < columns->columns; j++) {
        const struct spine_entry *entries = spine_ranking_get(columns, j);
        for (size_t i = 0; i < columns->active[j] && i < tenth; i++)
            is_in[entries[i].row] = 1;
    }
    for (size_t row = 0; row < columns->rows; row++)
        if (is_in[row] && is_known(reference, row))
            panel->pool[panel->pool_count++] = (uint32_t)row;
}

int spine_topwords_init(struct spine_topwords *panel, const struct spine_space *space,
                        const struct spine_ranking *columns,
                        const struct spine_reference *reference, size_t most,
                        struct spine_error *err)
{
    *panel = (struct spine_topwords){.space = space, .columns = columns, .most = most};
    panel->count =
        spine_memory_zeroed(columns->columns, sizeof *panel->count, "the top words", err);
    panel->top =
        spine_memory_zeroed(columns->columns * most, sizeof *panel->top, "the top words", err);
    panel->pool =
        spine_memory_zeroed(columns->rows, sizeof *panel->pool, "the words that may intrude", err);
    unsigned char *is_in = spine_memory_zeroed(columns->rows, 1, "the words that may intrude", err);
    const bool is_whole =
        panel->count != NULL && panel->top != NULL && panel->pool != NULL && is_in != NULL;
    if (is_whole) {
        take_tops(panel, reference);
        take_pool(panel, reference, is_in);
    }
    free(is_in);
    if (is_whole)
        return 0;
    spine_topwords_dispose(panel);
    return -1;
}

void spine_topwords_dispose(struct spine_topwords *panel)
{
    free(panel->count);
    free(panel->top);
    free(panel->pool);
    *panel = (struct spine_topwords){0};
}

const uint32_t *spine_topwords_top(const struct spine_topwords *panel, size_t dimension)
{
    return panel->top + dimension * panel->most;
}

int64_t spine_topwords_intruder(const struct spine_topwords *panel, size_t dimension, size_t shown,
                                uint64_t seed, uint32_t draw)
{
    enum { TRIES = 100 };
    if (panel->count[dimension] < shown || panel->pool_count == 0)
        return -1;
    const size_t last = spine_topwords_top(panel, dimension)[shown - 1];
    const float least = spine_space_strength(panel->space, last, dimension);
    const float median = panel->columns->median[dimension];
    /* Draw until one fits; where hardly any does, take the next one that follows the last draw. */
    size_t at = 0;
    for (size_t i = 0; i < TRIES + panel->pool_count; i++) {
        at = i < TRIES ? spine_random_below(seed, draw, (uint32_t)dimension, (uint32_t)i,
                                            (uint32_t)panel->pool_count)
                       : (at + 1) % panel->pool_count;
        const float strength = spine_space_strength(panel->space, panel->pool[at], dimension);
        if (strength <= median && strength < least)
            return panel->pool[at];
    }
    return -1;
}
