/* nnse.h -- sparse non-negative codes over a learned dictionary, as another objective.
 *
 *     min sum over rows of  |x - a W|^2 / 2 + lambda sum_j a_j + ridge / 2 sum_j a_j^2,
 *     a >= 0,  |W_j| <= 1
 *
 * without the ridge after Murphy, Talukdar, Mitchell: "Learning effective and interpretable semantic models using
 * non-negative sparse embedding", COLING 2012. There is no encoder: codes are solved for (lasso.h).
 * An epoch solves for all rows, sums A'A and A'X over the ranks, then goes over the atoms a few
 * times, each in turn set to the best for the others (block coordinate descent; Mairal, Bach, Ponce,
 * Sapiro: JMLR 11, 2010). lambda follows the wanted number of values a word. An atom that no row
 * uses begins anew from a word's vector.
 *
 * All that a run holds is in the model's parameters: W2 and W1 are the atoms, b1 is -lambda, b2 is 0;
 * after a refit (refit.h) W2 and b2 reconstruct, and W1 alone are the atoms, of which codes are. So a
 * checkpoint of an epoch is whole, and a start from it gives the same bytes. */
#ifndef SPINE_TRAIN_NNSE_H
#define SPINE_TRAIN_NNSE_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/math/coder.h"
#include "spine/math/lasso.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_nnse_settings {
    double wanted; /* mean number of values a word */
    double ridge;
    enum spine_atoms start;
    uint64_t seed;
};

struct spine_nnse {
    struct spine_comm *comm;    /* borrowed */
    struct spine_dataset *data; /* borrowed */
    struct spine_coder *coder;  /* borrowed; made to solve for codes */
    struct spine_nnse_settings settings;
    struct spine_params atoms;       /* owned: this rank's copy; W2, b1 */
    struct spine_lasso lasso;        /* of atoms.W2 */
    struct spine_lasso_coder solver; /* the coder's */
    double *gram, *cross;            /* owned; (H, H): A'A, and (H, D): A'X, of all rows */
    double *atom;                    /* owned; (D) */
    bool *marked;                    /* owned; (H): atoms to draw */
};

/* Set up for the data and the parameters, whose atoms and lambda are read. Takes 12 H^2 bytes. */
int spine_nnse_init(struct spine_nnse *nnse, const struct spine_nnse_settings *settings,
                    const struct spine_params *params, struct spine_dataset *data,
                    struct spine_comm *comm, struct spine_coder *coder, struct spine_error *err);
void spine_nnse_dispose(struct spine_nnse *nnse);

/* Begin: draw atoms, which are random directions or the vectors of words, of length 1, and find the lambda that gives the wanted
 * number of values a word. Collective. */
int spine_nnse_begin(struct spine_nnse *nnse, struct spine_error *err);

/* What an epoch's codes were, before its atoms changed; sums over all rows. */
struct spine_nnse_sums {
    double squares, values; /* of |x - a W|^2; pairs of row and unit */
};

/* One epoch, number 'epoch' from 0. Afterwards nnse->atoms are the new parameters. Collective. */
int spine_nnse_epoch(struct spine_nnse *nnse, int64_t epoch, struct spine_nnse_sums *sums,
                     struct spine_error *err);

#endif
