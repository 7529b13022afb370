/* form.h -- the form in which a file holds an embedding, found by its first bytes. */
#ifndef SPINE_TEXT_FORM_H
#define SPINE_TEXT_FORM_H

#include <stdbool.h>

#include "spine/base/error.h"
#include "spine/text/start.h"

enum spine_form {
    SPINE_FORM_AUTO,        /* find it */
    SPINE_FORM_TEXT,        /* GloVe, word2vec, fastText: vectors.h */
    SPINE_FORM_WORD2VEC,    /* word2vec.h */
    SPINE_FORM_FASTTEXT,    /* fasttext.h */
    SPINE_FORM_NPY,         /* npy.h */
    SPINE_FORM_SAFETENSORS, /* safetensors.h */
    SPINE_FORM_HDF5,        /* vectors.h5, .h5ad, or any two datasets */
};

/* The names that --from accepts, each followed by NUL, in the order above; "auto" is the first. */
const char *spine_form_name(enum spine_form form);

/* Find the form with this name. Returns 0, or -1 with a list of the names. */
int spine_form_parse(const char *name, enum spine_form *form, struct spine_error *err);

/* Find the form of the file 'path' after unpacking (stream.h). Forms that we can't read, such as
 * pickles and other programs' tables, are refused by name, with advice. */
int spine_form_detect(const char *path, enum spine_form *form, struct spine_error *err);

/* Refuse UTF-16, which isn't read as text even if the user says that the file is text. */
int spine_form_check_text(const char *path, struct spine_error *err);

/* Find the form from a file's first bytes. */
int spine_form_find(const struct spine_start *start, enum spine_form *form,
                    struct spine_error *err);

enum { SPINE_FORM_SIGNATURE = 8 }; /* bytes of the signature of HDF5 */

/* Does the file begin with the signature of HDF5? */
bool spine_form_begins_hdf5(const struct spine_start *start);

#endif
