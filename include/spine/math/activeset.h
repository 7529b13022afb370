/* activeset.h -- the active set of a non-negative lasso: the atoms that may have values above 0.
 *
 * With G the Gram matrix of the set's atoms (with the ridge on its diagonal), a their values and c
 * their correlations with the residual, a solution has c = lambda where a > 0, and c <= lambda
 * where a = 0. A sweep of coordinate descent finds which values are 0; then an exact step
 * (Cholesky) makes all c lambda, or ends where the first value becomes 0.
 *
 * The set has a copy of its G, so that both work on adjacent numbers, and keeps the rows of its
 * factor for as long as the atoms before them stay. Local, and without threads; in double, but for
 * G. */
#ifndef SPINE_MATH_ACTIVESET_H
#define SPINE_MATH_ACTIVESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_activeset {
    size_t units, count;
    uint32_t *atom;        /* owned, as are all; (count) */
    double *value;         /* (count): a >= 0 */
    double *correlation;   /* (count): c */
    unsigned char *is_in;  /* (units) */
    size_t most, factored; /* the largest set that is solved exactly; rows of its factor */
    float *gram;           /* (most, most + 8): G of the set while it has at most 'most' atoms */
    float *row;            /* (units): scratch, a row of G of a larger set */
    double *factor;        /* packed rows of L, L L' = G, with the inverse of its diagonal */
    double *step;          /* (most) */
    double *solved;        /* (most, 4): scratch, columns of new rows of the factor */
    uint32_t *index;       /* (units): scratch */
};

/* For a dictionary of so many atoms, whose G is symmetric. Needs at most 2.2 MB beside 29 bytes an
 * atom. */
int spine_activeset_init(struct spine_activeset *set, size_t units, struct spine_error *err);
void spine_activeset_dispose(struct spine_activeset *set);

/* Remove all atoms. */
void spine_activeset_clear(struct spine_activeset *set);

/* Add an atom that isn't in the set. gram, (units, units), is G of all atoms. */
void spine_activeset_add(struct spine_activeset *set, const float *gram, uint32_t atom,
                         double value, double correlation);

/* Are all correlations within 'slack' of what they should be? */
bool spine_activeset_is_solved(const struct spine_activeset *set, double lambda, double slack);

/* Take one sweep of coordinate descent and then, unless the set is too large, an exact step. Atoms
 * that the sweep set to 0 are removed. Values and correlations change together. */
void spine_activeset_improve(struct spine_activeset *set, const float *gram, double lambda);

/* Take the exact step alone, if all atoms are independent: from correlations that were computed
 * anew, it makes the values of a solution as exact as these are. */
void spine_activeset_finish(struct spine_activeset *set, const float *gram, double lambda);

/* Remove the atoms whose value is 0. */
void spine_activeset_drop(struct spine_activeset *set);

/* Compute the correlations from the values, for a set of at most 'most' atoms. products (units) are
 * those of all atoms with the row. */
void spine_activeset_correlate(struct spine_activeset *set, const float *products);

/* Put atoms and values in ascending order of the atoms. Nothing but spine_activeset_clear() may
 * follow. */
void spine_activeset_sort(struct spine_activeset *set);

/* Remove the atoms whose value is 0, put the others in ascending order, and factorise their G: its
 * bits then depend on the atoms alone. Correlations become undefined. Returns whether all atoms are
 * independent, and few enough to be solved exactly; only then may the next two functions be
 * called. */
bool spine_activeset_order(struct spine_activeset *set, const float *gram);

/* vector (count) becomes the solution x of G x = vector. */
void spine_activeset_substitute(const struct spine_activeset *set, double *vector);

/* The trace of the inverse of G, which is at least the inverse of its least eigenvalue. */
double spine_activeset_invert(struct spine_activeset *set);

#endif
