/* rundir.h -- the directory of a run.
 *
 *     metrics.jsonl            one JSON object an epoch (metrics.h)
 *     events.out.tfevents      the same for TensorBoard (events.h)
 *     checkpoint-*.h5          the state of the run (checkpoint.h)
 *     model.h5                 the trained model (modelfile.h)
 *     shards/codes-RRRRR.h5    the codes of each rank's rows (codes.h)
 *     codes.h5ad, codes.txt    the codes, merged (merge.h), and in other formats (output.h)
 *     codes.index              of codes.h5ad, for quick looks (codeindex.h)
 *     replaced/                the run that this one replaces, until this one is finished
 *
 * Local: one rank does it, the others wait. */
#ifndef SPINE_FILES_RUNDIR_H
#define SPINE_FILES_RUNDIR_H

#include <stdint.h>

#include "spine/base/error.h"

enum { SPINE_RUNDIR_PATH = 4096 };

/* What the directory holds: nothing of a run, a run that was begun, one that has codes but no model,
 * or one that is finished, which model.h5 says since it is written last. */
enum spine_rundir_state {
    SPINE_RUNDIR_EMPTY,
    SPINE_RUNDIR_BEGUN,
    SPINE_RUNDIR_CODES,
    SPINE_RUNDIR_FINISHED
};

/* Find what a directory holds and, unless 'bytes' is NULL, the bytes that a run's files use on the
 * disk. */
int spine_rundir_inspect(const char *directory, enum spine_rundir_state *state, uint64_t *bytes,
                         struct spine_error *err);

/* Make a directory and those above it; 'option' names it, for messages. */
int spine_rundir_make(const char *option, const char *directory, struct spine_error *err);

/* Make a run's directory and lock it: until the process ends or passes *lock to
 * spine_rundir_release(), calls of other processes are refused. On a file system without locks it
 * succeeds without one. */
int spine_rundir_lock(const char *directory, int *lock, struct spine_error *err);
void spine_rundir_release(int lock);

/* Remove a run's files, or only what follows training, shards, codes and model, and half-written
 * checkpoints. Files of other names are left alone. */
enum spine_rundir_part { SPINE_RUNDIR_ALL, SPINE_RUNDIR_RESULTS };
int spine_rundir_clear(const char *directory, enum spine_rundir_part part, struct spine_error *err);

/* Move the same files, but for half-written ones, which are removed, to replaced/ in the directory,
 * or replaced-2/ and so on. 'aside', of SPINE_RUNDIR_PATH bytes, gets its path; "" if there was
 * nothing to move. */
int spine_rundir_set_aside(const char *directory, enum spine_rundir_part part, char *aside,
                           struct spine_error *err);

/* Remove all that was set aside. */
int spine_rundir_forget_aside(const char *directory, struct spine_error *err);

/* directory/name into path, of SPINE_RUNDIR_PATH bytes. */
int spine_rundir_join(char *path, const char *directory, const char *name, struct spine_error *err);

/* The same: the path of the run's model, which is there when the run is finished. */
int spine_rundir_model(char *path, const char *directory, struct spine_error *err);

#endif
