/* statistics.h -- means, quantiles, correlations and confidence intervals. */
#ifndef SPINE_BASE_STATISTICS_H
#define SPINE_BASE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

/* A measured number and its 95 % interval; NaN where there is none. */
struct spine_estimate {
    double value, low, high;
};

/* A share of 'trials' independent trials with Wilson's interval (JASA 22, 1927), z = 1.96; NaN if
 * there are no trials. */
struct spine_estimate spine_statistics_wilson(double share, size_t trials);

/* The mean of the values that aren't NaN, with the interval mean -+ 1.96 standard errors. All NaN
 * if there are no values; a single value has no interval. */
struct spine_estimate spine_statistics_mean(const double *values, size_t count);

/* Sort values, none of them NaN, ascending. */
void spine_statistics_sort(double *values, size_t count);

/* The quantile q of ascending values, interpolated between neighbours; NaN if there are none. */
double spine_statistics_quantile(const double *sorted, size_t count, double q);

/* Spearman's rank correlation of the pairs (x[i], y[i]): Pearson's of the ranks, where equal values
 * share their mean rank. The interval is by bootstrap: quantiles .025 and .975 of 'samples'
 * resamples of the pairs, drawn by 'seed'. All NaN with fewer than 3 pairs, or if x or y is
 * constant; resamples that are constant don't count. */
int spine_statistics_spearman(const double *x, const double *y, size_t count, size_t samples,
                              uint64_t seed, struct spine_estimate *rho, struct spine_error *err);

/* Fleiss' kappa (Psychological Bulletin 76, 1971): how far raters agree beyond chance.
 * counts[i * categories + c] raters put item i into category c; each item has 'raters' ratings. NaN
 * with fewer than two raters, no items, or if all ratings are the same. */
double spine_statistics_kappa(const size_t *counts, size_t items, size_t categories, size_t raters);

#endif
