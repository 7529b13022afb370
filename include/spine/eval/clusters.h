/* clusters.h -- k-means.
 *
 * Initial centres are drawn as in k-means++ (Arthur and Vassilvitskii 2007). Then, as in Lloyd's
 * algorithm, every point is assigned to the nearest centre, ties to the lower one, and every centre
 * moves to the mean of its points, until nothing changes, at most 100 times. A centre that loses
 * all its points moves to the point that is farthest from its own centre. The best of 'restarts'
 * attempts is kept, by the sum of squared distances. The result is a function of the arguments, on
 * any number of threads. */
#ifndef SPINE_EVAL_CLUSTERS_H
#define SPINE_EVAL_CLUSTERS_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

/* Cluster points (n, dim) into k clusters, 1 <= k <= n; cluster (n) gets each point's number below
 * k. */
int spine_clusters_find(const float *points, size_t n, size_t dim, size_t k, size_t restarts,
                        uint64_t seed, uint32_t *cluster, struct spine_error *err);

#endif
