/* scalingfit.h -- the scaling that fits the rows of all ranks (math/scaling.h).
 *
 * Sums over rows are sums of integers, and the longest length is found by counting, so the bits are
 * the same on any number of ranks. The eigenvectors of remove:K are computed on rank 0. */
#ifndef SPINE_TRAIN_SCALINGFIT_H
#define SPINE_TRAIN_SCALINGFIT_H

#include "spine/train/dataset.h"

/* Find a dataset's scaling, apply it to the rows, and compute their variance and sum of squares.
 * Refuses rows that are all the same. Collective. */
int spine_scalingfit(struct spine_dataset *data, struct spine_comm *comm,
                     const struct spine_scaling_options *options, struct spine_error *err);

/* The same in two steps. The first clips the rows and finds factors and components, which the
 * caller may then replace; the second finds mean and scale. */
int spine_scalingfit_begin(struct spine_dataset *data, struct spine_comm *comm,
                           const struct spine_scaling_options *options, struct spine_error *err);
int spine_scalingfit_finish(struct spine_dataset *data, struct spine_comm *comm,
                            const struct spine_scaling_options *options, struct spine_error *err);

/* Compute the variance, the sum of squares and the mean row, (D), of rows as they are now.
 * Collective. */
int spine_scalingfit_measure(struct spine_dataset *data, struct spine_comm *comm, double *mean,
                             struct spine_error *err);

/* Apply a given scaling, which the dataset then owns, and compute the rows' variance and sum of
 * squares. Refuses rows that are all the same. Collective. */
int spine_scalingfit_adopt(struct spine_dataset *data, struct spine_comm *comm,
                           struct spine_scaling *scaling, struct spine_error *err);

#endif
