/* sparsefile.c -- a sparse matrix and its words, in a file that isn't HDF5. */
#include "spine/files/sparsefile.h"

#include <stdlib.h>

#include "spine/files/entries.h"
#include "spine/files/output.h"
#include "spine/files/sparsearrays.h"
#include "spine/files/sparsetext.h"
#include "spine/files/wordlist.h"
#include "spine/text/archive.h"

/* --- Recognising -------------------------------------------------------------------------- */

static enum spine_sparsefile_form recognise(const struct spine_start *start)
{
    if (spine_sparsetext_is_market(start))
        return SPINE_SPARSEFILE_MARKET;
    return spine_sparsetext_is_listed(start) ? SPINE_SPARSEFILE_TEXT : SPINE_SPARSEFILE_NONE;
}

/* Recognise text by its first bytes. */
static int find_text(const char *path, enum spine_sparsefile_form *form, struct spine_error *err)
{
    struct spine_start start;
    char *bytes = NULL;
    const int rc = spine_start_read(path, &start, &bytes, err);

    if (rc == 0)
        *form = recognise(&start);
    free(bytes);
    return rc;
}

int spine_sparsefile_find(const char *path, enum spine_sparsefile_form *form,
                          struct spine_error *err)
{
    bool is_archive = false, is_scipy = false;

    *form = SPINE_SPARSEFILE_NONE;
    if (spine_archive_is(path, &is_archive, err))
        return -1;
    if (!is_archive)
        return find_text(path, form, err);
    if (spine_sparsearrays_is(path, &is_scipy, err))
        return -1;
    *form = is_scipy ? SPINE_SPARSEFILE_SCIPY : SPINE_SPARSEFILE_NONE;
    return 0;
}

/* --- Words -------------------------------------------------------------------------------- */

/* Read the words from a list, by default that beside the file. */
static int read_words(struct spine_words *words, const char *path, const char *list, size_t rows,
                      struct spine_error *err)
{
    char *beside = NULL;
    if (list != NULL)
        return spine_wordlist_read(list, list, rows, rows, words, err);
    if (spine_output_find_words(path, &beside, err))
        return -1;

    const int rc = beside != NULL
                       ? spine_wordlist_read(beside, beside, rows, rows, words, err)
                       : spine_refuse(err,
                                      "%s: has no words; expected a list, NAME.words.txt, beside "
                                      "it, or with --words-from",
                                      path);
    free(beside);
    return rc;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Rows are counted before they are allocated: a damaged file may announce any number. */
static int read_market(struct spine_sparsefile *file, const char *path, const char *words,
                       struct spine_entries *entries, size_t *rows, struct spine_error *err)
{
    if (spine_sparsetext_market_extent(path, rows, &file->columns, err) ||
        read_words(&file->words, path, words, *rows, err) ||
        spine_sparsetext_market(path, entries, err))
        return -1;
    return 0;
}

static int read_scipy(struct spine_sparsefile *file, const char *path, const char *words,
                      struct spine_entries *entries, size_t *rows, struct spine_error *err)
{
    if (spine_sparsearrays_read(path, entries, rows, &file->columns, err) ||
        read_words(&file->words, path, words, *rows, err))
        return -1;
    return 0;
}

static int read_text(struct spine_sparsefile *file, const char *path, struct spine_entries *entries,
                     size_t *rows, struct spine_error *err)
{
    if (spine_sparsetext_listed(path, &file->words, entries, &file->columns, err))
        return -1;
    *rows = file->words.count;
    return 0;
}

int spine_sparsefile_read(struct spine_sparsefile *file, const char *path,
                          enum spine_sparsefile_form form, const char *words,
                          struct spine_error *err)
{
    struct spine_entries entries = {0};
    size_t rows = 0;

    *file = (struct spine_sparsefile){0};
    int rc = form == SPINE_SPARSEFILE_SCIPY ? read_scipy(file, path, words, &entries, &rows, err)
             : form == SPINE_SPARSEFILE_MARKET
                 ? read_market(file, path, words, &entries, &rows, err)
                 : read_text(file, path, &entries, &rows, err);
    if (rc == 0)
        rc = spine_entries_arrange(&entries, rows, path, &file->values, err);
    spine_entries_dispose(&entries);
    return rc;
}

void spine_sparsefile_dispose(struct spine_sparsefile *file)
{
    spine_csr_dispose(&file->values);
    spine_words_dispose(&file->words);
}
