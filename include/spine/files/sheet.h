/* sheet.h -- HDF5 files of vectors from any program: a matrix and the words of its rows.
 *
 *     vectors.h5         /vectors and /words (vectorsfile.h)
 *     .h5ad              AnnData: /X, dense or sparse, and the index of /obs
 *     any other          the matrix that is named, or the only one of floating-point numbers, and
 *                        the only dataset with one string for each row
 *
 * All functions are local. */
#ifndef SPINE_FILES_SHEET_H
#define SPINE_FILES_SHEET_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/files/codes.h"

struct spine_sheet {
    struct spine_store *store; /* owned; NULL if the matrix is sparse */
    struct spine_codes codes;  /* owned, if the matrix is sparse */
    bool is_sparse;
    size_t rows, dim;
    char matrix[SPINE_CODES_NAME]; /* the datasets' names */
    char words[SPINE_CODES_NAME];  /* empty: no words */
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
