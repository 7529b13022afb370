/* sink.c -- writing to a file, plain or packed, and to temporary files. */
#include "spine/files/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"

enum packing { PLAIN, GZIP, ZSTD };

enum { BUFFER = 1 << 18, GZIP_LEVEL = 6, ZSTD_LEVEL = 3 };

struct spine_sink {
    enum packing packing;
    FILE *file;
    z_stream gzip;
    ZSTD_CCtx *zstd;
    unsigned char *buffer, *packed; /* owned; (BUFFER) */
    size_t used;
    int failure; /* errno of the first one; 0: none */
    char path[];
};

/* --- Packing ------------------------------------------------------------------------------ */

bool spine_sink_is_packed(const char *path, size_t *length)
{
    static const char *const suffixes[] = {".gz", ".zst"};

    *length = strlen(path);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (spine_path_ends_in(path, suffixes[i])) {
            *length -= strlen(suffixes[i]);
            return true;
        }

    return false;
}

static void write_bytes(struct spine_sink *sink, const void *bytes, size_t size)
{
    if (sink->failure == 0 && fwrite(bytes, 1, size, sink->file) != size)
        sink->failure = errno != 0 ? errno : EIO;
}

static void pack_gzip(struct spine_sink *sink, bool is_end)
{
    z_stream *stream = &sink->gzip;
    int rc = Z_OK;

    stream->next_in = sink->buffer;
    stream->avail_in = (uInt)sink->used;
    do {
        stream->next_out = sink->packed;
        stream->avail_out = BUFFER;
        rc = deflate(stream, is_end ? Z_FINISH : Z_NO_FLUSH);
        write_bytes(sink, sink->packed, BUFFER - stream->avail_out);
    } while (stream->avail_out == 0 || (is_end && rc == Z_OK));
}

static void pack_zstd(struct spine_sink *sink, bool is_end)
{
    ZSTD_inBuffer in = {sink->buffer, sink->used, 0};
    size_t left = 0;

    do {
        ZSTD_outBuffer out = {sink->packed, BUFFER, 0};
        left = ZSTD_compressStream2(sink->zstd, &out, &in, is_end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left) && sink->failure == 0)
            sink->failure = ENOMEM;
        write_bytes(sink, sink->packed, out.pos);
    } while (sink->failure == 0 && (is_end ? left > 0 : in.pos < in.size));
}

static void flush(struct spine_sink *sink, bool is_end)
{
    if (sink->failure == 0) {
        if (sink->packing == GZIP)
            pack_gzip(sink, is_end);
        else if (sink->packing == ZSTD)
            pack_zstd(sink, is_end);
        else
            write_bytes(sink, sink->buffer, sink->used);
    }
    sink->used = 0;
}

/* --- Opening and closing ------------------------------------------------------------------ */

static int prepare(struct spine_sink *sink, struct spine_error *err)
{
    enum { GZIP_WINDOW = 15 + 16 }; /* 16: with gzip's header */

    sink->buffer = spine_memory_get(BUFFER, 1, "a file's buffer", err);
    sink->packed = spine_memory_get(BUFFER, 1, "a file's buffer", err);
    if (sink->buffer == NULL || sink->packed == NULL)
        return -1;

    if (sink->packing == GZIP && deflateInit2(&sink->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
                                              Z_DEFAULT_STRATEGY) != Z_OK)
        return spine_memory_fail("gzip", err);
    if (sink->packing == ZSTD) {
        sink->zstd = ZSTD_createCCtx();
        if (sink->zstd == NULL)
            return spine_memory_fail("zstd", err);
        ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
        ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_checksumFlag, 1);
    }

    sink->file = spine_outfile_create_text(sink->path, err);
    if (sink->file == NULL)
        return -1;
    return 0;
}

static void release(struct spine_sink *sink)
{
    if (sink->packing == GZIP)
        deflateEnd(&sink->gzip);
    ZSTD_freeCCtx(sink->zstd);
    free(sink->buffer);
    free(sink->packed);
    free(sink);
}

int spine_sink_open(struct spine_sink **sink, const char *path, struct spine_error *err)
{
    struct spine_sink *made =
        spine_memory_zeroed(sizeof *made + strlen(path) + 1, 1, "a file's buffer", err);

    *sink = NULL;
    if (made == NULL)
        return -1;

    strcpy(made->path, path);
    made->packing = spine_path_ends_in(path, ".gz")    ? GZIP
                    : spine_path_ends_in(path, ".zst") ? ZSTD
                                                       : PLAIN;
    if (prepare(made, err)) {
        release(made);
        return -1;
    }

    *sink = made;
    return 0;
}

