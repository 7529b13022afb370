/* repeated.c -- words that stand in a list more than once. */
#include "spine/repeated.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* The slots of a hash table with open addressing: each 0 or a word's index plus 1. */
struct table {
    uint64_t *slots; /* owned; (mask + 1) */
    size_t mask;
};

static int refuse_memory(struct spine_error *err)
{
    return spine_fail(err, "out of memory for the search for repeated words");
}

static int make_table(struct table *table, size_t count, struct spine_error *err)
{
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;
    table->slots = calloc(size, sizeof *table->slots);
    table->mask = size - 1;
    return table->slots == NULL ? refuse_memory(err) : 0;
}

/* The slot where this word is, or else belongs. */
static uint64_t *find_slot(const struct table *table, const struct spine_words *words, size_t index)
{
    const char *word = spine_words_get(words, index);
    size_t at = XXH3_64bits(word, strlen(word)) & table->mask;
    while (table->slots[at] != 0 &&
           strcmp(spine_words_get(words, (size_t)table->slots[at] - 1), word) != 0)
        at = (at + 1) & table->mask;
    return &table->slots[at];
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
    struct table table = {0};
    uint64_t *found = NULL;
    size_t num_found = 0;
    int rc = make_table(&table, words->count, err);
    for (size_t i = 0; rc == 0 && i < words->count && num_found < most; i++) {
        uint64_t *slot = find_slot(&table, words, i);
        if (*slot == 0)
            *slot = i + 1;
        else
            rc = append(&found, &num_found, i, err);
    }
    free(table.slots);
    if (rc != 0) {
        free(found);
        return -1;
    }
    *indices = found;
    *count = num_found;
    return 0;
}
