/* labels.h -- labels of dimensions: their strongest words, collected while rows pass by.
 *
 * The strength of a word in a dimension is its value, and the excess above 1 (codes.h); of equal
 * ones the earlier row comes first. Rows come in order, in blocks of any size. */
#ifndef SPINE_FILES_LABELS_H
#define SPINE_FILES_LABELS_H

#include <stddef.h>

#include "spine/base/words.h"
#include "spine/files/csr.h"

enum { SPINE_LABEL_WORDS = 10 };

struct spine_labels {
    size_t dimensions;
    struct spine_label *top;  /* owned; (dimensions, SPINE_LABEL_WORDS), strongest first */
    size_t *count;            /* owned; (dimensions): how many there are */
    struct spine_words words; /* all words that were among them at some time */
};

int spine_labels_init(struct spine_labels *labels, size_t dimensions, struct spine_error *err);
void spine_labels_dispose(struct spine_labels *labels);

/* Words and codes of the next rows. 'excess' may be NULL: there is none. */
int spine_labels_add(struct spine_labels *labels, const struct spine_words *words,
                     const struct spine_csr *codes, const struct spine_csr *excess,
                     struct spine_error *err);

/* Append to 'out' a dimension's label: its first 'most' words, separated by blanks, after 'prefix'
 * and a blank if there are any. */
int spine_labels_append(const struct spine_labels *labels, size_t dimension, size_t most,
                        const char *prefix, struct spine_words *out, struct spine_error *err);

#endif
