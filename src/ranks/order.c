/* order.c -- order statistics of numbers that ranks share. */
#include "spine/ranks/order.h"

#include <math.h>
#include <string.h>

/* Non-negative floats are in the order of their bits. */
static int64_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float from_bits(int64_t value)
{
    const uint32_t bits = (uint32_t)value;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

int64_t spine_order_count(struct spine_comm *comm, const float *values, size_t count, float most)
{
    int64_t below = 0;

    for (size_t i = 0; i < count; i++)
        below += values[i] <= most;
    spine_comm_sum_counts(comm, &below, 1);
    return below;
}

/* The bits are found one by one. */
float spine_order_find(struct spine_comm *comm, const float *values, size_t count, int64_t below)
{
    int64_t low = 0, high = to_bits(INFINITY);

    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (spine_order_count(comm, values, count, from_bits(middle)) > below)
            high = middle;
        else
            low = middle + 1;
    }
    return from_bits(low);
}
