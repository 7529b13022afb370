/* merge.c -- the shards of a run, joined into one file.
 *
 * All shards are checked before a byte is written; then they are read again one after the other. */
#include "spine/files/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/files/codes.h"

int spine_merge_format_of(const char *path, enum spine_merge_format *format,
                          struct spine_error *err)
{
    const char *dot = strrchr(path, '.');
    if (dot != NULL && strcmp(dot, ".h5ad") == 0)
        *format = SPINE_MERGE_H5AD;
    else if (dot != NULL && strcmp(dot, ".txt") == 0)
        *format = SPINE_MERGE_TXT;
    else
        return spine_refuse(err, "%s: the name must end in .h5ad or .txt, which says the format",
                            path);
    return 0;
}

/* --- AnnData ------------------------------------------------------------------------------ */

static int set_encoding(struct spine_store *store, const char *object, const char *type,
                        const char *version, struct spine_error *err)
{
    return spine_store_set_text(store, object, "encoding-type", type, err) ||
           spine_store_set_text(store, object, "encoding-version", version, err);
}

static int make_matrix(struct spine_store *store, const char *name, int64_t rows, int64_t columns,
                       struct spine_error *err)
{
    const int64_t shape[2] = {rows, columns};
    return spine_csr_make(store, name, err) ||
           set_encoding(store, name, "csr_matrix", "0.1.0", err) ||
           spine_store_set_integers(store, name, "shape", shape, 2, err);
}

/* A data frame that has only its index. */
static int make_frame(struct spine_store *store, const char *name, struct spine_error *err)
{
    return spine_store_make_group(store, name, err) ||
           set_encoding(store, name, "dataframe", "0.2.0", err) ||
           spine_store_set_text(store, name, "_index", "_index", err) ||
           spine_store_set_texts(store, name, "column-order", NULL, 0, err);
}

static int make_units(struct spine_store *store, int64_t hidden, struct spine_error *err)
{
    struct spine_words units = {0};
    int rc = 0;
    for (int64_t j = 0; rc == 0 && j < hidden; j++) {
        char name[24];
        const int length = snprintf(name, sizeof name, "%lld", (long long)j);
        rc = spine_words_add(&units, name, (size_t)length, err);
    }
    rc = rc || spine_store_append_words(store, "/var/_index", &units, err) ||
         set_encoding(store, "/var/_index", "string-array", "0.2.0", err);
    spine_words_dispose(&units);
    return rc;
}

/* Everything but the rows. */
static int make_anndata(struct spine_store *store, const struct spine_shard *first,
                        struct spine_error *err)
{
    static const char *const empty[] = {"/obsm", "/obsp", "/varm", "/varp", "/uns"};
    if (set_encoding(store, "/", "anndata", "0.1.0", err) ||
        spine_store_set_text(store, "/", "spine_fingerprint", first->fingerprint, err) ||
        make_matrix(store, "/X", first->total_rows, first->hidden, err) ||
        spine_store_make_group(store, "/layers", err) ||
        set_encoding(store, "/layers", "dict", "0.1.0", err) ||
        make_matrix(store, "/layers/excess", first->total_rows, first->hidden, err) ||
        make_frame(store, "/obs", err) || make_frame(store, "/var", err) ||
        make_units(store, first->hidden, err))
        return -1;
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (spine_store_make_group(store, empty[i], err) ||
            set_encoding(store, empty[i], "dict", "0.1.0", err))
            return -1;
    return 0;
}

/* A merged file being written; one of store and text is used. */
struct output {
    enum spine_merge_format format;
    const char *path;
    struct spine_store *store;
    FILE *text;
    size_t num_values, num_excess;
    /* Of h5ad, rows that are yet to be appended. Appends are of equally many rows, whatever the
     * shards, so that the file's bytes depend on the codes only. Owned. */
    struct spine_csr codes, excess;
    struct spine_words words;
};

/* Append the rows that wait. */
static int flush_rows(struct output *output, struct spine_error *err)
{
    if (output->codes.rows == 0)
        return 0;
    if (spine_store_append_words(output->store, "/obs/_index", &output->words, err) ||
        spine_csr_append(output->store, "/X", &output->codes, &output->num_values, err) ||
        spine_csr_append(output->store, "/layers/excess", &output->excess, &output->num_excess,
                         err))
        return -1;

    spine_csr_clear(&output->codes);
    spine_csr_clear(&output->excess);
    spine_words_truncate(&output->words, 0);
    return 0;
}

