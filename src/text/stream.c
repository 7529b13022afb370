/* stream.c -- the bytes of a file from beginning to end, unpacked.
 *
 * 'packed' has bytes that were read from the file and not used yet. For a plain file it has those
 * of the first read, so that a pipe can be read, too. */
#include "spine/text/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/text/archive.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK = 64, /* so that short inputs go beyond it */
#elif defined __SANITIZE_ADDRESS__
    BLOCK = 1 << 16, /* maps larger ones one by one, and takes ten times as long */
#else
    BLOCK = 1 << 18,
#endif
};

struct spine_stream {
    const char *path; /* borrowed; of messages */
    int file;
    bool is_file, is_device;
    uint64_t bytes; /* of the file; 0 for a pipe */
    enum spine_packing packing;

    struct spine_packed packed;    /* its data are owned; (BLOCK) */
    bool between;                  /* compressed data may end here: a member or frame has ended */
    struct spine_decoder *decoder; /* owned; of gzip, zstd, xz and bzip2 */
    struct spine_archive *archive; /* owned; of zip */
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

/* Make sure that there are packed bytes, except at the end of the file. */
static int refill(struct spine_stream *stream, struct spine_error *err)
{
    if (stream->packed.at < stream->packed.end)
        return 0;
    stream->packed.at = 0;
    return read_file(stream, stream->packed.data, BLOCK, &stream->packed.end, err);
}

static int read_plain(struct spine_stream *stream, char *to, size_t size, size_t *got,
                      struct spine_error *err)
{
    const size_t there = stream->packed.end - stream->packed.at;

    if (there == 0)
        return read_file(stream, to, size, got, err);
    *got = there < size ? there : size;
    memcpy(to, stream->packed.data + stream->packed.at, *got);
    stream->packed.at += *got;
    return 0;
}

/* Zeros may fill up a file after its members, as tapes and xz's padding do. Pass over those at
 * hand; returns whether there were any. */
static bool pass_padding(struct spine_packed *packed)
{
    const size_t first = packed->at;

    while (packed->at < packed->end && packed->data[packed->at] == '\0')
        packed->at++;
    return packed->at > first;
}

static int read_packed(struct spine_stream *stream, char *to, size_t size, size_t *got,
                       struct spine_error *err)
{
    struct spine_unpacked out = {.to = to, .left = size};

    while (out.left == size) {
        if (refill(stream, err))
            return -1;
        if (stream->between && pass_padding(&stream->packed))
            continue;
        /* Without input a decoder may still have output to give. */
        const bool is_starved = stream->packed.at == stream->packed.end;
        if (is_starved && stream->between)
            break;

        const size_t before = stream->packed.at;
        if (spine_decoder_step(stream->decoder, &stream->packed, &out, stream->path, err))
            return -1;
        stream->between =
            out.ended || (stream->between && stream->packed.at == before && out.left == size);
        if (is_starved && out.left == size && !stream->between)
            return spine_refuse(err, "%s: the compressed data end too early", stream->path);
    }
    *got = size - out.left;
    return 0;
}

/* --- Opening ------------------------------------------------------------------------------ */

/* Is it why there is no such file? Otherwise, whether there is one is unknown. */
static bool is_absent(int reason)
{
    return reason == ENOENT || reason == ENOTDIR || reason == ENAMETOOLONG;
}

/* Report that *file can't be examined, and free it. */
static int fail_split(char **file, struct spine_error *err)
{
    spine_infile_fail(*file, err);
    free(*file);
    *file = NULL;
    return -1;
}

int spine_stream_split(const char *path, char **file, const char **inner, struct spine_error *err)
{
    struct stat facts;

    *inner = NULL;
    *file = spine_memory_copy(path, "a path", err);
    if (*file == NULL)
        return -1;
    if (stat(path, &facts) == 0)
        return 0;
    if (!is_absent(errno))
        return fail_split(file, err);

    for (char *colon; (colon = strrchr(*file, ':')) != NULL;) {
        *colon = '\0';
        if (colon == *file)
            continue;
        if (stat(*file, &facts) != 0) {
            if (!is_absent(errno))
                return fail_split(file, err);
        } else if (S_ISREG(facts.st_mode)) {
            *inner = path + (colon - *file) + 1;
            return 0;
        }
    }
    /* If it doesn't exist, opening it will fail. */
    strcpy(*file, path);
    return 0;
}

static int begin_unpacking(struct spine_stream *stream, const char *file, const char *inner,
                           struct spine_error *err)
{
    if (stream->packing == SPINE_PACKING_NONE)
        return 0;
    if (stream->packing != SPINE_PACKING_ZIP)
        return spine_decoder_open(&stream->decoder, stream->packing, stream->bytes, stream->path,
                                  err);
    if (!stream->is_file)
        return spine_refuse(err,
                            "%s: a zip archive can't be read from a pipe: unpack it in the pipe "
                            "(unzip -p), or give its name",
                            stream->path);
    return spine_archive_open(&stream->archive, file, inner, stream->path, err);
}

/* Name the file with vectors in a directory of a run, of a model from Hugging Face, or of spaCy, if
 * there is one. */
static int refuse_directory(const char *path, const char *directory, struct spine_error *err)
{
    static const char *const names[] = {"codes.h5ad", "model.safetensors",
                                        "model.safetensors.index.json",
                                        "0_StaticEmbedding/model.safetensors", "vocab/vectors"};
    char file[PATH_MAX];
    size_t bytes = strlen(path);

    while (bytes > 1 && path[bytes - 1] == '/')
        bytes--;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const int length = snprintf(file, sizeof file, "%s/%s", directory, names[i]);
        if (length < PATH_MAX && access(file, R_OK) == 0)
            return spine_refuse(err, "%s: is a directory; give a file in it, such as %.*s/%s%s",
                                path, (int)bytes, path, names[i],
                                i + 1 == sizeof names / sizeof *names ? ", with a list of words"
                                                                      : "");
    }
    return spine_refuse(err, "%s: is a directory; give a file in it", path);
}

