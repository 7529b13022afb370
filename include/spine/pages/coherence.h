/* coherence.h -- how well the top words of each dimension go together, in a space that is read for this alone.
 *
 * Only words that are among the strongest of some dimension matter. So the space is first read with few of
 * them, and again with more where it lacks too many of those. */
#ifndef SPINE_PAGES_COHERENCE_H
#define SPINE_PAGES_COHERENCE_H

#include "spine/base/error.h"
#include "spine/space/ranking.h"
#include "spine/space/space.h"

enum { SPINE_COHERENCE_WORDS = 10 }; /* the top words of a dimension that are compared */

/* The coherence (readability.h) of all dimensions of 'space', (dimensions), in the vectors of the file 'path';
 * NaN where it is unknown. The caller frees; NULL on failure. */
double *spine_coherence_measure(const struct spine_space *space,
                                const struct spine_ranking *ranking, const char *path,
                                struct spine_error *err);

#endif
