/* groupsum.h -- the sums of a step over groups (grid.h): on a node, and between nodes. Gradients
 * are summed between the nodes that have the same units, the ranks' peers.
 *
 * Counts are whole numbers, so their order doesn't matter. Gradients are summed in the order of a
 * tree whose leaves depend on the batch, not on the grid (tree.h). */
#ifndef SPINE_TRAIN_GROUPSUM_H
#define SPINE_TRAIN_GROUPSUM_H

#include <stdbool.h>

#include "spine/train/stepper.h"

/* Sum h, pairs and flags of this rank's units over the groups, and pairs and flags over all nodes.
 * The sums of h go to stepper->memory.counts and stepper->h_sum, which also gets those of other
 * hosts' units; returns the flags of all nodes. Collective between nodes. */
uint64_t spine_groupsum_counts(struct spine_stepper *stepper, uint64_t flags);

/* Is this true on any rank? Collective over the grid's ranks, which meet. */
bool spine_groupsum_any(struct spine_stepper *stepper, bool own);

/* out (count) = the sum of the gradients of the groups of the node, from element 'first' on.
 * Local. */
void spine_groupsum_node(const struct spine_stepper *stepper, size_t first, size_t count,
                         float *out);

/* Sum slices between nodes: stepper->memory.send, 'piece' floats for each node, becomes the sum
 * over the nodes. Collective between nodes. */
void spine_groupsum_nodes(struct spine_stepper *stepper, size_t piece);

#endif