static int open_file(struct spine_stream *stream, const char *file, struct spine_error *err)
{
    struct stat facts;

    stream->file = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : spine_infile_open(file);
    if (stream->file < 0)
        return spine_infile_fail(stream->path, err);
    if (fstat(stream->file, &facts) != 0)
        return spine_fail(err, "%s: %s", stream->path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return refuse_directory(stream->path, file, err);
    stream->is_device = S_ISCHR(facts.st_mode) && isatty(stream->file) == 0;
    stream->is_file = S_ISREG(facts.st_mode) && strcmp(file, "-") != 0;
    stream->bytes = stream->is_file ? (uint64_t)facts.st_size : 0;

    stream->packed.data = spine_memory_get(BLOCK, 1, "a block of the file", err);
    if (stream->packed.data == NULL)
        return -1;
    return 0;
}

/* Read until the packing is known: a pipe may return a few bytes at a time. */
static int read_start(struct spine_stream *stream, struct spine_error *err)
{
    enum { ENOUGH = 16 };
    size_t got = 1;

    while (stream->packed.end < ENOUGH && got > 0) {
        if (read_file(stream, stream->packed.data + stream->packed.end, BLOCK - stream->packed.end,
                      &got, err))
            return -1;
        stream->packed.end += got;
    }
    if (stream->is_device && stream->packed.end > 0) /* /dev/null ends at once */
        return spine_refuse(err, "%s: is a device, which may never end; give a file or a pipe",
                            stream->path);
    stream->packing = spine_decoder_recognise(stream->packed.data, stream->packed.end);
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
    if (rc == 0 && inner != NULL && opened->packing != SPINE_PACKING_ZIP)
        rc = spine_refuse(err, "%s: is not a zip archive, so '%s' can't be a file in it", file,
                          inner);
    if (rc == 0)
        rc = begin_unpacking(opened, file, inner, err);

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

enum spine_packing spine_stream_packing(const struct spine_stream *stream)
{
    return stream->packing;
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
    switch (stream->packing) {
    case SPINE_PACKING_NONE:
        return read_plain(stream, to, size, got, err);
    case SPINE_PACKING_ZIP:
        return spine_archive_read(stream->archive, to, size, got, stream->path, err);
    case SPINE_PACKING_GZIP:
    case SPINE_PACKING_ZSTD:
    case SPINE_PACKING_XZ:
    case SPINE_PACKING_BZIP2:
        break;
    }
    return read_packed(stream, to, size, got, err);
}

int spine_stream_seek(struct spine_stream *stream, uint64_t offset, struct spine_error *err)
{
    stream->packed.at = stream->packed.end = 0;
    if (lseek(stream->file, (off_t)offset, SEEK_SET) < 0)
        return spine_fail(err, "%s: %s", stream->path, strerror(errno));
    return 0;
}

void spine_stream_close(struct spine_stream *stream)
{
    if (stream == NULL)
        return;
    spine_decoder_close(stream->decoder);
    spine_archive_close(stream->archive);
    if (stream->file >= 0)
        close(stream->file);
    free(stream->packed.data);
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

int spine_stream_save(const char *path, int to, const char *name, struct spine_error *err)
{
    struct spine_stream *stream = NULL;

    if (spine_stream_open(&stream, path, err))
        return -1;

    const int own = fcntl(to, F_DUPFD_CLOEXEC, 0); /* fclose() closes it */
    FILE *file = own < 0 ? NULL : fdopen(own, "wb");
    int rc = file == NULL ? spine_fail(err, "%s: %s", name, strerror(errno))
                          : copy(stream, file, name, err);
    if (file != NULL && fclose(file) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", name, strerror(errno));
    if (own >= 0 && file == NULL)
        close(own);

    spine_stream_close(stream);
    return rc;
}

int spine_stream_check_stays(const char *path, const char *what, const char *output,
                             struct spine_error *err)
{
    char *part = spine_outfile_part(output, err), *file = NULL;
    const char *inner = NULL;

    if (part == NULL || spine_stream_split(path, &file, &inner, err)) {
        free(part);
        return -1;
    }
    const bool is_read = spine_path_are_same(file, output) || spine_path_are_same(file, part);
    free(file);
    free(part);

    if (is_read)
        return spine_refuse(err, "%s: the output would overwrite the %s", output, what);
    return 0;
}
