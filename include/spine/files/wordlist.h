/* wordlist.h -- words of a matrix, in a file of their own.
 *
 *     words.txt (also compressed, or a zip's member)     a word a line
 *     metadata.tsv                                       the first column; a first line more than
 *                                                        there are words names the columns
 *     words.npy                                          an array of strings
 *     FILE.h5:/path                                      a dataset of strings */
#ifndef SPINE_FILES_WORDLIST_H
#define SPINE_FILES_WORDLIST_H

#include "spine/base/words.h"

/* Append the words of 'path', which messages call 'name'; there must be 'rows' of them, else they
 * are refused. */
int spine_wordlist_read(const char *path, const char *name, size_t rows, struct spine_words *words,
                        struct spine_error *err);

#endif
