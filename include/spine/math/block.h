/* block.h -- the products of a training step, for blocks of 64 rows and any range of units.
 *
 *     z = x' W1' + b1,  h of z (activation.h)   encode, a block and a range of units at a time
 *     y = h W2 + b2,    dY = factor (y - x)     decode, any rows and columns at a time
 *     dW2 = h' dY,  dZ = (dY W2' + add - slope h) where active, z <= cap,  dW1 = dZ' x',  db1 = sum dZ
 *                                               gradient, a few units at a time
 *
 * Shapes as in model.h. A step is cut along what needn't be summed: units for z and the gradient,
 * rows for y. Every result is one chain of multiply-adds in the order of columns, units or rows;
 * over rows, one chain a leaf and a tree over the leaves (tree.h). So it has the same bits however
 * the step is cut.
 *
 * Active pairs of a row and a unit are listed twice, by row for y and by unit for the gradient
 * (sparse mode); or all of them are computed with (dense mode), which is faster when they are many.
 * Where the active ones are selected among all units, encode lists candidates of a range of units, for
 * a selection of the batch by unit only; when those of all ranges are there, cuts are found, by rows or
 * for the batch (spine_search), and each range keeps what they leave.
 * Row-major float; rows begin every 'stride' floats (kernels.h). */
#ifndef SPINE_MATH_BLOCK_H
#define SPINE_MATH_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/math/activation.h"
#include "spine/math/kernels.h"
#include "spine/math/model.h"
#include "spine/math/tree.h"

/* Rows of a block, and of a panel: 16 rows of packed values. */
enum { SPINE_BLOCK_ROWS = SPINE_TREE_BLOCK, SPINE_PANEL_ROWS = 16 };

/* Units of which a gradient is computed at once, at most. */
enum { SPINE_BLOCK_UNITS = 4 };

/* Sums over the rows of blocks, exact, so that their order doesn't matter: in units of 2^-24. */
#define SPINE_BLOCK_SCALE 0x1p24
struct spine_block_sums {
    int64_t *h;      /* (units): of h, and of 2^16 where it is above that; borrowed */
    int64_t partial; /* of h (1 - h), where h < 1 */
    int64_t active;  /* pairs with h > 0 */
    bool not_finite; /* a code is NaN */
};

/* The codes of up to 64 rows for a range of units. */
struct spine_block {
    struct spine_activation activation; /* set by the caller after _init */
    enum spine_mode mode;
    size_t rows, first_row; /* of the batch's rows that belong together */
    size_t leaf;            /* that the rows belong to */
    size_t units, first_unit;
    void *shared;         /* owned unless given: the next three, which other ranks may read */
    uint32_t *row_begin;  /* (65): row i's pairs are [row_begin[i], row_begin[i + 1]) */
    int32_t *unit;        /* by row, ascending units, counted from unit 0 of W1 */
    float *value;         /* by row: h. Dense: (units, 64), h */
    uint32_t *unit_begin; /* owned; (units + 1) */
    uint8_t *row;         /* owned; by unit, ascending rows */
    float *unit_value;    /* owned; by unit: h. Dense: (units, 64), z */
    uint8_t *open;        /* owned; by unit: z <= cap, so that a gradient passes */
    bool is_borrowed;     /* 'shared' was given */
    bool is_unclamped;    /* values are z where h is at the cap; sparse only */
};

/* Scratch of a rank. */
struct spine_scratch {
    int32_t *which; /* owned, as all: lists of rows or units */
    float *factor, *other;
    uint8_t *open, *flags;
    float *tile;   /* (6, 64) */
    float *packed; /* (D, most_rows): dY, dense only */
    float *levels; /* sums of leaves, dense only */
    size_t *part_end;
    int *merges;
    float guess; /* of where the largest values of a row begin */
    size_t most_rows, most_units, dim;
};

int spine_scratch_init(struct spine_scratch *scratch, size_t most_rows, size_t most_units,
                       size_t dim, struct spine_error *err);
void spine_scratch_dispose(struct spine_scratch *scratch);

