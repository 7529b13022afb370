/* word2vec.h -- word2vec's binary format.
 *
 *     3000000 300\n                   rows and numbers of a row, D
 *     WORD ' ' D floats ['\n']        little-endian; word2vec ends rows by a newline, gensim doesn't
 *
 * Rows have no fixed length and the format has no escapes: a word ends at a blank, but gensim also
 * writes words with blanks inside. So a word ends at the blank that is followed by D plausible
 * floats and then by the end of a row. Words may have any encoding and are never cut.
 *
 * A file can be read in parts: part i begins at the first row that begins in the i-th share of
 * the bytes, found as plausible bytes of a row. The caller must check that the parts fit together: each
 * must end where the next begins. */
#ifndef SPINE_TEXT_WORD2VEC_H
#define SPINE_TEXT_WORD2VEC_H

#include <stdbool.h>

#include "spine/text/binary.h"

struct spine_word2vec {
    const struct spine_binary *binary; /* borrowed */
    uint64_t rows;                     /* as the header says */
    size_t dim;                        /* D */
    uint64_t begin;                    /* offset of the first row */
    bool has_newlines;                 /* behind the rows */
};

/* Do these first bytes of a file begin this format: a header, then bytes that aren't text? */
bool spine_word2vec_is(const void *start, size_t bytes);

/* Read the header and the first rows. Refuses sizes that can't be those of this file. */
int spine_word2vec_open(struct spine_word2vec *format, const struct spine_binary *binary,
                        struct spine_error *err);

/* Find the offset of the first row that begins at or after 'from', by the plausibility of its bytes
 * and of the rows that follow; the end of the file if there is none. */
int spine_word2vec_find_row(const struct spine_word2vec *format, uint64_t from, uint64_t *row,
                            struct spine_error *err);

/* A walk through rows. */
struct spine_word2vec_walk;

struct spine_word2vec_row {
    const char *word; /* (length), borrowed until the next step; may hold any byte */
    size_t length;
    const unsigned char *values; /* D little-endian floats, unaligned; borrowed too */
    uint64_t offset;             /* of the row */
};

/* Begin at the row at offset 'begin'. The format is borrowed until the end. */
int spine_word2vec_begin(struct spine_word2vec_walk **walk, const struct spine_word2vec *format,
                         uint64_t begin, struct spine_error *err);

/* The next row: returns 1; 0 at the end of the file; -1 on failure, such as a row that the end
 * of the file cuts off. */
int spine_word2vec_next(struct spine_word2vec_walk *walk, struct spine_word2vec_row *row,
                        struct spine_error *err);

/* The offset of the row that comes next. */
uint64_t spine_word2vec_offset(const struct spine_word2vec_walk *walk);

/* NULL is allowed. */
void spine_word2vec_end(struct spine_word2vec_walk *walk);

#endif
