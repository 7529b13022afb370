/* stream.c -- the bytes of a file from begin to end, unpacked.
 *
 * packed[at, end) is what was read of the file and not used yet. For a plain file it is what the
 * first read gave, so that a pipe can be read, too. */
#include "spine/text/stream.h"

#include <bzlib.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>
#include <zstd.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK = 64, /* so that short inputs go beyond it */
    XZ_MEMORY = 8 << 20,
#else
    BLOCK = 1 << 18,
    XZ_MEMORY = 128 << 20, /* twice of what "xz -9" needs */
#endif
    GZIP_WINDOW = 15 + 16, /* zlib's way to say: the largest window, and a gzip header */
    ZSTD_WINDOW = 27,      /* zstd's own limit: 128 MiB of memory */
    ZSTD_MOST_WINDOW = 31, /* as "zstd --long=31" makes them */
    ZSTD_RATIO = 64,       /* a window beyond the limit is no larger than so many of the file */
    NAMES_BYTES = 400,     /* of a list of names in a message */
};

struct spine_stream {
    const char *path; /* borrowed; of messages */
    int file;
    bool is_file;
    uint64_t bytes; /* of the file; 0 for a pipe */
    enum spine_stream_kind kind;

    char *packed; /* owned; (BLOCK) */
    size_t at, end;
    bool between; /* compressed data may end here: a member or frame has ended */

    z_stream gzip;
    bool gzip_begun;
    ZSTD_DStream *zstd;
    lzma_stream xz;
    bz_stream bzip2;
    bool bzip2_begun;
    zip_t *zip;
    zip_file_t *member;
};

/* --- The file ----------------------------------------------------------------------------- */

/* Read up to 'size' bytes; *got is 0 only at the end of the file. */
static int read_file(struct spine_stream *stream, char *to, size_t size, size_t *got,
                     struct spine_error *err)
{
    ssize_t count;

    do
        count = read(stream->file, to, size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return spine_fail(err, "%s: %s", stream->path, strerror(errno));
    *got = (size_t)count;
    return 0;
}

/* Have packed bytes at hand; there are none at the end of the file. */
static int refill(struct spine_stream *stream, struct spine_error *err)
{
    if (stream->at < stream->end)
        return 0;
    stream->at = 0;
    return read_file(stream, stream->packed, BLOCK, &stream->end, err);
}

static int read_plain(struct spine_stream *stream, char *to, size_t size, size_t *got,
                      struct spine_error *err)
{
    const size_t there = stream->end - stream->at;

    if (there == 0)
        return read_file(stream, to, size, got, err);
    *got = there < size ? there : size;
    memcpy(to, stream->packed + stream->at, *got);
    stream->at += *got;
    return 0;
}

/* --- Decoders ----------------------------------------------------------------------------- */

static int refuse_cut(const struct spine_stream *stream, struct spine_error *err)
{
    return spine_refuse(err, "%s: the compressed data end too early", stream->path);
}

static int refuse_damaged(const struct spine_stream *stream, const char *why,
                          struct spine_error *err)
{
    return spine_refuse(err, "%s: the compressed data are damaged (%s)", stream->path, why);
}

static int fail_memory(const struct spine_stream *stream, struct spine_error *err)
{
    return spine_fail(err, "%s: out of memory to decompress it", stream->path);
}

/* A decoder's step: it unpacks into [to, to + *left) and shortens *left. *ended says that a member
 * has ended. */

static int step_gzip(struct spine_stream *stream, char *to, size_t *left, bool *ended,
                     struct spine_error *err)
{
    z_stream *gzip = &stream->gzip;
    const uInt room = *left < BLOCK ? (uInt)*left : BLOCK;

    gzip->next_in = (Bytef *)stream->packed + stream->at;
    gzip->avail_in = (uInt)(stream->end - stream->at);
    gzip->next_out = (Bytef *)to;
    gzip->avail_out = room;
    const int code = inflate(gzip, Z_NO_FLUSH);
    stream->at = stream->end - gzip->avail_in;
    *left -= room - gzip->avail_out;
    *ended = code == Z_STREAM_END;

