/* lookup.h -- where a word stands in a list: a hash table beside the list. */
#ifndef SPINE_BASE_LOOKUP_H
#define SPINE_BASE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

struct spine_lookup {
    uint64_t *slots; /* owned; (mask + 1): 0, or a word's index plus 1; open addressing */
    size_t mask;
};

/* An empty table with room for 'count' words. */
int spine_lookup_init(struct spine_lookup *lookup, size_t count, struct spine_error *err);

/* Put in word 'index' of the list. Returns -1, and changes nothing, if it is there already. */
int spine_lookup_add(struct spine_lookup *lookup, const struct spine_words *words, size_t index);

/* The index of a word that was put in, of the same list; -1 if it wasn't. */
int64_t spine_lookup_find(const struct spine_lookup *lookup, const struct spine_words *words,
                          const char *word);

/* Free what lookup owns and zero it; a zeroed struct may be disposed of again. */
void spine_lookup_dispose(struct spine_lookup *lookup);

#endif
