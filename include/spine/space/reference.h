/* reference.h -- the words of one space, compared by their vectors in another, the reference space.
 *
 * A dimension is readable if its top words are similar. Similarity is measured in the reference
 * space, as the cosine of the words' vectors there. A word that the reference space lacks, or has
 * with a vector of zeros, is unknown and can't be compared. */
#ifndef SPINE_SPACE_REFERENCE_H
#define SPINE_SPACE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/space/space.h"

struct spine_reference {
    size_t rows;                      /* of the space whose words are compared */
    size_t dimensions;                /* of the reference space */
    const struct spine_space *source; /* borrowed if it is dense; else NULL */
    uint32_t *row;                    /* owned; (rows): in the source; 0 if unknown */
    double *norm;     /* owned; (rows): the lengths of the vectors there; 0 if unknown */
    float *length;    /* owned; (rows): the same, rounded */
    float *direction; /* owned; (rows, dimensions), where the source isn't dense: vectors of length
                       * 1, zeros if unknown; else NULL, and they are scaled where they are used */
};

/* Look up the words of 'subject' in the space 'source', which may be the same one, and must stay as
 * it is as long as the reference is used. */
int spine_reference_init(struct spine_reference *reference, const struct spine_space *source,
                         const struct spine_space *subject, struct spine_error *err);

void spine_reference_dispose(struct spine_reference *reference);

/* Is the subject's word 'row' known? */
bool spine_reference_knows(const struct spine_reference *reference, size_t row);

/* The number of the subject's words that aren't. */
size_t spine_reference_unknown(const struct spine_reference *reference);

/* The cosine and the Euclidean distance of two known words' vectors. */
double spine_reference_cosine(const struct spine_reference *reference, size_t row, size_t other);
double spine_reference_distance(const struct spine_reference *reference, size_t row, size_t other);

/* The cosines of a known word's vector and those of 'count' others. */
void spine_reference_cosines(const struct spine_reference *reference, size_t row,
                             const uint32_t *others, size_t count, double *cosines);

#endif
