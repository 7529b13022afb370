/* resume.h -- start a run, or resume it from a checkpoint. */
#ifndef SPINE_TRAIN_RESUME_H
#define SPINE_TRAIN_RESUME_H

#include "spine/config/config.h"
#include "spine/files/checkpoint.h"
#include "spine/train/dataset.h"
#include "spine/train/revive.h"
#include "spine/train/step.h"

enum spine_start { SPINE_START_NEW, SPINE_START_RESUMED, SPINE_START_FINISHED };

struct spine_resume {
    /* Set by the caller; borrowed. */
    const struct spine_config *config;
    const struct spine_dataset *data;
    struct spine_stepper *stepper;
    struct spine_idle *idle; /* NULL if units aren't revived */

    /* Results. */
    enum spine_start start;
    struct spine_position position;      /* rank 0 has the saved sums and waits of all ranks */
    struct spine_checkpoint_texts texts; /* owned */
    struct spine_scaling scaling; /* owned; of train.start_from's run, unless this is finished */
    int lock;                     /* owned, on rank 0: of the run's directory (rundir.h) */
};

/* Lock the run's directory and decide how to begin: FINISHED if there is nothing to do; RESUMED,
 * with stepper, idle and position from a checkpoint; or NEW. A damaged checkpoint is reported, and
 * the one before it used. If a NEW run starts from another (train.start_from), stepper gets the
 * other's parameters. Refuses a checkpoint of another input, or of options that compute something
 * else. Collective. */
int spine_resume_begin(struct spine_resume *resume, struct spine_error *err);

/* Free what resume owns and unlock the directory; a struct with lock -1 and all else zero is left
 * alone. */
void spine_resume_dispose(struct spine_resume *resume);

#endif
