/* sparse.h -- the products of a training step on the active pairs only.
 *
 * A pair is a row and a unit with z >= 0; elsewhere h and its gradient are 0. With few pairs, all
 * products of a step but the first can skip the rest. The lists of pairs are made twice: by row,
 * where a reconstruction gathers rows of W2, and by unit, where a gradient gathers rows of the
 * batch. Shapes and layout are those of kernels.h, as are the reason for many parameters; the
 * results are the same up to rounding. */
#ifndef SPINE_MATH_SPARSE_H
#define SPINE_MATH_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/math/kernels.h"

struct spine_pairs {
    size_t rows, hidden, count;
    size_t *row_begin; /* owned; (rows + 1): row i's pairs are [row_begin[i], row_begin[i + 1]) */
    int32_t *unit;     /* owned; (count): by row, ascending units */
    float *value;      /* owned; (count): by row, h */

    size_t *unit_begin; /* owned; (hidden + 1) */
    int32_t *row;       /* owned; (count): by unit, ascending rows */
    float *unit_value;  /* owned; (count): by unit, h */
    uint8_t *open;      /* owned; (count): by unit, z <= 1, so that a gradient passes */
    uint8_t *flags;     /* owned; (hidden + 8): scratch, of one row; the last 8 are 0 */
    float *gradient;    /* owned; (count): by unit, first dY W2' and then dz */
};

/* Allocate for all pairs of most_rows rows; memory is touched only as far as there are pairs. */
int spine_pairs_init(struct spine_pairs *pairs, size_t most_rows, size_t hidden,
                     struct spine_error *err);
void spine_pairs_dispose(struct spine_pairs *pairs);

/* The bytes in use with this share of all pairs. */
size_t spine_pairs_bytes(size_t most_rows, size_t hidden, double density);

/* z += bias; list the pairs of z (n, H), and sum h as spine_kernel_clamp() does. */
void spine_sparse_clamp(size_t n, size_t hidden, const float *bias, float *z,
                        struct spine_pairs *pairs, struct spine_code_sums *sums);

/* y = h W2 + b2, y_i = b2 + sum over row i's pairs of h_ij W2_j:  W2 (H, D), b2 (stride),
 * y (n, D). */
void spine_sparse_decode(const struct spine_pairs *pairs, size_t stride, const float *W2,
                         const float *b2, float *y);

/* For units [first, end): dW2 = h' dY, dW2_j = sum over unit j's pairs of h_ij dY_i, and the pairs'
 * entries of dY W2' into pairs->gradient.
 * dY (n, D), W2, dW2 (H, D). */
void spine_sparse_decoder_gradient(struct spine_pairs *pairs, size_t first, size_t end,
                                   size_t stride, const float *dY, const float *W2, float *dW2);

/* For units [first, end): turn pairs->gradient into dz, as spine_kernel_clamp_gradient() does;
 * dW1 = dz' x and db1, the sums of dz.  x (n, D), add, db1 (H), dW1 (H, D). */
void spine_sparse_encoder_gradient(struct spine_pairs *pairs, size_t first, size_t end,
                                   size_t stride, const float *x, const float *add, float slope,
                                   float *dW1, float *db1);

#endif
