/* clusters.h -- k-means.
 *
 * The first centres are drawn as k-means++ does (Arthur and Vassilvitskii 2007), the rest is
 * Lloyd's: every point goes to the nearest centre, the lower one among equals, every centre to the
 * mean of its points, until nothing moves, or 100 times. A centre that loses all its points takes
 * the point that is farthest from its own. Of 'restarts' beginnings that one counts which ends with
 * the least sum of squared distances. A function of its arguments, on any number of threads. */
#ifndef SPINE_EVAL_CLUSTERS_H
#define SPINE_EVAL_CLUSTERS_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

/* points (n, dim); 1 <= k <= n. cluster (n) gets a number below k for every point. */
int spine_clusters_find(const float *points, size_t n, size_t dim, size_t k, size_t restarts,
                        uint64_t seed, uint32_t *cluster, struct spine_error *err);

#endif
