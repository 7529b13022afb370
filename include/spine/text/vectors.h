/* vectors.h -- word vectors in text form: a row a line, a word and D numbers.
 *
 * Fields are separated by spaces and tabs, any number of them, and by nothing else. The last D
 * fields of a row are its numbers; what stands before is the word, byte for byte, inner spaces
 * included. Words are byte strings: that they are UTF-8 isn't asked. A byte order mark before the
 * first line is passed over; blank lines are counted and passed over.
 *
 * A file is read in two steps: a look at its start finds the layout (layout.h); then all of it, or
 * any range of its bytes, is parsed by this layout. No row is dropped or cut without being counted.
 */
#ifndef SPINE_TEXT_VECTORS_H
#define SPINE_TEXT_VECTORS_H

#include "spine/base/words.h"
#include "spine/text/layout.h"
#include "spine/text/lines.h"

/* The rows of a file or of a range of it. Line numbers count from the start of the range. */
struct spine_vectors {
    size_t rows, dimension;
    float *values;            /* owned; (rows, dimension) */
    uint64_t *lines;          /* owned; (rows), where each row stands */
    struct spine_words words; /* (rows) */
    size_t capacity;          /* of values and lines, in rows */

    uint64_t *not_finite; /* owned; (num_not_finite), the lines of rows left out for a NaN or Inf */
    size_t num_not_finite, not_finite_capacity;
    uint64_t num_blank; /* lines */
    uint64_t num_lines; /* that were read */
    bool is_cut;        /* the last line has no newline */
    uint64_t bad_line;  /* the line that was refused, 0 if none was */
};

struct spine_vectors_rules {
    bool leave_out_not_finite; /* else a NaN or Inf is refused */
    uint64_t limit;            /* read so many rows and no more, those left out included; 0: all */
};

/* Parse all 'lines' into *vectors, which is overwritten and to be disposed of, whether it
 * succeeds or not. When a row is refused, vectors->bad_line is its line and the text doesn't say
 * where: spine_lines_locate() completes it. */
int spine_vectors_parse(struct spine_vectors *vectors, struct spine_lines *lines,
                        const struct spine_layout *layout, const struct spine_vectors_rules *rules,
                        struct spine_error *err);

/* Remove the 'count' rows with these ascending indices, in place. The words may have been disposed
 * of before. */
void spine_vectors_drop(struct spine_vectors *vectors, const uint64_t *rows, size_t count);

/* Free what vectors owns and zero it; a zeroed struct may be disposed of again. */
void spine_vectors_dispose(struct spine_vectors *vectors);

#endif
