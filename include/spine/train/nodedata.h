/* nodedata.h -- the whole input in the shared memory of each node, for the many runs of a sweep. */
#ifndef SPINE_TRAIN_NODEDATA_H
#define SPINE_TRAIN_NODEDATA_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_nodedata {
    struct spine_comm node;          /* owned */
    struct spine_comm_memory memory; /* owned; the memory of the node's rank 0 holds 'whole' */
    struct spine_dataset whole;      /* all rows, scaled; for spine_dataset_view() */
};

/* Let one rank of each node read the configuration's input and scale its rows (scalingfit.h) for
 * all ranks of the node. Fails if nodes have different files. Collective; the result is equal on
 * all ranks. */
int spine_nodedata_init(struct spine_nodedata *nodedata, const struct spine_comm *comm,
                        const struct spine_config *config, struct spine_error *err);

/* Collective over the ranks of a node; a zeroed struct is left alone. */
void spine_nodedata_dispose(struct spine_nodedata *nodedata);

#endif
