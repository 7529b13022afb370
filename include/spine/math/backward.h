/* backward.h -- the gradient of the parameters (block.h):
 *
 *     dW2 = h' dY,  dZ = (dY W2' + add - slope h) where active, z <= cap,  dW1 = dZ' x',
 *     db1 = sum dZ,  db2 = sum dY */
#ifndef SPINE_MATH_BACKWARD_H
#define SPINE_MATH_BACKWARD_H

#include "spine/math/block.h"

/* What is needed for the gradient of any unit. */
struct spine_backward {
    const struct spine_block *blocks; /* (num_blocks), ascending rows, one range of units */
    size_t num_blocks;
    const float *x, *dY; /* (rows of the blocks, D): x', and y after decoding and residual */
    float slope;
    struct spine_prefixes prefixes;
    size_t apart; /* with prefixes: floats between the dY matrices of successive widths */
};

/* Call before the gradients: packs dY in dense mode. */
void spine_backward_begin(const struct spine_backward *backward, struct spine_scratch *scratch,
                          const struct spine_params *params);

/* Compute the gradient of 'count' units from 'unit' on, at most SPINE_BLOCK_UNITS: dW1 and dW2
 * (count, D), db1 (count). add is (H). */
void spine_backward_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                          size_t unit, size_t count, const struct spine_params *params,
                          const float *add, float *dW1, float *db1, float *dW2);

/* Compute chunks [first, end) of db2, the sum of dY over rows. */
void spine_backward_rows(const struct spine_backward *backward, struct spine_scratch *scratch,
                         size_t stride, size_t first, size_t end, float *db2);

#endif
