/* exact.h -- sums that don't depend on their order.
 *
 * Multiples of a power of two add up in double without rounding as long as the sum is below 2^53
 * times that power. So each value is rounded to a multiple first; then adding them in any order,
 * over rows, units or ranks, gives the same bits. Local, without failure. */
#ifndef SPINE_MATH_EXACT_H
#define SPINE_MATH_EXACT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* The power of two that is 'bits' binary digits below 'size', which is above 0. */
static inline double spine_exact_quantum(double size, int bits)
{
    int exponent;
    (void)frexp(size, &exponent);
    return ldexp(1, exponent - bits);
}

/* The multiple of the quantum, a power of two, that is nearest to the value. */
static inline double spine_exact_round(double value, double quantum)
{
    return rint(value / quantum) * quantum;
}

/* The same in loops, which rint() would slow down: adding and subtracting the quantum's shift
 * rounds values below 2^51 quanta. */
static inline double spine_exact_shift(double quantum)
{
    return 0x1.8p52 * quantum;
}

static inline double spine_exact_round_shifted(double value, double shift)
{
    return value + shift - shift;
}

/* to[k] += factor from[k], each product rounded, for 'count' of them. */
void spine_exact_add_scaled(size_t count, double factor, const float *from, double shift,
                            double *to);

/* The same for to[index[k]]. */
void spine_exact_add_at(size_t count, double factor, const float *from, const int32_t *index,
                        double shift, double *to);

#endif
