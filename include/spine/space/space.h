/* space.h -- words and their vectors, whatever file they are in.
 *
 *     a run's directory       its codes: codes.h5ad or, before they are merged, its shards
 *     codes.h5ad              AnnData's: /X sparse, /layers/excess if it is there (codes.h)
 *     vectors.h5              as spine-convert writes it: /vectors (N, D), /words (N)
 *     any other               embedding text, plain or compressed (vectors.h)
 *
 * Codes stay sparse, the others are dense. A word that stands there twice is found at its first
 * row, and counted. Values that aren't finite are refused. Everything is local. */
#ifndef SPINE_SPACE_SPACE_H
#define SPINE_SPACE_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/lookup.h"
#include "spine/base/words.h"
#include "spine/files/csr.h"

struct spine_space {
    size_t rows, columns;
    struct spine_words words; /* (rows) */
    float *dense;             /* owned; (rows, columns), or NULL: the codes are it */
    struct spine_csr codes;   /* (rows, columns) */
    struct spine_csr excess;  /* the same shape: what the clamp at 1 took away; may be empty */
    struct spine_lookup lookup;
    size_t num_repeated; /* words that stand further up already */
};

/* Read all of it; to be disposed of if it succeeds. */
int spine_space_read(struct spine_space *space, const char *path, struct spine_error *err);

/* The row of a word, -1 if it isn't there. The second one then looks for it with its ASCII letters
 * made lower-case: test sets write Athens where a lower-case vocabulary has athens. */
int64_t spine_space_find(const struct spine_space *space, const char *word);
int64_t spine_space_find_any_case(const struct spine_space *space, const char *word);

/* The strength of a word in a dimension: its value there; in codes, what it was before the clamp.
 */
float spine_space_strength(const struct spine_space *space, size_t row, size_t column);

/* The cosine of two rows' vectors; 0 if one is of zeros. */
double spine_space_cosine(const struct spine_space *space, size_t row, size_t other);

/* The vector of a row; out is (columns). The second one scales it to length 1 and returns the
 * length that it had; zeros stay zeros. */
void spine_space_row(const struct spine_space *space, size_t row, float *out);
float spine_space_unit(const struct spine_space *space, size_t row, float *out);

/* Free what space owns and zero it; a zeroed struct may be disposed of again. */
void spine_space_dispose(struct spine_space *space);

#endif
