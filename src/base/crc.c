/* crc.c -- the checksum of TensorFlow's records. */
#include "spine/base/crc.h"

uint32_t spine_crc_masked(const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffffU;

    for (size_t i = 0; i < count; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82f63b78U & -(crc & 1));
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8U;
}
