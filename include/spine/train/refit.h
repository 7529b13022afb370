/* refit.h -- refitting the decoder by ridge regression, after training.
 *
 *     min sum over rows of |x - h W2 - b2|^2 + ridge (|W2 - q W2'|^2 + |b2 - b2'|^2)
 *
 * with the clean codes h, and W2', b2' as trained. Trained with noise, the decoder explains less
 * than the codes of clean rows could. Codes don't change. The ridge is chosen from 0.1, 1, 10, 30
 * and 100 by the error on every fifth row, with a solution from the other rows; then all rows are
 * used. Sums over rows are exact (exact.h), so the result doesn't depend on the number of ranks,
 * unless a unit's squared codes add up to more than 32 times the squares of all rows. Those of a
 * dictionary don't if its ridge is at least 1/32.
 *
 * q is 1, except for a dictionary: its codes are shrunk by lambda and the ridge, and q is the
 * factor that fits best. The codes were solved for with the atoms W2', so a dictionary's decoder
 * stays close to them. Of the ridges that explain at most 0.01 less of the rows left out than the
 * best ridge, the greatest is chosen (compare the one-standard-error rule of Breiman et al., 1984).
 * Five are tried, from 0.1 to 100, and then three more: each halves, on a logarithmic scale, the
 * range from the chosen one to the next greater. Codes over a dictionary are as large as the rows,
 * so its ridges are multiples of a power of two, which is 1 for rows of the default mean square,
 * 0.4^2, and in proportion for others. */
#ifndef SPINE_TRAIN_REFIT_H
#define SPINE_TRAIN_REFIT_H

#include <stdbool.h>

#include "spine/math/coder.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_refit {
    double ridge;         /* chosen; one unit if no fifth row has values to measure it by */
    bool has_measured;    /* the ridge: else before and after aren't numbers */
    double before, after; /* 1 - sum (y - x)^2 / sum x^2 over every fifth row: as trained, and
                             refitted on the other rows */
};

/* A refit is in parts, between which a caller may do other work, or give up. */
struct spine_refit_problem;

/* Allocate the equations of a refit: 16 (H + 1) (H + 1 + D) bytes on each rank and half as many
 * more on rank 0; H + 1 is at most SPINE_LAPACK_MOST. All but err is borrowed; the coder is
 * overwritten. Dispose of *problem after a failure, too. Collective. */
int spine_refit_begin(struct spine_refit_problem **problem, const struct spine_params *params,
                      struct spine_dataset *data, struct spine_comm *comm,
                      struct spine_coder *coder, struct spine_error *err);

/* Add 'count' of this rank's rows, from its row 'first' on, which is a multiple of
 * SPINE_BLOCK_ROWS. Local. */
void spine_refit_add(struct spine_refit_problem *problem, size_t first, size_t count);

/* Sum over the ranks, after which no rows are added. Collective. */
void spine_refit_sum(struct spine_refit_problem *problem);

/* Solve for a new W2 and b2 on rank 0: at each call with another ridge, until *is_done; the last
 * chooses one and solves with all rows. Collective. */
int spine_refit_solve(struct spine_refit_problem *problem, bool *is_done, struct spine_error *err);

/* The solution, on all ranks: decoder, (H + 1, D), in rows of params->stride floats, is W2, then
 * b2. Collective. */
void spine_refit_end(struct spine_refit_problem *problem, float *decoder,
                     struct spine_refit *refit);

/* Local; NULL is left alone. */
void spine_refit_dispose(struct spine_refit_problem *problem);

/* About how many seconds rank 0 takes to solve for a new decoder, of a dictionary or not, at 2
 * 10^10 operations a second. The sums over rows, which all ranks share, are not included. */
double spine_refit_seconds(size_t hidden, size_t dim, bool is_dictionary);

#endif
