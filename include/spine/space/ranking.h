/* ranking.h -- the words of every dimension, and the dimensions of a word, strongest first.
 *
 * The strength of a word in a dimension is its value there; in codes, what it was before the clamp
 * at 1 (codes.h, excess). Among equals the earlier row, in a frequency list the more frequent word,
 * comes first. The top words of a dimension are the first of those above 0: the positive side. */
#ifndef SPINE_SPACE_RANKING_H
#define SPINE_SPACE_RANKING_H

#include <stddef.h>
#include <stdint.h>

#include "spine/space/space.h"

struct spine_entry {
    float strength;
    uint32_t row;
};

/* Sort: the strongest first, the lower row first among equals. */
void spine_entries_sort(struct spine_entry *entries, size_t count);

struct spine_ranking {
    size_t rows, columns;
    struct spine_entry *entries; /* owned; of column j from start[j] to start[j + 1], all but 0 */
    size_t *start;               /* owned; (columns + 1) */
    size_t *active;              /* owned; (columns): how many are above 0; they come first */
    float *median;               /* owned; (columns): over all rows; the lower one of two */
};

/* Sort all columns of the space; it takes 8 bytes a value that isn't 0. */
int spine_ranking_init(struct spine_ranking *columns, const struct spine_space *space,
                       struct spine_error *err);

/* The entries of a column, strongest first. */
const struct spine_entry *spine_ranking_get(const struct spine_ranking *columns, size_t column);

void spine_ranking_dispose(struct spine_ranking *columns);

/* A dimension, and how strong something is there. */
struct spine_unit {
    float strength;
    uint32_t unit;
};

/* The dimensions above 0 of a row of the space, strongest first, the lower number first among
 * equals, to 'units', which has room for all columns. Returns how many. */
size_t spine_ranking_of_row(const struct spine_space *space, size_t row, struct spine_unit *units);

#endif
