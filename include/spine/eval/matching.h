/* matching.h -- the best one-to-one matching of two lists, the assignment problem.
 *
 * Solved by shortest augmenting paths (Jonker, Volgenant: Computing 38, 1987; in the form of
 * Crouse: IEEE TAES 52, 2016, also in scipy's linear_sum_assignment). At the start each row has its
 * best column if that is free. The worst case takes n^2 m steps, but lists that resemble each other
 * need far fewer: 1,000 x 1,000 less than a tenth of a second, 16,000 x 16,000 minutes. */
#ifndef SPINE_EVAL_MATCHING_H
#define SPINE_EVAL_MATCHING_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

/* Assign each of n rows a different one of m >= n columns, match[i], so that the sum of
 * gain[i * m + match[i]] is greatest. gain (n, m) is finite; match (n). Local. */
int spine_matching_find(const float *gain, size_t n, size_t m, uint32_t *match,
                        struct spine_error *err);

#endif
