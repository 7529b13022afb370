/* duplicates.c -- duplicates among the words of all ranks.
 *
 * Words come to a rank in rank order, and from each in the order of its rows: in file order. */
#include "spine/files/duplicates.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/lookup.h"
#include "spine/base/memory.h"

/* What goes to the ranks, of each a block; bytes of words at first, then of indices. */
struct parcels {
    uint64_t *sizes, *received_sizes; /* owned; (size of comm) */
    uint64_t *begins;                 /* owned; where a rank's of 'rows' begin */
    uint64_t *rows;                   /* owned; the rows in the order in which they are sent */
    char *text;                       /* owned; their words */
};

/* The lookup of words uses the low bits of the same hash. */
static size_t find_owner(const char *word, int size)
{
    return (size_t)(XXH3_64bits(word, strlen(word)) >> 32) % (size_t)size;
}

static int init_parcels(struct parcels *parcels, const struct spine_comm *comm,
                        const struct spine_words *words, struct spine_error *err)
{
    const size_t size = (size_t)comm->size;
    const char *const what = "the words of other ranks";

    *parcels = (struct parcels){
        .sizes = spine_memory_zeroed(size, sizeof *parcels->sizes, what, err),
        .received_sizes = spine_memory_zeroed(size, sizeof *parcels->received_sizes, what, err),
        .begins = spine_memory_zeroed(size + 2, sizeof *parcels->begins, what, err),
        .rows = spine_memory_get(words->count, sizeof *parcels->rows, what, err),
        .text = spine_memory_get(words->bytes + 1, 1, what, err),
    };
    if (parcels->sizes == NULL || parcels->received_sizes == NULL || parcels->begins == NULL ||
        parcels->rows == NULL || parcels->text == NULL)
        return -1;
    return 0;
}

static void dispose_parcels(struct parcels *parcels)
{
    free(parcels->sizes);
    free(parcels->received_sizes);
    free(parcels->begins);
    free(parcels->rows);
    free(parcels->text);
}

/* Sort the words by the ranks that they go to. */
static int pack_words(struct parcels *parcels, const struct spine_comm *comm,
                      const struct spine_words *words, struct spine_error *err)
{
    const size_t size = (size_t)comm->size;
    char **ends = spine_memory_get(size, sizeof *ends, "the words of other ranks", err);
    if (ends == NULL)
        return -1;

    /* While they are packed, begins[rank + 1] is where the rank's next one goes. */
    for (size_t i = 0; i < words->count; i++) {
        const char *word = spine_words_get(words, i);
        const size_t owner = find_owner(word, comm->size);
        parcels->sizes[owner] += strlen(word) + 1;
        parcels->begins[owner + 2]++;
    }
    ends[0] = parcels->text;
    for (size_t rank = 1; rank < size; rank++) {
        ends[rank] = ends[rank - 1] + parcels->sizes[rank - 1];
        parcels->begins[rank + 1] += parcels->begins[rank];
    }
    for (size_t i = 0; i < words->count; i++) {
        const char *word = spine_words_get(words, i);
        const size_t owner = find_owner(word, comm->size), bytes = strlen(word) + 1;
        memcpy(ends[owner], word, bytes);
        ends[owner] += bytes;
        parcels->rows[parcels->begins[owner + 1]++] = i;
    }
    free(ends);
    return 0;
}

/* Make a list of words of a block in which each is ended by NUL, and own the block. */
static int adopt_words(struct spine_words *words, char *text, size_t bytes, struct spine_error *err)
{
    *words = (struct spine_words){.text = text, .bytes = bytes, .text_capacity = bytes + 1};
    for (size_t at = 0; at < bytes; at += strlen(text + at) + 1) {
        if (spine_memory_reserve(&words->start, &words->start_capacity, words->count + 1,
                                 sizeof *words->start, "words", err))
            return -1;
        words->start[words->count++] = at;
    }
    return 0;
}

/* Number the duplicates by their position in the block of the rank that sent them; sizes become
 * those of the answers. 'sent' are the bytes that each rank has sent. */
static void number_by_sender(uint64_t *duplicates, size_t count, const struct spine_words *words,
                             const uint64_t *sent, uint64_t *sizes, int size)
{
    uint64_t end = 0;
    size_t word = 0, at = 0;

    for (int rank = 0; rank < size; rank++) {
        const size_t first = word, first_at = at;
        end += sent[rank];
        while (word < words->count && words->start[word] < end)
            word++;
        for (; at < count && duplicates[at] < word; at++)
            duplicates[at] -= first;
        sizes[rank] = (at - first_at) * sizeof *duplicates;
    }
}

/* Find the duplicates among the words that this rank got, and prepare the answers. Takes 'text'. */
static int find_here(struct parcels *parcels, const struct spine_comm *comm, char *text,
                     uint64_t **duplicates, struct spine_error *err)
{
    struct spine_words words = {0};
    uint64_t bytes = 0;
    size_t count = 0;

    for (int rank = 0; rank < comm->size; rank++)
        bytes += parcels->received_sizes[rank];
    int rc = adopt_words(&words, text, bytes, err);
    if (rc == 0)
        rc = spine_lookup_find_duplicates(&words, SIZE_MAX, duplicates, &count, err);
    if (rc == 0)
        number_by_sender(*duplicates, count, &words, parcels->received_sizes, parcels->sizes,
                         comm->size);
    spine_words_dispose(&words);
    return rc;
}

static int compare(const void *a, const void *b)
{
    const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

/* What the ranks found becomes this rank's rows. */
static void number_by_rows(const struct parcels *parcels, const struct spine_comm *comm,
                           uint64_t *rows, size_t *count)
{
    size_t at = 0;

    for (int rank = 0; rank < comm->size; rank++) {
        const size_t end = at + parcels->received_sizes[rank] / sizeof *rows;
        for (; at < end; at++)
            rows[at] = parcels->rows[parcels->begins[rank] + rows[at]];
    }
    qsort(rows, at, sizeof *rows, compare);
    *count = at;
}

/* Exchange words, then answers. */
static int find_together(struct parcels *parcels, struct spine_comm *comm,
                         const struct spine_words *words, uint64_t **rows, size_t *count,
                         struct spine_error *err)
{
    uint64_t *duplicates = NULL;
    char *received = NULL;

    int rc = init_parcels(parcels, comm, words, err);
    if (rc == 0)
        rc = pack_words(parcels, comm, words, err);
    if (spine_comm_agree(comm, rc, err) ||
        spine_comm_route(comm, parcels->text, parcels->sizes, &received, parcels->received_sizes,
                         err))
        return -1;
    free(parcels->text);
    parcels->text = NULL;

    rc = find_here(parcels, comm, received, &duplicates, err);
    received = NULL;
    if (spine_comm_agree(comm, rc, err) ||
        spine_comm_route(comm, duplicates, parcels->sizes, &received, parcels->received_sizes,
                         err)) {
        free(duplicates);
        return -1;
    }
    free(duplicates);
    *rows = (uint64_t *)(void *)received;
    number_by_rows(parcels, comm, *rows, count);
    return 0;
}

int spine_duplicates_find(struct spine_comm *comm, const struct spine_words *words, uint64_t **rows,
                          size_t *count, struct spine_error *err)
{
    struct parcels parcels = {0};

    if (comm->size == 1)
        return spine_lookup_find_duplicates(words, SIZE_MAX, rows, count, err);
    const int rc = find_together(&parcels, comm, words, rows, count, err);

    dispose_parcels(&parcels);
    return rc;
}
