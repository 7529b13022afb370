/* bfloat16.c -- floats in 16 bits. */
#include "spine/math/bfloat16.h"

#include <math.h>
#include <string.h>

#include "spine/base/clones.h"

SPINE_CLONES
void spine_bfloat16_pack(size_t count, const float *values, uint16_t *packed)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
        const uint32_t nan_bits = bits | 0x400000; /* rounding might make it an infinity */
        packed[i] = (uint16_t)((isnan(values[i]) ? nan_bits : rounded) >> 16);
    }
}

SPINE_CLONES
void spine_bfloat16_unpack(size_t count, const uint16_t *packed, float *values)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)packed[i] << 16;
        memcpy(&values[i], &bits, sizeof bits);
    }
}
