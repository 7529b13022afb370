/* rowpass.h -- a pass over all rows, each rank over its own, between whose parts all ranks meet
 * about once a second and serve requests, where that is possible (spine_requests_poll). Collective
 * over the grid's ranks. */
#ifndef SPINE_TRAIN_ROWPASS_H
#define SPINE_TRAIN_ROWPASS_H

#include "spine/files/metrics.h"
#include "spine/train/trainer.h"

struct spine_rowpass {
    /* Does something with 'count' of this rank's rows, from its row 'first' on, a multiple of
     * SPINE_BLOCK_ROWS. Local. */
    void (*add)(void *work, size_t first, size_t count);
    void *work;       /* borrowed */
    const char *span; /* what it is, on the timeline */
};

/* Pass over all rows. 'metrics', those of the epoch before, are for the status; NULL: it isn't
 * shown, and waits for other ranks aren't counted, as at an epoch's end. Fails if the run leaves
 * early (requests.h). */
int spine_rowpass_run(struct spine_trainer *run, const struct spine_rowpass *pass,
                      const struct spine_metrics *metrics, struct spine_error *err);

#endif