/* Room for blocks of up to most_units units. 'shared' has spine_block_shared_bytes(), aligned to 64
 * bytes; NULL: memory of its own. */
size_t spine_block_shared_bytes(size_t most_units);
int spine_block_init(struct spine_block *block, size_t most_units, void *shared,
                     struct spine_error *err);

/* A block that only reads another's codes by row, at 'shared'; it owns nothing. The caller sets mode,
 * rows, units and first_unit. */
void spine_block_view(struct spine_block *block, size_t most_units, void *shared);
void spine_block_dispose(struct spine_block *block);

/* The bytes in use of blocks of so many rows, all told: with this share of all pairs in sparse mode,
 * and in dense mode, too, if has_dense. */
size_t spine_block_bytes(size_t rows, size_t units, bool has_dense, double density);

/* The floats of a packed block; its panels come one after the other, each (D, 16). */
size_t spine_block_packed(size_t dim);

/* Pack columns [first, end) of up to 16 rows of x into a panel, with zeros for the missing rows. */
void spine_block_pack(size_t rows, size_t dim, size_t stride, size_t first, size_t end,
                      const float *x, float *panel);

/* Fill the block with the codes of block->rows packed rows for 'units' units from first_unit on;
 * add to sums, whose h begins with first_unit. W1 (H, D) and b1 (H) begin with unit 0. Where units are
 * selected, which is in sparse mode only, fill it with candidates: their z, unclamped, which the sums
 * are without. */
void spine_block_encode(struct spine_block *block, struct spine_scratch *scratch,
                        enum spine_mode mode, size_t first_unit, size_t units,
                        const struct spine_params *params, const float *packed,
                        struct spine_block_sums *sums);

/* The cuts that leave the k largest of each of the rows [first, end) of a block, from the candidates of
 * all units: 'tiles' as for decoding. */
void spine_block_cut(const struct spine_block *const *tiles, size_t num_tiles,
                     struct spine_scratch *scratch, size_t k, size_t first, size_t end,
                     struct spine_cut *cuts);

/* Make codes of those candidates that the cuts of the block's rows leave, and add them to sums. */
void spine_block_keep(struct spine_block *block, const struct spine_cut *cuts,
                      struct spine_block_sums *sums);

/* D is cut into chunks of a few vectors: their number, and the columns where one begins. */
size_t spine_chunks(size_t stride);
size_t spine_chunk_begin(size_t stride, size_t chunk);

/* y of rows [first, end) of a block, chunks [begin_chunk, end_chunk), from its codes for all units:
 * 'tiles' are its parts by units, ascending. y begins with the block's row 0. */
void spine_block_decode(const struct spine_block *const *tiles, size_t num_tiles,
                        struct spine_scratch *scratch, size_t first, size_t end, size_t begin_chunk,
                        size_t end_chunk, const struct spine_params *params, float *y);

/* y = factor (y - x) in one row and chunk; returns the sum of (y - x)^2. */
float spine_chunk_residual(size_t stride, size_t chunk, const float *x, float factor, float *y);

/* What the gradients of all units have in common. */
struct spine_backward {
    const struct spine_block *blocks; /* (num_blocks), ascending rows, one range of units */
    size_t num_blocks;
    const float *x, *dY; /* (rows of the blocks, D): x', and what decode and residual left in y */
    float slope;
};

/* Before the gradients: in dense mode, pack dY. */
void spine_backward_begin(const struct spine_backward *backward, struct spine_scratch *scratch,
                          const struct spine_params *params);

/* The gradient of 'count' units from 'unit' on, at most SPINE_BLOCK_UNITS: dW1, dW2 (count, D), db1
 * (count). add (H). */
void spine_backward_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                          size_t unit, size_t count, const struct spine_params *params,
                          const float *add, float *dW1, float *db1, float *dW2);

/* Chunks [first, end) of db2, the sum of dY. */
void spine_backward_rows(const struct spine_backward *backward, struct spine_scratch *scratch,
                         size_t stride, size_t first, size_t end, float *db2);

#endif
