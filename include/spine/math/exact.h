/* exact.h -- sums that don't depend on their order.
 *
 * Multiples of a power of two add up in double without rounding as long as the sum is below 2^53
 * times that power. So each value is rounded to a multiple first; then adding them in any order,
 * over rows, units or ranks, gives the same bits. Arithmetic only. */
#ifndef SPINE_MATH_EXACT_H
#define SPINE_MATH_EXACT_H

#include <math.h>

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

/* The same in loops, which rint() would slow down: adding and subtracting the quantum's shift rounds
 * values below 2^51 quanta. */
static inline double spine_exact_shift(double quantum)
{
    return 0x1.8p52 * quantum;
}

static inline double spine_exact_round_shifted(double value, double shift)
{
    return value + shift - shift;
}

#endif
