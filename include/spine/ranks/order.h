/* order.h -- order statistics of numbers that ranks share, such as their median. */
#ifndef SPINE_RANKS_ORDER_H
#define SPINE_RANKS_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "spine/ranks/comm.h"

/* Non-negative floats are in the order of their bits, so that ranks can compare them as integers;
 * and back. */
static inline int64_t spine_order_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float spine_order_value(int64_t bits)
{
    const uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return value;
}

/* Count the values of all ranks that are at most 'most'. 'count' may be 0. Collective. */
int64_t spine_order_count(struct spine_comm *comm, const float *values, size_t count, float most);

/* The least of all ranks' values v such that more than 'below' of them are at most v; no value is
 * negative. The median of n values has 'below' = n / 2; if n is even, that is the upper of two.
 * Infinity if there aren't so many. No rank needs the values of others. Collective; 'below' is
 * equal on all ranks. */
float spine_order_find(struct spine_comm *comm, const float *values, size_t count, int64_t below);

#endif
