/* sparsefile.h -- a sparse matrix and its words, in a file that isn't HDF5.
 *
 *     .npz       SciPy's save_npz() of a CSR matrix
 *     .mtx       Matrix Market, coordinates: real, integer or pattern, general
 *     .sparse    "word j:v j:v ...", a word a line, dimensions from 0; it has as many columns as its
 *                greatest dimension demands
 *
 * They are recognised by their contents; .mtx and .sparse may be compressed (stream.h). The words
 * of the first two are in a list, by default NAME.words.txt, as spine-merge writes (output.h). The
 * whole file is read into memory. All functions are local. */
#ifndef SPINE_FILES_SPARSEFILE_H
#define SPINE_FILES_SPARSEFILE_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/files/csr.h"

enum spine_sparsefile_form {
    SPINE_SPARSEFILE_NONE,
    SPINE_SPARSEFILE_SCIPY,
    SPINE_SPARSEFILE_MARKET,
    SPINE_SPARSEFILE_TEXT,
};

struct spine_sparsefile {
    struct spine_csr values; /* owned, as are the words; (rows, columns) */
    size_t columns;
    struct spine_words words;
};

/* Find the form of a regular file: SPINE_SPARSEFILE_NONE if it is none of these. */
int spine_sparsefile_find(const char *path, enum spine_sparsefile_form *form,
                          struct spine_error *err);

/* Read the file. 'words' is a list of words (wordlist.h) for a form that has none; NULL for that
 * beside the file, without which the file is refused. *file, which may be uninitialised, must be
 * disposed of even on failure. */
int spine_sparsefile_read(struct spine_sparsefile *file, const char *path,
                          enum spine_sparsefile_form form, const char *words,
                          struct spine_error *err);

void spine_sparsefile_dispose(struct spine_sparsefile *file);

#endif
