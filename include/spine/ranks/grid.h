/* grid.h -- ranks in rows and columns: R groups of C ranks.
 *
 * The ranks of a group share a part of the batch; each works on a part of the units. A node has one
 * group or several, all nodes equally many; or a group spans several nodes, its hosts, with equally
 * many of its ranks on each. Groups, and a group's columns, are numbered node by node. Ranks that
 * don't fit into the grid are idle. */
#ifndef SPINE_RANKS_GRID_H
#define SPINE_RANKS_GRID_H

#include <stdbool.h>

#include "spine/ranks/comm.h"

/* The grid that is wanted. With groups 0: one group for each node, at most most_groups, and a
 * column for each rank of a node, at most most_columns. */
struct spine_grid_wish {
    int groups, columns;
    int most_groups, most_columns;
    bool any_groups; /* with groups 0, their number may be other than a power of 2 */
    bool is_spread;  /* no two groups on one node, even if they fit */
};

struct spine_grid {
    bool is_idle;             /* not in the grid: only groups and columns are set as well */
    int groups, columns;      /* R, C */
    int group, column;        /* of this rank, which is number group * C + column of ranks */
    int hosts, host;          /* nodes that a group spans; the number of this one among them */
    int node_groups;          /* groups of a node; 1 if a group spans several nodes */
    int first_group;          /* of this node */
    int num_nodes, node_rank; /* nodes in use; the number of this node */
    /* Owned. The grid's ranks: all; those of this node; those of this group on this node. */
    struct spine_comm ranks, node, team;
    /* Owned. The counterparts of this rank, which have its place in the node, in the order of the
     * nodes: on all nodes; on those with the same units; on the hosts of its group. */
    struct spine_comm others, peers, chain;
};

/* The hosts of the ranks. */
struct spine_grid_nodes {
    int count, ranks; /* hosts; ranks of the smallest */
    int all;          /* ranks of all hosts */
    int mine;         /* the number of this rank's host, in the order of their first ranks */
};

/* 'node' is the ranks of this host (spine_comm_split_nodes()). Collective over comm. */
struct spine_grid_nodes spine_grid_nodes(const struct spine_comm *comm,
                                         const struct spine_comm *node);

/* Refuses a grid that doesn't fit the ranks. Collective over comm; disposed of by all its ranks. */
int spine_grid_init(struct spine_grid *grid, const struct spine_comm *comm,
                    const struct spine_grid_wish *wish, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_grid_dispose(struct spine_grid *grid);

#endif
