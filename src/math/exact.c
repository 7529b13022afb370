/* exact.c -- rows of products, rounded and added to sums. */
#include "spine/math/exact.h"

#include "spine/base/clones.h"

SPINE_CLONES
void spine_exact_add_scaled(size_t count, double factor, const float *from, double shift,
                            double *to)
{
#pragma omp simd
    for (size_t k = 0; k < count; k++)
        to[k] += spine_exact_round_shifted(factor * (double)from[k], shift);
}

void spine_exact_add_at(size_t count, double factor, const float *from, const int32_t *index,
                        double shift, double *to)
{
    for (size_t k = 0; k < count; k++)
        to[index[k]] += spine_exact_round_shifted(factor * (double)from[k], shift);
}