    if (*ended)
        inflateReset(gzip);
    else if (code == Z_MEM_ERROR)
        return fail_memory(stream, err);
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return refuse_damaged(stream, gzip->msg != NULL ? gzip->msg : "gzip", err);
    return 0;
}

static int step_zstd(struct spine_stream *stream, char *to, size_t *left, bool *ended,
                     struct spine_error *err)
{
    ZSTD_outBuffer out = {.dst = to, .size = *left};
    ZSTD_inBuffer in = {.src = stream->packed, .size = stream->end, .pos = stream->at};
    const size_t code = ZSTD_decompressStream(stream->zstd, &out, &in);

    stream->at = in.pos;
    *left -= out.pos;
    *ended = code == 0;
    return ZSTD_isError(code) ? refuse_damaged(stream, ZSTD_getErrorName(code), err) : 0;
}

static int begin_xz(struct spine_stream *stream)
{
    /* Zeroed is LZMA_STREAM_INIT; one that has ended is used again. */
    return lzma_stream_decoder(&stream->xz, XZ_MEMORY, 0) == LZMA_OK ? 0 : -1;
}

static int step_xz(struct spine_stream *stream, char *to, size_t *left, bool *ended,
                   struct spine_error *err)
{
    lzma_stream *xz = &stream->xz;

    xz->next_in = (uint8_t *)stream->packed + stream->at;
    xz->avail_in = stream->end - stream->at;
    xz->next_out = (uint8_t *)to;
    xz->avail_out = *left;
    const lzma_ret code = lzma_code(xz, LZMA_RUN);
    stream->at = stream->end - xz->avail_in;
    *left = xz->avail_out;
    *ended = code == LZMA_STREAM_END;

    if (*ended && begin_xz(stream))
        return fail_memory(stream, err);
    if (code == LZMA_MEM_ERROR)
        return fail_memory(stream, err);
    if (code == LZMA_MEMLIMIT_ERROR)
        return spine_refuse(err, "%s: xz data that need more than %d MiB to decompress",
                            stream->path, XZ_MEMORY >> 20);
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR)
        return refuse_damaged(stream, "xz", err);
    return 0;
}

static int begin_bzip2(struct spine_stream *stream)
{
    stream->bzip2 = (bz_stream){0};
    stream->bzip2_begun = BZ2_bzDecompressInit(&stream->bzip2, 0, 0) == BZ_OK;
    return stream->bzip2_begun ? 0 : -1;
}

static int step_bzip2(struct spine_stream *stream, char *to, size_t *left, bool *ended,
                      struct spine_error *err)
{
    bz_stream *bzip2 = &stream->bzip2;
    const unsigned room = *left < BLOCK ? (unsigned)*left : BLOCK;

    bzip2->next_in = stream->packed + stream->at;
    bzip2->avail_in = (unsigned)(stream->end - stream->at);
    bzip2->next_out = to;
    bzip2->avail_out = room;
    const int code = BZ2_bzDecompress(bzip2);
    stream->at = stream->end - bzip2->avail_in;
    *left -= room - bzip2->avail_out;
    *ended = code == BZ_STREAM_END;

    if (*ended) {
        BZ2_bzDecompressEnd(bzip2);
        return begin_bzip2(stream) ? fail_memory(stream, err) : 0;
    }
    if (code == BZ_MEM_ERROR)
        return fail_memory(stream, err);
    return code == BZ_OK ? 0 : refuse_damaged(stream, "bzip2", err);
}

static int step(struct spine_stream *stream, char *to, size_t *left, bool *ended,
                struct spine_error *err)
{
    switch (stream->kind) {
    case SPINE_STREAM_GZIP:
        return step_gzip(stream, to, left, ended, err);
    case SPINE_STREAM_ZSTD:
        return step_zstd(stream, to, left, ended, err);
    case SPINE_STREAM_XZ:
        return step_xz(stream, to, left, ended, err);
    case SPINE_STREAM_BZIP2:
    case SPINE_STREAM_PLAIN:
    case SPINE_STREAM_ZIP:
        break;
    }
    return step_bzip2(stream, to, left, ended, err);
}

static int read_packed(struct spine_stream *stream, char *to, size_t size, size_t *got,
                       struct spine_error *err)
{
    size_t left = size;

