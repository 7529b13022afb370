/* lasso.h -- the non-negative lasso: sparse codes of a row over a dictionary of atoms.
 *
 *     min over a >= 0 of  |x - a W|^2 / 2 + lambda sum_j a_j + ridge / 2 sum_j a_j^2
 *
 * with x (D), a (H), W (H, D), atoms W_j of length at most 1. With a ridge above 0 this is the
 * elastic net (Zou, Hastie: JRSS B 67, 2005). A solution has correlations c_j = W_j . (x - a W) -
 * ridge a_j equal to lambda where a_j > 0, and at most lambda elsewhere.
 *
 * An active set of atoms is solved (activeset.h); then atoms whose correlation is too great are
 * added, until there are none. Correlations are computed in float with the Gram matrix W W'. At the
 * end, the values on the set S are computed once more from S, x and W alone, with residuals in
 * double, and the correlations of the atoms outside of it are compared with lambda in double where
 * the rounding of floats might matter. They are then exact to e = 2e-9 |x|.
 *
 * A solver may begin with some atoms and values, such as those of the last epoch. The solution is
 * the same, to the bit: what was found from a start is used only if no other set is as good, else
 * the row is solved without one. With n atoms in S, m = 1 / trace(G^-1) for their
 * G = W_S W_S' + ridge I, which is at most its least eigenvalue, and s^2 = (1 + ridge) n / m, no
 * other set is a solution to within e if
 *
 *     a_j > 4 e sqrt(n) / m in S,    c_j < lambda - e (1 + 2 s) elsewhere.
 *
 * For let b be another point whose correlations are within e of what they should be, and d = b - a.
 * Then |d|_G^2 = d'Gd, over all atoms, is at most e |d_S|_1 - 2 e s u, where u is the sum of b
 * outside of S. So u <= |d_S|_1 / (2 s), and |d|_G <= (e |d_S|_1)^1/2. With |d_S|_1 <= n^1/2 |d_S|
 * and m^1/2 |d_S| <= |d_S|_G <= |d|_G + (1 + ridge)^1/2 u, this gives |d_S| <= 4 e n^1/2 / m, so
 * that b is above 0 in S; and the correlations elsewhere change by less than 2 e s, so that b is 0
 * there. Eight times the values' margin is used, and four times the correlations'. That solving
 * without a start then ends at this set, too, and not inexactly (see below), isn't proven, but
 * tested with many similar atoms (test_lasso.c).
 *
 * If atoms of S depend on others, or are more than 512, there is no exact solution. Then solving
 * ends when the correlations are within 'tolerance' lambda + 1e-6 |x| of what they should be, or
 * after 200 rounds. Only rows whose active set grows beyond D and has nearly equal atoms get there.
 * With D 50, pairs of atoms at an angle of 0.001, lambda 0.01 and rows of length 7, 3 rows of 320
 * did so, and were up to 8 times as far from lambda; with a ridge of 0.01 or a lambda of 0.1, none.
 *
 * Who only counts values may set the scratch's 'most': a row that gets more is given up, since
 * solving for many takes long. It then has those that it has got so far, a few more than 'most',
 * and the start matters.
 *
 * Everything is local and without threads; rows are independent, and each thread has its own
 * scratch. Codes are a function of the row, the atoms, lambda and the tolerance alone. */
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
    uint64_t version; /* of the atoms: counts the refreshes */
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

/* products = x W', (n, H), for n rows x, (n, D), of 'stride' floats. A row's bits don't depend on
 * the others. 'packed' is scratch of spine_block_packed(D) floats (block.h), aligned to 64
 * bytes. */
void spine_lasso_products(const struct spine_lasso *lasso, size_t n, const float *x, float *packed,
                          float *products);

struct spine_lasso_scratch {
    struct spine_activeset set;
    float *all;       /* owned; (H): correlations of all atoms */
    double *residual; /* owned; (D) */
    double *point;    /* owned; (H): an exact solution */
    size_t most;      /* set by the caller: solving stops at more values than this; 0: never */
};

int spine_lasso_scratch_init(struct spine_lasso_scratch *scratch, const struct spine_lasso *lasso,
                             struct spine_error *err);
void spine_lasso_scratch_dispose(struct spine_lasso_scratch *scratch);

/* Where to begin: the atoms that may have values above 0, in ascending order, and what values. */
struct spine_lasso_start {
    size_t count;
    const int32_t *unit;
    const float *value;
};

/* Solve for one row. products (H) is W x; lambda is above 0; start may be NULL. The solution is
 * scratch->set's atoms, ascending, and its values, until the next call. Returns their number. */
size_t spine_lasso_find(const struct spine_lasso *lasso, const float *x, const float *products,
                        double lambda, struct spine_lasso_scratch *scratch,
                        const struct spine_lasso_start *start);

#endif
