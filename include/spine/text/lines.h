/* lines.h -- a file as a stream of lines: plain or compressed (stream.h).
 *
 * A plain file can be read in ranges of bytes. A range has the lines that begin in it, so adjacent
 * ranges have each line once, wherever they meet. A line has at most 64 MiB. */
#ifndef SPINE_TEXT_LINES_H
#define SPINE_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/text/stream.h"

struct spine_lines;

struct spine_line {
    const char *text; /* borrowed until the next line is read; not ended by NUL */
    size_t length;    /* without the newline and a carriage return before it */
    uint64_t number;  /* 1 for the first line of the file or of the range */
    bool is_first;    /* of the file */
    bool is_cut;      /* the file ends without a newline */
};

/* Open a whole file. The path is borrowed until spine_lines_close(), which releases the handle. */
int spine_lines_open(struct spine_lines **lines, const char *path, struct spine_error *err);

/* Open a plain file for the lines that begin in the bytes [begin, end). */
int spine_lines_open_range(struct spine_lines **lines, const char *path, uint64_t begin,
                           uint64_t end, struct spine_error *err);

/* Call the file 'name' in messages; it is borrowed until spine_lines_close(). */
void spine_lines_rename(struct spine_lines *lines, const char *name);

/* How the file is packed, and its bytes on the disk. */
enum spine_packing spine_lines_packing(const struct spine_lines *lines);
uint64_t spine_lines_bytes(const struct spine_lines *lines);

/* The bytes left in a plain file or the range; 0 in a compressed file, where it is unknown. */
uint64_t spine_lines_left(const struct spine_lines *lines);

/* Read the next line. Returns 1; 0 at the end, with *line unchanged; -1 on failure. Damaged or
 * truncated compressed data are refused when reading reaches them. */
int spine_lines_next(struct spine_lines *lines, struct spine_line *line, struct spine_error *err);

/* NULL is allowed. */
void spine_lines_close(struct spine_lines *lines);

/* Cut the UTF-8 byte order mark off the line if it is the file's first line and begins with one.
 * Returns whether it did. */
bool spine_lines_pass_mark(struct spine_line *line);

/* Prefix a refusal with "PATH:LINE: "; leave a failure of the machine unchanged. Returns -1. */
int spine_lines_locate(const char *path, uint64_t line, struct spine_error *err);

/* Quote bytes of a file for a message: control bytes are escaped, long text is cut. */
enum { SPINE_LINES_QUOTE = 176 };
void spine_lines_quote(char text[SPINE_LINES_QUOTE], const char *bytes, size_t length);

#endif
