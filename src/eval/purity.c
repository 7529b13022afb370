/* purity.c -- how well clusters of words match human categories. */
#include "spine/eval/purity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/eval/clusters.h"

enum { RESTARTS = 10 };

/* The words that were found. */
struct sorting {
    const struct spine_space *space;
    struct spine_words names; /* of the categories of found words */
    uint32_t *category;       /* owned; (count) */
    float *units;             /* owned; (count, columns), of length 1 */
    size_t count, category_capacity, unit_capacity;
};

/* Find the number of a category; a new one gets the next number. Categories are few. */
static int number_of(struct sorting *sorting, const char *name, uint32_t *number,
                     struct spine_error *err)
{
    size_t i = 0;
    while (i < sorting->names.count && strcmp(spine_words_get(&sorting->names, i), name) != 0)
        i++;
    *number = (uint32_t)i;
    return i < sorting->names.count ? 0 : spine_words_add(&sorting->names, name, strlen(name), err);
}

static int add_word(struct sorting *sorting, const char *category, const char *word,
                    struct spine_error *err)
{
    const size_t columns = sorting->space->dimensions;
    const int64_t found = spine_space_find_any_case(sorting->space, word);
    const size_t needed = sorting->count + 1;
    if (spine_memory_reserve(&sorting->category, &sorting->category_capacity, needed,
                             sizeof *sorting->category, "words", err) ||
        spine_memory_reserve(&sorting->units, &sorting->unit_capacity, needed,
                             columns * sizeof *sorting->units, "words", err))
        return -1;

    float *unit = sorting->units + sorting->count * columns;
    if (found < 0 || spine_space_direction(sorting->space, (size_t)found, unit) == 0)
        return 0;

    return number_of(sorting, category, &sorting->category[sorting->count++], err);
}

/* The share of words in the commonest category of their cluster. 'counts' is zeroed, (k, k). */
static double find_purity(const struct sorting *sorting, const uint32_t *cluster, size_t *counts)
{
    const size_t k = sorting->names.count;
    size_t pure = 0;
    for (size_t i = 0; i < sorting->count; i++)
        counts[cluster[i] * k + sorting->category[i]]++;
    for (size_t c = 0; c < k; c++) {
        size_t most = 0;
        for (size_t i = 0; i < k; i++)
            most = counts[c * k + i] > most ? counts[c * k + i] : most;
        pure += most;
    }
    return (double)pure / (double)sorting->count;
}

static int cluster_words(const struct sorting *sorting, uint64_t seed, double *purity,
                         struct spine_error *err)
{
    const size_t k = sorting->names.count;
    uint32_t *cluster =
        spine_memory_get(sorting->count, sizeof *cluster, "the clusters of all words", err);
    size_t *counts = spine_memory_zeroed(k, k * sizeof *counts, "the words in each cluster", err);
    int rc = cluster == NULL || counts == NULL
                 ? -1
                 : spine_clusters_find(sorting->units, sorting->count, sorting->space->dimensions,
                                       k, RESTARTS, seed, cluster, err);
    if (rc == 0)
        *purity = find_purity(sorting, cluster, counts);

    free(cluster);
    free(counts);
    return rc;
}

int spine_purity_measure(const struct spine_space *space, const struct spine_testset *set,
                         uint64_t seed, struct spine_purity *result, struct spine_error *err)
{
    struct sorting sorting = {.space = space};
    int rc = 0;

    *result = (struct spine_purity){.purity = (double)NAN};
    for (size_t i = 0; rc == 0 && i < set->count; i++)
        rc = add_word(&sorting, spine_testset_word(set, i, 0), spine_testset_word(set, i, 1), err);
    result->found = sorting.count;
    result->missing = set->count - sorting.count;
    if (rc == 0 && sorting.count > 0)
        rc = cluster_words(&sorting, seed, &result->purity, err);

    spine_words_dispose(&sorting.names);
    free(sorting.category);
    free(sorting.units);
    return rc;
}
