/* decoder.c -- how a file is packed, and decoders of gzip, zstd, xz and bzip2. */
#include "spine/text/decoder.h"

#include <assert.h>
#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "spine/base/memory.h"

enum {
#ifdef SPINE_FUZZ
    XZ_MEMORY = 8 << 20,
#else
    XZ_MEMORY = 128 << 20, /* twice what "xz -9" needs */
#endif
    AT_ONCE = 1 << 18,     /* bytes unpacked in a step: zlib and bzip2 count in 32 bits */
    GZIP_WINDOW = 15 + 16, /* zlib's way to say: the largest window, and a gzip header */
    ZSTD_WINDOW = 27,      /* zstd's own limit: 128 MiB of memory */
    ZSTD_MOST_WINDOW = 31, /* the largest of "zstd --long=31" */
    ZSTD_RATIO =
        64, /* a window beyond the limit has at most this many bytes for each of the file */
};

struct spine_decoder {
    enum spine_packing packing;
    z_stream gzip;
    bool gzip_begun;
    ZSTD_DStream *zstd;
    lzma_stream xz;
    bz_stream bzip2;
    bool bzip2_begun;
};

static bool begins_with(const char *start, size_t length, const char *magic, size_t bytes)
{
    return length >= bytes && memcmp(start, magic, bytes) == 0;
}

