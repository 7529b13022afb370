/* labelled.h -- labelled texts in fastText's form, one a line.
 *
 *     __label__LOC What county is Modesto , California in ?
 *
 * Spaces and tabs separate tokens. The token that begins with __label__ is the label, wherever it
 * is; every line has exactly one label and at least one other token. Texts must be UTF-8: words in
 * another encoding would silently be unknown. Local. */
#ifndef SPINE_TEXT_LABELLED_H
#define SPINE_TEXT_LABELLED_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

enum { SPINE_LABELS_MOST = 1000 };

/* The texts of one or more files. A zeroed struct has none. */
struct spine_labelled {
    size_t count;
    size_t *first;             /* owned; (count + 1): text i begins with token first[i] */
    uint32_t *label;           /* owned; (count), numbers of labels */
    struct spine_words tokens; /* of all texts, one after the other, without the labels */
    struct spine_words labels; /* what follows __label__, in order of appearance */
    size_t first_capacity, label_capacity;
};

/* Append the texts of a file, which may be compressed: the one on line n becomes text count + n
 * - 1. A file without texts is refused. On failure *texts can only be disposed of. */
int spine_labelled_add(struct spine_labelled *texts, const char *path, struct spine_error *err);

void spine_labelled_dispose(struct spine_labelled *texts);

#endif
