/* crc.h -- the checksum of TensorFlow's records: CRC-32C (Castagnoli), masked. */
#ifndef SPINE_BASE_CRC_H
#define SPINE_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t spine_crc_masked(const void *bytes, size_t count);

#endif
