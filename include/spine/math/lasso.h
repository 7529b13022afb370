/* lasso.h -- the non-negative lasso: sparse codes of a row over a dictionary of atoms.
 *
 *     min over a >= 0 of  |x - a W|^2 / 2 + lambda sum_j a_j + ridge / 2 sum_j a_j^2
 *
 * with x (D), a (H), W (H, D); with a ridge above 0 the elastic net (Zou, Hastie: JRSS B 67, 2005).
 * Of a solution the correlations c_j = W_j . (x - a W) - ridge a_j say how good it is: c_j = lambda
 * where a_j > 0 and c_j <= lambda elsewhere. Solving ends when both hold to 'tolerance' lambda + 1e-6 |x|,
 * for atoms of length 1 or less.
 * An active set of atoms is solved by coordinate descent, with exact steps (Cholesky) while the set
 * is small; then those whose correlation is too great are added, until there are none. Correlations
 * with the set are computed from the residual in double, the others through the Gram matrix W W'.
 * A previous solution is a good start: only what changed is solved.
 *
 * All of this is local, without threads: rows are independent, and each thread has a scratch of its
 * own. Codes are a function of the row, the atoms, lambda, the tolerance and the start alone. */
#ifndef SPINE_MATH_LASSO_H
#define SPINE_MATH_LASSO_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_lasso {
    size_t units, dim, stride; /* H, D, and D padded (kernels.h) */
    const float *W;            /* borrowed; (H, D) */
    float *gram, *packed;      /* owned; (H, H): W W' + ridge I; scratch of a product */
    double ridge;
    double tolerance;
};

/* Enough for codes to agree with other solvers' to 1e-4; not much above the rounding of floats. */
#define SPINE_LASSO_TOLERANCE 1e-5

/* Prepare to solve for the atoms W, (H, D), rows of 'stride' floats. Takes 4 H^2 bytes. After W has
 * changed, refresh. */
int spine_lasso_init(struct spine_lasso *lasso, const float *W, size_t units, size_t dim,
                     double ridge, struct spine_error *err);
void spine_lasso_refresh(struct spine_lasso *lasso);
void spine_lasso_dispose(struct spine_lasso *lasso);

/* products = x W', (n, H), of n rows x, (n, D), rows of 'stride' floats. 'packed' is scratch for
 * spine_kernel_packed(D) floats. */
void spine_lasso_products(const struct spine_lasso *lasso, size_t n, const float *x, float *packed,
                          float *products);

struct spine_lasso_scratch {
    double *correlation; /* owned; (H): of the active set; as are all */
    float *all;          /* (H): of all atoms */
    double *residual;    /* (D) */
    double *triangle;    /* of an exact step */
    double *step;
    uint32_t *set; /* (count): atoms that may be above 0 */
    size_t count;
    unsigned char *is_in; /* (H) */
};

int spine_lasso_scratch_init(struct spine_lasso_scratch *scratch, const struct spine_lasso *lasso,
                             struct spine_error *err);
void spine_lasso_scratch_dispose(struct spine_lasso_scratch *scratch);

/* Solve for one row. products (H) is W x; lambda is above
 * 0. 'a' (H), none below 0, is the start on entry and the solution on return. Returns the number of
 * values above 0. */
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

/* Solve for at most SPINE_LASSO_ROWS rows x (rows, D), from zeros. Row i's values above 0 are at
 * [begin[i], begin[i + 1]) of value, their atoms, ascending, of unit; both hold rows H at most. */
void spine_lasso_coder_encode(struct spine_lasso_coder *coder, size_t rows, const float *x,
                              uint32_t *begin, int32_t *unit, float *value);

#endif
