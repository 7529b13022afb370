/* codes.c -- sparse codes on disk: the ranks' shards, and reading them back. */
#include "spine/files/codes.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/infile.h"
#include "spine/base/outfile.h"
#include "spine/base/present.h"
#include "spine/files/attribute.h"
#include "spine/files/object.h"
#include "spine/files/rundir.h"
#include "spine/files/state.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"

/* What a shard consists of. */
static const char format[] = "spine-codes", codes_name[] = "/codes", excess_name[] = "/excess",
                  words_name[] = "/words";

/* Entries of a dense block, whose rows are written or read at once. */
enum { BLOCK_ENTRIES = 1 << 20 };
/* More units than model.hidden may have: no memory is allocated for them. */
enum { MOST_HIDDEN = 1 << 20 };
/* The values a row for which a file is laid out: fewer than expected, so that a file of few rows is
 * small. */
enum { SOME_VALUES = 16 };

int spine_codes_shard_path(char *path, const char *directory, int64_t shard,
                           struct spine_error *err)
{
    const int length =
        snprintf(path, SPINE_PATH, "%s/shards/codes-%05lld.h5", directory, (long long)shard);
    return length < SPINE_PATH ? 0 : spine_refuse(err, "%.60s...: the path is too long", directory);
}

/* The whole numbers of struct spine_shard, by the names of their attributes. */
static const struct {
    const char *name;
    size_t offset;
} facts[] = {
    {"shard", offsetof(struct spine_shard, shard)},
    {"shards", offsetof(struct spine_shard, shards)},
    {"first_row", offsetof(struct spine_shard, first_row)},
    {"rows", offsetof(struct spine_shard, rows)},
    {"total_rows", offsetof(struct spine_shard, total_rows)},
    {"hidden", offsetof(struct spine_shard, hidden)},
};

enum { NUM_FACTS = sizeof facts / sizeof *facts };

static int write_facts(struct spine_store *store, const struct spine_shard *shard,
                       struct spine_error *err)
{
    for (size_t i = 0; i < NUM_FACTS; i++) {
        const int64_t *fact = (const int64_t *)((const char *)shard + facts[i].offset);
        if (spine_attribute_set_integers(store, "/", facts[i].name, fact, 1, err))
            return -1;
    }

    return spine_attribute_set_text(store, "/", "fingerprint", shard->fingerprint, err);
}

static int read_facts(struct spine_store *store, const char *path, struct spine_shard *shard,
                      struct spine_error *err)
{
    char *fingerprint = NULL;

    for (size_t i = 0; i < NUM_FACTS; i++) {
        int64_t *fact = (int64_t *)((char *)shard + facts[i].offset);
        if (spine_attribute_get_integer(store, "/", facts[i].name, fact, err))
            return -1;
    }
    if (spine_attribute_get_text(store, "/", "fingerprint", &fingerprint, err))
        return -1;
    snprintf(shard->fingerprint, sizeof shard->fingerprint, "%s", fingerprint);
    free(fingerprint);

    if (shard->shards < 1 || shard->shard < 0 || shard->shard >= shard->shards || shard->rows < 0 ||
        shard->first_row < 0 || shard->hidden < 1 || shard->hidden > MOST_HIDDEN ||
        shard->total_rows < 0 || shard->total_rows - shard->first_row < shard->rows)
        return spine_refuse(err, "%s: its attributes contradict each other", path);
    return 0;
}

int spine_codes_create_shard(struct spine_store **store, const char *path,
                             const struct spine_shard *shard, const struct spine_words *words,
                             struct spine_error *err)
{
    struct spine_error ignored;

    if (spine_store_create(store, path, format, err))
        return -1;

    if (write_facts(*store, shard, err) == 0 &&
        spine_strings_make(*store, words_name, words->count, err) == 0 &&
        spine_strings_append(*store, words_name, words, err) == 0 &&
        spine_csr_make(*store, codes_name, words->count, SOME_VALUES * words->count, err) == 0 &&
        spine_csr_make(*store, excess_name, words->count, words->count, err) == 0)
        return 0;

    spine_store_close(*store, &ignored);
    spine_outfile_discard(path);
    *store = NULL;
    return -1;
}

int spine_codes_append(struct spine_store *store, const struct spine_csr *codes,
                       const struct spine_csr *excess, struct spine_codes_totals *totals,
                       struct spine_error *err)
{
    if (spine_csr_append(store, codes_name, codes, &totals->codes, err) ||
        spine_csr_append(store, excess_name, excess, &totals->excess, err))
        return -1;
    return 0;
}

