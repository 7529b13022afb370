/* tree.h -- the order in which sums over rows are added up, on any grid of ranks.
 *
 * The strata of a batch (partition.h) are divided into leaves. The sum over a leaf is a chain in
 * the order of its rows. Sums of leaves are added up in a binary tree: leaf 2 i to leaf 2 i + 1,
 * the sum of leaves 4 i and 4 i + 1 to that of 4 i + 2 and 4 i + 3, and so on. A sum without a
 * counterpart moves up a level unchanged. A group of rows that is a node of the tree can be summed
 * by itself. Arithmetic only. */
#ifndef SPINE_MATH_TREE_H
#define SPINE_MATH_TREE_H

#include <stddef.h>

/* Strata whose rows are computed with together; leaves have whole numbers of them. */
enum { SPINE_TREE_BLOCK = 64 };

/* Levels of a tree, at most. */
enum { SPINE_TREE_LEVELS = 40 };

/* The strata of a leaf in a batch of this size (SPINE_TREE_BLOCK). */
size_t spine_tree_leaf(size_t batch_size);

/* Return how many waiting sums must be added to the sum that ends with leaf 'last' before leaf
 * 'next' is summed (last < next; SIZE_MAX: there is no next leaf). 'waiting' has the last leaf of
 * each of the *num_waiting waiting sums; both are updated. */
int spine_tree_merges(size_t *waiting, size_t *num_waiting, size_t last, size_t next);

/* out (count) = the sum of the sources (count). Source i is the sum over the tree's node that has
 * leaf leaves[i]; leaves ascend. There are at most SPINE_TREE_MOST sources; 'out' may be one of
 * them. */
enum { SPINE_TREE_MOST = 4096 };
void spine_tree_sum(size_t num_sources, const float *const *sources, const size_t *leaves,
                    size_t count, float *out);

/* Find the leaves [*first, *end) of group 'group' of 'groups'. The groups are nodes of the tree
 * over num_leaves leaves, made by repeatedly halving the largest; groups <= num_leaves. */
void spine_tree_group(size_t num_leaves, size_t groups, size_t group, size_t *first, size_t *end);

#endif
