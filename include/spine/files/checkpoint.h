/* checkpoint.h -- the state of a run, saved so that it can be resumed.
 *
 * run/checkpoint-SSSSSSSSSS.h5, named by the number of steps done, is a
 * "spine-checkpoint" file:
 *
 *     /parameters         W1 (H, D), b1 (H), W2 (H, D), b2 (D), float32 with Fletcher-32 checksums,
 *                         and the scaling of the input (modelfile.h)
 *     /first, /second     the optimizer's moments, in the same shapes, if it has them
 *     /idle (H)           if units are revived, how long each has been idle (revive.h)
 *
 * Attributes of the root group: the fields of struct spine_progress by name; identity, the options
 * that fix what is computed; config, all options; input, a description of the input. A checksum
 * (checksum.h) ends the file. Nothing in it depends on the number of ranks.
 *
 * All functions are local: rank 0 saves and loads, and shares what it loaded with the others. */
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

/* How far a run is. */
struct spine_progress {
    int64_t steps; /* done in all; an epoch of nnse is one step */
    int64_t epoch; /* epochs done */
    int64_t step;  /* steps done in the next epoch; if these are all, its end is still to do */
    int64_t mode;  /* of the next step, enum spine_mode */
    /* Of the steps done in this epoch: struct spine_step_sums, and the times of struct
     * spine_position. */
    double squares, partial, penalty, active, silent;
    double waited, seconds;
};

/* The texts in a checkpoint. */
struct spine_checkpoint_texts {
    char *identity; /* owned */
    char *config;   /* owned */
    char *input;    /* owned */
    char *kernels;  /* owned; which kernels computed; NULL in checkpoints of older versions */
};
void spine_checkpoint_texts_dispose(struct spine_checkpoint_texts *texts);

/* Saves checkpoints, at once or in the background; then training waits only for a copy of
 * parameters and moments. Nothing else may use HDF5 during a save. */
struct spine_checkpoint_writer {
    char directory[SPINE_CHECKPOINT_PATH];
    int keep;                                   /* the number of checkpoints to keep */
    const struct spine_checkpoint_texts *texts; /* borrowed */
    const struct spine_scaling
        *scaling;                 /* borrowed, set by the caller; of the input; may be NULL */
    _Atomic double seconds;       /* the duration of the last save */
    void (*before_publish)(void); /* for tests: the saving thread calls it when the file is complete
                                     but not yet published; NULL: nothing */

    /* The save under way. */
    struct spine_progress progress;
    const struct spine_params *params;       /* borrowed, or the copy */
    const struct spine_optimizer *optimizer; /* borrowed, or the copy */
    struct spine_params params_copy;         /* owned; allocated by the first background save */
    struct spine_optimizer optimizer_copy;   /* owned */
    const int32_t *idle; /* borrowed, set by the caller; (num_idle); NULL: units aren't revived */
    void *idle_copy;     /* owned */
    size_t num_idle;
    const int64_t *silence; /* as 'idle': borrowed, (num_silence), or NULL */
    void *silence_copy;     /* owned */
    size_t num_silence;
    bool busy;
    int rc;
    atomic_int done; /* the thread has finished */
    pthread_t thread;
    struct spine_error err; /* of the save, if rc isn't 0 */
};

int spine_checkpoint_writer_init(struct spine_checkpoint_writer *writer, const char *directory,
                                 int keep, const struct spine_checkpoint_texts *texts,
                                 struct spine_error *err);

/* Save a checkpoint. First waits for a save under way, and fails if that failed. When the new file
 * is complete, all older ones except the last 'keep' are removed; newer ones are left alone.
 * SPINE_CHECKPOINT_BEHIND copies what must be saved and returns; a thread saves it. */
enum spine_checkpoint_mode { SPINE_CHECKPOINT_NOW, SPINE_CHECKPOINT_BEHIND };
int spine_checkpoint_save(struct spine_checkpoint_writer *writer, enum spine_checkpoint_mode mode,
                          const struct spine_params *params,
                          const struct spine_optimizer *optimizer,
                          const struct spine_progress *progress, struct spine_error *err);

/* Wait for the save under way, if any; fails if it failed. spine_checkpoint_poll() doesn't wait: it
 * fails if a save has failed by now. */
int spine_checkpoint_finish(struct spine_checkpoint_writer *writer, struct spine_error *err);
int spine_checkpoint_poll(struct spine_checkpoint_writer *writer, struct spine_error *err);

/* Waits for a save under way first. A zeroed struct is left alone. */
void spine_checkpoint_writer_dispose(struct spine_checkpoint_writer *writer);

/* Find the directory's checkpoint with the most steps below 'steps'; *found is its number of steps,
 * or -1 if there is none. */
int spine_checkpoint_newest(const char *directory, int64_t steps, char *path, int64_t *found,
                            struct spine_error *err);

/* A checkpoint open for reading. */
struct spine_checkpoint {
    struct spine_store *store; /* owned */
    const char *path;          /* borrowed */
    struct spine_checkpoint_texts texts;
    struct spine_progress progress;
};

/* Open a checkpoint and read its texts and progress. Refuses a damaged file (checksum.h), and only
 * then sets *is_damaged. After a failure there is nothing to close. */
int spine_checkpoint_open(struct spine_checkpoint *checkpoint, const char *path, bool *is_damaged,
                          struct spine_error *err);
void spine_checkpoint_close(struct spine_checkpoint *checkpoint);

/* Read the parameters and moments. params and optimizer must have the file's shape. */
int spine_checkpoint_read(const struct spine_checkpoint *checkpoint, struct spine_params *params,
                          struct spine_optimizer *optimizer, struct spine_error *err);

/* Read how long the units have been idle, (num_idle). Refuses a file with another number of
 * units. */
int spine_checkpoint_read_idle(const struct spine_checkpoint *checkpoint, int32_t *idle,
                               size_t num_idle, struct spine_error *err);

/* Read for how many rows each unit has been inactive; as spine_checkpoint_read_idle(). */
int spine_checkpoint_read_silence(const struct spine_checkpoint *checkpoint, int64_t *silence,
                                  size_t num_silence, struct spine_error *err);

/* Read the scaling of the input; the caller disposes of it. */
int spine_checkpoint_read_scaling(const struct spine_checkpoint *checkpoint, size_t dim,
                                  struct spine_scaling *scaling, struct spine_error *err);

/* Open a checkpoint, read its model and configuration, and close it. Refuses a damaged file, and
 * only then sets *is_damaged. */
int spine_checkpoint_read_model(const char *path, struct spine_modelfile *model, bool *is_damaged,
                                struct spine_error *err);

/* Open a checkpoint, read its texts and close it. */
int spine_checkpoint_read_texts(const char *path, struct spine_checkpoint_texts *texts,
                                struct spine_error *err);

/* Read only the configuration of a checkpoint, without verifying its checksum, which takes time
 * with a large file; use spine_checkpoint_open() before relying on it. The caller frees the
 * text. */
int spine_checkpoint_peek(const char *path, char **config, struct spine_error *err);

/* The same for the description of the input. */
int spine_checkpoint_peek_input(const char *path, char **input, struct spine_error *err);

#endif
