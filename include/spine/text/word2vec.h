/* word2vec.h -- word2vec's binary format.
 *
 *     3000000 300\n                   rows, and numbers in a row (D)
 *     WORD ' ' D floats ['\n']        little-endian; word2vec writes the newline, gensim doesn't
 *
 * Rows have no fixed length and the format has no escapes: a word ends at a blank, but gensim also
 * writes words with blanks inside. So we end a word at the blank that is followed by D plausible
 * floats and then by the end of a row. Words may have any encoding and are never shortened.
 *
 * A file can be read in parts. Part i begins at the first plausible row in the i-th share of the
 * bytes. The caller must check that each part ends where the next begins. */
#ifndef SPINE_TEXT_WORD2VEC_H
#define SPINE_TEXT_WORD2VEC_H

#include <stdbool.h>

#include "spine/text/binary.h"

struct spine_word2vec {
    const struct spine_binary *binary; /* borrowed */
    uint64_t rows;                     /* as the header says */
    size_t dim;                        /* D */
    uint64_t begin;                    /* offset of the first row */
    bool has_newlines;                 /* after the rows */
};

/* Are these the first bytes of a file in this format: a header, then bytes that aren't text? */
bool spine_word2vec_is(const void *start, size_t bytes);

/* Read the header and the first rows. Refuses sizes that don't fit the size of the file. */
int spine_word2vec_open(struct spine_word2vec *format, const struct spine_binary *binary,
                        struct spine_error *err);

/* Find the first row that begins at or after 'from', judging by how plausible its bytes and the
 * rows after it are. *row is its offset, or the end of the file if there is none. */
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

/* Begin a walk at the row at offset 'begin'. The format is borrowed until spine_word2vec_end(). */
int spine_word2vec_begin(struct spine_word2vec_walk **walk, const struct spine_word2vec *format,
                         uint64_t begin, struct spine_error *err);

/* Read the next row. Returns 1; 0 at the end of the file; -1 on failure, such as a row that the end
 * of the file cuts off. */
int spine_word2vec_next(struct spine_word2vec_walk *walk, struct spine_word2vec_row *row,
                        struct spine_error *err);

/* The offset of the next row. */
uint64_t spine_word2vec_offset(const struct spine_word2vec_walk *walk);

/* NULL is allowed. */
void spine_word2vec_end(struct spine_word2vec_walk *walk);

#endif
