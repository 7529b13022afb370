/* space.h -- words and their vectors, read from any of the files that hold them.
 *
 *     a run's directory       its codes: codes.h5ad or, before they are merged, its shards
 *     codes.h5ad              AnnData: /X sparse, /layers/excess if present (codes.h)
 *     anything else           vectors.h5, or an embedding in any form (source.h)
 *
 * Codes stay sparse, all else is dense. Of a repeated word the first row is used; repetitions are
 * counted. Values that aren't finite are refused. Everything is local. */
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
    struct spine_csr excess;  /* of the same shape: how far above 1 a value was; may be empty */
    struct spine_lookup lookup;
    bool is_listed;      /* the words are those of another file */
    size_t num_repeated; /* rows whose word has an earlier row */
};

/* Read all words and vectors of 'path'. Dispose of the space if that succeeds. */
int spine_space_read(struct spine_space *space, const char *path, struct spine_error *err);

/* The same; if the file has no words, as .npy has none, they are those of the list 'words'
 * (wordlist.h), and space->is_listed is set. With NULL they are numbered from 0, and that is logged. */
int spine_space_read_listed(struct spine_space *space, const char *path, const char *words,
                            struct spine_error *err);

/* Read only the words of a list and their vectors; the first of the file if it has none of them. The
 * other vectors aren't checked. Codes are read whole. */
int spine_space_read_wanted(struct spine_space *space, const char *path,
                            const struct spine_words *wanted, struct spine_error *err);

/* Of a space whose words and vectors were made: find its words, and count the repeated ones. */
int spine_space_index(struct spine_space *space, struct spine_error *err);

/* Subtract the mean row from dense vectors. Codes stay as they are: their zeros mean something. */
void spine_space_center(struct spine_space *space);

/* Divide each dimension by the standard deviation of its values (columnscale.h), and the excess with
 * it. */
int spine_space_scale_columns(struct spine_space *space, struct spine_error *err);

/* The row of a word; -1 if the space lacks it. */
int64_t spine_space_find(const struct spine_space *space, const char *word);

/* The same; a word that the space lacks is looked up again composed, in small letters, with a capital
 * at the beginning, and in capitals (letters.h): test sets write Athens where a vocabulary in small
 * letters has athens, and others the other way round. */
int64_t spine_space_find_any_case(const struct spine_space *space, const char *word);

/* Find the words most like one that the space lacks, by the letters that differ (spelling.h), but no
 * more than a third of them; upper and lower case are the same. Up to 'most' go to 'rows', the nearest
 * first, the earlier row among equals. Returns their number. */
size_t spine_space_suggest(const struct spine_space *space, const char *word, size_t most,
                           size_t *rows);

/* The strength of a word in a dimension: its value; in codes, the value before the clamp at 1. */
float spine_space_strength(const struct spine_space *space, size_t row, size_t dimension);

/* The cosine of two rows' vectors; 0 if one is of zeros. */
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
