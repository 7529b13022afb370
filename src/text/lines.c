/* lines.c -- a file as a stream of lines: plain or compressed.
 *
 * buffer[first, last) has bytes that were read and decompressed, but not returned yet. A line must
 * fit into it, so it grows with the longest line. Files aren't mapped: if a mapped file shrank
 * while it was read, a signal would end the process. */
#include "spine/text/lines.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/textfile.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK = 64, /* so that short inputs go beyond it */
#elif defined __SANITIZE_ADDRESS__
    BLOCK = 1 << 16, /* maps larger ones one by one, and takes ten times as long */
#else
    BLOCK = 1 << 18, /* stays in the cache until it is parsed */
#endif
    MOST_LINE = 64 << 20, /* a row of 5 million numbers: longer ones aren't text */
    QUOTED_BYTES = 40,    /* of a text in a message */
};

struct spine_lines {
    const char *path; /* borrowed */
    struct spine_stream *stream;
    bool is_plain;
    uint64_t bytes;     /* of the file */
    uint64_t offset;    /* of buffer[first] in the plain or decompressed file */
    uint64_t end;       /* of the range; UINT64_MAX when there is none */
    uint64_t num_lines; /* returned */
    char *buffer;       /* owned */
    size_t capacity, first, last;
    bool at_end; /* the rest of the file is in the buffer */
};

static int refuse_long(const struct spine_lines *lines, struct spine_error *err)
{
    return spine_refuse(err, "%s: the line that begins at byte %llu is longer than %d MiB",
                        lines->path, (unsigned long long)lines->offset, MOST_LINE >> 20);
}

/* Make space after 'last': move the contents to the front, and grow if that gains little. */
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

    size_t got = 0;
    if (spine_stream_read(lines->stream, lines->buffer + lines->last, BLOCK, &got, err))
        return -1;
    const uint64_t position = lines->offset + (lines->last - lines->first);
    if (got == 0 && lines->is_plain && lines->end != UINT64_MAX && position < lines->end)
        return spine_fail(err, "%s: the file became shorter while it was read", lines->path);

    lines->last += got;
    lines->at_end = got == 0;
    return 0;
}

/* The length of the line at buffer[first], reading on until it is whole. *newline is set to
 * whether a newline ends it. */
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

int spine_lines_open(struct spine_lines **lines, const char *path, struct spine_error *err)
{
    struct spine_lines *opened = spine_memory_zeroed(1, sizeof *opened, "an open file", err);
    if (opened == NULL)
        return -1;
    opened->path = path;
    opened->end = UINT64_MAX;

    int rc = spine_stream_open(&opened->stream, path, err);
    if (rc == 0 && !spine_stream_is_file(opened->stream))
        rc = spine_refuse(err, "%s: is not a file on a disk, but must be read twice", path);
    if (rc) {
        spine_lines_close(opened);
        return -1;
    }
    opened->is_plain = spine_stream_packing(opened->stream) == SPINE_PACKING_NONE;
    opened->bytes = spine_stream_bytes(opened->stream);
    *lines = opened;
    return 0;
}

/* Go to the first line that begins at 'begin' or later: it follows a newline at begin - 1 or
 * later. */
static int go_to_line(struct spine_lines *lines, uint64_t begin, struct spine_error *err)
{
    size_t length;
    bool newline;
    if (spine_stream_seek(lines->stream, begin - 1, err))
        return -1;
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
    if (!opened->is_plain)
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

void spine_lines_rename(struct spine_lines *lines, const char *name)
{
    lines->path = name;
    spine_stream_rename(lines->stream, name);
}

enum spine_packing spine_lines_packing(const struct spine_lines *lines)
{
    return spine_stream_packing(lines->stream);
}

uint64_t spine_lines_bytes(const struct spine_lines *lines)
{
    return lines->bytes;
}

uint64_t spine_lines_left(const struct spine_lines *lines)
{
    const uint64_t end = lines->end < lines->bytes ? lines->end : lines->bytes;
    return lines->is_plain && lines->offset < end ? end - lines->offset : 0;
}

void spine_lines_close(struct spine_lines *lines)
{
    if (lines == NULL)
        return;
    spine_stream_close(lines->stream);
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

    if (err->status == SPINE_EXIT_FAILED)
        return -1; /* the machine's failure: no line is to blame */

    return spine_refuse(err, "%s:%llu: %.700s", path, (unsigned long long)line, plain.text);
}

void spine_lines_quote(char text[SPINE_LINES_QUOTE], const char *bytes, size_t length)
{
    size_t shown = length, used = 0;

    if (length > QUOTED_BYTES) {
        shown = QUOTED_BYTES;
        while (shown > QUOTED_BYTES - 4 && (bytes[shown] & 0xC0) == 0x80)
            shown--; /* don't cut a UTF-8 sequence */
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
