/* topwords.c -- the top words of every dimension, and intruders among them. */
#include "spine/space/topwords.h"

#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

static bool is_known(const struct spine_reference *reference, size_t row)
{
    return reference == NULL || spine_reference_knows(reference, row);
}

static void find_tops(struct spine_topwords *topwords, const struct spine_reference *reference)
{
    const struct spine_ranking *ranking = topwords->ranking;
    const size_t most = topwords->most;
    const size_t strongest = most > SPINE_TOPWORDS_STRONGEST ? most : SPINE_TOPWORDS_STRONGEST;
    for (size_t j = 0; j < ranking->dimensions; j++) {
        const struct spine_ranked *entries = spine_ranking_get(ranking, j);
        uint32_t *top = topwords->top + j * most;
        for (size_t i = 0; i < ranking->active[j] && topwords->count[j] < most; i++)
            if (is_known(reference, entries[i].index))
                top[topwords->count[j]++] = entries[i].index;
        for (size_t i = 0; i < ranking->active[j] && i < strongest; i++)
            topwords->known[j] += is_known(reference, entries[i].index);
    }
}

/* Mark the rows that are in the top tenth of a dimension, then list them. */
static void find_pool(struct spine_topwords *topwords, const struct spine_reference *reference,
                      unsigned char *is_in)
{
    const struct spine_ranking *ranking = topwords->ranking;
    const size_t tenth = (ranking->rows + 9) / 10;
    for (size_t j = 0; j < ranking->dimensions; j++) {
        const struct spine_ranked *entries = spine_ranking_get(ranking, j);
        for (size_t i = 0; i < ranking->active[j] && i < tenth; i++)
            is_in[entries[i].index] = 1;
    }
    for (size_t row = 0; row < ranking->rows; row++)
        if (is_in[row] && is_known(reference, row))
            topwords->pool[topwords->pool_count++] = (uint32_t)row;
}

int spine_topwords_init(struct spine_topwords *topwords, const struct spine_space *space,
                        const struct spine_ranking *ranking,
                        const struct spine_reference *reference, size_t most,
                        struct spine_error *err)
{
    *topwords = (struct spine_topwords){.space = space, .ranking = ranking, .most = most};
    topwords->count =
        spine_memory_zeroed(ranking->dimensions, sizeof *topwords->count, "the top words", err);
    topwords->known =
        spine_memory_zeroed(ranking->dimensions, sizeof *topwords->known, "the top words", err);
    topwords->top = spine_memory_zeroed(ranking->dimensions * most, sizeof *topwords->top,
                                        "the top words", err);
    topwords->pool = spine_memory_zeroed(ranking->rows, sizeof *topwords->pool,
                                         "the words that may intrude", err);
    unsigned char *is_in = spine_memory_zeroed(ranking->rows, 1, "the words that may intrude", err);

    const bool is_whole = topwords->count != NULL && topwords->known != NULL &&
                          topwords->top != NULL && topwords->pool != NULL && is_in != NULL;
    if (is_whole) {
        find_tops(topwords, reference);
        find_pool(topwords, reference, is_in);
    }

    free(is_in);
    if (is_whole)
        return 0;
    spine_topwords_dispose(topwords);
    return -1;
}

void spine_topwords_dispose(struct spine_topwords *topwords)
{
    free(topwords->count);
    free(topwords->known);
    free(topwords->top);
    free(topwords->pool);
    *topwords = (struct spine_topwords){0};
}

const uint32_t *spine_topwords_top(const struct spine_topwords *topwords, size_t dimension)
{
    return topwords->top + dimension * topwords->most;
}

int64_t spine_topwords_intruder(const struct spine_topwords *topwords, size_t dimension,
                                size_t shown, uint64_t seed, uint32_t draw)
{
    enum { TRIES = 100 };
    if (topwords->count[dimension] < shown || topwords->pool_count == 0)
        return -1;
    const size_t last = spine_topwords_top(topwords, dimension)[shown - 1];
    const float least = spine_space_strength(topwords->space, last, dimension);
    const float median = topwords->ranking->median[dimension];
    /* Draw until one fits; if hardly any does, use the next one after the last draw. */
    size_t at = 0;
    for (size_t i = 0; i < TRIES + topwords->pool_count; i++) {
        at = i < TRIES ? spine_random_below(seed, draw, (uint32_t)dimension, (uint32_t)i,
                                            (uint32_t)topwords->pool_count)
                       : (at + 1) % topwords->pool_count;
        const float strength = spine_space_strength(topwords->space, topwords->pool[at], dimension);
        if (strength <= median && strength < least)
            return topwords->pool[at];
    }
    return -1;
}
