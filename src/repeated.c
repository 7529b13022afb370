/* repeated.c -- words that stand in a list more than once. */
#include "spine/repeated.h"

#include "spine/lookup.h"

#include <stdlib.h>

static int refuse_memory(struct spine_error *err)
{
    return spine_fail(err, "out of memory for the search for repeated words");
}

static int append(uint64_t **list, size_t *count, uint64_t value, struct spine_error *err)
{
    /* A power of two is full. */
    if ((*count & (*count - 1)) == 0) {
        uint64_t *larger = realloc(*list, (*count == 0 ? 1 : 2 * *count) * sizeof *larger);
        if (larger == NULL)
            return refuse_memory(err);
        *list = larger;
    }
    (*list)[(*count)++] = value;
    return 0;
}

int spine_repeated_find(const struct spine_words *words, size_t most, uint64_t **indices,
                        size_t *count, struct spine_error *err)
{
    struct spine_lookup lookup;
    uint64_t *found = NULL;
    size_t num_found = 0;
    int rc = spine_lookup_init(&lookup, words->count, err);
    for (size_t i = 0; rc == 0 && i < words->count && num_found < most; i++)
        if (spine_lookup_add(&lookup, words, i) != 0)
            rc = append(&found, &num_found, i, err);
    spine_lookup_dispose(&lookup);
    if (rc != 0) {
        free(found);
        return -1;
    }
    *indices = found;
    *count = num_found;
    return 0;
}
