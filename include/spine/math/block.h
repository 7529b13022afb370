/* block.h -- the codes of a training step, in blocks of 64 rows and any range of units.
 *
 *     z = x' W1' + b1,  h from z (activation.h) encoding.h, a block and a range of units at a time
 *     y = h W2 + b2,    dY = factor (y - x)     decoding.h, any rows and columns at a time
 *     dW2 = h' dY,  dZ = (dY W2' + add - slope h) where active, z <= cap,  dW1 = dZ' x',  db1 = sum dZ
 *                                               backward.h, a few units at a time
 *
 * Shapes are those of model.h. A step is divided along axes that aren't summed over: units for z
 * and the gradient, rows for y. Every result is one chain of multiply-adds in the order of columns,
 * units or rows; a sum over rows is one chain for each leaf and a tree over the leaves (tree.h). So
 * the bits are the same however a step is divided.
 *
 * In sparse mode, active pairs of a row and a unit are listed twice, by row for y and by unit for
 * the gradient. In dense mode, which is faster when many are active, all pairs are computed with.
 *
 * If the active units are selected from all units, encoding finds the candidates of a range of
 * units: of rows, by row only, with all z (units, 64) in unit_value; of the batch, by unit only.
 * When all ranges have been encoded, the cuts are found, for each row or for the batch
 * (spine_search), and each range keeps the candidates that pass, in both lists.
 *
 * Matrices are row-major float; rows begin every 'stride' floats (kernels.h). */
#ifndef SPINE_MATH_BLOCK_H
#define SPINE_MATH_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/math/activation.h"
#include "spine/math/model.h"
#include "spine/math/products.h"

/* The number of blocks that so many rows make. */
static inline size_t spine_block_count(size_t rows)
{
    return (rows + SPINE_BLOCK_ROWS - 1) / SPINE_BLOCK_ROWS;
}

/* A walk over rows by blocks of 64, of which only the last may have fewer. It begins as {0}. */
struct spine_block_walk {
    size_t number, first, rows; /* of the block: from 0; its first row; how many */
};

/* Go to the next block of 'all' rows; returns false after the last. */
static inline bool spine_block_next(struct spine_block_walk *walk, size_t all)
{
    walk->number += walk->rows > 0;
    walk->first += walk->rows;
    const size_t left = all - walk->first;
    walk->rows = left < SPINE_BLOCK_ROWS ? left : SPINE_BLOCK_ROWS;
    return left > 0;
}

/* The most units whose gradient is computed at once. */
enum { SPINE_BLOCK_UNITS = 4 };

/* The codes of up to 64 rows for a range of units. */
struct spine_block {
    struct spine_activation activation; /* set by the caller after _init */
    enum spine_mode mode;
    size_t rows, first_row; /* first_row counts from the first block of the group */
    size_t leaf;            /* that has the rows */
    size_t units, first_unit;
    void *shared;         /* owned unless given: the next three, which other ranks may read */
    uint32_t *row_begin;  /* (65): row i's pairs are [row_begin[i], row_begin[i + 1]) */
    int32_t *unit;        /* by row, ascending units, counted from unit 0 of W1 */
    float *value;         /* by row: h. Dense: (units, 64), h */
    uint32_t *unit_begin; /* owned; (units + 1) */
    uint8_t *row;         /* owned; by unit, ascending rows */
    float *unit_value;    /* owned; by unit: h. Dense, and before a cut of rows: (units, 64), z */
    uint8_t *open;        /* owned; by unit: z <= cap, so that a gradient passes */
    uint64_t *candidates; /* owned; (units), of SPINE_OF_ROW: bit i for row i */
    bool is_borrowed;     /* 'shared' was given */
    bool is_unclamped;    /* values above the cap are kept as z; sparse only */
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
    float guess; /* for spine_activation_bounds() */
    size_t most_rows, most_units, dim;
};

int spine_scratch_init(struct spine_scratch *scratch, size_t most_rows, size_t most_units,
                       size_t dim, struct spine_error *err);
void spine_scratch_dispose(struct spine_scratch *scratch);

/* Allocate a block for up to most_units units. 'shared' is memory of spine_block_shared_bytes(),
 * aligned to 64 bytes, or NULL, and the block has its own. */
size_t spine_block_shared_bytes(size_t most_units);
int spine_block_init(struct spine_block *block, size_t most_units, void *shared,
                     struct spine_error *err);

/* Make a block that reads another block's codes by row, at 'shared', and owns nothing. The caller
 * sets mode, rows, units and first_unit. */
void spine_block_view(struct spine_block *block, size_t most_units, void *shared);
void spine_block_dispose(struct spine_block *block);

/* What a block is used for: sparse mode, with this share of all pairs; and perhaps dense mode, or
 * the selection of pairs, which begins with all z, or with all above 0. */
struct spine_block_use {
    bool has_dense, has_candidates;
    double density;
};

/* The bytes in use in the blocks of 'rows' rows. */
size_t spine_block_bytes(size_t rows, size_t units, const struct spine_block_use *use);

/* The floats of a packed block: panels (D, 16), one after the other. */
size_t spine_block_packed(size_t dim);

/* Pack columns [first, end) of up to 16 rows of x into a panel, with zeros for the missing rows. */
void spine_block_pack(size_t rows, size_t dim, size_t stride, size_t first, size_t end,
                      const float *x, float *panel);

#endif
