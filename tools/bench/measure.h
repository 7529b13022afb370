/* measure.h -- what measures of a step have in common. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>

/* Nanoseconds of the processor that this thread has had. */
double measure_now(void);

/* The value than which the share 1 / parts is less; sorts them. */
double measure_quantile(double *values, size_t count, size_t parts);

/* The bias at which a standard normal z has this share above 0. */
double measure_bias(double share);

#endif
