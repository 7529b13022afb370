/* rundir.h -- the directory of a run.
 *
 *     metrics.jsonl            one JSON object an epoch (metrics.h)
 *     model.h5                 the trained model (modelfile.h)
 *     shards/codes-RRRRR.h5    the codes of each rank's rows (codes.h)
 *     codes.h5ad, codes.txt    the codes, merged (merge.h)
 *
 * Local: one rank does it, the others wait. */
#ifndef SPINE_RUNDIR_H
#define SPINE_RUNDIR_H

#include "spine/error.h"

enum { SPINE_RUNDIR_PATH = 4096 };

/* Refuse a directory that holds a run's files, unless 'overwrite'. Changes nothing. */
int spine_rundir_check(const char *directory, int overwrite, struct spine_error *err);

/* Make the directory and those above it. If it holds a run's files already: remove them if
 * 'overwrite', else refuse. Files of other names are left alone. */
int spine_rundir_prepare(const char *directory, int overwrite, struct spine_error *err);

/* directory/name into path, of SPINE_RUNDIR_PATH bytes. */
int spine_rundir_join(char *path, const char *directory, const char *name, struct spine_error *err);

#endif
