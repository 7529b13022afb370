/* categories.c -- which human category a dimension represents. */
#include "spine/eval/categories.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/text/tabular.h"

enum { LAMBDAS = SPINE_CATEGORIES_LAMBDAS, FEWEST = 10, PATH = 4096 };

/* A found word of a category. */
struct member {
    uint32_t row, category;
};

struct categories {
    struct member *members; /* owned; (count), by row in the end */
    size_t count, capacity;
    size_t *sizes; /* owned; (number): each category's words found; 0: left out */
    size_t number;
};

/* --- Reading ------------------------------------------------------------------------------ */

static int is_list(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && spine_path_ends_in(entry->d_name, ".txt");
}

static int add_member(struct categories *categories, uint32_t row, struct spine_error *err)
{
    if (spine_memory_reserve(&categories->members, &categories->capacity, categories->count + 1,
                             sizeof *categories->members, "words of categories", err))
        return -1;
    categories->members[categories->count++] = (struct member){row, (uint32_t)categories->number};
    return 0;
}

static int by_row(const void *a, const void *b)
{
    const struct member *first = a, *second = b;
    return (first->row > second->row) - (first->row < second->row);
}

/* Leave out duplicate words, and categories that are too small. */
static void finish_category(struct categories *categories, size_t first)
{
    struct member *members = categories->members;
    if (categories->count > first)
        qsort(members + first, categories->count - first, sizeof *members, by_row);
    size_t kept = first;
    for (size_t i = first; i < categories->count; i++)
        if (i == first || members[i].row != members[i - 1].row)
            members[kept++] = members[i];
    const bool is_used = kept - first >= FEWEST;
    categories->count = is_used ? kept : first;
    categories->sizes[categories->number++] = is_used ? kept - first : 0;
}

static int read_category(struct categories *categories, const struct spine_space *space,
                         const char *path, struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    const size_t first = categories->count;

    if (spine_tabular_open(&table, path, SPINE_TABULAR_LINES, err))
        return -1;
    int rc, next;
    for (rc = 0; rc == 0 && (next = spine_tabular_next(table, &row, err)) != 0;) {
        const int64_t found = next < 0 ? -1 : spine_space_find_any_case(space, row.field[0]);
        if (next < 0)
            rc = -1;
        else if (found >= 0)
            rc = add_member(categories, (uint32_t)found, err);
    }

    spine_tabular_close(table);
    if (rc == 0)
        finish_category(categories, first);

    return rc;
}

static int read_all(struct categories *categories, const struct spine_space *space,
                    const char *directory, struct spine_error *err)
{
    struct dirent **entries = NULL;
    const int count = scandir(directory, &entries, is_list, alphasort);
    if (count < 0)
        return spine_infile_fail(directory, err);

    int rc =
        count == 0 ? spine_refuse(err, "%s: has no categories: no files NAME.txt", directory) : 0;
    categories->sizes = spine_memory_zeroed((size_t)count + 1, sizeof *categories->sizes,
                                            "the sizes of the categories", err);
    if (rc == 0 && categories->sizes == NULL)
        rc = -1;
    for (int i = 0; i < count; i++) {
        char path[PATH];
        if (rc == 0 && snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name) >= PATH)
            rc = spine_refuse(err, "%.60s...: the path is too long", directory);
        if (rc == 0)
            rc = read_category(categories, space, path, err);
        free(entries[i]);
    }

    free(entries);
    if (rc == 0 && categories->count > 0)
        qsort(categories->members, categories->count, sizeof *categories->members, by_row);

    return rc;
}

/* --- Scoring ------------------------------------------------------------------------------ */

/* Find where the members of each row begin: start (rows + 1). */
static void index_members(const struct categories *categories, size_t rows, size_t *start)
{
    size_t at = 0;
    for (size_t row = 0; row <= rows; row++) {
        while (at < categories->count && categories->members[at].row < row)
            at++;
        start[row] = at;
    }
}

/* Compute the scores of a dimension for all lambdas. hits (number, LAMBDAS) is scratch: the number
 * of a category's words with ranks from (lambda - 1) n on, but below lambda n. */
static void score_dimension(const struct categories *categories, const size_t *start,
                            const struct spine_ranked *entries, size_t active, size_t *hits,
                            double scores[LAMBDAS])
{
    memset(hits, 0, categories->number * LAMBDAS * sizeof *hits);

    for (size_t place = 0; place < active; place++) {
        const uint32_t row = entries[place].index;
        for (size_t at = start[row]; at < start[row + 1]; at++) {
            const uint32_t category = categories->members[at].category;
            const size_t multiple = place / categories->sizes[category];
            if (multiple < LAMBDAS)
                hits[category * LAMBDAS + multiple]++;
        }
    }

    for (size_t l = 0; l < LAMBDAS; l++)
        scores[l] = 0;
    for (size_t category = 0; category < categories->number; category++) {
        size_t sum = 0;
        for (size_t l = 0; l < LAMBDAS && categories->sizes[category] > 0; l++) {
            sum += hits[category * LAMBDAS + l];
            const double score = 100 * (double)sum / (double)categories->sizes[category];
            scores[l] = score > scores[l] ? score : scores[l];
        }
    }
}

static int score_all(const struct categories *categories, const struct spine_ranking *ranking,
                     struct spine_categories_score *result, struct spine_error *err)
{
    const size_t width = ranking->dimensions;
    size_t *start =
        spine_memory_get(ranking->rows + 1, sizeof *start, "the categories of all words", err);
    size_t *hits = spine_memory_get(categories->number * LAMBDAS, sizeof *hits,
                                    "the words found in each category", err);
    double(*scores)[LAMBDAS] =
        spine_memory_get(width, sizeof *scores, "the scores of all dimensions", err);
    double *of_lambda =
        spine_memory_get(width, sizeof *of_lambda, "the scores of all dimensions", err);
    const bool is_whole = start != NULL && hits != NULL && scores != NULL && of_lambda != NULL;
    if (is_whole) {
        index_members(categories, ranking->rows, start);
        for (size_t j = 0; j < width; j++)
            score_dimension(categories, start, spine_ranking_get(ranking, j), ranking->active[j],
                            hits, scores[j]);
        for (size_t l = 0; l < LAMBDAS; l++) {
            for (size_t j = 0; j < width; j++)
                of_lambda[j] = scores[j][l];
            result->score[l] = spine_statistics_mean(of_lambda, width);
        }
    }

    free(start);
    free(hits);
    free(scores);
    free(of_lambda);
    if (!is_whole)
        return -1;

    return 0;
}

int spine_categories_measure(const struct spine_space *space, const struct spine_ranking *ranking,
                             const char *directory, struct spine_categories_score *result,
                             struct spine_error *err)
{
    struct categories categories = {0};

    *result = (struct spine_categories_score){0};
    int rc = read_all(&categories, space, directory, err);
    for (size_t i = 0; rc == 0 && i < categories.number; i++)
        result->used += categories.sizes[i] > 0;
    result->left_out = categories.number - result->used;
    for (size_t l = 0; l < LAMBDAS; l++)
        result->score[l] = (struct spine_estimate){NAN, NAN, NAN};
    if (rc == 0 && result->used > 0)
        rc = score_all(&categories, ranking, result, err);
    free(categories.members);
    free(categories.sizes);
    return rc;
}
