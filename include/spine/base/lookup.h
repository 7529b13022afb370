/* lookup.h -- a hash table of the words of a list: word to index, and duplicates. */
#ifndef SPINE_BASE_LOOKUP_H
#define SPINE_BASE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

struct spine_lookup {
    uint64_t *slots; /* owned; (mask + 1): 0, or a word's index plus 1; open addressing */
    size_t mask;
};

/* Make an empty table for up to 'count' words. Release it with spine_lookup_dispose(). */
int spine_lookup_init(struct spine_lookup *lookup, size_t count, struct spine_error *err);

/* Add word 'index' of the list. Returns false, and changes nothing, if the table has this
 * word already. */
bool spine_lookup_add(struct spine_lookup *lookup, const struct spine_words *words, size_t index);

/* The index of a word added from the same list; -1 if the table doesn't have it. */
int64_t spine_lookup_find(const struct spine_lookup *lookup, const struct spine_words *words,
                          const char *word);

/* Free what lookup owns and zero it; a zeroed struct may be disposed of again. */
void spine_lookup_dispose(struct spine_lookup *lookup);

/* Find duplicates: words that also occur earlier in the list. Their indices, ascending, go to
 * *indices, which the caller frees, and their number to *count. The search ends after 'most'
 * duplicates. On failure *indices and *count are unchanged. */
int spine_lookup_find_duplicates(const struct spine_words *words, size_t most, uint64_t **indices,
                                 size_t *count, struct spine_error *err);

#endif
