/* tree.h -- the order in which sums over rows are added up, on any grid of ranks.
 *
 * The strata of a batch (partition.h) are cut into leaves. The sum over a leaf is a chain in the
 * order of its rows. Sums of leaves are added up in a binary tree: leaf 2 i to leaf 2 i + 1, the
 * sums of leaves 4 i and 4 i + 1 to those of 4 i + 2 and 4 i + 3, and so on; what has no
 * counterpart goes up as it is. A group of rows that is a node of that tree can be summed by
 * itself. Arithmetic only. */
#ifndef SPINE_MATH_TREE_H
#define SPINE_MATH_TREE_H

#include <stddef.h>

/* Strata whose rows are computed with together; leaves have whole numbers of them. */
enum { SPINE_TREE_BLOCK = 64 };

/* Levels of a tree, at most. */
enum { SPINE_TREE_LEVELS = 40 };

/* The strata of a leaf in a batch of this size (SPINE_TREE_BLOCK). */
size_t spine_tree_leaf(size_t batch_size);

/* How many sums wait to be added to the one that ends with leaf 'last' before the sum of leaf
 * 'next' is begun (last < next; next = SIZE_MAX: there is none). 'waiting' has the last leaves of
 * the sums that wait, '*num_waiting' of them, and is brought up to date. */
int spine_tree_merges(size_t *waiting, size_t *num_waiting, size_t last, size_t next);

/* out (count) = the sum of the sources (count), of which source i is the sum over a node of the tree
 * that has leaf leaves[i]; ascending, at most SPINE_TREE_MOST. 'out' may be one of them. */
enum { SPINE_TREE_MOST = 4096 };
void spine_tree_sum(size_t num_sources, const float *const *sources, const size_t *leaves,
                    size_t count, float *out);

/* Leaves of group 'group' of 'groups': [*first, *end). The groups are nodes of the tree over
 * num_leaves leaves, made by halving the largest; groups <= num_leaves. */
void spine_tree_group(size_t num_leaves, size_t groups, size_t group, size_t *first, size_t *end);

#endif
