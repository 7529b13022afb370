/* lassocoder.h -- codes of blocks of rows over a dictionary.
 *
 * The codes of a block may be kept. If they were solved for with the same atoms and lambda, they
 * are used again; else each row's are where its solver begins, which saves time and changes nothing
 * (lasso.h). Local, and without threads. */
#ifndef SPINE_MATH_LASSOCODER_H
#define SPINE_MATH_LASSOCODER_H

#include "spine/math/block.h"
#include "spine/math/lasso.h"

/* spine_lasso_find() without a start, and with the solution in a (H). Returns the number of values
 * above 0. */
size_t spine_lasso_solve(const struct spine_lasso *lasso, const float *x, const float *products,
                         double lambda, struct spine_lasso_scratch *scratch, float *a);

struct spine_lasso_coder {
    const struct spine_lasso *lasso; /* borrowed */
    double lambda;                   /* of the next rows; set by the caller */
    struct spine_lasso_scratch scratch;
    float *products, *packed; /* owned; (64, H), scratch of a product */
};

int spine_lasso_coder_init(struct spine_lasso_coder *coder, const struct spine_lasso *lasso,
                           struct spine_error *err);
void spine_lasso_coder_dispose(struct spine_lasso_coder *coder);

/* The last codes of a block of rows; zeroed, there are none. */
struct spine_lasso_codes {
    size_t rows, capacity;
    uint32_t begin[SPINE_BLOCK_ROWS + 1];
    int32_t *unit; /* owned, as is value; (capacity) */
    float *value;
    double lambda;    /* they were solved for with it, and with */
    uint64_t version; /* this version of the atoms; 0: of other rows */
};

void spine_lasso_codes_dispose(struct spine_lasso_codes *codes);

/* codes = those that 'kept', block by block, has of some rows, as a start: row[i] is the number of
 * a row among all that are kept. */
void spine_lasso_codes_collect(struct spine_lasso_codes *codes, size_t rows, const size_t *row,
                               const struct spine_lasso_codes *kept);

/* Find the codes of at most SPINE_BLOCK_ROWS rows x (rows, D). Row i's values above 0 are
 * value[begin[i]] to value[begin[i + 1] - 1]; 'unit' has their atoms, ascending. Both arrays have
 * space for 'rows' x H elements. 'kept' has the last codes of these rows, and gets the new ones; or
 * is NULL. */
void spine_lasso_coder_encode(struct spine_lasso_coder *coder, size_t rows, const float *x,
                              struct spine_lasso_codes *kept, uint32_t *begin, int32_t *unit,
                              float *value);

#endif
