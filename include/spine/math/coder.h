/* coder.h -- codes and reconstructions of rows for all units, outside of training.
 *
 * A row's bits are those of a training step, whichever rows it is encoded with. */
#ifndef SPINE_MATH_CODER_H
#define SPINE_MATH_CODER_H

#include "spine/math/encoding.h"
#include "spine/math/lassocoder.h"

struct spine_coder {
    struct spine_block block; /* owned; after encoding, each row's pairs, by row, units ascending.
                                 The caller sets its activation */
    struct spine_block_sums sums; /* of the last rows; h, (H), is owned */
    struct spine_scratch scratch; /* owned */
    float *packed;                /* owned */
    struct spine_lasso_coder
        *solver; /* borrowed; it computes the codes; NULL: the activation does */
    struct spine_lasso_codes
        *kept;       /* borrowed; the solver's last codes of rows, block by block; NULL: not kept */
    float *residual; /* owned; (64, D): y - x, after decoding */
};

int spine_coder_init(struct spine_coder *coder, size_t dim, size_t hidden, struct spine_error *err);
void spine_coder_dispose(struct spine_coder *coder);

/* The bytes that a coder uses at this density. */
size_t spine_coder_bytes(size_t dim, size_t hidden, double density);

/* Encode 'rows' rows x (rows, D), at most SPINE_BLOCK_ROWS. If 'unclamped', values above the cap
 * are kept. A solver encodes with its own atoms and never clamps. */
void spine_coder_encode(struct spine_coder *coder, const struct spine_params *params, size_t rows,
                        const float *x, bool unclamped);

/* The same for the rows of block number 'block' of those whose codes are kept. */
void spine_coder_encode_block(struct spine_coder *coder, const struct spine_params *params,
                              size_t block, size_t rows, const float *x, bool unclamped);

/* Reconstruct the rows x, which were encoded with the clamp, and fill residual. Returns its sum of
 * squares, in which each chunk of a row is rounded to the quantum (exact.h). */
double spine_coder_decode(struct spine_coder *coder, const struct spine_params *params,
                          const float *x, double quantum);

#endif
