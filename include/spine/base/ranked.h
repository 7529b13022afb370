/* ranked.h -- lists of numbers with their strengths, strongest first; ties by number, the lowest
 * first. */
#ifndef SPINE_BASE_RANKED_H
#define SPINE_BASE_RANKED_H

#include <stddef.h>
#include <stdint.h>

/* A row or a dimension, and how strong it is: in a list of words of a dimension, index is a row; in
 * a list of dimensions, a dimension. */
struct spine_ranked {
    float strength;
    uint32_t index;
};

/* Sort by strength, the strongest first; ties by index, the lowest first. */
void spine_ranked_sort(struct spine_ranked *list, size_t count);

/* The strength of the entry that sorting would put at 'place', less than 'count', from 0 on. The list is
 * lost. */
float spine_ranked_select(struct spine_ranked *list, size_t count, size_t place);

/* Insert an entry into a sorted list of *count entries that holds 'most' at most, if it is among
 * the first. So offered in any order, entries come out as sorting all of them would have them. */
void spine_ranked_offer(struct spine_ranked *list, size_t *count, size_t most,
                        struct spine_ranked entry);

#endif
