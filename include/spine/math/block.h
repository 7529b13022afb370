/* block.h -- the codes of a training step, in blocks of 64 rows and any range of units.
 *
 *     z = x' W1' + b1,  h of z (activation.h)   encoding.h, a block and a range of units at a time
 *     y = h W2 + b2,    dY = factor (y - x)     decoding.h, any rows and columns at a time
 *     dW2 = h' dY,  dZ = (dY W2' + add - slope h) where active, z <= cap,  dW1 = dZ' x',  db1 = sum dZ
 *                                               backward.h, a few units at a time
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
#include "spine/math/model.h"
#include "spine/math/products.h"

/* Units of which a gradient is computed at once, at most. */
enum { SPINE_BLOCK_UNITS = 4 };

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

/* The bytes in use of the blocks of 'rows' rows, all told: with this share of all pairs in sparse mode,
 * and in dense mode, too, if has_dense. */
size_t spine_block_bytes(size_t rows, size_t units, bool has_dense, double density);

/* The floats of a packed block; its panels come one after the other, each (D, 16). */
size_t spine_block_packed(size_t dim);

/* Pack columns [first, end) of up to 16 rows of x into a panel, with zeros for the missing rows. */
void spine_block_pack(size_t rows, size_t dim, size_t stride, size_t first, size_t end,
                      const float *x, float *panel);

#endif
