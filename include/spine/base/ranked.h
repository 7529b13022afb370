/* ranked.h -- lists of rows or dimensions by strength, strongest first; ties by index, lowest
 * first. */
#ifndef SPINE_BASE_RANKED_H
#define SPINE_BASE_RANKED_H

#include <stddef.h>
#include <stdint.h>

/* A row or a dimension with its strength. In a list of words of a dimension, index is a row; in a
 * list of dimensions, index is a dimension. */
struct spine_ranked {
    float strength;
    uint32_t index;
};

/* Sort by strength, the strongest first; ties by index, the lowest first. */
void spine_ranked_sort(struct spine_ranked *list, size_t count);

/* The strength of the entry that sorting would put at index 'place', from 0, below 'count'. Leaves
 * the list in no particular order. */
float spine_ranked_select(struct spine_ranked *list, size_t count, size_t place);

/* Insert an entry into a sorted list of *count entries if it is among the first 'most'. Whatever
 * the order in which entries are offered, the list is what sorting all of them would begin with. */
void spine_ranked_offer(struct spine_ranked *list, size_t *count, size_t most,
                        struct spine_ranked entry);

#endif
