/* groupsum.h -- the sums of a step over groups (grid.h): on a node, and between nodes.
 *
 * Counts are whole numbers, and their order doesn't matter. Gradients are summed in the order of a tree
 * whose leaves are those of the batch, not of the grid (tree.h). */
#ifndef SPINE_TRAIN_GROUPSUM_H
#define SPINE_TRAIN_GROUPSUM_H

#include "spine/train/stepper.h"

/* Sum over the groups what each has of this rank's units: h, pairs and flags. Leaves the sums of h in
 * own->counts and stepper->h_sum; returns the flags of all. Collective between nodes. */
uint64_t spine_groupsum_counts(struct spine_stepper *stepper, uint64_t flags);

/* out (count) = the sum of the gradients of the groups of the node, from element 'first' on. Local. */
void spine_groupsum_node(const struct spine_stepper *stepper, size_t first, size_t count,
                         float *out);

/* Sum slices between nodes: own->send, of 'piece' floats a node, becomes the sum over the nodes.
 * Collective between nodes. */
void spine_groupsum_nodes(struct spine_stepper *stepper, size_t piece);

#endif
