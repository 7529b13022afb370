/* trainer.h -- everything that a run has while it trains: the grid, the rows, the parameters, its
 * files.
 *
 * All memory is allocated here, before the first step: steps allocate nothing. The parameters are
 * equal on all ranks (step.h), so rank 0 writes them for all. */
#ifndef SPINE_TRAIN_TRAINER_H
#define SPINE_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/config/config.h"
#include "spine/files/checkpoint.h"
#include "spine/files/events.h"
#include "spine/files/rundir.h"
#include "spine/math/coder.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"
#include "spine/train/holdout.h"
#include "spine/train/measures.h"
#include "spine/train/nnse.h"
#include "spine/train/parallel.h"
#include "spine/train/resume.h"
#include "spine/train/revive.h"
#include "spine/train/status.h"
#include "spine/train/step.h"

/* The steps that a timeline records, of the last epoch. */
enum { SPINE_TRAINER_TIMELINE_STEPS = 100 };

struct spine_trainer {
    const struct spine_config *config; /* borrowed */
    struct spine_parallel parallel;
    struct spine_comm *comm; /* the grid's ranks */
    struct spine_dataset data;
    struct spine_holdout holdout; /* if data.holdout isn't 0 */
    struct spine_stepper stepper;
    struct spine_coder coder; /* for encoding outside of steps */
    struct spine_measures_scratch scratch;
    struct spine_nnse nnse; /* if that is the objective */
    struct spine_idle idle; /* counts if train.revive_after isn't 0 */
    double last_rl;         /* reconstruction loss of the epoch before; NaN: no such epoch */
    int64_t last_epoch;     /* after which training ends for now */
    struct spine_timeline timeline;
    struct spine_resume resume;            /* how it began */
    struct spine_position position;        /* how far it is */
    struct spine_checkpoint_writer writer; /* used on rank 0 */
    char metrics_path[SPINE_RUNDIR_PATH], events_path[SPINE_RUNDIR_PATH];
    FILE *metrics;              /* on rank 0 */
    struct spine_events events; /* on rank 0, if output.tensorboard */
    struct spine_status status;
    double saved;        /* when the last checkpoint was begun */
    int64_t saved_epoch; /* the position of the newest checkpoint; -1: there is none */
    size_t saved_step;
    double needed; /* the seconds that must be left, besides those for saving, to continue */
};

/* Set up everything that the first step needs, and decide how the run begins (resume.h). Ranks that
 * aren't in the grid (parallel.grid.is_idle) set up nothing else. See train.h for 'whole' and
 * 'timeline', which are borrowed. Collective over comm. Dispose of the run even after a failure. */
int spine_trainer_init(struct spine_trainer *run, const struct spine_config *config,
                       struct spine_comm *comm, const struct spine_dataset *whole,
                       const char *timeline, struct spine_error *err);

/* Close the files and free everything except 'parallel', in which idle ranks may still wait.
 * Returns rc, the run's result, or -1 if rc is 0 and closing fails. Collective over the grid's
 * ranks. */
int spine_trainer_dispose(struct spine_trainer *run, int rc, struct spine_error *err);

/* Are all steps of an epoch done, but not its end (epochend.h)? An epoch of nnse is one step.
 * Local. */
bool spine_trainer_is_at_end(const struct spine_trainer *run);

/* The position, with the sums and waits of all ranks. Collective over the grid's ranks. */
struct spine_position spine_trainer_total(const struct spine_trainer *run);

/* Check work that read rows: if reading them failed, its results are useless, so fail with the
 * error of the reading; else return rc, which is equal on all ranks. Collective over the grid's
 * ranks. */
int spine_trainer_check_rows(const struct spine_trainer *run, int rc, struct spine_error *err);

#endif
