/* run.h -- a run on disk, read back: its model, its configuration and input, its codes.
 *
 * See rundir.h for the files in a run's directory, and state.h for whether the run is finished. All
 * functions are local. */
#ifndef SPINE_FILES_RUN_H
#define SPINE_FILES_RUN_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/files/modelfile.h"
#include "spine/files/rundir.h"

struct spine_run {
    bool has_model; /* if not, what follows is empty */
    char model_path[SPINE_RUNDIR_PATH];
    struct spine_modelfile model; /* owned */
    struct spine_config config;   /* the model's */
};

/* Read the model of the run in 'directory'. If there is none, or no directory, succeed with
 * has_model false. */
int spine_run_read(struct spine_run *run, const char *directory, struct spine_error *err);

/* The same, but refuse a directory without a model. If the run's state (state.h) is the reason, the
 * message says so. */
int spine_run_require_model(struct spine_run *run, const char *directory, struct spine_error *err);
void spine_run_dispose(struct spine_run *run);

/* Find the codes of the run in 'directory': codes.h5ad, whose path goes to 'path' of
 * SPINE_RUNDIR_PATH bytes, or else its shards. Refuses a directory that has neither. */
enum spine_run_codes { SPINE_RUN_MERGED, SPINE_RUN_SHARDS };
int spine_run_find_codes(const char *directory, enum spine_run_codes *codes, char *path,
                         struct spine_error *err);

#endif
