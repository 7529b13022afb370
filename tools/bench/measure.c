/* measure.c -- what measures of a step have in common. */
#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

double measure_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

double measure_quantile(double *values, size_t count, size_t parts)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / parts];
}

double measure_bias(double share)
{
    double low = -6, high = 6;

    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (erfc(-middle / sqrt(2.0)) / 2 < share)
            low = middle;
        else
            high = middle;
    }
    return low;
}
