/* encoding.h -- z = x' W1' + b1 and h, for a block of rows and a range of units (block.h). */
#ifndef SPINE_MATH_ENCODING_H
#define SPINE_MATH_ENCODING_H

#include "spine/math/block.h"

/* Sums over the rows of blocks, as multiples of 2^-24, so that they are exact in any order. */
#define SPINE_BLOCK_SCALE 0x1p24
struct spine_block_sums {
    int64_t *h;      /* (units): of min(h, 2^16); borrowed; NULL: not wanted */
    int64_t partial; /* of h (1 - h), where h < 1 */
    int64_t active;  /* pairs with h > 0 */
    bool not_finite; /* a code is NaN */
};

/* Fill the block with the codes of block->rows packed rows for 'units' units from first_unit on,
 * and add them to sums, whose h begins with first_unit. W1 (H, D) and b1 (H) begin with unit 0. If
 * units are selected (sparse mode only), fill it instead with the candidates' z, unclamped, and
 * don't add them to sums. */
void spine_block_encode(struct spine_block *block, struct spine_scratch *scratch,
                        enum spine_mode mode, size_t first_unit, size_t units,
                        const struct spine_params *params, const float *packed,
                        struct spine_block_sums *sums);

/* Fill the block with candidates from the units of the range that is_listed (units) marks: z > 0
 * that may be among the k largest of these units in a row. *guess is that of
 * spine_activation_bounds(). Sparse mode. */
void spine_block_encode_listed(struct spine_block *block, struct spine_scratch *scratch,
                               size_t first_unit, size_t units, const uint8_t *is_listed,
                               const struct spine_params *params, const float *packed,
                               float *guess);

/* Make codes of the candidates that the cuts of the block's rows keep, and add them to sums. A unit
 * with an active pair adds at least 1 to the sum of its h. */
void spine_block_keep(struct spine_block *block, const struct spine_cut *cuts,
                      struct spine_block_sums *sums);

#endif
