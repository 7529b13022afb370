/* nnse.h -- the objective nnse: sparse non-negative codes over a learned dictionary.
 *
 *     min sum over rows of  |x - a W|^2 / 2 + lambda sum_j a_j + ridge / 2 sum_j a_j^2,
 *     a >= 0,  |W_j| <= 1
 *
 * as in Murphy, Talukdar, Mitchell: "Learning effective and interpretable semantic models using
 * non-negative sparse embedding", COLING 2012, who have no ridge. There is no encoder: codes are
 * solved for (lasso.h). An epoch solves for all rows and sums A'A and A'X over the ranks. Then it
 * passes over the atoms a few times, setting each to the optimum given the others (block coordinate
 * descent; Mairal, Bach, Ponce, Sapiro: JMLR 11, 2010), and moves each 1.8 times as far as these
 * passes did (over-relaxation), since codes follow only in the next epoch. An atom that no row
 * uses is replaced by a word's vector. lambda is adjusted to the new atoms, so that codes have
 * the wanted number of values a word (lambda.h).
 *
 * Sums over rows are exact (exact.h), and a row's code depends on nothing else, so the result is
 * the same on any number of ranks whose processors round alike. That is certain if the ridge is at
 * least 1/100 or lambda at least 1/20 of the longest row's length, which bounds the values.
 * Otherwise it holds as long as no atom's squared values add up to more than 128 times the squares
 * of all rows. A refit has a condition of its own (refit.h).
 *
 * The state of a run is in the model's parameters: W2 and W1 are the atoms, b1 is -lambda, b2 is 0.
 * After a refit (refit.h), W2 and b2 reconstruct, and only W1 are the atoms. So a checkpoint after
 * an epoch is complete, and resuming from it gives the same bytes. */
#ifndef SPINE_TRAIN_NNSE_H
#define SPINE_TRAIN_NNSE_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/math/codegram.h"
#include "spine/math/coder.h"
#include "spine/math/lasso.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"
#include "spine/train/lambda.h"

struct spine_nnse_settings {
    double wanted; /* mean number of values a word */
    double ridge;
    enum spine_atoms start;
    uint64_t seed;
};

/* Sums over all rows for the codes of an epoch, which were solved for before the atoms changed. */
struct spine_nnse_sums {
    double squares; /* of |x - a W|^2 */
    double values;  /* active pairs of row and unit */
    double sampled; /* those of the rows by which lambda is adjusted (lambda.h) */
};

struct spine_nnse {
    struct spine_comm *comm;    /* borrowed */
    struct spine_dataset *data; /* borrowed */
    struct spine_coder *coder;  /* borrowed; gets this solver */
    struct spine_nnse_settings settings;
    struct spine_params atoms;       /* owned: this rank's copy; W2, b1 */
    struct spine_lasso lasso;        /* of atoms.W2 */
    struct spine_lasso_coder solver; /* of the coder */
    double *gram, *cross;            /* owned; (H, H): A'A; (H, D): A'X; over all rows */
    struct spine_codegram products;  /* adds to gram; its shift is that of an epoch's products */
    struct spine_comm team;          /* owned; the first ranks, which share the sums over atoms */
    bool is_in_team;
    double *own;                    /* owned; (96, stride): this rank's sums of some atoms */
    double *sums;                   /* owned; (2, 96, stride): the team's */
    double *pieces;                 /* owned; (stride / 16, H, 16): the atoms */
    float *before;                  /* owned; (D): an atom */
    bool *marked;                   /* owned; (H): atoms to draw */
    struct spine_lambda_poll poll;  /* of the searches for lambda; set by the caller */
    struct spine_nnse_sums epoch;   /* of this rank's rows so far */
    double waited;                  /* seconds that this rank has waited for others in all */
    struct spine_lasso_codes *kept; /* owned; of this rank's rows, block by block; NULL: not kept */
    size_t num_kept;
};

/* The settings of a configuration. Local. */
struct spine_nnse_settings spine_nnse_settings(const struct spine_config *config);

/* The bytes that a rank with these rows needs, beside those of coder and data, if codes have
 * 'values' a row. Does it keep those of all rows? Not if rows aren't in memory. */
size_t spine_nnse_bytes(const struct spine_partition *part, size_t dim, size_t hidden,
                        double values, bool keeps);

/* Set up for the data; atoms and lambda are copied from the parameters. Collective, also disposing
 * of it. */
int spine_nnse_init(struct spine_nnse *nnse, const struct spine_nnse_settings *settings,
                    const struct spine_params *params, struct spine_dataset *data,
                    struct spine_comm *comm, struct spine_coder *coder, struct spine_error *err);
void spine_nnse_dispose(struct spine_nnse *nnse);

/* Call after rows have changed: codes solved for before aren't theirs. */
void spine_nnse_forget(struct spine_nnse *nnse);

/* Draw the initial atoms, random directions or vectors of words, of length 1. Then find the lambda
 * that gives the wanted number of values a word. Collective. */
int spine_nnse_begin(struct spine_nnse *nnse, struct spine_error *err);

/* Train for one epoch, in four parts. First, forget the sums of the one before. Then solve for all
 * of this rank's rows, some at a time, and add them to the sums: 'count' rows from its row 'first'
 * on, which is a multiple of SPINE_BLOCK_ROWS. Then sum over the ranks and improve the atoms,
 * which are then the new parameters; 'epoch' counts from 0. Last, adjust lambda to them. The last
 * two parts are collective. */
void spine_nnse_begin_epoch(struct spine_nnse *nnse);
void spine_nnse_add_rows(struct spine_nnse *nnse, size_t first, size_t count);
int spine_nnse_improve(struct spine_nnse *nnse, int64_t epoch, struct spine_nnse_sums *sums,
                       struct spine_error *err);
int spine_nnse_adjust(struct spine_nnse *nnse, const struct spine_nnse_sums *sums,
                      struct spine_error *err);

#endif