static int write_h5ad_rows(struct output *output, const struct spine_codes *codes,
                           const struct spine_words *words, struct spine_merge_report *report,
                           struct spine_error *err)
{
    for (size_t i = 0; i < words->count; i++) {
        bool escaped = false;
        if (spine_words_add_escaped(&output->words, spine_words_get(words, i), &escaped, err))
            return -1;
        report->escaped += (size_t)escaped;
    }
    if (spine_csr_extend(&output->codes, &codes->block, err) ||
        spine_csr_extend(&output->excess, &codes->block_excess, err))
        return -1;
    return output->codes.rows == spine_codes_block_rows(codes) ? flush_rows(output, err) : 0;
}

/* --- Text --------------------------------------------------------------------------------- */

static int fail_text(const struct output *output, struct spine_error *err)
{
    return spine_fail(err, "%s: %s", output->path, strerror(errno));
}

static int write_text_rows(struct output *output, const struct spine_codes *codes,
                           const struct spine_words *words, struct spine_error *err)
{
    const struct spine_csr *csr = &codes->block;
    for (size_t i = 0; i < csr->rows; i++) {
        int64_t at = csr->indptr[i];
        fputs(spine_words_get(words, i), output->text);
        for (size_t j = 0; j < codes->hidden; j++)
            if (at < csr->indptr[i + 1] && csr->indices[at] == (int32_t)j)
                fprintf(output->text, " %.9g", (double)csr->data[at++]);
            else
                fputs(" 0", output->text);
        if (fputc('\n', output->text) == EOF || ferror(output->text))
            return fail_text(output, err);
    }
    return 0;
}

/* --- Writing ------------------------------------------------------------------------------ */

static int open_output(struct output *output, const struct spine_shard *first,
                       struct spine_error *err)
{
    if (output->format == SPINE_MERGE_H5AD)
        return spine_store_create(&output->store, output->path, NULL, err) ||
               make_anndata(output->store, first, err);
    output->text = spine_outfile_create_text(output->path, err);
    if (output->text == NULL)
        return -1;
    return 0;
}

static int append_shard(struct output *output, const char *directory, int64_t number,
                        struct spine_merge_report *report, struct spine_error *err)
{
    char path[SPINE_PATH];
    struct spine_shard shard;
    struct spine_codes codes;

    if (spine_codes_shard_path(path, directory, number, err) ||
        spine_codes_open_shard(&codes, path, &shard, err))
        return -1;

    const size_t block = spine_codes_block_rows(&codes);
    struct spine_words words = {0};
    int rc = 0;
    for (size_t row = 0, count; rc == 0 && row < codes.rows; row += count) {
        const size_t left = codes.rows - row, most = block - output->codes.rows;
        count = left < most ? left : most;
        spine_words_truncate(&words, 0);
        rc = spine_codes_read(&codes, row, count, err) ||
             spine_store_read_words(codes.store, codes.words, row, count, &words, err) ||
             (output->format == SPINE_MERGE_H5AD
                  ? write_h5ad_rows(output, &codes, &words, report, err)
                  : write_text_rows(output, &codes, &words, err));
        report->rows += count;
        report->values += codes.block.count;
    }

    spine_words_dispose(&words);
    spine_codes_close(&codes);
    return rc;
}

/* Close the output, and publish it if all went well so far (rc 0). */
static int close_output(struct output *output, int rc, struct spine_error *err)
{
    struct spine_error second;
    if (output->store == NULL && output->text == NULL)
        return -1; /* it couldn't be created, so there is nothing of ours to discard */
    if (output->store != NULL && spine_store_close(output->store, rc == 0 ? err : &second))
        rc = -1;
    if (output->text != NULL && fclose(output->text) != 0 && rc == 0)
        rc = fail_text(output, err);
    if (rc == 0 && spine_outfile_publish(output->path, err) == 0)
        return 0;
    spine_outfile_discard(output->path);
    return -1;
}

int spine_merge(const char *directory, const char *path, enum spine_merge_format format,
                struct spine_merge_report *report, struct spine_error *err)
{
    struct spine_shard first;
    struct output output = {.format = format, .path = path};
    *report = (struct spine_merge_report){0};
    if (spine_codes_check_shards(directory, &first, err))
        return -1;
    report->shards = (size_t)first.shards;
    report->hidden = (size_t)first.hidden;
    int rc = open_output(&output, &first, err);
    for (int64_t i = 0; rc == 0 && i < first.shards; i++)
        rc = append_shard(&output, directory, i, report, err);
    if (rc == 0)
        rc = flush_rows(&output, err);
    spine_csr_dispose(&output.codes);
    spine_csr_dispose(&output.excess);
    spine_words_dispose(&output.words);
    if (rc == 0 && format == SPINE_MERGE_H5AD)
        rc = set_encoding(output.store, "/obs/_index", "string-array", "0.2.0", err);
    return close_output(&output, rc, err);
}
