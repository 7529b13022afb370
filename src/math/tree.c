/* tree.c -- the order in which sums over rows are added up. */
#include "spine/math/tree.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "spine/base/clones.h"

size_t spine_tree_leaf(size_t batch_size)
{
    /* Small enough for eight groups of rows, large enough for the tree to cost little. */
    enum { LEAST = SPINE_TREE_BLOCK, MOST = 4 * SPINE_TREE_BLOCK };
    const size_t blocks = batch_size / 8 / SPINE_TREE_BLOCK * SPINE_TREE_BLOCK;
    return blocks < LEAST ? LEAST : blocks > MOST ? MOST : blocks;
}

int spine_tree_merges(size_t *waiting, size_t *num_waiting, size_t last, size_t next)
{
    int merges = 0;
    /* The smaller the XOR of two leaves, the lower the smallest node that has both. */
    while (*num_waiting > 0 &&
           (next == SIZE_MAX || (waiting[*num_waiting - 1] ^ last) < (last ^ next))) {
        --*num_waiting;
        merges++;
    }
    assert(*num_waiting < SPINE_TREE_LEVELS);
    if (next != SIZE_MAX)
        waiting[(*num_waiting)++] = last;
    return merges;
}

SPINE_CLONES
static void add(size_t count, const float *first, const float *second, float *sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = first[i] + second[i];
}

void spine_tree_sum(size_t num_sources, const float *const *sources, const size_t *leaves,
                    size_t count, float *out)
{
    enum { PIECE = 1024 }; /* that stay in the nearest cache */
    float stack[SPINE_TREE_LEVELS][PIECE];

    for (size_t at = 0; at < count; at += PIECE) {
        const size_t piece = count - at < PIECE ? count - at : PIECE;
        size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0;
        for (size_t i = 0; i < num_sources; i++) {
            const size_t top = num_waiting;
            const int merges = spine_tree_merges(waiting, &num_waiting, leaves[i],
                                                 i + 1 < num_sources ? leaves[i + 1] : SIZE_MAX);
            memcpy(stack[top], sources[i] + at, piece * sizeof **stack);
            for (size_t m = top; m > top - (size_t)merges; m--)
                add(piece, stack[m - 1], stack[m], stack[m - 1]);
        }
        memcpy(out + at, stack[0], piece * sizeof *out);
    }
}

/* The leaves of the node of height 'height' that begins with leaf 'first'. */
static size_t node_size(size_t num_leaves, size_t first, size_t height)
{
    const size_t full = (size_t)1 << height;
    return num_leaves - first < full ? num_leaves - first : full;
}

/* The number of nodes at this height of the tree. */
static size_t num_nodes(size_t num_leaves, size_t height)
{
    return (num_leaves + ((size_t)1 << height) - 1) >> height;
}

void spine_tree_group(size_t num_leaves, size_t groups, size_t group, size_t *first, size_t *end)
{
    size_t height = 0, at = 0;
    assert(groups > 0 && groups <= num_leaves && group < groups);
    /* The groups are all nodes of one height, the first of them halved until there are enough. */
    while (num_nodes(num_leaves, height) > groups)
        height++;
    size_t to_split = groups - num_nodes(num_leaves, height);
    for (size_t i = 0;; i++) {
        const size_t size = node_size(num_leaves, at, height);
        const size_t half = height == 0 ? 0 : (size_t)1 << (height - 1);
        const int splits = to_split > 0 && size > half && half > 0;
        const size_t parts = splits ? 2 : 1;
        if (group < parts) {
            *first = group == 0 ? at : at + half;
            *end = splits && group == 0 ? at + half : at + size;
            return;
        }
        group -= parts;
        to_split -= (size_t)splits;
        at += size;
    }
}