    while (left == size) {
        if (refill(stream, err))
            return -1;
        /* Without input a decoder may still have output to give. */
        const bool is_starved = stream->at == stream->end;
        if (is_starved && stream->between)
            break;

        const size_t before = stream->at;
        bool ended = false;
        if (step(stream, to, &left, &ended, err))
            return -1;
        stream->between = ended || (stream->between && stream->at == before && left == size);
        if (is_starved && left == size && !stream->between)
            return refuse_cut(stream, err);
    }
    *got = size - left;
    return 0;
}

/* --- Zip archives ------------------------------------------------------------------------- */

static int open_zip(zip_t **zip, const char *file, struct spine_error *err)
{
    int code = 0;
    zip_error_t reason;

    *zip = zip_open(file, ZIP_RDONLY, &code);
    if (*zip != NULL)
        return 0;
    zip_error_init_with_code(&reason, code);
    spine_refuse(err, "%s: a zip archive that can't be read: %s; was it cut off?", file,
                 zip_error_strerror(&reason));
    zip_error_fini(&reason);
    return -1;
}

/* A file of the archive, not a directory or what macOS adds. */
static const char *member_name(zip_t *zip, zip_int64_t index)
{
    const char *name = zip_get_name(zip, (zip_uint64_t)index, ZIP_FL_ENC_RAW);

    if (name == NULL || name[0] == '\0' || name[strlen(name) - 1] == '/' ||
        strncmp(name, "__MACOSX/", 9) == 0)
        return NULL;
    return name;
}

int spine_stream_list(const char *file, bool (*visit)(const char *name, void *data), void *data,
                      struct spine_error *err)
{
    zip_t *zip = NULL;
    bool goes_on = true;

    if (open_zip(&zip, file, err))
        return -1;
    for (zip_int64_t i = 0; goes_on && i < zip_get_num_entries(zip, 0); i++) {
        const char *name = member_name(zip, i);
        goes_on = name == NULL || visit(name, data);
    }
    zip_discard(zip);
    return 0;
}

/* Is it called 'inner', which may lack the .npy of an array? */
static bool is_called(const char *name, const char *inner)
{
    const size_t length = strlen(inner);

    return strncmp(name, inner, length) == 0 &&
           (name[length] == '\0' || strcmp(name + length, ".npy") == 0);
}

/* The member called 'inner', or the only one. */
static int choose_member(struct spine_stream *stream, const char *file, const char *inner,
                         zip_int64_t *index, struct spine_error *err)
{
    char names[NAMES_BYTES] = "";
    size_t used = 0;
    int count = 0;

    for (zip_int64_t i = 0; i < zip_get_num_entries(stream->zip, 0); i++) {
        const char *name = member_name(stream->zip, i);
        if (name == NULL)
            continue;
        *index = i;
        if (inner != NULL && is_called(name, inner))
            return 0;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     count > 0 ? ", " : "", name);
        count++;
    }
    if (inner == NULL && count == 1)
        return 0;
    if (count == 0)
        return spine_refuse(err, "%s: a zip archive without files", file);
    if (inner == NULL)
        return spine_refuse(err, "%s: a zip archive of %d files; name one of them as %s:FILE: %s",
                            file, count, file, names);
    return spine_refuse(err, "%s: has no file '%.100s'; it has: %s", file, inner, names);
}

static int begin_zip(struct spine_stream *stream, const char *file, const char *inner,
                     struct spine_error *err)
{
    zip_int64_t index = 0;

    if (open_zip(&stream->zip, file, err) || choose_member(stream, file, inner, &index, err))
        return -1;
    stream->member = zip_fopen_index(stream->zip, (zip_uint64_t)index, 0);
    if (stream->member != NULL)
        return 0;
    if (zip_error_code_zip(zip_get_error(stream->zip)) == ZIP_ER_NOPASSWD)
        return spine_refuse(err, "%s: is encrypted; unpack it first: unzip", stream->path);
    return spine_refuse(err, "%s: can't be unpacked here: %s; unpack it first: unzip or 7z",
                        stream->path, zip_strerror(stream->zip));
}

static int read_member(struct spine_stream *stream, char *to, size_t size, size_t *got,
                       struct spine_error *err)
{
    const zip_int64_t count = zip_fread(stream->member, to, size);

    if (count < 0)
        return refuse_damaged(stream, zip_error_strerror(zip_file_get_error(stream->member)), err);
    *got = (size_t)count;
    return 0;
}