int spine_sink_check(struct spine_sink *sink, struct spine_error *err)
{
    if (sink->failure == 0)
        return 0;
    return spine_fail(err, "%s: %s", sink->path, strerror(sink->failure));
}

/* Write what is left and close the file; publish it, if that is wanted. */
static int end(struct spine_sink *sink, bool publishes, struct spine_error *err)
{
    flush(sink, true);
    if (fclose(sink->file) != 0 && sink->failure == 0)
        sink->failure = errno;

    int rc = spine_sink_check(sink, err);
    if (rc == 0 && publishes)
        rc = spine_outfile_publish(sink->path, err);
    if (rc != 0)
        spine_outfile_discard(sink->path);

    release(sink);
    return rc;
}

int spine_sink_complete(struct spine_sink *sink, struct spine_error *err)
{
    return end(sink, false, err);
}

int spine_sink_finish(struct spine_sink *sink, struct spine_error *err)
{
    return end(sink, true, err);
}

void spine_sink_discard(struct spine_sink *sink)
{
    if (sink == NULL)
        return;
    fclose(sink->file);
    spine_outfile_discard(sink->path);
    release(sink);
}

/* --- What is written ---------------------------------------------------------------------- */

void spine_sink_put(struct spine_sink *sink, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    while (size > 0) {
        const size_t fits = BUFFER - sink->used < size ? BUFFER - sink->used : size;
        memcpy(sink->buffer + sink->used, at, fits);
        sink->used += fits;
        at += fits;
        size -= fits;
        if (sink->used == BUFFER)
            flush(sink, false);
    }
}

void spine_sink_text(struct spine_sink *sink, const char *text)
{
    spine_sink_put(sink, text, strlen(text));
}

void spine_sink_number(struct spine_sink *sink, float value, int digits)
{
    char text[64];
    const int length = snprintf(text, sizeof text, "%.*g", digits, (double)value);
    spine_sink_put(sink, text, (size_t)length);
}

void spine_sink_whole(struct spine_sink *sink, int64_t value)
{
    char text[32];
    const int length = snprintf(text, sizeof text, "%lld", (long long)value);
    spine_sink_put(sink, text, (size_t)length);
}

void spine_sink_npy_header(char header[SPINE_SINK_NPY], const char *descr, const char *shape)
{
    enum { MAGIC = 10 }; /* bytes: magic, version 1.0, the length of what follows */
    char text[SPINE_SINK_NPY];
    const int length =
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                 descr, shape);

    memset(header, ' ', SPINE_SINK_NPY);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = SPINE_SINK_NPY - MAGIC;
    header[9] = 0;
    memcpy(header + MAGIC, text, (size_t)length);
    header[SPINE_SINK_NPY - 1] = '\n';
}

int spine_sink_fail_spool(const char *path, struct spine_error *err)
{
    return spine_fail(err, "%s: can't write or read the temporary file beside it: %s", path,
                      strerror(errno));
}

/* Open a file without a name or, if the file system can't, one whose name is removed at once; a
 * process that is killed in between leaves it. 'name' is PATH.XXXXXX.part, of 'bytes' bytes. */
static int open_nameless(const char *path, char *name, size_t bytes)
{
    static const char end[] = ".part"; /* starting a run removes such files */

#ifdef O_TMPFILE
    const char *slash = strrchr(path, '/');
    const size_t length = slash == NULL ? 1 : (size_t)(slash - path) + 1; /* "." or "DIRECTORY/" */
    snprintf(name, bytes, "%.*s", (int)length, slash == NULL ? "." : path);
    const int nameless = open(name, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (nameless >= 0)
        return nameless; /* file systems without it return different errors */
#endif
    snprintf(name, bytes, "%s.XXXXXX%s", path, end);
    const int descriptor = mkstemps(name, (int)strlen(end));
    if (descriptor >= 0) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        unlink(name);
    }
    return descriptor;
}

FILE *spine_sink_spool(const char *path, struct spine_error *err)
{
    const size_t bytes = strlen(path) + sizeof ".XXXXXX.part";
    char *name = spine_memory_get(bytes, 1, "a file's temporary name", err);
    if (name == NULL)
        return NULL;

    const int descriptor = open_nameless(path, name, bytes);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w+b");
    if (file == NULL)
        spine_fail(err, "%s: can't make a temporary file beside it: %s", path, strerror(errno));
    if (descriptor >= 0 && file == NULL)
        close(descriptor);

    free(name);
    return file;
}
