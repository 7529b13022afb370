/* bfloat16.h -- floats in 16 bits: the upper half of a float32, rounded to nearest, ties to
 * even. */
#ifndef SPINE_MATH_BFLOAT16_H
#define SPINE_MATH_BFLOAT16_H

#include <stddef.h>
#include <stdint.h>

/* A NaN stays one. */
void spine_bfloat16_pack(size_t count, const float *values, uint16_t *packed);
void spine_bfloat16_unpack(size_t count, const uint16_t *packed, float *values);

#endif