enum spine_packing spine_decoder_recognise(const char *start, size_t length)
{
    if (begins_with(start, length, "\x1f\x8b", 2))
        return SPINE_PACKING_GZIP;
    /* pzstd begins with a frame to skip: one of 16 signatures. */
    if (begins_with(start, length, "\x28\xb5\x2f\xfd", 4) ||
        (length >= 4 && (*start & 0xF0) == 0x50 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0))
        return SPINE_PACKING_ZSTD;
    if (begins_with(start, length,
                    "\xFD"
                    "7zXZ\0",
                    6))
        return SPINE_PACKING_XZ;
    if (begins_with(start, length, "BZh", 3) && length >= 10 &&
        (memcmp(start + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
         memcmp(start + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
        return SPINE_PACKING_BZIP2;
    if (begins_with(start, length, "PK\3\4", 4) || begins_with(start, length, "PK\5\6", 4))
        return SPINE_PACKING_ZIP;
    return SPINE_PACKING_NONE;
}

static int refuse_damaged(const char *path, const char *why, struct spine_error *err)
{
    return spine_refuse(err, "%s: the compressed data are damaged (%s)", path, why);
}

static int fail_memory(const char *path, struct spine_error *err)
{
    return spine_fail(err, "%s: out of memory to decompress it", path);
}

/* Note that 'bytes' bytes were unpacked. */
static void give(struct spine_unpacked *out, size_t bytes)
{
    out->to += bytes;
    out->left -= bytes;
}

static int step_gzip(struct spine_decoder *decoder, struct spine_packed *in,
                     struct spine_unpacked *out, const char *path, struct spine_error *err)
{
    z_stream *gzip = &decoder->gzip;
    const uInt room = out->left < AT_ONCE ? (uInt)out->left : AT_ONCE;

    gzip->next_in = (Bytef *)in->data + in->at;
    gzip->avail_in = (uInt)(in->end - in->at);
    gzip->next_out = (Bytef *)out->to;
    gzip->avail_out = room;
    const int code = inflate(gzip, Z_NO_FLUSH);
    in->at = in->end - gzip->avail_in;
    give(out, room - gzip->avail_out);
    out->ended = code == Z_STREAM_END;

    if (out->ended)
        inflateReset(gzip);
    else if (code == Z_MEM_ERROR)
        return fail_memory(path, err);
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return refuse_damaged(path, gzip->msg != NULL ? gzip->msg : "gzip", err);
    return 0;
}

static int step_zstd(struct spine_decoder *decoder, struct spine_packed *in,
                     struct spine_unpacked *out, const char *path, struct spine_error *err)
{
    ZSTD_outBuffer to = {.dst = out->to, .size = out->left};
    ZSTD_inBuffer from = {.src = in->data, .size = in->end, .pos = in->at};
    const size_t code = ZSTD_decompressStream(decoder->zstd, &to, &from);

    in->at = from.pos;
    give(out, to.pos);
    out->ended = code == 0;
    if (ZSTD_isError(code) && ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
        return fail_memory(path, err);
    if (ZSTD_isError(code) && ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
        return spine_refuse(err,
                            "%s: zstd data of a larger window than the file's size lets expect; "
                            "decompress it first: zstd -d --long=%d",
                            path, ZSTD_MOST_WINDOW);
    return ZSTD_isError(code) ? refuse_damaged(path, ZSTD_getErrorName(code), err) : 0;
}

static int begin_xz(struct spine_decoder *decoder)
{
    /* LZMA_STREAM_INIT is zeroes; a stream that has ended may be used again. */
    return lzma_stream_decoder(&decoder->xz, XZ_MEMORY, 0) == LZMA_OK ? 0 : -1;
}

static int step_xz(struct spine_decoder *decoder, struct spine_packed *in,
                   struct spine_unpacked *out, const char *path, struct spine_error *err)
{
    lzma_stream *xz = &decoder->xz;

    xz->next_in = (uint8_t *)in->data + in->at;
    xz->avail_in = in->end - in->at;
    xz->next_out = (uint8_t *)out->to;
    xz->avail_out = out->left;
    const lzma_ret code = lzma_code(xz, LZMA_RUN);
    in->at = in->end - xz->avail_in;
    give(out, out->left - xz->avail_out);
    out->ended = code == LZMA_STREAM_END;

    if (out->ended && begin_xz(decoder))
        return fail_memory(path, err);
    if (code == LZMA_MEM_ERROR)
        return fail_memory(path, err);
    if (code == LZMA_MEMLIMIT_ERROR)
        return spine_refuse(err, "%s: xz data that need more than %d MiB to decompress", path,
                            XZ_MEMORY >> 20);
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR)
        return refuse_damaged(path, "xz", err);
    return 0;
}

static int begin_bzip2(struct spine_decoder *decoder)
{
    decoder->bzip2 = (bz_stream){0};
    decoder->bzip2_begun = BZ2_bzDecompressInit(&decoder->bzip2, 0, 0) == BZ_OK;
    return decoder->bzip2_begun ? 0 : -1;
}

static int step_bzip2(struct spine_decoder *decoder, struct spine_packed *in,
                      struct spine_unpacked *out, const char *path, struct spine_error *err)
{
    bz_stream *bzip2 = &decoder->bzip2;
    const unsigned room = out->left < AT_ONCE ? (unsigned)out->left : AT_ONCE;

    bzip2->next_in = in->data + in->at;
    bzip2->avail_in = (unsigned)(in->end - in->at);
    bzip2->next_out = out->to;
    bzip2->avail_out = room;
    const int code = BZ2_bzDecompress(bzip2);
    in->at = in->end - bzip2->avail_in;
    give(out, room - bzip2->avail_out);
    out->ended = code == BZ_STREAM_END;

    if (out->ended) {
        BZ2_bzDecompressEnd(bzip2);
        return begin_bzip2(decoder) ? fail_memory(path, err) : 0;
    }
    if (code == BZ_MEM_ERROR)
        return fail_memory(path, err);
    return code == BZ_OK ? 0 : refuse_damaged(path, "bzip2", err);
}

/* The largest window, as a power of 2, that a file of 'bytes' bytes may use. */
static int zstd_window(uint64_t bytes)
{
    int log = ZSTD_WINDOW;

    while (log < ZSTD_MOST_WINDOW && UINT64_C(1) << log < ZSTD_RATIO * bytes)
        log++;
    return log;
}

int spine_decoder_open(struct spine_decoder **decoder, enum spine_packing packing, uint64_t bytes,
                       const char *path, struct spine_error *err)
{
    struct spine_decoder *opened = spine_memory_zeroed(1, sizeof *opened, "a decoder", err);
    int rc = 0;
    if (opened == NULL)
        return -1;

    opened->packing = packing;
    switch (packing) {
    case SPINE_PACKING_GZIP:
        opened->gzip_begun = inflateInit2(&opened->gzip, GZIP_WINDOW) == Z_OK;
        rc = opened->gzip_begun ? 0 : -1;
        break;
    case SPINE_PACKING_ZSTD:
        opened->zstd = ZSTD_createDStream();
        rc = opened->zstd != NULL ? 0 : -1;
        if (rc == 0)
            ZSTD_DCtx_setParameter(opened->zstd, ZSTD_d_windowLogMax, zstd_window(bytes));
        break;
    case SPINE_PACKING_XZ:
        rc = begin_xz(opened);
        break;
    case SPINE_PACKING_BZIP2:
        rc = begin_bzip2(opened);
        break;
    case SPINE_PACKING_NONE:
    case SPINE_PACKING_ZIP:
        assert(!"no decoder of this packing");
    }

    if (rc != 0) {
        spine_decoder_close(opened);
        return fail_memory(path, err);
    }
    *decoder = opened;
    return 0;
}

int spine_decoder_step(struct spine_decoder *decoder, struct spine_packed *in,
                       struct spine_unpacked *out, const char *path, struct spine_error *err)
{
    switch (decoder->packing) {
    case SPINE_PACKING_GZIP:
        return step_gzip(decoder, in, out, path, err);
    case SPINE_PACKING_ZSTD:
        return step_zstd(decoder, in, out, path, err);
    case SPINE_PACKING_XZ:
        return step_xz(decoder, in, out, path, err);
    case SPINE_PACKING_BZIP2:
    case SPINE_PACKING_NONE:
    case SPINE_PACKING_ZIP:
        break;
    }
    return step_bzip2(decoder, in, out, path, err);
}

void spine_decoder_close(struct spine_decoder *decoder)
{
    if (decoder == NULL)
        return;
    if (decoder->gzip_begun)
        inflateEnd(&decoder->gzip);
    if (decoder->bzip2_begun)
        BZ2_bzDecompressEnd(&decoder->bzip2);
    if (decoder->packing == SPINE_PACKING_XZ)
        lzma_end(&decoder->xz);
    ZSTD_freeDStream(decoder->zstd);
    free(decoder);
}
