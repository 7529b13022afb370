/* plane.h -- dimensions as points on a map: points are close if their decoder rows point the same
 * way.
 *
 * The points begin at the first two principal components of the rows, scaled to length 1. Then, as
 * in UMAP (McInnes, Healy, Melville: "UMAP: Uniform Manifold Approximation and Projection for
 * Dimension Reduction", 2018, section 3.2), each point is pulled towards its neighbours and pushed
 * away from random other points, by the gradient of the cross-entropy with the similarity 1 / (1 +
 * d^2). Distances between far points mean little. */
#ifndef SPINE_SPACE_PLANE_H
#define SPINE_SPACE_PLANE_H

#include "spine/space/neighbours.h"

/* Find the points of all dimensions, (neighbours->dimensions, 2). 'neighbours' are those that
 * spine_neighbours_by_cosine() found for W, (dimensions, dim), whose rows begin every 'stride'
 * floats. The same input gives the same points. Local. */
int spine_plane_place(double *points, const struct spine_neighbours *neighbours, const float *W,
                      size_t dim, size_t stride, struct spine_error *err);

#endif
