/* sheet.h -- HDF5 files of vectors by any program: a matrix and the words of its rows.
 *
 *     vectors.h5         /vectors and /words (vectorsfile.h)
 *     .h5ad              AnnData: /X, dense or sparse, and the index of /obs
 *     any other          the only matrix of floating-point numbers, or the one that is named, and
 *                        the only dataset of as many strings
 *
 * Everything here is local. */
#ifndef SPINE_FILES_SHEET_H
#define SPINE_FILES_SHEET_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/files/codes.h"

struct spine_sheet {
    struct spine_store *store; /* owned; NULL if it is sparse */
    struct spine_codes codes;  /* owned, if it is sparse */
    bool is_sparse;
    size_t rows, dim;
    char matrix[SPINE_CODES_NAME]; /* the datasets */
    char words[SPINE_CODES_NAME];  /* empty: there are none */
};

/* Open a file; 'dataset' names its matrix, or is NULL. */
int spine_sheet_open(struct spine_sheet *sheet, const char *file, const char *dataset,
                     struct spine_error *err);

/* Append the words of rows [first, first + count). */
int spine_sheet_words(struct spine_sheet *sheet, size_t first, size_t count,
                      struct spine_words *words, struct spine_error *err);

/* Read the vectors of rows [first, first + count), (count, dim). */
int spine_sheet_read(struct spine_sheet *sheet, size_t first, size_t count, float *values,
                     struct spine_error *err);

/* A zeroed struct is left alone. */
void spine_sheet_close(struct spine_sheet *sheet);

#endif
