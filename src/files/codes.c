/* codes.c -- sparse codes on disk: the ranks' shards, and reading them back. */
#include "spine/files/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries of a dense block, whose rows are written or read at once. */
enum { BLOCK_ENTRIES = 1 << 20 };
/* More units than model.hidden may have: memory for them isn't asked for. */
enum { MOST_HIDDEN = 1 << 20 };

int spine_codes_shard_path(char *path, const char *directory, int64_t shard,
                           struct spine_error *err)
{
    const int length =
        snprintf(path, SPINE_PATH, "%s/shards/codes-%05lld.h5", directory, (long long)shard);
    return length < SPINE_PATH ? 0 : spine_refuse(err, "%.60s...: the path is too long", directory);
}

static int read_facts(struct spine_store *store, const char *path, struct spine_shard *shard,
                      struct spine_error *err)
{
    char *fingerprint = NULL;
    if (spine_store_get_integer(store, "/", "shard", &shard->shard, err) ||
        spine_store_get_integer(store, "/", "shards", &shard->shards, err) ||
        spine_store_get_integer(store, "/", "first_row", &shard->first_row, err) ||
        spine_store_get_integer(store, "/", "rows", &shard->rows, err) ||
        spine_store_get_integer(store, "/", "total_rows", &shard->total_rows, err) ||
        spine_store_get_integer(store, "/", "hidden", &shard->hidden, err) ||
        spine_store_get_text(store, "/", "fingerprint", &fingerprint, err))
        return -1;
    snprintf(shard->fingerprint, sizeof shard->fingerprint, "%s", fingerprint);
    free(fingerprint);
    if (shard->shards < 1 || shard->shard < 0 || shard->shard >= shard->shards || shard->rows < 0 ||
        shard->first_row < 0 || shard->hidden < 1 || shard->hidden > MOST_HIDDEN ||
        shard->total_rows < 0 || shard->total_rows - shard->first_row < shard->rows)
        return spine_refuse(err, "%s: its attributes contradict each other", path);
    return 0;
}

/* Check the matrices and the words against codes->rows. */
static int check_contents(struct spine_codes *codes, struct spine_error *err)
{
    size_t num_words = 0;
    if (spine_csr_check(codes->store, codes->path, codes->matrix, codes->rows, &codes->num_values,
                        err) ||
        (codes->excess != NULL && spine_csr_check(codes->store, codes->path, codes->excess,
                                                  codes->rows, &codes->num_excess, err)) ||
        spine_store_words_count(codes->store, codes->words, &num_words, err))
        return -1;
    if (num_words != codes->rows)
        return spine_refuse(err, "%s: is incomplete: it has %zu words for %zu rows", codes->path,
                            num_words, codes->rows);
    return 0;
}

int spine_codes_open_shard(struct spine_codes *codes, const char *path, struct spine_shard *shard,
                           struct spine_error *err)
{
    *codes = (struct spine_codes){.matrix = "/codes", .excess = "/excess", .words = "/words"};
    snprintf(codes->path, sizeof codes->path, "%s", path);
    if (spine_store_open(&codes->store, path, "spine-codes", err))
        return -1;
    if (read_facts(codes->store, path, shard, err) == 0) {
        codes->rows = (size_t)shard->rows;
        codes->hidden = (size_t)shard->hidden;
        if (check_contents(codes, err) == 0)
            return 0;
    }
    spine_codes_close(codes);
    return -1;
}

static int check_units(const struct spine_codes *codes, struct spine_error *err)
{
    if (codes->hidden >= 1 && codes->hidden <= MOST_HIDDEN)
        return 0;
    return spine_refuse(err, "%s: has %zu units, expected 1 to %d", codes->path, codes->hidden,
                        MOST_HIDDEN);
}

/* AnnData's matrices may be dense, or sparse by columns, which has the same parts. */
static int check_encoding(const struct spine_codes *codes, struct spine_error *err)
{
    char *encoding = NULL;
    struct spine_error missing; /* nothing says what it is: its parts must */
    if (spine_store_get_text(codes->store, codes->matrix, "encoding-type", &encoding, &missing))
        return 0;
    const int rc = strcmp(encoding, "csr_matrix") == 0
                       ? 0
                       : spine_refuse(err, "%s: '%s' is of type %.60s, expected csr_matrix",
                                      codes->path, codes->matrix, encoding);
    free(encoding);
    return rc;
}

/* The name of the index of an AnnData frame, "/obs" or "/var", which its attribute says. */
static void find_index(struct spine_store *store, const char *frame, char name[SPINE_CODES_NAME])
{
    char *index = NULL;
    struct spine_error missing;
    const int rc = spine_store_get_text(store, frame, "_index", &index, &missing);
    snprintf(name, SPINE_CODES_NAME, "%s/%.100s", frame, rc == 0 ? index : "_index");
    free(index);
}

int spine_codes_open_merged(struct spine_codes *codes, const char *path, struct spine_error *err)
{
    *codes = (struct spine_codes){.matrix = "/X", .excess = "/layers/excess"};
    snprintf(codes->path, sizeof codes->path, "%s", path);
    if (spine_store_open(&codes->store, path, NULL, err))
        return -1;
    if (!spine_store_has(codes->store, "/layers") || !spine_store_has(codes->store, codes->excess))
        codes->excess = NULL; /* codes of another program */
    char units[SPINE_CODES_NAME];
    find_index(codes->store, "/obs", codes->words);
    find_index(codes->store, "/var", units);
    if (check_encoding(codes, err) == 0 &&
        spine_store_words_count(codes->store, codes->words, &codes->rows, err) == 0 &&
        spine_store_words_count(codes->store, units, &codes->hidden, err) == 0 &&
        check_units(codes, err) == 0 && check_contents(codes, err) == 0)
        return 0;
    spine_codes_close(codes);
    return -1;
}

void spine_codes_close(struct spine_codes *codes)
{
    struct spine_error ignored; /* nothing was written */
    spine_store_close(codes->store, &ignored);
    spine_csr_dispose(&codes->block);
    spine_csr_dispose(&codes->block_excess);
    codes->store = NULL;
}

size_t spine_codes_block_rows(const struct spine_codes *codes)
{
    return codes->hidden < BLOCK_ENTRIES ? BLOCK_ENTRIES / codes->hidden : 1;
}

static int read_excess(struct spine_codes *codes, size_t first, size_t count,
                       struct spine_error *err)
{
    struct spine_csr *excess = &codes->block_excess;
    if (codes->excess != NULL)
        return spine_csr_read(codes->store, codes->path, codes->excess, first, count, codes->hidden,
                              codes->num_excess, excess, err);
    spine_csr_clear(excess);
    if (spine_csr_reserve(excess, count, 0, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        spine_csr_add_row(excess, NULL, 0, 0);
    return 0;
}

int spine_codes_read(struct spine_codes *codes, size_t first, size_t count, struct spine_error *err)
{
    return spine_csr_read(codes->store, codes->path, codes->matrix, first, count, codes->hidden,
                          codes->num_values, &codes->block, err) ||
                   read_excess(codes, first, count, err)
               ? -1
               : 0;
}