int spine_codes_add_block(const struct spine_block *block, struct spine_csr *codes,
                          struct spine_csr *excess, struct spine_error *err)
{
    const float cap = spine_activation_cap(&block->activation);
    const size_t pairs = block->row_begin[block->rows];

    if (spine_csr_reserve(codes, block->rows, pairs, err) ||
        spine_csr_reserve(excess, block->rows, pairs, err))
        return -1;
    for (size_t i = 0; i < block->rows; i++) {
        const uint32_t begin = block->row_begin[i], count = block->row_begin[i + 1] - begin;
        const int32_t *unit = block->unit + begin;
        const float *value = block->value + begin;
        spine_csr_add_listed(codes, count, unit, value, 0, cap);
        spine_csr_add_listed(excess, count, unit, value, cap, INFINITY);
    }
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
        spine_strings_count(codes->store, codes->words, &num_words, err))
        return -1;
    if (num_words != codes->rows)
        return spine_refuse(err, "%s: is incomplete: it has %zu words for %zu rows", codes->path,
                            num_words, codes->rows);
    return 0;
}

int spine_codes_open_shard(struct spine_codes *codes, const char *path, struct spine_shard *shard,
                           struct spine_error *err)
{
    *codes = (struct spine_codes){.matrix = codes_name, .excess = excess_name};
    snprintf(codes->words, sizeof codes->words, "%s", words_name);
    snprintf(codes->path, sizeof codes->path, "%s", path);
    if (spine_store_open(&codes->store, path, format, err))
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

/* Refuse AnnData's dense matrices, and those sparse by columns, which have the same parts. */
static int check_encoding(const struct spine_codes *codes, struct spine_error *err)
{
    char *encoding = NULL;
    struct spine_error missing; /* without an encoding, its parts are checked */
    if (spine_attribute_get_text(codes->store, codes->matrix, "encoding-type", &encoding, &missing))
        return 0;
    const int rc = strcmp(encoding, "csr_matrix") == 0
                       ? 0
                       : spine_refuse(err,
                                      "%s: '%s' is of type %.60s, expected csr_matrix; in Python: "
                                      "data.X = scipy.sparse.csr_matrix(data.X)",
                                      codes->path, codes->matrix, encoding);
    free(encoding);
    return rc;
}

void spine_codes_find_index(struct spine_store *store, const char *frame,
                            char name[SPINE_CODES_NAME])
{
    char *index = NULL, values[SPINE_CODES_NAME];
    struct spine_object_facts found;
    struct spine_error missing;
    const int rc = spine_attribute_get_text(store, frame, "_index", &index, &missing);

    snprintf(name, SPINE_CODES_NAME, "%s/%.100s", frame, rc == 0 ? index : "_index");
    free(index);
    /* A nullable array of strings is a group: values and mask. */
    snprintf(values, sizeof values, "%.118s/values", name);
    if (spine_object_is(store, values, SPINE_OBJECT_STRINGS, &found))
        strcpy(name, values);
}

int spine_codes_open_merged(struct spine_codes *codes, const char *path, struct spine_error *err)
{
    *codes = (struct spine_codes){.matrix = "/X", .excess = "/layers/excess"};
    snprintf(codes->path, sizeof codes->path, "%s", path);
    if (spine_store_open(&codes->store, path, NULL, err))
        return -1;
    bool has = false; /* other programs' codes have no excess */
    if (spine_object_find(codes->store, "/layers", &has, err) ||
        (has && spine_object_find(codes->store, codes->excess, &has, err))) {
        spine_codes_close(codes);
        return -1;
    }
    if (!has)
        codes->excess = NULL;
    char units[SPINE_CODES_NAME];
    spine_codes_find_index(codes->store, "/obs", codes->words);
    spine_codes_find_index(codes->store, "/var", units);
    if (check_encoding(codes, err) == 0 &&
        spine_strings_count(codes->store, codes->words, &codes->rows, err) == 0 &&
        spine_strings_count(codes->store, units, &codes->hidden, err) == 0 &&
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
    if (spine_csr_read(codes->store, codes->path, codes->matrix, first, count, codes->hidden,
                       codes->num_values, &codes->block, err) ||
        read_excess(codes, first, count, err))
        return -1;
    return 0;
}

/* --- The shards of a run ------------------------------------------------------------------- */

/* Refuse a file among the shards that isn't one of the 'shards' expected. */
static int check_name(const char *directory, const char *name, int64_t shards,
                      struct spine_error *err)
{
    long long number = -1;
    int end = 0;
    const bool is_shard =
        sscanf(name, "codes-%lld.h5%n", &number, &end) == 1 && name[end] == '\0' && end > 0;
    char expected[64]; /* codes-1.h5 isn't codes-00001.h5 */

    snprintf(expected, sizeof expected, "codes-%05lld.h5", number);
    if (is_shard && (number < 0 || number >= shards || strcmp(name, expected) != 0))
        return spine_refuse(err,
                            "%s/%s: belongs to another run: this one has %lld shards, 0 to %lld",
                            directory, name, (long long)shards, (long long)shards - 1);
    if (strstr(name, ".part") != NULL)
        return spine_refuse(err, "%s/%s: is incomplete: the run that wrote it didn't finish",
                            directory, name);

    return 0;
}

static int check_directory(const char *directory, int64_t shards, struct spine_error *err)
{
    char path[SPINE_PATH];
    int rc = 0;

    snprintf(path, sizeof path, "%s/shards", directory);
    DIR *listing = opendir(path);
    if (listing == NULL)
        return spine_infile_fail(path, err);

    errno = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(listing)) != NULL; errno = 0)
        rc = check_name(path, entry->d_name, shards, err);
    if (rc == 0 && errno != 0)
        rc = spine_fail(err, "can't list %s: %s", path, strerror(errno));

