/* vectors.h -- word vectors in text form: each line has a word and D numbers.
 *
 * Fields are separated by any number of spaces and tabs, and by nothing else. The last D fields of
 * a row are its numbers; everything before them is the word, byte for byte, inner spaces included.
 * Words may have any encoding. A byte order mark before the first line is skipped; blank lines are
 * skipped and counted.
 *
 * A file is read in two steps: its first rows show the layout (layout.h); then all of it, or any
 * range of its bytes, is parsed by this layout. Rows left out are counted; none is shortened. */
#ifndef SPINE_TEXT_VECTORS_H
#define SPINE_TEXT_VECTORS_H

#include "spine/base/words.h"
#include "spine/text/layout.h"
#include "spine/text/lines.h"

/* Why a row is left out. */
enum spine_vectors_reason {
    SPINE_ROW_NOT_FINITE,
    SPINE_ROW_NO_WORD,
    SPINE_ROW_WRONG_COUNT,
    SPINE_ROW_DUPLICATE
};

struct spine_left_out {
    uint64_t line, reason;
};

/* The rows of a file or of a range of it. Line numbers count from the start of the range. */
struct spine_vectors {
    size_t rows, dim;
    float *values;            /* owned; (rows, dim) */
    uint64_t *lines;          /* owned; (rows), the line of each row */
    struct spine_words words; /* (rows) */
    size_t capacity;          /* of values and lines, in rows */

    struct spine_left_out *left_out; /* owned; (num_left_out), in the order of the lines */
    size_t num_left_out, left_out_capacity;
    uint64_t num_surplus; /* words that end in a number */
    uint64_t num_blank;   /* lines */
    uint64_t num_lines;   /* that were read */
    bool is_cut;          /* the last line has no newline */
    uint64_t bad_line;    /* the line that was refused, 0 if none was */
};

struct spine_vectors_rules {
    bool leave_out; /* bad rows (enum spine_vectors_reason), instead of refusing them */
    uint64_t limit; /* the number of rows to read, those left out included; 0: all */
};

/* Parse all 'lines' into *vectors, which is overwritten and must be disposed of even on failure.
 * When a row is refused, vectors->bad_line is its line; the message doesn't name the line, which
 * spine_lines_locate() adds. */
int spine_vectors_parse(struct spine_vectors *vectors, struct spine_lines *lines,
                        const struct spine_layout *layout, const struct spine_vectors_rules *rules,
                        struct spine_error *err);

/* Note the line of the next row, whose word was added to vectors->words. */
int spine_vectors_add_line(struct spine_vectors *vectors, uint64_t line, struct spine_error *err);

/* The number of finite values before the first that isn't. */
size_t spine_vectors_count_finite(const float *values, size_t count);

/* Note that a row is left out. */
int spine_vectors_leave_out(struct spine_vectors *vectors, uint64_t line,
                            enum spine_vectors_reason reason, struct spine_error *err);

/* Remove the 'count' rows with these ascending indices, in place. The words or the values may
 * already have been disposed of. */
void spine_vectors_drop(struct spine_vectors *vectors, const uint64_t *rows, size_t count);

/* Free what vectors owns and zero it; a zeroed struct may be disposed of again. */
void spine_vectors_dispose(struct spine_vectors *vectors);

#endif
