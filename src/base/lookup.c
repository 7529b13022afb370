/* lookup.c -- a hash table of the words of a list. */
#include "spine/base/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/memory.h"

int spine_lookup_init(struct spine_lookup *lookup, size_t count, struct spine_error *err)
{
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;

    lookup->slots = spine_memory_zeroed(size, sizeof *lookup->slots, "the lookup of words", err);
    lookup->mask = size - 1;
    if (lookup->slots == NULL)
        return -1;

    return 0;
}

/* The slot where this word is, or else belongs. At least half of them are empty. */
static uint64_t *find_slot(const struct spine_lookup *lookup, const struct spine_words *words,
                           const char *word)
{
    size_t at = XXH3_64bits(word, strlen(word)) & lookup->mask;
    while (lookup->slots[at] != 0 &&
           strcmp(spine_words_get(words, (size_t)lookup->slots[at] - 1), word) != 0)
        at = (at + 1) & lookup->mask;
    return &lookup->slots[at];
}

bool spine_lookup_add(struct spine_lookup *lookup, const struct spine_words *words, size_t index)
{
    uint64_t *slot = find_slot(lookup, words, spine_words_get(words, index));
    if (*slot != 0)
        return false;

    *slot = index + 1;
    return true;
}

int64_t spine_lookup_find(const struct spine_lookup *lookup, const struct spine_words *words,
                          const char *word)
{
    return (int64_t)*find_slot(lookup, words, word) - 1;
}

void spine_lookup_dispose(struct spine_lookup *lookup)
{
    free(lookup->slots);
    *lookup = (struct spine_lookup){0};
}

int spine_lookup_find_duplicates(const struct spine_words *words, size_t most, uint64_t **indices,
                                 size_t *count, struct spine_error *err)
{
    struct spine_lookup lookup;
    uint64_t *found = NULL;
    size_t num_found = 0, capacity = 0;
    int rc = spine_lookup_init(&lookup, words->count, err);

    for (size_t i = 0; rc == 0 && i < words->count && num_found < most; i++)
        if (!spine_lookup_add(&lookup, words, i)) {
            rc = spine_memory_reserve(&found, &capacity, num_found + 1, sizeof *found,
                                      "duplicate words", err);
            if (rc == 0)
                found[num_found++] = i;
        }
    spine_lookup_dispose(&lookup);

    if (rc != 0) {
        free(found);
        return -1;
    }

    *indices = found;
    *count = num_found;
    return 0;
}
