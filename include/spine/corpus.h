/* corpus.h -- the whole input in the memory of each node, for the many runs of a sweep. */
#ifndef SPINE_CORPUS_H
#define SPINE_CORPUS_H

#include "spine/comm.h"
#include "spine/dataset.h"

struct spine_corpus {
    struct spine_comm node;          /* owned */
    struct spine_comm_memory memory; /* owned; that of the node's rank 0 holds: */
    struct spine_dataset whole;      /* all rows, scaled; for spine_dataset_view() */
};

/* One rank of each node reads the file and scales its rows (dataset.h), the others see them.
 * Collective; the result is equal on all ranks. */
int spine_corpus_init(struct spine_corpus *corpus, const struct spine_comm *comm, const char *path,
                      size_t limit, int center, double rms, struct spine_error *err);

/* Collective over the ranks of a node; a zeroed struct is left alone. */
void spine_corpus_dispose(struct spine_corpus *corpus);

#endif
