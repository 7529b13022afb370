/* checkpoint.h -- the state of a run, saved so that it can be resumed.
 *
 * run/checkpoint-SSSSSSSSSS.h5, named by the steps taken, is a "spine-checkpoint" file: the groups
 * /parameters, and for the optimizer /first and /second, each with W1 (H, D), b1 (H), W2 (H, D),
 * b2 (D), float32 with Fletcher-32 checksums; in /parameters also what was done to the input, as
 * modelfile.h has it; /idle (H),
 * where units are revived, how long each has been idle (revive.h); attributes of the root group:
 * the fields of struct spine_progress by name; identity, the options that fix what is computed;
 * config, all of them; input, what the input was; and a checksum (checksum.h) at the end. Nothing in it
 * depends on the number of ranks.
 *
 * All functions are local: rank 0 saves and loads, the others get what it has. */
#ifndef SPINE_FILES_CHECKPOINT_H
#define SPINE_FILES_CHECKPOINT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "spine/files/modelfile.h"
#include "spine/files/store.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"

enum { SPINE_CHECKPOINT_PATH = 4096 };

/* What a run has done. */
struct spine_progress {
    int64_t steps; /* taken in all */
    int64_t epoch; /* epochs done */
    int64_t step;  /* steps taken of the next one */
    int64_t mode;  /* of the next step, of enum spine_mode; of the steps of this epoch: */
    double squares, partial, penalty, active; /* struct spine_step_sums */
    double waited, seconds;
};

/* The texts beside it. */
struct spine_checkpoint_texts {
    char *identity; /* owned */
    char *config;   /* owned */
    char *input;    /* owned */
    char *kernels;  /* owned; what computed, or NULL: an older version's checkpoint doesn't say */
};
void spine_checkpoint_texts_dispose(struct spine_checkpoint_texts *texts);

/* Saves, at once or in the background, where it costs the training a copy of the parameters and
 * moments. HDF5 must not be used by others while a save is under way. */
struct spine_checkpoint_writer {
    char directory[SPINE_CHECKPOINT_PATH];
    int keep;                                   /* how many checkpoints are kept */
    const struct spine_checkpoint_texts *texts; /* borrowed */
    const struct spine_scaling
        *scaling;                 /* borrowed, set by the caller; of the input; may be NULL */
    _Atomic double seconds;       /* that the last save took */
    void (*before_publish)(void); /* called by the saving thread when the file is complete but not
                                     yet published, so that tests can delay it; NULL: nothing */

    /* The save under way. */
    struct spine_progress progress;
    const struct spine_params *params;       /* borrowed, or the copy */
    const struct spine_optimizer *optimizer; /* borrowed, or the copy */
    struct spine_params params_copy;         /* owned; allocated by the first save behind */
    struct spine_optimizer optimizer_copy;   /* owned */
    const int32_t *idle; /* borrowed, set by the caller; (num_idle), or NULL if nobody counts */
    int32_t *idle_copy;  /* owned */
    size_t num_idle;
    int busy, rc;
    atomic_int done; /* the thread is at its end */
    pthread_t thread;
    struct spine_error err; /* of the save, if rc isn't 0 */
};

int spine_checkpoint_writer_init(struct spine_checkpoint_writer *writer, const char *directory,
                                 int keep, const struct spine_checkpoint_texts *texts,
                                 struct spine_error *err);

/* Save. First finishes a save under way, and fails if that has failed. When
 * the new file is whole, older ones than the last 'keep' are removed; newer ones are left alone.
 * 'behind': copy what is to be saved and return; a thread of its own saves it. */
enum spine_checkpoint_mode { SPINE_CHECKPOINT_NOW, SPINE_CHECKPOINT_BEHIND };
int spine_checkpoint_save(struct spine_checkpoint_writer *writer, enum spine_checkpoint_mode mode,
                          const struct spine_params *params,
                          const struct spine_optimizer *optimizer,
                          const struct spine_progress *progress, struct spine_error *err);

/* Wait for the save under way, if any; fails if it failed. 'poll' doesn't wait: it fails if a save
 * has failed by now. */
int spine_checkpoint_finish(struct spine_checkpoint_writer *writer, struct spine_error *err);
int spine_checkpoint_poll(struct spine_checkpoint_writer *writer, struct spine_error *err);

/* Finishes too, if need be. A zeroed struct is left alone. */
void spine_checkpoint_writer_dispose(struct spine_checkpoint_writer *writer);

/* The path of the directory's checkpoint with the most steps below 'steps'; sets *found to those,
 * or to -1 if there is none. */
int spine_checkpoint_newest(const char *directory, int64_t steps, char *path, int64_t *found,
                            struct spine_error *err);

/* A checkpoint open for reading. */
struct spine_checkpoint {
    struct spine_store *store; /* owned */
    const char *path;          /* borrowed */
    struct spine_checkpoint_texts texts;
    struct spine_progress progress;
};

/* Open a checkpoint and read its texts and progress; refuses a damaged file (checksum.h), and only
 * then sets *is_damaged. On failure nothing has to be closed. */
int spine_checkpoint_open(struct spine_checkpoint *checkpoint, const char *path, bool *is_damaged,
                          struct spine_error *err);
void spine_checkpoint_close(struct spine_checkpoint *checkpoint);

/* Read the parameters and moments; the shape of params and optimizer must be the file's. */
int spine_checkpoint_read(const struct spine_checkpoint *checkpoint, struct spine_params *params,
                          struct spine_optimizer *optimizer, struct spine_error *err);

/* Read how long the units have been idle; idle is (num_idle). Refuses another number of units. */
int spine_checkpoint_read_idle(const struct spine_checkpoint *checkpoint, int32_t *idle,
                               size_t num_idle, struct spine_error *err);

/* Read the scaling of the input, to be disposed of. */
int spine_checkpoint_read_scaling(const struct spine_checkpoint *checkpoint, size_t dim,
                                  struct spine_scaling *scaling, struct spine_error *err);

/* Open a checkpoint, read the model that it is of and the configuration, and close it. Refuses a
 * damaged file, and only then sets *is_damaged. */
int spine_checkpoint_read_model(const char *path, struct spine_modelfile *model, bool *is_damaged,
                                struct spine_error *err);

/* Open a checkpoint, read its texts and close it. */
int spine_checkpoint_read_texts(const char *path, struct spine_checkpoint_texts *texts,
                                struct spine_error *err);

#endif
