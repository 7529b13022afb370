/* tops.h -- the words that a unit fires most for.
 *
 * Words of a unit are ordered by strength: the value of the code, or what it was before the clamp
 * for those at 1 (codes.h, excess); among equals the earlier row, in a frequency list the more
 * frequent word, comes first. Local. */
#ifndef SPINE_TOPS_H
#define SPINE_TOPS_H

#include "spine/codes.h"

struct spine_top {
    float strength;
    size_t row;
};

/* The 'most' strongest words of every unit. */
struct spine_tops {
    size_t hidden, most;
    size_t *count;            /* owned; (hidden): how many of 'most' there are */
    size_t *active;           /* owned; (hidden): rows in which the unit is on */
    struct spine_top *top;    /* owned; (hidden, most), strongest first */
    struct spine_words words; /* owned; of all rows */
};

/* Read all codes once. */
int spine_tops_init(struct spine_tops *tops, struct spine_codes *codes, size_t most,
                    struct spine_error *err);
void spine_tops_dispose(struct spine_tops *tops);

/* Strong word 'place' of a unit, and its word. */
const struct spine_top *spine_tops_get(const struct spine_tops *tops, size_t unit, size_t place);
const char *spine_tops_word(const struct spine_tops *tops, size_t unit, size_t place);

/* The mean strength of a unit's strongest words; absent ones count 0. */
double spine_tops_mean(const struct spine_tops *tops, size_t unit);

/* The units of one row, strongest first: *unit (allocated, the caller frees) and *count. */
struct spine_unit {
    float strength;
    size_t unit;
};
int spine_tops_units_of(struct spine_codes *codes, size_t row, struct spine_unit **units,
                        size_t *count, struct spine_error *err);

#endif
