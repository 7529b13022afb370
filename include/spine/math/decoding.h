/* decoding.h -- y = h W2 + b2 and dY = factor (y - x), of any rows and chunks of columns
 * (block.h). */
#ifndef SPINE_MATH_DECODING_H
#define SPINE_MATH_DECODING_H

#include "spine/math/block.h"

/* An active pair of a row, or a candidate. */
struct spine_pair {
    float value;
    int32_t unit;
};

/* Find the cuts that keep the k largest values of each of the rows [first, end) of a block, from
 * the candidates of all units; 'tiles' are those of spine_block_decode(). */
void spine_block_cut(const struct spine_block *const *tiles, size_t num_tiles,
                     struct spine_scratch *scratch, size_t k, size_t first, size_t end,
                     struct spine_cut *cuts);

/* List the pairs of a row that the cut keeps, by ascending units; returns their number. */
size_t spine_block_list_kept(const struct spine_block *const *tiles, size_t num_tiles,
                             struct spine_scratch *scratch, size_t row, struct spine_cut cut,
                             struct spine_pair *pairs);

/* If several lists have more than k candidates of a row together, set the cut to keep the k
 * largest; otherwise leave it. Each list has k pairs, with values of 0 for those it lacks, and list
 * l begins at pairs[l * apart]; units ascend from list to list. */
void spine_lists_cut(const struct spine_pair *pairs, size_t num_lists, size_t apart, size_t k,
                     struct spine_scratch *scratch, struct spine_cut *cut);

/* Compute y for rows [first, end) of a block, chunks [begin_chunk, end_chunk), from its codes.
 * 'tiles' are the block's ranges of units, ascending: all units or, if another's y is continued,
 * those that follow. y begins with the block's row 0, and each sum begins with b2 or, if
 * 'continues', with what y has. In sparse mode params->b2 may be NULL, for zeros. */
void spine_block_decode(const struct spine_block *const *tiles, size_t num_tiles,
                        struct spine_scratch *scratch, size_t first, size_t end, size_t begin_chunk,
                        size_t end_chunk, const struct spine_params *params, bool continues,
                        float *y);

/* Compute y from the first units only, for each width of 'prefixes', and last from all units. y has
 * one matrix for each, 'apart' floats apart. Sparse mode only. 'continues' is as above. */
void spine_block_decode_nested(const struct spine_block *const *tiles, size_t num_tiles,
                               struct spine_scratch *scratch, size_t first, size_t end,
                               size_t begin_chunk, size_t end_chunk,
                               const struct spine_params *params,
                               const struct spine_prefixes *prefixes, size_t apart, bool continues,
                               float *y);

/* y = factor (y - scale x) in one row and chunk; returns the sum of (y - scale x)^2. */
float spine_chunk_residual(size_t stride, size_t chunk, const float *x, float scale, float factor,
                           float *y);

/* y += other in one chunk. */
void spine_chunk_add(size_t stride, size_t chunk, const float *other, float *y);

#endif
