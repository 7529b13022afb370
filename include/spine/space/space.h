/* space.h -- words and their vectors, read from a file or a run.
 *
 *     a run's directory       its codes: codes.h5ad or, before they are merged, its shards
 *     codes.h5ad              AnnData: /X sparse, /layers/excess if present (codes.h)
 *     .npz, .mtx, .sparse     sparse matrices (sparsefile.h)
 *     anything else           vectors.h5, or an embedding in any form (source.h)
 *
 * Codes and sparse matrices stay sparse, everything else is dense. The first row of a repeated word
 * is used; repetitions are counted. Values that aren't finite are refused. All functions are
 * local. */
#ifndef SPINE_SPACE_SPACE_H
#define SPINE_SPACE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/lookup.h"
#include "spine/base/words.h"
#include "spine/files/csr.h"

struct spine_space {
    size_t rows, dimensions;
    struct spine_words words; /* (rows) */
    float *dense;             /* owned; (rows, dimensions); NULL if the space is of codes */
    struct spine_csr codes;   /* (rows, dimensions) */
    struct spine_csr excess;  /* (rows, dimensions): how far above 1 a value was; may be empty */
    struct spine_lookup lookup;
    bool is_listed;      /* the words come from another file */
    size_t num_repeated; /* rows whose word has an earlier row */
};

/* Read all words and vectors of 'path'. Dispose of the space if that succeeds. */
int spine_space_read(struct spine_space *space, const char *path, struct spine_error *err);

/* The same, but if the file has no words, such as .npy, use those of the list 'words' (wordlist.h)
 * and set space->is_listed. If 'words' is NULL, use the list that spine-merge writes beside such a
 * file, or number the rows from 0, and log that. A list that doesn't fit is refused if it was asked
 * for, and else isn't used, with a warning. A sparse matrix is refused without a list that fits. */
int spine_space_read_listed(struct spine_space *space, const char *path, const char *words,
                            struct spine_error *err);

/* Read only the wanted words and their vectors, or if the file has none of them, its first word.
 * Other vectors aren't checked. Codes are read whole. */
int spine_space_read_wanted(struct spine_space *space, const char *path,
                            const struct spine_words *wanted, struct spine_error *err);

/* Prepare look-ups in a space whose words and vectors the caller filled, and count repeated
 * words. */
int spine_space_index(struct spine_space *space, struct spine_error *err);

/* Subtract the mean row from dense vectors. Codes are left unchanged, since their zeros mean
 * something. */
void spine_space_center(struct spine_space *space);

/* Divide each dimension, and its excess, by the standard deviation of its values
 * (columnscale.h). */
int spine_space_scale_columns(struct spine_space *space, struct spine_error *err);

/* The row of a word; -1 if the space lacks it. */
int64_t spine_space_find(const struct spine_space *space, const char *word);

/* The same, but a word that the space lacks is looked up again in other spellings (letters.h):
 * composed, in lower case, with a capital first letter, and in capitals. A test set may have Athens
 * and a lower-case vocabulary athens, or the other way round. */
int64_t spine_space_find_any_case(const struct spine_space *space, const char *word);

/* Find up to 'most' words that are spelled like a word that the space lacks: at most a third of the
 * letters differ (spelling.h), ignoring case. Writes their rows, nearest first, ties by row.
 * Returns their number. */
size_t spine_space_suggest(const struct spine_space *space, const char *word, size_t most,
                           size_t *rows);

/* The strength of a word in a dimension: its value; in codes, the value before the clamp at 1. */
float spine_space_strength(const struct spine_space *space, size_t row, size_t dimension);

/* The cosine of two rows' vectors; 0 if one is all zeros. */
double spine_space_cosine(const struct spine_space *space, size_t row, size_t other);

/* Copy the vector of a row to 'out', (dimensions). */
void spine_space_row(const struct spine_space *space, size_t row, float *out);

/* The same, scaled to length 1; zeros stay zeros. Returns the length before scaling. */
float spine_space_direction(const struct spine_space *space, size_t row, float *out);

/* The length of the vector of a row. */
double spine_space_length(const struct spine_space *space, size_t row);

/* Free what space owns and zero it; a zeroed struct may be disposed of again. */
void spine_space_dispose(struct spine_space *space);

#endif
