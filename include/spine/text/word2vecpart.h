/* word2vecpart.h -- a part of a file in word2vec's binary format (word2vec.h): its words, and where
 * its vectors are, since its rows have no fixed length. */
#ifndef SPINE_TEXT_WORD2VECPART_H
#define SPINE_TEXT_WORD2VECPART_H

#include <stddef.h>
#include <stdint.h>

#include "spine/text/vectors.h"
#include "spine/text/word2vec.h"

struct spine_word2vecpart {
    uint64_t span[2];  /* the bytes of its rows */
    uint64_t *offsets; /* owned; (num_offsets), of the rows' numbers */
    size_t num_offsets, capacity;
};

/* Find the rows that begin in the bytes [share[0], share[1]) after the header, and replace what the
 * part had. The words go to 'vectors', which gets no values; its line numbers count rows of the
 * part, and vectors->bad_line is a row that was refused. */
int spine_word2vecpart_scan(struct spine_word2vecpart *part, const struct spine_word2vec *format,
                            const uint64_t share[2], const struct spine_vectors_rules *rules,
                            struct spine_vectors *vectors, struct spine_error *err);

/* Read the vectors of 'count' rows, given by ascending line numbers, into 'values', (count, D). */
int spine_word2vecpart_read(const struct spine_word2vecpart *part,
                            const struct spine_word2vec *format, const uint64_t *lines,
                            size_t count, float *values, struct spine_error *err);

/* A zeroed part may be disposed of. */
void spine_word2vecpart_dispose(struct spine_word2vecpart *part);

#endif
