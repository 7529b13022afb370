/* purity.c -- how well clusters of words match human categories. */
#include "spine/eval/purity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/eval/clusters.h"
#include "spine/text/tabular.h"

enum { RESTARTS = 10 };

/* The words that were found. */
struct sorting {
    const struct spine_space *space;
    struct spine_words names; /* of the categories of found words */
    uint32_t *category;       /* owned; (count) */
    float *units;             /* owned; (count, columns), of length 1 */
    size_t count, category_capacity, unit_capacity;
};

/* The number of a category, which is given one if it is new. Categories are few. */
static int number_of(struct sorting *sorting, const char *name, uint32_t *number,
                     struct spine_error *err)
{
    size_t i = 0;
    while (i < sorting->names.count && strcmp(spine_words_get(&sorting->names, i), name) != 0)
        i++;
    *number = (uint32_t)i;
    return i < sorting->names.count ? 0 : spine_words_add(&sorting->names, name, strlen(name), err);
}

static int add_row(struct sorting *sorting, const struct spine_tabular *table,
                   const struct spine_tabular_row *row, size_t *missing, struct spine_error *err)
{
    if (row->count != 2)
        return spine_tabular_refuse(table, row, "a category, a tab and a word", row->count, err);
    const size_t columns = sorting->space->dimensions;
    const int64_t found = spine_space_find_or_lowercase(sorting->space, row->field[1]);
    const size_t needed = sorting->count + 1;
    if (spine_memory_reserve(&sorting->category, &sorting->category_capacity, needed,
                             sizeof *sorting->category, "words", err) ||
        spine_memory_reserve(&sorting->units, &sorting->unit_capacity, needed,
                             columns * sizeof *sorting->units, "words", err))
        return -1;

    float *unit = sorting->units + sorting->count * columns;
    if (found < 0 || spine_space_direction(sorting->space, (size_t)found, unit) == 0) {
        ++*missing;
        return 0;
    }

    return number_of(sorting, row->field[0], &sorting->category[sorting->count++], err);
}

static int read_words(struct sorting *sorting, const char *path, size_t *missing,
                      struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    if (spine_tabular_open(&table, path, SPINE_TABULAR_TABS, err))
        return -1;
    int rc, next;
    for (rc = 0; rc == 0 && (next = spine_tabular_next(table, &row, err)) != 0;)
        rc = next < 0 ? -1 : add_row(sorting, table, &row, missing, err);
    spine_tabular_close(table);
    if (rc == 0 && sorting->count + *missing == 0)
        rc = spine_refuse(err, "%s: has no words", path);
    return rc;
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

int spine_purity_measure(const struct spine_space *space, const char *path, uint64_t seed,
                         struct spine_purity *result, struct spine_error *err)
{
    struct sorting sorting = {.space = space};
    *result = (struct spine_purity){.purity = (double)NAN};
    int rc = read_words(&sorting, path, &result->missing, err);
    result->found = sorting.count;
    if (rc == 0 && sorting.count > 0)
        rc = cluster_words(&sorting, seed, &result->purity, err);
    spine_words_dispose(&sorting.names);
    free(sorting.category);
    free(sorting.units);
    return rc;
}
