/* grid.h -- ranks in rows and columns: R groups of C ranks.
 *
 * The ranks of a group share memory and a part of the batch; each works on a part of the units. The
 * groups of a node come one after the other, and nodes too; each has the same number of groups.
 * Ranks that the grid has no place for are idle. */
#ifndef SPINE_RANKS_GRID_H
#define SPINE_RANKS_GRID_H

#include <stdbool.h>

#include "spine/ranks/comm.h"

/* A wish for a grid; groups 0: as many as there are nodes, at most most_groups, and as many columns
 * as a node has ranks, at most most_columns. */
struct spine_grid_wish {
    int groups, columns;
    int most_groups, most_columns;
};

struct spine_grid {
    bool is_idle;             /* this rank has no place: nothing below but groups, columns is set */
    int groups, columns;      /* R, C */
    int group, column;        /* of this rank, which is number group * C + column of ranks */
    int node_groups;          /* groups of a node */
    int num_nodes, node_rank; /* nodes in use; this one's number */
    /* Owned. All ranks; those of this node; of this group; and those with the same place on every
     * node, in the order of the nodes. */
    struct spine_comm ranks, node, team, others;
};

/* What the hosts of ranks are like. */
struct spine_grid_nodes {
    int count, ranks; /* hosts; ranks of the smallest */
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