/* --- Opening ------------------------------------------------------------------------------ */

int spine_stream_split(const char *path, char **file, const char **inner, struct spine_error *err)
{
    struct stat facts;

    *inner = NULL;
    *file = spine_memory_copy(path, "a path", err);
    if (*file == NULL)
        return -1;
    if (stat(path, &facts) == 0)
        return 0;

    for (char *colon; (colon = strrchr(*file, ':')) != NULL;) {
        *colon = '\0';
        if (colon > *file && stat(*file, &facts) == 0 && S_ISREG(facts.st_mode)) {
            *inner = path + (colon - *file) + 1;
            return 0;
        }
    }
    /* If it doesn't exist, opening it will say so. */
    strcpy(*file, path);
    return 0;
}

static bool begins_with(const struct spine_stream *stream, const char *magic, size_t bytes)
{
    return stream->end >= bytes && memcmp(stream->packed, magic, bytes) == 0;
}

static enum spine_stream_kind find_kind(const struct spine_stream *stream)
{
    if (begins_with(stream, "\x1f\x8b", 2))
        return SPINE_STREAM_GZIP;
    if (begins_with(stream, "\x28\xb5\x2f\xfd", 4))
        return SPINE_STREAM_ZSTD;
    if (begins_with(stream,
                    "\xFD"
                    "7zXZ\0",
                    6))
        return SPINE_STREAM_XZ;
    if (begins_with(stream, "BZh", 3) && stream->end >= 10 &&
        (memcmp(stream->packed + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
         memcmp(stream->packed + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
        return SPINE_STREAM_BZIP2;
    if (begins_with(stream, "PK\3\4", 4) || begins_with(stream, "PK\5\6", 4))
        return SPINE_STREAM_ZIP;
    return SPINE_STREAM_PLAIN;
}

/* The largest window, as a power of 2, that a file of so many bytes may ask memory for. */
static int zstd_window(uint64_t bytes)
{
    int log = ZSTD_WINDOW;

    while (log < ZSTD_MOST_WINDOW && UINT64_C(1) << log < ZSTD_RATIO * bytes)
        log++;
    return log;
}

static int begin_decoder(struct spine_stream *stream, const char *file, const char *inner,
                         struct spine_error *err)
{
    int rc = 0;

    switch (stream->kind) {
    case SPINE_STREAM_PLAIN:
        break;
    case SPINE_STREAM_GZIP:
        stream->gzip_begun = inflateInit2(&stream->gzip, GZIP_WINDOW) == Z_OK;
        rc = stream->gzip_begun ? 0 : -1;
        break;
    case SPINE_STREAM_ZSTD:
        stream->zstd = ZSTD_createDStream();
        rc = stream->zstd != NULL ? 0 : -1;
        if (rc == 0)
            ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, zstd_window(stream->bytes));
        break;
    case SPINE_STREAM_XZ:
        rc = begin_xz(stream);
        break;
    case SPINE_STREAM_BZIP2:
        rc = begin_bzip2(stream);
        break;
    case SPINE_STREAM_ZIP:
        if (!stream->is_file)
            return spine_refuse(err,
                                "%s: a zip archive can't be read from a pipe: unpack it in "
                                "the pipe (unzip -p), or give its name",
                                stream->path);
        return begin_zip(stream, file, inner, err);
    }
    return rc ? fail_memory(stream, err) : 0;
}

static int open_file(struct spine_stream *stream, const char *file, struct spine_error *err)
{
    struct stat facts;

    stream->file = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : spine_infile_open(file);
    if (stream->file < 0)
        return spine_refuse(err, "%s: %s", stream->path, strerror(errno));
    if (fstat(stream->file, &facts) != 0)
        return spine_fail(err, "%s: %s", stream->path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return spine_refuse(err, "%s: is a directory", stream->path);
    stream->is_file = S_ISREG(facts.st_mode) && strcmp(file, "-") != 0;
    stream->bytes = stream->is_file ? (uint64_t)facts.st_size : 0;

    stream->packed = spine_memory_get(BLOCK, 1, "a block of the file", err);
    if (stream->packed == NULL)
        return -1;
    return 0;
}

/* Read until the kind is known: a pipe gives few bytes at a time. */
static int read_start(struct spine_stream *stream, struct spine_error *err)
{
    enum { ENOUGH = 16 };
    size_t got = 1;

    while (stream->end < ENOUGH && got > 0) {
        if (read_file(stream, stream->packed + stream->end, BLOCK - stream->end, &got, err))
            return -1;
        stream->end += got;
    }
    stream->kind = find_kind(stream);
    return 0;
}

int spine_stream_open(struct spine_stream **stream, const char *path, struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;
    struct spine_stream *opened = spine_memory_zeroed(1, sizeof *opened, "an open file", err);
    if (opened == NULL)
        return -1;
    opened->path = path;
    opened->file = -1;

    int rc = spine_stream_split(path, &file, &inner, err);
    if (rc == 0)
        rc = open_file(opened, file, err);
    if (rc == 0)
        rc = read_start(opened, err);
    if (rc == 0 && inner != NULL && opened->kind != SPINE_STREAM_ZIP)
        rc = spine_refuse(err, "%s: is not a zip archive, so '%s' can't be a file in it", file,
                          inner);
    if (rc == 0)
        rc = begin_decoder(opened, file, inner, err);

    free(file);
    if (rc == 0)
        *stream = opened;
    else
        spine_stream_close(opened);
    return rc;
}

void spine_stream_rename(struct spine_stream *stream, const char *name)
{
    stream->path = name;
}

enum spine_stream_kind spine_stream_kind(const struct spine_stream *stream)
{
    return stream->kind;
}

bool spine_stream_is_file(const struct spine_stream *stream)
{
    return stream->is_file;
}

uint64_t spine_stream_bytes(const struct spine_stream *stream)
{
    return stream->bytes;
}

int spine_stream_read(struct spine_stream *stream, void *to, size_t size, size_t *got,
                      struct spine_error *err)
{
    switch (stream->kind) {
    case SPINE_STREAM_PLAIN:
        return read_plain(stream, to, size, got, err);
    case SPINE_STREAM_ZIP:
        return read_member(stream, to, size, got, err);
    case SPINE_STREAM_GZIP:
    case SPINE_STREAM_ZSTD:
    case SPINE_STREAM_XZ:
    case SPINE_STREAM_BZIP2:
        break;
    }
    return read_packed(stream, to, size, got, err);
}

int spine_stream_seek(struct spine_stream *stream, uint64_t offset, struct spine_error *err)
{
    stream->at = stream->end = 0;
    if (lseek(stream->file, (off_t)offset, SEEK_SET) < 0)
        return spine_fail(err, "%s: %s", stream->path, strerror(errno));
    return 0;
}

void spine_stream_close(struct spine_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->gzip_begun)
        inflateEnd(&stream->gzip);
    if (stream->bzip2_begun)
        BZ2_bzDecompressEnd(&stream->bzip2);
    if (stream->kind == SPINE_STREAM_XZ)
        lzma_end(&stream->xz);
    ZSTD_freeDStream(stream->zstd);
    if (stream->member != NULL)
        zip_fclose(stream->member);
    if (stream->zip != NULL)
        zip_discard(stream->zip);
    if (stream->file >= 0)
        close(stream->file);
    free(stream->packed);
    free(stream);
}

static int copy(struct spine_stream *stream, FILE *file, const char *to, struct spine_error *err)
{
    char *block = spine_memory_get(BLOCK, 1, "a block of the file", err);
    size_t got = 1;
    int rc = 0;
    if (block == NULL)
        return -1;

    while (rc == 0 && got > 0) {
        rc = spine_stream_read(stream, block, BLOCK, &got, err);
        if (rc == 0 && fwrite(block, 1, got, file) != got)
            rc = spine_fail(err, "%s: %s", to, strerror(errno));
    }
    free(block);
    return rc;
}

int spine_stream_save(const char *path, const char *to, struct spine_error *err)
{
    struct spine_stream *stream = NULL;

    if (spine_stream_open(&stream, path, err))
        return -1;
    FILE *file = fopen(to, "wbx");
    int rc =
        file == NULL ? spine_fail(err, "%s: %s", to, strerror(errno)) : copy(stream, file, to, err);
    if (file != NULL && fclose(file) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", to, strerror(errno));
    if (file != NULL && rc != 0)
        unlink(to);
    spine_stream_close(stream);
    return rc;
}
