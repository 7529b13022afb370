/* stepmemory.h -- the memory of a step: the node's, the team's, and each rank's own. */
#ifndef SPINE_TRAIN_STEPMEMORY_H
#define SPINE_TRAIN_STEPMEMORY_H

#include <stdbool.h>

#include "spine/math/block.h"
#include "spine/math/optimizer.h"
#include "spine/math/partition.h"
#include "spine/ranks/grid.h"
#include "spine/ranks/team.h"
#include "spine/train/chain.h"

/* Rows that are reconstructed together in dense mode: the least that a rank's share of y is cut
 * at. */
enum { SPINE_STEP_ROWS = 4 };

/* What the memory depends on besides grid and batch. */
struct spine_step_shape {
    size_t dim, hidden;
    enum spine_optimizer_kind optimizer;
    double momentum, beta2;
    size_t prefixes; /* widths beside H (model.h) */
    bool has_silent; /* silent units are trained (silence.h) */
    size_t most_k;   /* the most units that are selected of a row, if they are */
};

/* A range of units, or of columns. */
struct spine_range {
    size_t first, end;
};

/* The rows of a group's batch, in slots (partition.h). */
struct spine_step_rows {
    float *clean, *noisy; /* (slots, D) */
    float *packed;        /* by blocks (block.h) */
    uint64_t *number;     /* (slots): global row numbers */
};

/* Codes of the rows of the group: those of this rank's units, and by row only those of its
 * team's. */
struct spine_step_codes {
    struct spine_block *blocks; /* owned; (blocks) */
    struct spine_block *views;  /* owned; (ranks of the team, blocks) */
};

struct spine_step_memory {
    size_t num_blocks, slots; /* of the group's batch */
    struct spine_range units; /* of this rank in its group */
    struct spine_range
        slice; /* units whose gradient this rank sums on its node, with several groups */
    struct spine_range chunks, columns; /* the same for b2: in its team, and on its node */

    /* The team's. Rows of the next step are supplied during this one. */
    struct spine_step_rows rows[2];
    float *y;               /* (prefixes + 1, slots, D): y, then dY of this width and all above */
    float *left;            /* (slots, D): dY of silent units */
    struct spine_cut *cuts; /* (slots) */
    struct spine_step_codes codes, silent;
    const struct spine_block **tiles; /* owned; (ranks of the team): the views of one block */

    struct spine_team node, team; /* owned: the ranks that share the memory */

    /* The node's. Of parameters and moments, those of other hosts' units may be old (step.h). */
    struct spine_params params;
    struct spine_optimizer optimizer; /* only its moments; each rank counts steps itself */
    int64_t *h_sum;                   /* (H): the sums of h over the batch */
    int64_t *group_h; /* (groups of the node, H): the sums of h over each group's rows */
    int64_t *active;  /* (ranks of the node): active pairs of the last step */
    int64_t *squares; /* the same: its part of the squared error, in quanta of the data */
    int64_t *silence; /* (H): rows for which each unit hasn't been active; NULL: not counted */
    int64_t *mode;    /* of the next step */
    struct spine_params
        *gradients; /* owned array; (groups of the node), if there are several groups */

    /* This rank's, owned. */
    struct spine_scratch scratch;
    uint8_t *is_silent; /* (H): of its units, those that are; all 0 in a step that trains none */
    float silent_guess; /* of spine_activation_bounds() */
    float *dW1, *dW2, *db1; /* (SPINE_BLOCK_UNITS, D), the same, (H) */
    float *add;             /* (H) */
    int64_t *counts;        /* (H + some): counts to be summed between nodes */
    float *send, *received; /* (piece, nodes): slices exchanged between nodes */
    float *wire;            /* the same in 16 bits: sent, then received */
    size_t piece;
    size_t *leaves; /* (groups): the first leaf of each group, which orders sums */
    struct spine_chain chain;

    int current; /* the index in 'rows' of this step's rows */
    bool is_supplied;
    int64_t epoch; /* the epoch and the step for which rows are supplied */
    size_t step;
};

/* Refuse a grid whose ranks would send messages that are too long to other hosts, for batches of an
 * input of num_rows rows. Of the grid, only groups, columns, hosts, node_groups and num_nodes
 * count. Local; the same on all ranks. */
int spine_step_memory_check(const struct spine_step_shape *shape, size_t num_rows,
                            const struct spine_sharing *sharing, const struct spine_grid *grid,
                            struct spine_error *err);

/* Allocate and share the memory for the batches of 'part'. Refuses messages that are too long, and
 * grids whose sums can't keep their order (tree.h). Dispose of it after a failure, too. Collective
 * over the grid's ranks. */
int spine_step_memory_init(struct spine_step_memory *memory, const struct spine_step_shape *shape,
                           struct spine_grid *grid, const struct spine_partition *part,
                           struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_step_memory_dispose(struct spine_step_memory *memory);

/* The units whose parameters this rank's counterpart on a host of its group updates, which it
 * shares with its counterparts in other groups. Local. */
struct spine_range spine_step_slice(const struct spine_step_memory *memory,
                                    const struct spine_grid *grid, int host);

/* Predict the bytes of a node and of each rank's own memory, for the codes of active units and, if
 * shape has them, of silent ones. */
struct spine_step_bytes {
    size_t node, rank;
};
struct spine_step_bytes spine_step_bytes(const struct spine_step_shape *shape,
                                         const struct spine_partition *part,
                                         const struct spine_grid *grid,
                                         const struct spine_block_use *active,
                                         const struct spine_block_use *silent);

#endif
