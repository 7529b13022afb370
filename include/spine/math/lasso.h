/* lasso.h -- the non-negative lasso: sparse codes of a row over a dictionary of atoms.
 *
 *     min over a >= 0 of  |x - a W|^2 / 2 + lambda sum_j a_j + ridge / 2 sum_j a_j^2
 *
 * with x (D), a (H), W (H, D). With a ridge above 0 this is the elastic net (Zou, Hastie: JRSS B
 * 67, 2005). A solution has correlations c_j = W_j . (x - a W) - ridge a_j equal to lambda where
 * a_j > 0, and at most lambda elsewhere. Solving ends when both hold to within 'tolerance' lambda +
 * 1e-6 |x|, for atoms of length at most 1. It also ends after 200 rounds. Only rows whose active set
 * grows beyond D and has nearly equal atoms get there, because no exact step exists for them. With D 50,
 * pairs of atoms at an angle of 0.001, lambda 0.01 and rows of length 7, 3 rows of 320 did so, and were
 * up to 8 times as far from lambda; with a ridge of 0.01 or a lambda of 0.1, none. Other rows may be
 * farther than the tolerance by the rounding of W W': up to 1.1 times as far there, and 3 times in a case
 * with H 600, D 17 and lambda 0.001.
 *
 * An active set of atoms is solved (activeset.h); then atoms whose correlation is too great are
 * added, until there are none. Correlations are computed with the Gram matrix W W', those of the
 * solution once more from the residual in double.
 *
 * Everything is local and without threads; rows are independent, and each thread has its own
 * scratch. Codes are a function of the row, the atoms, lambda, the tolerance and the start
 * alone. */
#ifndef SPINE_MATH_LASSO_H
#define SPINE_MATH_LASSO_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/math/activeset.h"

struct spine_lasso {
    size_t units, dim, stride; /* H, D, and D padded (kernels.h) */
    const float *W;            /* borrowed; (H, D) */
    float *gram, *packed;      /* owned; (H, H): W W' + ridge I; scratch of a product */
    double ridge;
    double tolerance;
};

/* Small enough for codes to agree with other solvers' to 1e-4, and not much above the rounding of
 * floats. */
#define SPINE_LASSO_TOLERANCE 1e-5

/* Prepare to solve for the atoms W, (H, D), rows of 'stride' floats. Needs 4 H^2 bytes. Call
 * spine_lasso_refresh() after W has changed. */
int spine_lasso_init(struct spine_lasso *lasso, const float *W, size_t units, size_t dim,
                     double ridge, struct spine_error *err);
void spine_lasso_refresh(struct spine_lasso *lasso);
void spine_lasso_dispose(struct spine_lasso *lasso);

/* products = x W', (n, H), for n rows x, (n, D), of 'stride' floats. A row's bits don't depend on the
 * others. 'packed' is scratch of spine_block_packed(D) floats (block.h), aligned to 64 bytes. */
void spine_lasso_products(const struct spine_lasso *lasso, size_t n, const float *x, float *packed,
                          float *products);

struct spine_lasso_scratch {
    struct spine_activeset set;
    float *all;       /* owned; (H): correlations of all atoms */
    double *residual; /* owned; (D) */
};

int spine_lasso_scratch_init(struct spine_lasso_scratch *scratch, const struct spine_lasso *lasso,
                             struct spine_error *err);
void spine_lasso_scratch_dispose(struct spine_lasso_scratch *scratch);

/* Solve for one row. products (H) is W x; lambda is above 0. 'a' (H) has no negative values; it is
 * the start on entry and the solution on return. Returns the number of values above 0. */
size_t spine_lasso_solve(const struct spine_lasso *lasso, const float *x, const float *products,
                         double lambda, struct spine_lasso_scratch *scratch, float *a);

/* Codes of blocks of rows. */
enum { SPINE_LASSO_ROWS = 64 };
struct spine_lasso_coder {
    const struct spine_lasso *lasso; /* borrowed */
    double lambda;                   /* of the next rows; set by the caller */
    struct spine_lasso_scratch scratch;
    float *products, *packed, *a; /* owned; (64, H), scratch of a product, (H) */
};

int spine_lasso_coder_init(struct spine_lasso_coder *coder, const struct spine_lasso *lasso,
                           struct spine_error *err);
void spine_lasso_coder_dispose(struct spine_lasso_coder *coder);

/* Solve for at most SPINE_LASSO_ROWS rows x (rows, D), starting from zeros. Row i's values above 0
 * are value[begin[i]] to value[begin[i + 1] - 1]; 'unit' has their atoms, ascending. Both arrays
 * have space for 'rows' x H elements. */
void spine_lasso_coder_encode(struct spine_lasso_coder *coder, size_t rows, const float *x,
                              uint32_t *begin, int32_t *unit, float *value);

#endif
