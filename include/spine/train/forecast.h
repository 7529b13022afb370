/* forecast.h -- what a run needs, checked before it begins: memory, disk space, a directory of its
 * own. Needs are predicted from the configuration and the extent of the input. */
#ifndef SPINE_TRAIN_FORECAST_H
#define SPINE_TRAIN_FORECAST_H

#include <stdint.h>
#include <stdio.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/parallel.h"

/* Print on rank 0 what spine_train() would do: the configuration, rows and memory per rank, steps,
 * memory per node, disk space, and the time of the steps, estimated from some steps on the input's
 * first rows if they fit into memory (pace.h). Writes no file. Fails wherever spine_train() would
 * fail before its first step, except for an input with wrong values and a checkpoint that can't be
 * resumed. Collective. */
int spine_forecast(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                   struct spine_error *err);

/* Predict the bytes that rank 0 uses in all, on a grid whose groups are of 'hosts' hosts each, for
 * an input of num_rows rows of dim numbers. Refuses a grid with too many ranks for the input.
 * Local. */
int spine_forecast_rank(const struct spine_config *config, size_t num_rows, size_t dim,
                        const struct spine_grid_wish *wish, int hosts, uint64_t *bytes,
                        struct spine_error *err);

/* Refuse an output.directory that the configuration doesn't allow this run to use, and a
 * train.resume that names no checkpoint. Unless train.check_room = no, fail if a node has too
 * little memory for its ranks or the file system too little space for the run's files.
 * Collective. */
int spine_forecast_check(const struct spine_config *config, struct spine_comm *comm,
                         const struct spine_parallel *parallel, size_t num_rows, size_t dim,
                         struct spine_error *err);

#endif