    closedir(listing);
    return rc;
}

/* Does shard number 'expected' belong to the run of the first one, and begin at 'first_row'? */
static int check_shard(const char *path, const struct spine_shard *shard, int64_t expected,
                       const struct spine_shard *first, int64_t first_row, struct spine_error *err)
{
    if (strcmp(shard->fingerprint, first->fingerprint) != 0 || shard->shards != first->shards ||
        shard->total_rows != first->total_rows || shard->hidden != first->hidden)
        return spine_refuse(err, "%s: belongs to another run than shard 0", path);

    if (shard->shard != expected)
        return spine_refuse(err, "%s: is a duplicate: it holds shard %lld", path,
                            (long long)shard->shard);
    if (shard->first_row != first_row)
        return spine_refuse(err, "%s: begins with row %lld, expected %lld", path,
                            (long long)shard->first_row, (long long)first_row);

    return 0;
}

/* How to get codes without the shards; "" without a model. */
static int advise(const char *directory, char *advice, size_t size, struct spine_error *err)
{
    char model[SPINE_RUNDIR_PATH], input[SPINE_RUNDIR_PATH];
    bool has_model = false, has_input = false;

    advice[0] = '\0';
    if (spine_rundir_model(model, directory, err) || spine_present(model, &has_model, err) ||
        spine_rundir_join(input, directory, "input.h5", err) ||
        spine_present(input, &has_input, err))
        return -1;
    if (has_model)
        snprintf(advice, size, "; spine-encode %.300s %.300s -o FILE makes the codes again",
                 directory, has_input ? input : "INPUT");
    return 0;
}

static int refuse_missing(const char *path, const char *directory, struct spine_error *err)
{
    char shards[SPINE_PATH + 16], advice[700];

    bool has_shards = false;
    if (spine_state_explains(directory, err))
        return -1;
    snprintf(shards, sizeof shards, "%s/shards", directory);
    if (spine_present(shards, &has_shards, err) || advise(directory, advice, sizeof advice, err))
        return -1;
    if (!has_shards && advice[0] != '\0')
        return spine_refuse(err, "%s: has no shards%s", directory, advice);
    if (!has_shards)
        return spine_refuse(err, "%s: has no shards; is it the directory of a finished run?",
                            directory);

    return spine_refuse(err, "%s: the shard is missing%s", path, advice);
}

/* Open shard number 'number' of a run only to read its attributes. */
static int read_shard(char *path, const char *directory, int64_t number, struct spine_shard *shard,
                      struct spine_error *err)
{
    struct spine_codes codes;

    if (spine_codes_shard_path(path, directory, number, err))
        return -1;
    bool is_there = false;
    if (spine_present(path, &is_there, err))
        return -1;
    if (!is_there)
        return refuse_missing(path, directory, err);
    if (spine_codes_open_shard(&codes, path, shard, err))
        return -1;

    spine_codes_close(&codes);
    return 0;
}

int spine_codes_check_shards(const char *directory, struct spine_shard *first,
                             struct spine_error *err)
{
    int64_t row = 0;

    first->shards = 1;
    for (int64_t i = 0; i < first->shards; i++) {
        char path[SPINE_PATH];
        struct spine_shard shard;

        if (read_shard(path, directory, i, &shard, err))
            return -1;
        if (i == 0)
            *first = shard;
        if (check_shard(path, &shard, i, first, row, err))
            return -1;
        row += shard.rows;
    }

    if (row != first->total_rows)
        return spine_refuse(err, "%s: the shards have %lld rows together, expected %lld", directory,
                            (long long)row, (long long)first->total_rows);

    return check_directory(directory, first->shards, err);
}
