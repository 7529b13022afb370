/* repeated.c -- words that stand in a list more than once. */
#include "spine/base/repeated.h"

#include <stdlib.h>

#include "spine/base/lookup.h"
#include "spine/base/memory.h"

int spine_repeated_find(const struct spine_words *words, size_t most, uint64_t **indices,
                        size_t *count, struct spine_error *err)
{
    struct spine_lookup lookup;
    uint64_t *found = NULL;
    size_t num_found = 0, capacity = 0;
    int rc = spine_lookup_init(&lookup, words->count, err);
    for (size_t i = 0; rc == 0 && i < words->count && num_found < most; i++)
        if (spine_lookup_add(&lookup, words, i) != 0) {
            rc = spine_memory_reserve(&found, &capacity, num_found + 1, sizeof *found,
                                      "repeated words", err);
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
