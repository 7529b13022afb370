/* coder.h -- codes and reconstructions of rows for all units, outside of training.
 *
 * The same bits as in a step, and for a row always the same, whatever rows are beside it. */
#ifndef SPINE_MATH_CODER_H
#define SPINE_MATH_CODER_H

#include "spine/math/encoding.h"
#include "spine/math/lasso.h"

struct spine_coder {
    struct spine_block block; /* owned; after encode: row i's pairs by row, ascending units. The
                                 caller sets its activation */
    struct spine_block_sums sums;
    struct spine_scratch scratch; /* owned */
    float *packed;                /* owned */
    struct spine_lasso_coder
        *solver;     /* borrowed; codes are its solutions; NULL: the activation's */
    float *residual; /* owned; (64, D): y - x, after decode */
};

int spine_coder_init(struct spine_coder *coder, size_t dim, size_t hidden, struct spine_error *err);
void spine_coder_dispose(struct spine_coder *coder);

/* The bytes of it that come into use at this share of active units. */
size_t spine_coder_bytes(size_t dim, size_t hidden, double density);

/* Encode 'rows' rows x (rows, D), at most SPINE_BLOCK_ROWS. If 'unclamped', the block's values are
 * z where h is at the cap. With a solver, which codes for its own atoms, nothing is clamped. */
void spine_coder_encode(struct spine_coder *coder, const struct spine_params *params, size_t rows,
                        const float *x, bool unclamped);

/* Reconstruct the rows that were encoded, clamped, from x: fills residual. Returns the sum of its
 * squares, each row's chunks rounded to the quantum (exact.h). */
double spine_coder_decode(struct spine_coder *coder, const struct spine_params *params,
                          const float *x, double quantum);

#endif
