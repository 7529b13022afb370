/* lines.c -- a file as a stream of lines: plain, gzip or zstd.
 *
 * buffer[first, last) holds what was read and decompressed, but not returned yet. A line must fit
 * into it, so it grows with the longest line. Nothing is mapped: a file that shrinks while it is
 * read would then end the process by a signal. */
#include "spine/text/lines.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "spine/base/memory.h"
#include "spine/base/textfile.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK = 64, /* so that short inputs go beyond it */
#else
    BLOCK = 1 << 18, /* stays in the cache until it is parsed */
#endif
    GZIP_WINDOW = 15 + 16, /* zlib's way to say: the largest window, and a gzip header */
    ZSTD_WINDOW = 27,      /* zstd's own limit: 128 MiB of memory */
    ZSTD_MOST_WINDOW = 31, /* as "zstd --long=31" makes them */
    ZSTD_RATIO = 64,       /* a window beyond the limit is no larger than so many of the file */
    MOST_LINE = 64 << 20,  /* a row of 5 million numbers: longer ones aren't text */
    QUOTED_BYTES = 40,     /* of a text in a message */
};

struct spine_lines {
    const char *path; /* borrowed */
    int file;
    enum spine_lines_kind kind;
    uint64_t bytes;     /* of the file */
    uint64_t offset;    /* of buffer[first] in the plain or decompressed file */
    uint64_t end;       /* of the range; UINT64_MAX when there is none */
    uint64_t num_lines; /* given out */
    char *buffer;       /* owned */
    size_t capacity, first, last;
    bool at_end; /* all that the file holds is in the buffer */

    char *packed; /* owned; (BLOCK), what was read of a compressed file */
    z_stream gzip;
    bool gzip_begun;
    ZSTD_DStream *zstd;
    ZSTD_inBuffer zstd_in;
    bool between; /* compressed data may end here: a member or frame has ended */
};

