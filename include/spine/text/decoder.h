/* decoder.h -- how a file is packed, and decoders of gzip, zstd, xz and bzip2.
 *
 * A decoder doesn't read files: each step unpacks bytes that the caller has read. A file of several
 * members or frames is unpacked as one sequence of bytes. */
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

/* Recognise the packing by a file's first bytes; 16 are enough. */
enum spine_packing spine_decoder_recognise(const char *start, size_t length);

/* Packed bytes that were read and not yet used: data[at, end). */
struct spine_packed {
    char *data;
    size_t at, end;
};

/* Where unpacked bytes go. */
struct spine_unpacked {
    char *to;
    size_t left; /* bytes that still fit */
    bool ended;  /* a member or frame has ended; only then may the file end */
};

struct spine_decoder;

/* Open a decoder of gzip, zstd, xz or bzip2. 'bytes' is the size of the file, 0 if unknown: a zstd
 * file may need memory in proportion to its size, or as much as "zstd --ultra" if it is unknown.
 * Messages begin with 'path', here and below. */
int spine_decoder_open(struct spine_decoder **decoder, enum spine_packing packing, uint64_t bytes,
                       const char *path, struct spine_error *err);

/* Unpack some bytes and advance 'in' and 'out'. There may be output without input. Refuses damaged
 * data, and xz data that need more than twice the memory that "xz -9" needs. */
int spine_decoder_step(struct spine_decoder *decoder, struct spine_packed *in,
                       struct spine_unpacked *out, const char *path, struct spine_error *err);

/* NULL is allowed. */
void spine_decoder_close(struct spine_decoder *decoder);

#endif
