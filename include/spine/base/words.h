/* words.h -- a growing list of words.
 *
 * A word is a string of any bytes except NUL: embedding files have words with spaces, invalid UTF-8
 * and 70,000 bytes. All words are in one block, each ended by NUL.
 */
#ifndef SPINE_BASE_WORDS_H
#define SPINE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_words {
    size_t count;
    size_t bytes;  /* used of text, the NULs included */
    char *text;    /* owned; word i begins at text + start[i] */
    size_t *start; /* owned; (count) */
    size_t text_capacity, start_capacity;
};

/* A zeroed struct is an empty list. */

/* Append the 'length' bytes at 'word', which are copied. Fails when memory runs out. */
int spine_words_add(struct spine_words *words, const char *word, size_t length,
                    struct spine_error *err);

/* Append a word with every byte that isn't part of valid UTF-8 written as \xNN, for readers that
 * accept only UTF-8. Sets *escaped to whether there was such a byte. */
int spine_words_add_escaped(struct spine_words *words, const char *word, bool *escaped,
                            struct spine_error *err);

/* The length of the valid UTF-8 character at text, which ends with NUL; 0 if there is none. */
size_t spine_words_character(const char *text);

/* Is it valid UTF-8? */
bool spine_words_are_valid(const char *text);

/* Word i; borrowed until the list changes. */
const char *spine_words_get(const struct spine_words *words, size_t i);

/* Remove all words from index 'count' on. */
void spine_words_truncate(struct spine_words *words, size_t count);

/* Remove the 'count' words with these ascending indices; their text stays in the block. */
void spine_words_drop(struct spine_words *words, const uint64_t *indices, size_t count);

/* Free what words owns and zero it; a zeroed struct may be disposed of again. */
void spine_words_dispose(struct spine_words *words);

#endif
