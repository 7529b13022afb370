/* draws.h -- draws of the parameters of a sweep. Pure: no files, no communication. */
#ifndef SPINE_SWEEP_DRAWS_H
#define SPINE_SWEEP_DRAWS_H

#include "spine/sweep/parameter.h"

/* The most trials of a sweep. */
enum { SPINE_DRAWS_MOST = 100000 };

/* Draw 'number' has the values that it and the seed give. */
struct spine_draws {
    const struct spine_parameter *parameters; /* borrowed; (num_parameters) */
    size_t num_parameters;
    uint64_t seed;
};

/* Write the value of parameter p in a draw, to text of SPINE_PARAMETER_VALUE bytes. */
void spine_draws_value(const struct spine_draws *draws, uint64_t number, size_t p, char *text);

/* The combinations of all values; SIZE_MAX if there are more than SPINE_DRAWS_MOST. */
size_t spine_draws_combinations(const struct spine_draws *draws);

/* Find draws that differ from one another: numbers (*count). Number i is i or, where that repeats
 * an earlier draw, i + a multiple of SPINE_DRAWS_MOST, whatever *count is. *count becomes how many
 * were found, less if there are no more or if they are rare; *repeats, how many of them aren't
 * number i. */
int spine_draws_find(const struct spine_draws *draws, uint64_t *numbers, size_t *count,
                     size_t *repeats, struct spine_error *err);

#endif
