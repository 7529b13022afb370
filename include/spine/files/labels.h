/* labels.h -- labels of dimensions: their strongest words, collected block by block.
 *
 * The strength of a word in a dimension is its value plus the excess above 1 (codes.h); ties go to
 * the earlier row. Rows come in order, in blocks of any size. */
#ifndef SPINE_FILES_LABELS_H
#define SPINE_FILES_LABELS_H

#include <stddef.h>

#include "spine/base/words.h"
#include "spine/files/csr.h"

enum { SPINE_LABEL_WORDS = 10 };

struct spine_labels {
    size_t dimensions;
    struct spine_label *top;  /* owned; (dimensions, SPINE_LABEL_WORDS), strongest first */
    size_t *count;            /* owned; (dimensions): the entries in 'top' */
    struct spine_words words; /* all words that were in 'top' at some time */
};

int spine_labels_init(struct spine_labels *labels, size_t dimensions, struct spine_error *err);
void spine_labels_dispose(struct spine_labels *labels);

/* Add the words and codes of the next rows. 'excess' may be NULL if there is none. */
int spine_labels_add(struct spine_labels *labels, const struct spine_words *words,
                     const struct spine_csr *codes, const struct spine_csr *excess,
                     struct spine_error *err);

/* Append a dimension's label to 'out': 'prefix', which may be empty, and the dimension's first
 * 'most' words, separated by blanks. */
int spine_labels_append(const struct spine_labels *labels, size_t dimension, size_t most,
                        const char *prefix, struct spine_words *out, struct spine_error *err);

#endif
