/* coherence.h -- the coherence of each dimension's top words, in a space that is read only for
 * this.
 *
 * Only top words are needed. So the space is first read for a few words of each dimension, and
 * again for more if it lacks too many of them. */
#ifndef SPINE_PAGES_COHERENCE_H
#define SPINE_PAGES_COHERENCE_H

#include "spine/base/error.h"
#include "spine/space/ranking.h"
#include "spine/space/space.h"

enum { SPINE_COHERENCE_WORDS = 10 }; /* the top words of a dimension that are compared */

/* Measure the coherence (readability.h) of each dimension of 'space' by the vectors of the file
 * 'path'. Returns (dimensions) numbers, NaN if unknown, which the caller frees; NULL on failure. */
double *spine_coherence_measure(const struct spine_space *space,
                                const struct spine_ranking *ranking, const char *path,
                                struct spine_error *err);

#endif
