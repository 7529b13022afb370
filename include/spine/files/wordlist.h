/* wordlist.h -- the words of a matrix, in a separate file.
 *
 *     words.txt (also compressed, or a zip's member)     a word a line
 *     metadata.tsv                                       the first column; if there is one line too
 *                                                        many, the first has the column names
 *                                                        (it may have one in words.txt, too);
 *                                                        more blank lines at the end are ignored
 *     words.npy                                          an array of strings
 *     FILE.h5:/path                                      a dataset of strings */
#ifndef SPINE_FILES_WORDLIST_H
#define SPINE_FILES_WORDLIST_H

#include "spine/base/words.h"

/* Append the words of the file 'path', which messages call 'name'. Refuses a number of words other
 * than 'rows', those of the matrix, and other than 'wanted', the number of first rows that are
 * read. */
int spine_wordlist_read(const char *path, const char *name, size_t rows, size_t wanted,
                        struct spine_words *words, struct spine_error *err);

#endif
