/* order.c -- order statistics of numbers that ranks share. */
#include "spine/ranks/order.h"

#include <math.h>

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
    int64_t low = 0, high = spine_order_bits(INFINITY);

    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (spine_order_count(comm, values, count, spine_order_value(middle)) > below)
            high = middle;
        else
            low = middle + 1;
    }
    return spine_order_value(low);
}
