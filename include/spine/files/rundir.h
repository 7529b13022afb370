/* rundir.h -- the directory of a run.
 *
 *     metrics.jsonl            one JSON object an epoch (metrics.h)
 *     events.out.tfevents      the same for TensorBoard (events.h)
 *     checkpoint-*.h5          the state of the run (checkpoint.h)
 *     model.h5                 the trained model (modelfile.h)
 *     shards/codes-RRRRR.h5    the codes of each rank's rows (codes.h)
 *     codes.h5ad, codes.txt    the codes, merged (merge.h), and in other formats (output.h)
 *     codes.index              the index of codes.h5ad, for fast look-ups (codeindex.h)
 *     replaced/                the run that this one replaces, until this one is finished
 *
 * All functions are local: one rank calls them, the others wait. */
#ifndef SPINE_FILES_RUNDIR_H
#define SPINE_FILES_RUNDIR_H

#include <stdint.h>

#include "spine/base/error.h"

enum { SPINE_RUNDIR_PATH = 4096 };

/* What a directory has. */
enum spine_rundir_state {
    SPINE_RUNDIR_EMPTY,   /* no files of a run */
    SPINE_RUNDIR_BEGUN,   /* a run without codes */
    SPINE_RUNDIR_CODES,   /* codes, but no model */
    SPINE_RUNDIR_FINISHED /* model.h5, which is written last */
};

/* Find what a directory has and, unless 'bytes' is NULL, the disk space of the run's files. */
int spine_rundir_inspect(const char *directory, enum spine_rundir_state *state, uint64_t *bytes,
                         struct spine_error *err);

/* Create a directory and those above it; messages name 'option', which gave the path. */
int spine_rundir_make(const char *option, const char *directory, struct spine_error *err);

/* Create a run's directory and lock it: calls of other processes are refused until this process
 * ends or passes *lock to spine_rundir_release(). On a file system without locks, succeeds without
 * locking. */
int spine_rundir_lock(const char *directory, int *lock, struct spine_error *err);
void spine_rundir_release(int lock);

/* Remove a run's files, or only its results: shards, codes and model. Both also remove half-written
 * checkpoints. Files with other names are left alone. */
enum spine_rundir_part { SPINE_RUNDIR_ALL, SPINE_RUNDIR_RESULTS };
int spine_rundir_clear(const char *directory, enum spine_rundir_part part, struct spine_error *err);

/* Move the same files to replaced/ in the directory, or to replaced-2/ and so on if that exists;
 * half-written files are removed. 'aside', of SPINE_RUNDIR_PATH bytes, gets the path; "" if there
 * was nothing to move. */
int spine_rundir_set_aside(const char *directory, enum spine_rundir_part part, char *aside,
                           struct spine_error *err);

/* Remove everything that was set aside. */
int spine_rundir_forget_aside(const char *directory, struct spine_error *err);

/* Write directory/name to 'path', of SPINE_RUNDIR_PATH bytes. */
int spine_rundir_join(char *path, const char *directory, const char *name, struct spine_error *err);

/* Write the path of the run's model, which exists when the run is finished. */
int spine_rundir_model(char *path, const char *directory, struct spine_error *err);

#endif
