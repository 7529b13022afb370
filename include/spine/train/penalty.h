/* penalty.h -- the losses of a batch that depend on its codes only: PSL, ASL and L1.
 *
 * With m_j the mean of h_j over the batch and rho = 1 - sparsity (model.h), ASL is the mean over
 * units of max(0, m_j - rho)^2. */
#ifndef SPINE_TRAIN_PENALTY_H
#define SPINE_TRAIN_PENALTY_H

#include "spine/train/stepper.h"

/* Compute what PSL, ASL and L1 add to the gradient of h for this rank's units, from the sums of h
 * that spine_groupsum_counts() found. Local. */
void spine_penalty_add(struct spine_stepper *stepper, size_t batch_rows);

/* L1 of the batch if it has a weight, else ASL; times the batch's rows. Uses stepper->h_sum.
 * Local. */
double spine_penalty_loss(const struct spine_stepper *stepper, size_t batch_rows);

#endif