/* Read up to 'size' bytes; *got is 0 only at the end of the file. */
static int read_file(struct spine_lines *lines, char *to, size_t size, size_t *got,
                     struct spine_error *err)
{
    ssize_t count;
    do
        count = read(lines->file, to, size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return spine_fail(err, "%s: %s", lines->path, strerror(errno));
    *got = (size_t)count;
    return 0;
}

static int read_plain(struct spine_lines *lines, char *to, size_t size, size_t *got,
                      struct spine_error *err)
{
    if (read_file(lines, to, size, got, err))
        return -1;
    const uint64_t position = lines->offset + (lines->last - lines->first);
    if (*got == 0 && lines->end != UINT64_MAX && position < lines->end)
        return spine_fail(err, "%s: the file became shorter while it was read", lines->path);
    return 0;
}

static int refuse_cut(const struct spine_lines *lines, struct spine_error *err)
{
    return spine_refuse(err, "%s: the compressed data end too early", lines->path);
}

static int refuse_damaged(const struct spine_lines *lines, const char *why, struct spine_error *err)
{
    return spine_refuse(err, "%s: the compressed data are damaged (%s)", lines->path, why);
}

static int refill_gzip(struct spine_lines *lines, struct spine_error *err)
{
    size_t got = 0;
    if (read_file(lines, lines->packed, BLOCK, &got, err))
        return -1;
    if (got == 0 && !lines->between)
        return refuse_cut(lines, err);
    lines->gzip.next_in = (Bytef *)lines->packed;
    lines->gzip.avail_in = (uInt)got;
    return 0;
}

static int step_gzip(struct spine_lines *lines, struct spine_error *err)
{
    const int code = inflate(&lines->gzip, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
        lines->between = true;
        inflateReset(&lines->gzip);
        return 0;
    }
    if (code == Z_MEM_ERROR)
        return spine_memory_fail("a decompressor", err);
    if (code != Z_OK && code != Z_BUF_ERROR)
        return refuse_damaged(lines, lines->gzip.msg != NULL ? lines->gzip.msg : "gzip", err);
    lines->between = false;
    return 0;
}

static int read_gzip(struct spine_lines *lines, char *to, size_t size, size_t *got,
                     struct spine_error *err)
{
    const uInt room = size < BLOCK ? (uInt)size : BLOCK;
    z_stream *stream = &lines->gzip;
    stream->next_out = (Bytef *)to;
    stream->avail_out = room;
    while (stream->avail_out == room) {
        if (stream->avail_in == 0 && refill_gzip(lines, err))
            return -1;
        if (stream->avail_in == 0)
            break;
        if (step_gzip(lines, err))
            return -1;
    }
    *got = room - stream->avail_out;
    return 0;
}

static int refill_zstd(struct spine_lines *lines, struct spine_error *err)
{
    size_t got = 0;
    if (read_file(lines, lines->packed, BLOCK, &got, err))
        return -1;
    lines->zstd_in = (ZSTD_inBuffer){.src = lines->packed, .size = got};
    return 0;
}

static int read_zstd(struct spine_lines *lines, char *to, size_t size, size_t *got,
                     struct spine_error *err)
{
    ZSTD_outBuffer out = {.dst = to, .size = size};
    ZSTD_inBuffer *in = &lines->zstd_in;
    while (out.pos == 0) {
        if (in->pos == in->size && refill_zstd(lines, err))
            return -1;
        /* Without lines the decoder may still have output to give. */
        const bool starved = in->size == 0;
        if (starved && lines->between)
            break;
        const size_t code = ZSTD_decompressStream(lines->zstd, &out, in);
        if (ZSTD_isError(code))
            return refuse_damaged(lines, ZSTD_getErrorName(code), err);
        lines->between = code == 0;
        if (starved && out.pos == 0 && !lines->between)
            return refuse_cut(lines, err);
    }
    *got = out.pos;
    return 0;
}

static int refuse_long(const struct spine_lines *lines, struct spine_error *err)
{
    return spine_refuse(err, "%s: the line that begins at byte %llu is longer than %d MiB",
                        lines->path, (unsigned long long)lines->offset, MOST_LINE >> 20);
}

/* Make room behind 'last': move what is there to the front, and if that was little use, grow. */
static int make_room(struct spine_lines *lines, struct spine_error *err)
{
    const size_t kept = lines->last - lines->first;
    if (kept > 0 && lines->first > 0)
        memmove(lines->buffer, lines->buffer + lines->first, kept);
    lines->first = 0;
    lines->last = kept;
    if (lines->capacity - kept >= BLOCK)
        return 0;

    return spine_memory_reserve(&lines->buffer, &lines->capacity, 2 * lines->capacity + BLOCK, 1,
                                "a line", err);
}

static int fill(struct spine_lines *lines, struct spine_error *err)
{
    if (make_room(lines, err))
        return -1;

    char *to = lines->buffer + lines->last;
    size_t got = 0;
    int rc = -1;

    switch (lines->kind) {
    case SPINE_LINES_PLAIN:
        rc = read_plain(lines, to, BLOCK, &got, err);
        break;
    case SPINE_LINES_GZIP:
        rc = read_gzip(lines, to, BLOCK, &got, err);
        break;
    case SPINE_LINES_ZSTD:
        rc = read_zstd(lines, to, BLOCK, &got, err);
        break;
    }

    if (rc)
        return -1;
    lines->last += got;
    lines->at_end = got == 0;
    return 0;
}

/* The length of the line at buffer[first], reading on until it is whole. *newline says whether one
 * stands behind it. */
static int find_line(struct spine_lines *lines, size_t *length, bool *newline,
                     struct spine_error *err)
{
    size_t searched = 0;
    for (;;) {
        const size_t there = lines->last - lines->first, from = lines->first + searched;
        const char *found =
            there > searched ? memchr(lines->buffer + from, '\n', there - searched) : NULL;
        if (found != NULL || lines->at_end) {
            *newline = found != NULL;
            *length = found != NULL ? (size_t)(found - lines->buffer) - lines->first : there;
            return 0;
        }
        searched = there;
        if (there > MOST_LINE)
            return refuse_long(lines, err);
        if (fill(lines, err))
            return -1;
    }
}

static void take(struct spine_lines *lines, size_t bytes)
{
    lines->first += bytes;
    lines->offset += bytes;
}

int spine_lines_next(struct spine_lines *lines, struct spine_line *line, struct spine_error *err)
{
    size_t length;
    bool newline;
    if (lines->offset >= lines->end)
        return 0;
    if (find_line(lines, &length, &newline, err))
        return -1;
    if (length == 0 && !newline)
        return 0;
    const char *text = lines->buffer + lines->first;
    *line = (struct spine_line){
        .text = text,
        .length = length > 0 && text[length - 1] == '\r' ? length - 1 : length,
        .number = ++lines->num_lines,
        .is_first = lines->offset == 0,
        .is_cut = !newline,
    };
    take(lines, length + newline);
    return 1;
}

/* Is 'magic' what the file begins with? */
static bool begins_with(const unsigned char *start, size_t length, const char *magic, size_t bytes)
{
    return length >= bytes && memcmp(start, magic, bytes) == 0;
}

static int find_kind(struct spine_lines *lines, struct spine_error *err)
{
    unsigned char start[4];
    struct stat facts;
    if (fstat(lines->file, &facts) != 0)
        return spine_fail(err, "%s: %s", lines->path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return spine_refuse(err, "%s: is a directory", lines->path);
    if (!S_ISREG(facts.st_mode))
        return spine_refuse(err, "%s: is not a file on a disk; it must be read twice", lines->path);
    lines->bytes = (uint64_t)facts.st_size;
    const ssize_t got = pread(lines->file, start, sizeof start, 0);
    if (got < 0)
        return spine_fail(err, "%s: %s", lines->path, strerror(errno));
    if (begins_with(start, (size_t)got, "\x1f\x8b", 2))
        lines->kind = SPINE_LINES_GZIP;
    else if (begins_with(start, (size_t)got, "\x28\xb5\x2f\xfd", 4))
        lines->kind = SPINE_LINES_ZSTD;
    return 0;
}

/* The largest window, as a power of 2, that a file of so many bytes may ask memory for. */
static int zstd_window(uint64_t bytes)
{
    int log = ZSTD_WINDOW;
    while (log < ZSTD_MOST_WINDOW && UINT64_C(1) << log < ZSTD_RATIO * bytes)
        log++;
    return log;
}

static int begin_decoder(struct spine_lines *lines, struct spine_error *err)
{
    if (lines->kind == SPINE_LINES_PLAIN)
        return 0;

    lines->packed = spine_memory_get(BLOCK, 1, "compressed lines", err);
    if (lines->packed == NULL)
        return -1;

    if (lines->kind == SPINE_LINES_GZIP)
        lines->gzip_begun = inflateInit2(&lines->gzip, GZIP_WINDOW) == Z_OK;
    else
        lines->zstd = ZSTD_createDStream();
    if (!lines->gzip_begun && lines->zstd == NULL)
        return spine_memory_fail("a decompressor", err);
    if (lines->zstd != NULL)
        ZSTD_DCtx_setParameter(lines->zstd, ZSTD_d_windowLogMax, zstd_window(lines->bytes));
    return 0;
}

int spine_lines_open(struct spine_lines **lines, const char *path, struct spine_error *err)
{
    struct spine_lines *opened = spine_memory_zeroed(1, sizeof *opened, "the lines of a file", err);
    if (opened == NULL)
        return -1;
    opened->path = path;
    opened->end = UINT64_MAX;
    opened->file = open(path, O_RDONLY | O_CLOEXEC);
    if (opened->file < 0)
        spine_refuse(err, "%s: %s", path, strerror(errno));
    else if (find_kind(opened, err) == 0 && begin_decoder(opened, err) == 0) {
        *lines = opened;
        return 0;
    }
    spine_lines_close(opened);
    return -1;
}

/* Begin at the first line that begins at 'begin' or behind it: it follows a newline at begin - 1
 * or behind. */
static int go_to_line(struct spine_lines *lines, uint64_t begin, struct spine_error *err)
{
    size_t length;
    bool newline;
    if (lseek(lines->file, (off_t)(begin - 1), SEEK_SET) < 0)
        return spine_fail(err, "%s: %s", lines->path, strerror(errno));
    lines->offset = begin - 1;
    if (find_line(lines, &length, &newline, err))
        return -1;
    take(lines, length + newline);
    return 0;
}

int spine_lines_open_range(struct spine_lines **lines, const char *path, uint64_t begin,
                           uint64_t end, struct spine_error *err)
{
    assert(begin <= end);
    struct spine_lines *opened = NULL;
    if (spine_lines_open(&opened, path, err))
        return -1;
    opened->end = end;
    int rc = 0;
    if (opened->kind != SPINE_LINES_PLAIN)
        rc = spine_refuse(err, "%s: compressed data can't be read in parts", path);
    else if (begin == end)
        opened->offset = end;
    else if (begin > 0)
        rc = go_to_line(opened, begin, err);
    if (rc) {
        spine_lines_close(opened);
        return -1;
    }
    *lines = opened;
    return 0;
}

enum spine_lines_kind spine_lines_kind(const struct spine_lines *lines)
{
    return lines->kind;
}

uint64_t spine_lines_bytes(const struct spine_lines *lines)
{
    return lines->bytes;
}

uint64_t spine_lines_left(const struct spine_lines *lines)
{
    const uint64_t end = lines->end < lines->bytes ? lines->end : lines->bytes;
    return lines->kind == SPINE_LINES_PLAIN && lines->offset < end ? end - lines->offset : 0;
}

void spine_lines_close(struct spine_lines *lines)
{
    if (lines == NULL)
        return;
    if (lines->gzip_begun)
        inflateEnd(&lines->gzip);
    ZSTD_freeDStream(lines->zstd);
    if (lines->file >= 0)
        close(lines->file);
    free(lines->packed);
    free(lines->buffer);
    free(lines);
}

bool spine_lines_pass_mark(struct spine_line *line)
{
    const size_t mark = line->is_first ? spine_textfile_mark(line->text, line->length) : 0;

    line->text += mark;
    line->length -= mark;
    return mark > 0;
}

int spine_lines_locate(const char *path, uint64_t line, struct spine_error *err)
{
    const struct spine_error plain = *err;

    return spine_refuse(err, "%s:%llu: %.700s", path, (unsigned long long)line, plain.text);
}

void spine_lines_quote(char text[SPINE_LINES_QUOTE], const char *bytes, size_t length)
{
    size_t shown = length, used = 0;

    if (length > QUOTED_BYTES) {
        shown = QUOTED_BYTES;
        while (shown > QUOTED_BYTES - 4 && (bytes[shown] & 0xC0) == 0x80)
            shown--; /* a UTF-8 sequence stays whole */
    }

    text[used++] = '\'';
    for (size_t i = 0; i < shown; i++) {
        if (iscntrl((unsigned char)bytes[i]))
            used += (size_t)snprintf(text + used, 5, "\\x%02X", (unsigned)(unsigned char)bytes[i]);
        else
            text[used++] = bytes[i];
    }
    snprintf(text + used, SPINE_LINES_QUOTE - used, "'%s", shown < length ? "..." : "");
}
