/* distinct.c -- words made distinct. */
#include "spine/files/distinct.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/memory.h"

enum { SMALLEST = 1 << 10 };

/* Find the slot of a hash in a table, or the free slot where it belongs. */
static uint64_t *find(uint64_t *table, size_t capacity, uint64_t hash)
{
    size_t at = hash & (capacity - 1);
    while (table[at] != 0 && table[at] != hash)
        at = (at + 1) & (capacity - 1);
    return &table[at];
}

static int grow(struct spine_distinct *distinct, struct spine_error *err)
{
    const size_t capacity = distinct->capacity == 0 ? SMALLEST : 2 * distinct->capacity;
    uint64_t *table = spine_memory_zeroed(capacity, sizeof *table, "the words seen so far", err);
    if (table == NULL)
        return -1;

    for (size_t i = 0; i < distinct->capacity; i++)
        if (distinct->seen[i] != 0)
            *find(table, capacity, distinct->seen[i]) = distinct->seen[i];
    free(distinct->seen);
    distinct->seen = table;
    distinct->capacity = capacity;
    return 0;
}

/* Is the word new? Adds it if it is. */
static bool is_new(struct spine_distinct *distinct, const char *word)
{
    const uint64_t hash = XXH3_64bits(word, strlen(word)), key = hash == 0 ? 1 : hash;
    uint64_t *place = find(distinct->seen, distinct->capacity, key);

    if (*place == key)
        return false;
    *place = key;
    distinct->count++;
    return true;
}

int spine_distinct_add(struct spine_distinct *distinct, const char *word, struct spine_words *out,
                       struct spine_error *err)
{
    if (2 * (distinct->count + 1) > distinct->capacity && grow(distinct, err))
        return -1;
    if (is_new(distinct, word))
        return spine_words_add(out, word, strlen(word), err);

    const size_t bytes = strlen(word) + 24;
    char *name = spine_memory_get(bytes, 1, "a word's new name", err);
    if (name == NULL)
        return -1;
    size_t number = 0;
    do
        snprintf(name, bytes, "%s-%zu", word, ++number);
    while (!is_new(distinct, name));
    distinct->renamed++;
    const int rc = spine_words_add(out, name, strlen(name), err);

    free(name);
    return rc;
}

void spine_distinct_dispose(struct spine_distinct *distinct)
{
    free(distinct->seen);
    *distinct = (struct spine_distinct){0};
}
