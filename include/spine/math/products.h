/* products.h -- the products of a training step: dense, over listed rows, and outer.
 *
 * Every result is one chain of multiply-adds in a given order, whatever the width of vectors, the
 * number of rows and units in a call, and the position of a row or unit among them
 * (productlanes.h). So a step has the same bits however it is divided, and on every processor. */
#ifndef SPINE_MATH_PRODUCTS_H
#define SPINE_MATH_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/math/tree.h"

/* Rows of a block, and of a panel: 16 rows of packed values. */
enum { SPINE_BLOCK_ROWS = SPINE_TREE_BLOCK, SPINE_PANEL_ROWS = 16 };

/* The most units of a dense product. */
enum { SPINE_PRODUCT_UNITS = 6 };

/* Rows to be summed, each times a factor. The list has a part for each leaf; 'merges' says when
 * sums of parts are added (tree.h). */
struct spine_row_list {
    size_t count;
    const int32_t *which;
    const float *factor;
    size_t num_parts;
    const size_t *part_end;
    const int *merges;
};

/* The versions for this processor. Their parameters are matrices and their extents, as in BLAS. */
struct spine_products {
    /* out (units, 64) = the scalar products of up to 6 units of W (units, stride) and 'rows' rows
     * of a packed block. */
    void (*product)(size_t units, size_t rows, size_t dim, size_t stride, const float *packed,
                    const float *W, float *out);
    /* out = first + the sum of factor[p] rows[which[p]], columns [begin, end), multiples of 16;
     * 'first' may be NULL for zero, or 'out'. */
    void (*gather)(const struct spine_row_list *list, size_t begin, size_t end, size_t stride,
                   const float *rows, const float *first, float *out);
    /* out[p] = the scalar product of 'row' and rows[which[p]], (stride). */
    void (*dots)(const struct spine_row_list *list, size_t stride, const float *rows,
                 const float *row, float *out);
    /* Both, with the same bits, for a list with one part and all columns: dots[p] is a scalar
     * product, out the sum of factor[p] rows[which[p]]. Reads the rows once. */
    void (*dots_gather)(const struct spine_row_list *list, size_t stride, const float *rows,
                        const float *row, float *dots, float *out);
    /* out (few, stride) += the sum over q of a(i, q) b[q], columns [begin, end), multiples of 16;
     * a(i, q) is a[i * a_row + q * a_step], b is (count, stride). At most 4 rows. */
    void (*outer)(size_t few, size_t count, const float *a, size_t a_row, size_t a_step,
                  size_t begin, size_t end, size_t stride, const float *b, float *out);
};
extern struct spine_products spine_products;

/* Choose the versions for this processor. Until then spine_products has those for any processor. */
void spine_products_choose(void);

/* D is divided into chunks of a few vectors: the number of chunks, and the column where one
 * begins. */
size_t spine_chunks(size_t stride);
size_t spine_chunk_begin(size_t stride, size_t chunk);

/* The sum of the factors, added up in the same order. */
float spine_sum_factors(const struct spine_row_list *list);

#endif
