/* refit.h -- the decoder once more, by ridge least squares, when training has ended.
 *
 *     min sum over rows of |x - h W2 - b2|^2 + ridge (|W2 - W2'|^2 + |b2 - b2'|^2)
 *
 * with the clean codes h, and W2', b2' as trained: with noise the decoder learns to give less than
 * the codes of clean rows can explain. Codes don't change. The ridge is chosen from 0.1, 1, 10, 100
 * by the error on every fifth row, solved without those; then all rows are used. Sums over rows are
 * exact (exact.h), so that the result doesn't depend on the ranks. */
#ifndef SPINE_TRAIN_REFIT_H
#define SPINE_TRAIN_REFIT_H

#include "spine/math/coder.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_refit {
    double ridge;         /* chosen */
    double before, after; /* of the rows that chose it: 1 - sum (y - x)^2 / sum x^2, as trained, and
                             refitted without them */
};

/* Solve for W2 and b2 of params, whose other parts aren't read; 'coder' is overwritten. Takes
 * 24 (H + 1) (H + 1 + D) bytes on each rank. The new ones go to decoder, (H + 1, D), rows of params->stride floats: W2, then
 * b2. Collective. */
int spine_refit_solve(const struct spine_params *params, struct spine_dataset *data,
                      struct spine_comm *comm, struct spine_coder *coder, float *decoder,
                      struct spine_refit *refit, struct spine_error *err);

#endif
