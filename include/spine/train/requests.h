/* requests.h -- when a run saves a checkpoint, and when it leaves with one: on signals, by the clock, and at the
 * ends of epochs.
 *
 * A request of one rank becomes all ranks' in the step (stepper.h) or by spine_requests_share(), so that
 * all ranks serve it after the same step. */
#ifndef SPINE_TRAIN_REQUESTS_H
#define SPINE_TRAIN_REQUESTS_H

#include "spine/files/checkpoint.h"
#include "spine/train/trainer.h"

/* Set this rank's requests. Only rank 0 watches the clock. Local. */
void spine_requests_set(struct spine_trainer *run);

/* Set them, and make requests of any rank those of all, where no step does that. Collective. */
void spine_requests_share(struct spine_trainer *run);

/* Save, or save and leave, where a request, the epoch's end or the run's end wants it. Leaving is a failure
 * with status 75 (error.h). Collective. */
int spine_requests_serve(struct spine_trainer *run, struct spine_error *err);

/* Write a checkpoint of the current position. Collective. */
int spine_requests_save(struct spine_trainer *run, enum spine_checkpoint_mode mode,
                        struct spine_error *err);

#endif
