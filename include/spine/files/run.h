/* run.h -- a run on disk, read back: its model, its configuration and input, its codes.
 *
 * For what a run's directory holds see rundir.h, for whether the run is finished state.h. All of this is
 * local. */
#ifndef SPINE_FILES_RUN_H
#define SPINE_FILES_RUN_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/files/modelfile.h"
#include "spine/files/rundir.h"

struct spine_run {
    bool has_model; /* else what follows is empty */
    char model_path[SPINE_RUNDIR_PATH];
    struct spine_modelfile model; /* owned */
    struct spine_config config;   /* the model's */
};

/* Read the model of the run in 'directory'. A directory, file or path without a model isn't an
 * error: has_model says so. */
int spine_run_read(struct spine_run *run, const char *directory, struct spine_error *err);

/* The same, but refuse a directory without a model: with the run's state (state.h) where that is why. */
int spine_run_require_model(struct spine_run *run, const char *directory, struct spine_error *err);
void spine_run_dispose(struct spine_run *run);

/* Where the codes of the run in 'directory' are: in codes.h5ad, whose path goes to 'path' of
 * SPINE_RUNDIR_PATH bytes, or in its shards only. Refuses a directory that has neither. */
enum spine_run_codes { SPINE_RUN_MERGED, SPINE_RUN_SHARDS };
int spine_run_find_codes(const char *directory, enum spine_run_codes *codes, char *path,
                         struct spine_error *err);

#endif
