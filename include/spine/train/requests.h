/* requests.h -- when a run saves a checkpoint, and when it saves and leaves: on signals, by the
 * clock, and at the end of epochs.
 *
 * Any rank's request is shared with all ranks by the step (stepper.h) or by spine_requests_share(),
 * so that all serve it after the same step. */
#ifndef SPINE_TRAIN_REQUESTS_H
#define SPINE_TRAIN_REQUESTS_H

#include "spine/files/checkpoint.h"
#include "spine/train/trainer.h"

/* Set this rank's requests. Only rank 0 watches the clock. Local. */
void spine_requests_set(struct spine_trainer *run);

/* Set this rank's requests and share those of all ranks, when no step does that. Collective. */
void spine_requests_share(struct spine_trainer *run);

/* Save, or save and leave, if a request, the end of an epoch or the end of the run requires it.
 * Leaving is a failure with status 75 (error.h). Collective. */
int spine_requests_serve(struct spine_trainer *run, struct spine_error *err);

/* Share and serve requests within an epoch of nnse or at an epoch's end (epochend.h), which can't
 * be saved in part: a checkpoint is of their start, and what is broken off begins again. Does
 * nothing where the start could no longer be saved and isn't. Within an epoch, the wait for other
 * ranks is added to run->position. Fails as spine_requests_serve(). Collective. */
int spine_requests_poll(struct spine_trainer *run, struct spine_error *err);

/* The same before the first epoch, while there is nothing to save. Requests to save are
 * forgotten. */
int spine_requests_poll_start(struct spine_trainer *run, struct spine_error *err);

/* Is the newest checkpoint of the current position? Local; equal on all ranks. */
bool spine_requests_is_saved(const struct spine_trainer *run);

/* Write a checkpoint of the current position. Collective. */
int spine_requests_save(struct spine_trainer *run, enum spine_checkpoint_mode mode,
                        struct spine_error *err);

#endif
