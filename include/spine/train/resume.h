/* resume.h -- how a run begins: anew, or where it stood. */
#ifndef SPINE_TRAIN_RESUME_H
#define SPINE_TRAIN_RESUME_H

#include "spine/config/config.h"
#include "spine/files/checkpoint.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"
#include "spine/train/revive.h"
#include "spine/train/step.h"

/* Refuse a directory that the configuration doesn't let us use, or a checkpoint to go on from that
 * is none, before anything is read. Local. */
int spine_resume_check(const struct spine_config *config, struct spine_error *err);

enum spine_start { SPINE_START_NEW, SPINE_START_RESUMED, SPINE_START_FINISHED };

/* 'idle' is used where train.revive_after isn't 0.
 *
 * Take the run's directory (*lock, on rank 0; rundir.h) and decide how to begin: FINISHED if there
 * is nothing left to do, else NEW, or RESUMED with stepper and progress as a checkpoint has them.
 * A damaged checkpoint is named, and the one before it used. Refuses a checkpoint of another input
 * or of options that compute something else. Fills texts, to be disposed of by the caller.
 * Collective. */
int spine_resume_begin(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *data, struct spine_stepper *stepper,
                       struct spine_idle *idle, struct spine_checkpoint_texts *texts,
                       struct spine_progress *progress, enum spine_start *start, int *lock,
                       struct spine_error *err);

#endif
