/* reference.h -- the neutral space in which words are compared, to judge another space's words.
 *
 * How like two words are is the cosine of their vectors there. A word that it doesn't have, or has
 * with a vector of zeros, isn't known and can't be asked about. */
#ifndef SPINE_SPACE_REFERENCE_H
#define SPINE_SPACE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/space/space.h"

struct spine_reference {
    size_t rows, dim; /* rows of the judged space */
    float *unit;      /* owned; (rows, dim): each word's vector with length 1; 0 if not known */
    float *length;    /* owned; (rows): what the length was */
};

/* Look up the words of 'judged' in 'neutral', which may be the same space. */
int spine_reference_init(struct spine_reference *reference, const struct spine_space *neutral,
                         const struct spine_space *judged, struct spine_error *err);
void spine_reference_dispose(struct spine_reference *reference);

bool spine_reference_knows(const struct spine_reference *reference, size_t row);

/* Of known words: the cosine of their vectors, and the Euclidean distance. */
double spine_reference_cosine(const struct spine_reference *reference, size_t row, size_t other);
double spine_reference_distance(const struct spine_reference *reference, size_t row, size_t other);

#endif
