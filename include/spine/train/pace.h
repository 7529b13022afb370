/* pace.h -- the duration of an epoch, measured on some of its rows.
 *
 * Steps are measured with half of the units active, as at the beginning of a run, and with a tenth,
 * as in most of it, at the machine's present load. Of nnse, which has no steps, some rows are
 * solved for and added up a few times, of which the fastest counts, and the atoms are improved. */
#ifndef SPINE_TRAIN_PACE_H
#define SPINE_TRAIN_PACE_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_pace {
    size_t rows;  /* of a step on all ranks together; 1 with nnse */
    double step;  /* seconds of so many rows */
    double epoch; /* seconds at an epoch's end */
};

/* The seconds of an epoch of so many rows; of a whole run on them, without the solution of a refit
 * (refit.h), and for all objectives but nnse without measures and codes, which take little time
 * then. Local. */
double spine_pace_epoch(const struct spine_pace *pace, size_t rows);
double spine_pace_run(const struct spine_pace *pace, const struct spine_config *config,
                      size_t rows);

/* The seconds of the solution of a run's refit; 0: it has none. Local. */
double spine_pace_refit(const struct spine_config *config, size_t dim);

/* Of nnse, the seconds of the end of an epoch, counted from 1: its refit and its measures, for
 * which all rows are solved for by the new atoms, in 'pass' seconds, or twice, unless codes are
 * kept for as long as they hold. 0: neither is due. 'dim' is the length of a row. Local. */
double spine_pace_end(const struct spine_config *config, int64_t epoch, size_t dim, bool keeps,
                      double pass);

/* Measure on the rows of 'whole', which are in the node's memory, on the grid that
 * spine_parallel_init() makes for 'dim'. On a rank that is idle in the grid *pace is 0.
 * Collective. */
int spine_pace_measure(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t dim, struct spine_pace *pace,
                       struct spine_error *err);

/* The same for a run on 'rows' rows that hasn't begun: the first rows of the input are read, scaled
 * and used. Collective. */
int spine_pace_estimate(const struct spine_config *config, struct spine_comm *comm, size_t rows,
                        struct spine_pace *pace, struct spine_error *err);

#endif
