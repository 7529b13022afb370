/* decoder.h -- how a file is packed, and decoders of gzip, zstd, xz and bzip2.
 *
 * A decoder takes a step at a time, from what was read of the file to where the bytes are wanted, and does
 * not read itself. Files of several members or frames are one sequence of bytes. */
#ifndef SPINE_TEXT_DECODER_H
#define SPINE_TEXT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

enum spine_packing {
    SPINE_PACKING_NONE,
    SPINE_PACKING_GZIP,
    SPINE_PACKING_ZSTD,
    SPINE_PACKING_XZ,
    SPINE_PACKING_BZIP2,
    SPINE_PACKING_ZIP, /* archive.h */
};

/* By a file's first bytes; 16 are enough. */
enum spine_packing spine_decoder_recognise(const char *start, size_t length);

/* Packed bytes that were read and not used yet: data[at, end). */
struct spine_packed {
    char *data;
    size_t at, end;
};

/* Where unpacked bytes go, and how many; whether a member or frame has ended, after which the file may
 * end, too. */
struct spine_unpacked {
    char *to;
    size_t left;
    bool ended;
};

struct spine_decoder;

/* Of gzip, zstd, xz or bzip2. A zstd file may take memory in proportion to its size, 'bytes', or that of
 * "zstd --ultra" if that is 0. Messages begin with 'path', here and below. */
int spine_decoder_open(struct spine_decoder **decoder, enum spine_packing packing, uint64_t bytes,
                       const char *path, struct spine_error *err);

/* Unpack some bytes: 'in' and 'out' move on. Without input there may still be output. Refuses damaged
 * data, and xz data that need more memory than "xz -9" makes them need twice. */
int spine_decoder_step(struct spine_decoder *decoder, struct spine_packed *in,
                       struct spine_unpacked *out, const char *path, struct spine_error *err);

/* NULL is allowed. */
void spine_decoder_close(struct spine_decoder *decoder);

#endif
