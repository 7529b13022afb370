/* catalogue.c -- words and dimensions of a file or a run, looked up one by one. */
#include "spine/space/catalogue.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/infile.h"
#include "spine/base/letters.h"
#include "spine/base/memory.h"
#include "spine/files/run.h"

/* Rows or entries that are read from the index at once. */
enum { BLOCK = 1 << 13 };

/* --- Opening ------------------------------------------------------------------------------ */

/* Open the index, if 'path' is a run or a file that has one. */
static int open_index(struct spine_catalogue *catalogue, const char *path, struct spine_error *err)
{
    enum spine_run_codes kind = SPINE_RUN_MERGED;
    char codes[SPINE_RUNDIR_PATH];
    struct stat facts;
    if (stat(path, &facts) != 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : spine_infile_fail(path, err);

    if (!S_ISDIR(facts.st_mode))
        return spine_codeindex_open(&catalogue->index, path, &catalogue->has_index, err);
    if (spine_run_find_codes(path, &kind, codes, err))
        return -1;
    if (kind == SPINE_RUN_SHARDS)
        return 0;
    return spine_codeindex_open(&catalogue->index, codes, &catalogue->has_index, err);
}

int spine_catalogue_open(struct spine_catalogue *catalogue, const char *path, const char *words,
                         struct spine_error *err)
{
    *catalogue = (struct spine_catalogue){.path = path, .list_of_words = words};
    if (open_index(catalogue, path, err))
        return -1;
    if (!catalogue->has_index || words != NULL) {
        const int rc = spine_catalogue_read_all(catalogue, err);
        if (rc != 0)
            spine_catalogue_close(catalogue);
        return rc;
    }

    catalogue->rows = catalogue->index.header.rows;
    catalogue->dimensions = catalogue->index.header.dimensions;
    return 0;
}

int spine_catalogue_read_all(struct spine_catalogue *catalogue, struct spine_error *err)
{
    if (catalogue->is_whole)
        return 0;
    const char *words = catalogue->list_of_words;
    if (spine_space_read_listed(&catalogue->space, catalogue->path, words, err))
        return -1;
    if (words != NULL && !catalogue->space.is_listed) {
        spine_space_dispose(&catalogue->space);
        return spine_refuse(err, "%s: has words of its own; leave out --words-from",
                            catalogue->path);
    }
    if (spine_ranking_init(&catalogue->ranking, &catalogue->space, err)) {
        spine_space_dispose(&catalogue->space);
        return -1;
    }

    catalogue->is_whole = true;
    catalogue->rows = catalogue->space.rows;
    catalogue->dimensions = catalogue->space.dimensions;
    return 0;
}

void spine_catalogue_close(struct spine_catalogue *catalogue)
{
    if (catalogue->codes.store != NULL)
        spine_codes_close(&catalogue->codes);
    if (catalogue->has_index)
        spine_codeindex_close(&catalogue->index);
    if (catalogue->is_whole) {
        spine_ranking_dispose(&catalogue->ranking);
        spine_space_dispose(&catalogue->space);
    }
    spine_words_dispose(&catalogue->words);
    free(catalogue->list);
    *catalogue = (struct spine_catalogue){0};
}

int spine_catalogue_check(const struct spine_catalogue *catalogue, struct spine_error *err)
{
    if (!catalogue->has_failed)
        return 0;
    *err = catalogue->err;
    return -1;
}

/* Keep the first failure. */
static void note(struct spine_catalogue *catalogue, int rc, const struct spine_error *err)
{
    if (rc == 0 || catalogue->has_failed)
        return;
    catalogue->has_failed = true;
    catalogue->err = *err;
}

/* --- Words -------------------------------------------------------------------------------- */

void spine_catalogue_read_words(struct spine_catalogue *catalogue)
{
    struct spine_error err;
    if (catalogue->is_whole || catalogue->words.count == catalogue->rows)
        return;
    spine_words_truncate(&catalogue->words, 0);
    note(catalogue, spine_codeindex_words(&catalogue->index, &catalogue->words, &err), &err);
}

int64_t spine_catalogue_find(struct spine_catalogue *catalogue, const char *word)
{
    struct spine_error err;
    int64_t row = -1;
    if (catalogue->is_whole)
        return spine_space_find(&catalogue->space, word);
    note(catalogue, spine_codeindex_find(&catalogue->index, word, &row, &err), &err);
    return row;
}

int64_t spine_catalogue_find_any_case(struct spine_catalogue *catalogue, const char *word)
{
    char spelling[SPINE_LETTERS_MOST];
    if (catalogue->is_whole)
        return spine_space_find_any_case(&catalogue->space, word);

    int64_t row = spine_catalogue_find(catalogue, word);
    for (int i = 0; row < 0 && i < SPINE_LETTERS_COUNT; i++)
        if (spine_letters_spell(word, (enum spine_letters)i, spelling))
            row = spine_catalogue_find(catalogue, spelling);
    return row;
}

size_t spine_catalogue_suggest(struct spine_catalogue *catalogue, const char *word, size_t most,
                               size_t *rows)
{
    if (catalogue->is_whole)
        return spine_space_suggest(&catalogue->space, word, most, rows);

    spine_catalogue_read_words(catalogue);
    const struct spine_space words = {.rows = catalogue->words.count, .words = catalogue->words};
    return spine_space_suggest(&words, word, most, rows);
}

const char *spine_catalogue_word(struct spine_catalogue *catalogue, size_t row)
{
    struct spine_error err;
    if (catalogue->is_whole)
        return spine_words_get(&catalogue->space.words, row);
    if (catalogue->words.count == catalogue->rows)
        return spine_words_get(&catalogue->words, row);

    spine_words_truncate(&catalogue->words, 0);
    note(catalogue, spine_codeindex_word(&catalogue->index, row, &catalogue->words, &err), &err);
    return catalogue->has_failed ? "" : spine_words_get(&catalogue->words, 0);
}

/* --- Dimensions --------------------------------------------------------------------------- */

size_t spine_catalogue_active(const struct spine_catalogue *catalogue, size_t dimension)
{
    return catalogue->is_whole ? catalogue->ranking.active[dimension]
                               : spine_codeindex_active(&catalogue->index, dimension);
}

const struct spine_ranked *spine_catalogue_top(struct spine_catalogue *catalogue, size_t dimension,
                                               size_t count)
{
    const size_t needed =
        count > SPINE_CODEINDEX_TOP ? spine_catalogue_active(catalogue, dimension) : count;
    struct spine_error err;
    if (catalogue->is_whole)
        return spine_ranking_get(&catalogue->ranking, dimension);

    int rc = spine_memory_reserve(&catalogue->list, &catalogue->list_capacity, needed + 1,
                                  sizeof *catalogue->list, "the words of a dimension", &err);
    if (rc == 0) {
        memset(catalogue->list, 0, needed * sizeof *catalogue->list);
        rc = spine_codeindex_top(&catalogue->index, dimension, count, catalogue->list, &err);
    }
    note(catalogue, rc, &err);
    return catalogue->list;
}

/* Read a row of codes to codes.block. */
static int read_row(struct spine_catalogue *catalogue, size_t row, struct spine_error *err)
{
    char path[SPINE_PATH];
    const size_t stem = strlen(catalogue->index.path) - strlen(".index");

    snprintf(path, sizeof path, "%.*s.h5ad", (int)stem, catalogue->index.path);
    if (catalogue->codes.store == NULL && spine_codes_open_merged(&catalogue->codes, path, err)) {
        catalogue->codes.store = NULL;
        return -1;
    }
    return spine_codes_read(&catalogue->codes, row, 1, err);
}

size_t spine_catalogue_of_row(struct spine_catalogue *catalogue, size_t row,
                              struct spine_ranked *out)
{
    struct spine_error err;
    if (catalogue->is_whole)
        return spine_ranking_of_row(&catalogue->space, row, out);

    note(catalogue, read_row(catalogue, row, &err), &err);
    if (catalogue->has_failed)
        return 0;
    /* A space of one row, which borrows everything. */
    const struct spine_space one = {.rows = 1,
                                    .dimensions = catalogue->dimensions,
                                    .codes = catalogue->codes.block,
                                    .excess = catalogue->codes.block_excess};
    return spine_ranking_of_row(&one, 0, out);
}

/* --- Words nearby ------------------------------------------------------------------------- */

/* The strongest of many entries, which are offered by ascending row. */
struct strongest {
    struct spine_ranked *list; /* owned; (2 * most) */
    size_t count, most;
    bool is_full; /* is the list's most-th entry the least that is kept? */
};

static int begin_strongest(struct strongest *strongest, size_t most, size_t rows,
                           struct spine_error *err)
{
    *strongest = (struct strongest){.most = most < rows ? most : rows};
    strongest->list =
        spine_memory_get(2 * strongest->most, sizeof *strongest->list, "the words nearby", err);
    if (strongest->list == NULL)
        return -1;
    return 0;
}

static void cut(struct strongest *strongest)
{
    spine_ranked_sort(strongest->list, strongest->count);
    if (strongest->count >= strongest->most) {
        strongest->count = strongest->most;
        strongest->is_full = true;
    }
}

static void offer(struct strongest *strongest, double cosine, size_t row)
{
    const struct spine_ranked entry = {(float)cosine, (uint32_t)row};
    if (strongest->is_full && entry.strength <= strongest->list[strongest->most - 1].strength)
        return;
    strongest->list[strongest->count++] = entry;
    if (strongest->count == 2 * strongest->most)
        cut(strongest);
}

/* Add a dimension's part to the inner products of all rows with a row that has 'value' there. */
static int add_products(struct spine_catalogue *catalogue, size_t dimension, double value,
                        double *products, struct spine_error *err)
{
    const struct spine_codeindex *index = &catalogue->index;
    const size_t active = spine_codeindex_active(index, dimension);
    struct spine_ranked block[BLOCK];

    for (size_t first = 0; first < active; first += BLOCK) {
        const size_t count = active - first < BLOCK ? active - first : BLOCK;
        if (spine_codeindex_entries(index, dimension, first, count, block, err))
            return -1;
        for (size_t i = 0; i < count; i++)
            products[block[i].index] += value * fmin((double)block[i].strength, index->header.cap);
    }
    return 0;
}

/* Offer the cosines of all other rows with 'row', from the inner products. */
static int offer_cosines(struct spine_catalogue *catalogue, size_t row, const double *products,
                         struct strongest *strongest, struct spine_error *err)
{
    double own, block[BLOCK];

    if (spine_codeindex_squares(&catalogue->index, row, 1, &own, err))
        return -1;
    for (size_t first = 0; first < catalogue->rows; first += BLOCK) {
        const size_t count = catalogue->rows - first < BLOCK ? catalogue->rows - first : BLOCK;
        if (spine_codeindex_squares(&catalogue->index, first, count, block, err))
            return -1;
        for (size_t i = 0; i < count; i++) {
            const double squares = own * block[i];
            if (first + i != row)
                offer(strongest, squares > 0 ? products[first + i] / sqrt(squares) : 0, first + i);
        }
    }
    return 0;
}

/* Add dimensions in ascending order, so that each sum equals spine_space_cosine()'s. */
static int find_near(struct spine_catalogue *catalogue, size_t row, struct strongest *strongest,
                     struct spine_error *err)
{
    double *products =
        spine_memory_zeroed(catalogue->rows, sizeof *products, "the words nearby", err);
    int rc = products == NULL ? -1 : read_row(catalogue, row, err);

    const struct spine_csr *codes = &catalogue->codes.block;
    for (size_t i = 0; rc == 0 && i < codes->count; i++)
        rc = add_products(catalogue, (size_t)codes->indices[i], (double)codes->data[i], products,
                          err);
    if (rc == 0)
        rc = offer_cosines(catalogue, row, products, strongest, err);
    free(products);
    return rc;
}

bool spine_catalogue_is_zero(struct spine_catalogue *catalogue, size_t row)
{
    struct spine_error err;
    double squares = 1;
    if (catalogue->is_whole)
        return spine_space_cosine(&catalogue->space, row, row) == 0;
    note(catalogue, spine_codeindex_squares(&catalogue->index, row, 1, &squares, &err), &err);
    return squares == 0;
}

size_t spine_catalogue_near(struct spine_catalogue *catalogue, size_t row, size_t most,
                            struct spine_ranked **list)
{
    struct strongest strongest;
    struct spine_error err;
    int rc = begin_strongest(&strongest, most, catalogue->rows, &err);

    if (rc == 0 && !catalogue->is_whole)
        rc = find_near(catalogue, row, &strongest, &err);
    for (size_t i = 0; rc == 0 && catalogue->is_whole && i < catalogue->rows; i++)
        if (i != row)
            offer(&strongest, spine_space_cosine(&catalogue->space, row, i), i);

    note(catalogue, rc, &err);
    if (rc == 0)
        cut(&strongest);
    *list = strongest.list;
    return rc == 0 ? strongest.count : 0;
}
