/* scalingfit.h -- the scaling that fits the rows of all ranks (math/scaling.h).
 *
 * Sums over rows are sums of integers, and the longest length is found by counting, so that all of it
 * is the same bits on any number of ranks. The eigenvectors of remove:K are computed on rank 0. */
#ifndef SPINE_TRAIN_SCALINGFIT_H
#define SPINE_TRAIN_SCALINGFIT_H

#include "spine/train/dataset.h"

/* Find all of a dataset's scaling, apply it to its rows, and compute the variance. Refuses rows that
 * are all the same. Collective. */
int spine_scalingfit(struct spine_dataset *data, struct spine_comm *comm,
                     const struct spine_scaling_options *options, struct spine_error *err);

/* The same in two steps. The first shortens the rows and finds factors and components, which others
 * may then be given; the second finds mean and scale. */
int spine_scalingfit_begin(struct spine_dataset *data, struct spine_comm *comm,
                           const struct spine_scaling_options *options, struct spine_error *err);
int spine_scalingfit_finish(struct spine_dataset *data, struct spine_comm *comm,
                            const struct spine_scaling_options *options, struct spine_error *err);

/* Compute the variance of rows as they are now, and their mean row, (D). Collective. */
int spine_scalingfit_measure(struct spine_dataset *data, struct spine_comm *comm, double *mean,
                             struct spine_error *err);

/* Apply a scaling that is given, which becomes the dataset's, and compute the variance. Refuses rows
 * that are all the same. Collective. */
int spine_scalingfit_adopt(struct spine_dataset *data, struct spine_comm *comm,
                           struct spine_scaling *scaling, struct spine_error *err);

#endif
