/* writer_anndata.c -- AnnData's on-disk format, .h5ad.
 *
 *     X                      the codes, CSR; indices and indptr int32 while the number of values
 *                            fits, else both int64 (scipy and scikit-learn want equal widths)
 *     layers["excess"]       the same shape, see codes.h; only if there is excess
 *     obs_names              the words, distinct, valid UTF-8
 *     var_names              a dimension's number and its three top words: "93 cells brain cause"
 *     var                    dimension: its number; top_words: ten of them
 *     varm["decoder"]        (H, D): what a dimension adds to a vector of the input, so that
 *                            X @ varm["decoder"] + uns["decoder_bias"] is near the input
 *     uns                    config, fingerprint, version, metrics (of the last epoch)
 *
 * Attributes of the root group beyond AnnData's own: spine_fingerprint.
 *
 * The index of the file (codeindex.h) is written after it, unless output.index says otherwise.
 *
 * The width of X's indices is known only at the end; until then they are in spools. */
#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/json.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/codeindex.h"
#include "spine/files/metrics.h"
#include "spine/files/object.h"
#include "spine/files/sink.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/files/writer.h"

enum { NAME = 128 };

/* --- Writing ------------------------------------------------------------------------------ */

/* A sparse matrix being written. */
struct matrix {
    const char *name;
    FILE *indices, *ends; /* owned; spools of int32 and int64 */
    int64_t count;
};

struct anndata {
    struct spine_store *store;
    struct matrix codes, excess;
};

static int set_encoding(struct spine_store *store, const char *object, const char *type,
                        const char *version, struct spine_error *err)
{
    if (spine_attribute_set_text(store, object, "encoding-type", type, err) ||
        spine_attribute_set_text(store, object, "encoding-version", version, err))
        return -1;
    return 0;
}

/* The dataset 'part' of the group 'name'. */
static const char *join(char *out, const char *name, const char *part)
{
    snprintf(out, NAME, "%s/%s", name, part);
    return out;
}

static int make_dict(struct spine_store *store, const char *name, struct spine_error *err)
{
    if (spine_object_make_group(store, name, err) ||
        set_encoding(store, name, "dict", "0.1.0", err))
        return -1;
    return 0;
}

static int begin_matrix(struct matrix *matrix, const struct spine_writing *writing,
                        struct spine_store *store, struct spine_error *err)
{
    const size_t rows = writing->shape->rows, columns = writing->shape->columns;
    const int64_t shape[2] = {(int64_t)rows, (int64_t)columns}, zero = 0;
    const size_t most = columns > 0 && rows > SIZE_MAX / columns ? SIZE_MAX : rows * columns;
    char part[NAME];

    if (spine_object_make_group(store, matrix->name, err) ||
        set_encoding(store, matrix->name, "csr_matrix", "0.1.0", err) ||
        spine_attribute_set_integers(store, matrix->name, "shape", shape, 2, err) ||
        spine_array_make_growing(store, join(part, matrix->name, "data"), SPINE_ARRAY_FLOAT, most,
                                 err))
        return -1;

    matrix->indices = spine_sink_spool(writing->path, err);
    matrix->ends = matrix->indices == NULL ? NULL : spine_sink_spool(writing->path, err);
    if (matrix->ends == NULL)
        return -1;
    return fwrite(&zero, sizeof zero, 1, matrix->ends) == 1
               ? 0
               : spine_sink_fail_spool(writing->path, err);
}

static int append_matrix(struct matrix *matrix, const struct spine_writing *writing,
                         const struct spine_csr *csr, struct spine_error *err)
{
    struct anndata *anndata = writing->state;
    char part[NAME];

    if (spine_array_append(anndata->store, join(part, matrix->name, "data"), SPINE_ARRAY_FLOAT,
                           csr->count, csr->data, err))
        return -1;
    /* Without values there may be no array of indices either. */
    if (csr->count > 0 &&
        fwrite(csr->indices, sizeof *csr->indices, csr->count, matrix->indices) != csr->count)
        return spine_sink_fail_spool(writing->path, err);

    for (size_t i = 0; i < csr->rows; i++) {
        const int64_t end = matrix->count + csr->indptr[i + 1];
        if (fwrite(&end, sizeof end, 1, matrix->ends) != 1)
            return spine_sink_fail_spool(writing->path, err);
    }
    matrix->count += (int64_t)csr->count;
    return 0;
}

enum { BLOCK = 1 << 16 }; /* elements of a chunk, which is then written once */

/* Numbers being copied, on the heap: threads may have small stacks. */
struct numbers {
    int64_t wide[BLOCK];
    int32_t narrow[BLOCK];
};

/* Copy a spool of whole numbers of 'bytes' bytes each, 4 or 8, to a dataset of 'type'. Eight
 * parameters: the source, the destination and the memory. */
static int copy_numbers(const struct spine_writing *writing, const char *name, FILE *spool,
                        size_t count, size_t bytes, enum spine_array_type type,
                        struct numbers *block, struct spine_error *err)
{
    struct spine_store *store = ((struct anndata *)writing->state)->store;
    const bool is_wide = type == SPINE_ARRAY_INT64, was_wide = bytes == sizeof *block->wide;
    void *const raw = was_wide ? (void *)block->wide : (void *)block->narrow;

    if (spine_array_make_growing(store, name, type, count, err))
        return -1;
    if (fseeko(spool, 0, SEEK_SET) != 0) /* writes what is buffered, too; rewind() hides errors */
        return spine_sink_fail_spool(writing->path, err);

    for (size_t got; (got = fread(raw, bytes, BLOCK, spool)) > 0;) {
        for (size_t i = 0; i < got && is_wide && !was_wide; i++)
            block->wide[i] = block->narrow[i];
        for (size_t i = 0; i < got && !is_wide && was_wide; i++)
            block->narrow[i] = (int32_t)block->wide[i];
        if (spine_array_append(store, name, type, got,
                               is_wide ? (void *)block->wide : (void *)block->narrow, err))
            return -1;
    }
    return ferror(spool) ? spine_sink_fail_spool(writing->path, err) : 0;
}

/* The same, with memory for it. Seven parameters. */
static int copy_spool(const struct spine_writing *writing, const char *name, FILE *spool,
                      size_t count, size_t bytes, enum spine_array_type type,
                      struct spine_error *err)
{
    struct numbers *block = spine_memory_get(1, sizeof *block, "a block of numbers", err);
    if (block == NULL)
        return -1;

    const int rc = copy_numbers(writing, name, spool, count, bytes, type, block, err);
    free(block);
    return rc;
}

static int finish_matrix(const struct matrix *matrix, const struct spine_writing *writing,
                         struct spine_error *err)
{
    const enum spine_array_type type =
        matrix->count > INT32_MAX ? SPINE_ARRAY_INT64 : SPINE_ARRAY_INT32;
    char part[NAME];

    if (copy_spool(writing, join(part, matrix->name, "indices"), matrix->indices,
                   (size_t)matrix->count, sizeof(int32_t), type, err) ||
        copy_spool(writing, join(part, matrix->name, "indptr"), matrix->ends,
                   writing->shape->rows + 1, sizeof(int64_t), type, err))
        return -1;
    return 0;
}

/* Make a data frame with columns and an index; the index is written separately. */
static int make_frame(struct spine_store *store, const char *name, const char *const *columns,
                      size_t count, struct spine_error *err)
{
    if (spine_object_make_group(store, name, err) ||
        set_encoding(store, name, "dataframe", "0.2.0", err) ||
        spine_attribute_set_text(store, name, "_index", "_index", err) ||
        spine_attribute_set_texts(store, name, "column-order", columns, count, err))
        return -1;
    return 0;
}

static int begin(struct spine_writing *writing, struct spine_error *err)
{
    static const char *const dicts[] = {"/layers", "/obsm", "/obsp", "/varm", "/varp", "/uns"};
    struct anndata *anndata = writing->state;
    struct spine_store *store = anndata->store;
    const char *fingerprint = writing->source->fingerprint;

    if (set_encoding(store, "/", "anndata", "0.1.0", err))
        return -1;
    if (fingerprint != NULL &&
        spine_attribute_set_text(store, "/", "spine_fingerprint", fingerprint, err))
        return -1;
    for (size_t i = 0; i < sizeof dicts / sizeof *dicts; i++)
        if (make_dict(store, dicts[i], err))
            return -1;

    if (begin_matrix(&anndata->codes, writing, store, err) ||
        make_frame(store, "/obs", NULL, 0, err) ||
        spine_strings_make(store, "/obs/_index", writing->shape->rows, err))
        return -1;
    return 0;
}

static void release(struct spine_writing *writing)
{
    struct anndata *anndata = writing->state;
    FILE *const spools[] = {anndata->codes.indices, anndata->codes.ends, anndata->excess.indices,
                            anndata->excess.ends};

    for (size_t i = 0; i < sizeof spools / sizeof *spools; i++)
        if (spools[i] != NULL)
            fclose(spools[i]);
    free(anndata);
    writing->state = NULL;
}

static void discard(struct spine_writing *writing)
{
    struct anndata *anndata = writing->state;
    struct spine_error ignored;

    spine_store_close(anndata->store, &ignored);
    spine_outfile_discard(writing->path);
    release(writing);
}

static int open_anndata(struct spine_writing *writing, struct spine_error *err)
{
    struct anndata *anndata = spine_memory_zeroed(1, sizeof *anndata, "an output file", err);
    if (anndata == NULL)
        return -1;

    writing->state = anndata;
    anndata->codes.name = "/X";
    anndata->excess.name = "/layers/excess";
    if (spine_store_create(&anndata->store, writing->path, NULL, err)) {
        release(writing);
        return -1;
    }
    if (begin(writing, err)) {
        discard(writing);
        return -1;
    }
    return 0;
}

static int write_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                      struct spine_error *err)
{
    struct anndata *anndata = writing->state;

    if (rows->excess != NULL && anndata->excess.ends == NULL &&
        begin_matrix(&anndata->excess, writing, anndata->store, err))
        return -1;
    if (spine_strings_append(anndata->store, "/obs/_index", rows->words, err) ||
        append_matrix(&anndata->codes, writing, rows->values, err))
        return -1;
    return rows->excess == NULL ? 0 : append_matrix(&anndata->excess, writing, rows->excess, err);
}

/* --- What is written at the end ----------------------------------------------------------- */

static int write_strings(struct spine_store *store, const char *name,
                         const struct spine_words *words, struct spine_error *err)
{
    if (spine_strings_make(store, name, words->count, err) ||
        spine_strings_append(store, name, words, err) ||
        set_encoding(store, name, "string-array", "0.2.0", err))
        return -1;
    return 0;
}

/* List the names of dimensions: given labels, or labels made from the words written. */
static int list_names(const struct spine_writing *writing, struct spine_words *names,
                      struct spine_words *tops, struct spine_error *err)
{
    const struct spine_words *given = writing->source->labels;
    enum { SHORT = 3 };

    for (size_t j = 0; j < writing->shape->columns; j++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", j);
        const char *label = given == NULL ? NULL : spine_words_get(given, j);
        if (label != NULL && (spine_words_add(names, label, strlen(label), err) ||
                              spine_words_add(tops, label, strlen(label), err)))
            return -1;
        if (label == NULL &&
            (spine_labels_append(writing->labels, j, SHORT, number, names, err) ||
             spine_labels_append(writing->labels, j, SPINE_LABEL_WORDS, "", tops, err)))
            return -1;
    }
    return 0;
}

static int write_array(struct spine_store *store, const char *name, size_t rows, size_t columns,
                       const float *values, struct spine_error *err)
{
    if (spine_array_make(store, name, SPINE_ARRAY_FLOAT, rows, columns, err) ||
        spine_array_write(store, name, SPINE_ARRAY_FLOAT, 0, rows, columns == 0 ? 1 : columns,
                          values, err) ||
        set_encoding(store, name, "array", "0.2.0", err))
        return -1;
    return 0;
}

/* Write the factor of each dimension. */
static int write_scale(const struct spine_writing *writing, struct spine_error *err)
{
    struct spine_store *store = ((struct anndata *)writing->state)->store;
    const size_t columns = writing->shape->columns;
    float *factors = spine_memory_get(columns, sizeof *factors, "the scale of dimensions", err);
    if (factors == NULL)
        return -1;

    if (writing->source->factors != NULL)
        memcpy(factors, writing->source->factors, columns * sizeof *factors);
    else
        spine_columnscale_find(writing->scale, factors);
    const int rc = write_array(store, "/var/scale", columns, 0, factors, err);
    free(factors);
    return rc;
}

/* Write the numbers of the dimensions at once: each appending rewrites a whole chunk. */
static int write_numbers(struct spine_store *store, size_t count, struct spine_error *err)
{
    int64_t *numbers = spine_memory_get(count, sizeof *numbers, "the dimensions' numbers", err);
    if (numbers == NULL)
        return -1;

    for (size_t j = 0; j < count; j++)
        numbers[j] = (int64_t)j;
    const int rc =
        spine_array_append(store, "/var/dimension", SPINE_ARRAY_INT64, count, numbers, err);
    free(numbers);
    return rc;
}

static int write_dimensions(const struct spine_writing *writing, struct spine_error *err)
{
    static const char *const columns[] = {"dimension", "top_words", "scale"};
    struct spine_store *store = ((struct anndata *)writing->state)->store;
    struct spine_words names = {0}, tops = {0};
    int rc = -1;

    if (make_frame(store, "/var", columns, 3, err) ||
        spine_array_make_growing(store, "/var/dimension", SPINE_ARRAY_INT64,
                                 writing->shape->columns, err) ||
        set_encoding(store, "/var/dimension", "array", "0.2.0", err) ||
        write_numbers(store, writing->shape->columns, err))
        return -1;

    if (list_names(writing, &names, &tops, err) == 0 &&
        write_strings(store, "/var/_index", &names, err) == 0 &&
        write_strings(store, "/var/top_words", &tops, err) == 0 && write_scale(writing, err) == 0)
        rc = 0;

    spine_words_dispose(&names);
    spine_words_dispose(&tops);
    return rc;
}

/* W2 / factor, and b2 / factor + mean (scaling.h). */
static int write_decoder(const struct spine_writing *writing, struct spine_error *err)
{
    struct spine_store *store = ((struct anndata *)writing->state)->store;
    const struct spine_params *params = writing->source->params;
    const struct spine_scaling *scaling = writing->source->scaling;
    if (params == NULL || params->hidden != writing->shape->columns)
        return 0;

    float *decoder =
        spine_memory_get(params->hidden * params->dim, sizeof *decoder, "the decoder", err);
    float *bias = spine_memory_get(params->dim, sizeof *bias, "the decoder", err);
    int rc = -1;
    if (decoder != NULL && bias != NULL) {
        for (size_t i = 0; i < params->hidden * params->dim; i++)
            decoder[i] =
                (float)((double)params->W2[i / params->dim * params->stride + i % params->dim] /
                        spine_scaling_factor(scaling, i % params->dim));
        for (size_t k = 0; k < params->dim; k++)
            bias[k] = (float)((double)params->b2[k] / spine_scaling_factor(scaling, k) +
                              (double)scaling->mean[k]);
        if (write_array(store, "/varm/decoder", params->hidden, params->dim, decoder, err) == 0 &&
            write_array(store, "/uns/decoder_bias", params->dim, 0, bias, err) == 0)
            rc = 0;
    }

    free(decoder);
    free(bias);
    return rc;
}

static int write_text(struct spine_store *store, const char *name, const char *text,
                      struct spine_error *err)
{
    if (text == NULL)
        return 0;
    if (spine_strings_put(store, name, text, err) ||
        set_encoding(store, name, "string", "0.2.0", err))
        return -1;
    return 0;
}

/* Is it a metric that doesn't depend on machine and time? Equal runs must write equal bytes. */
static bool is_lasting(const char *name)
{
    for (int i = 0; i < SPINE_METRICS_TIMED; i++)
        if (strcmp(name, spine_metrics_name((enum spine_metric)(SPINE_METRIC_SECONDS + i))) == 0)
            return false;
    return true;
}

static int write_metrics(struct spine_store *store, const char *line, struct spine_error *err)
{
    cJSON *metrics = NULL;
    int rc = spine_json_parse(line, "the metrics", &metrics, err);

    if (rc == 0 && metrics != NULL)
        rc = make_dict(store, "/uns/metrics", err);

    for (const cJSON *item = metrics == NULL ? NULL : metrics->child; rc == 0 && item != NULL;
         item = item->next) {
        char name[NAME];
        if (!cJSON_IsNumber(item) || !is_lasting(item->string))
            continue;
        snprintf(name, sizeof name, "/uns/metrics/%.64s", item->string);
        rc = spine_array_put_real(store, name, item->valuedouble, err);
        if (rc == 0)
            rc = set_encoding(store, name, "numeric-scalar", "0.2.0", err);
    }

    cJSON_Delete(metrics);
    return rc;
}

static int complete(struct spine_writing *writing, struct spine_error *err)
{
    struct anndata *anndata = writing->state;
    struct spine_store *store = anndata->store;
    const struct spine_output_source *source = writing->source;

    if (finish_matrix(&anndata->codes, writing, err) ||
        (anndata->excess.ends != NULL && finish_matrix(&anndata->excess, writing, err)) ||
        set_encoding(store, "/obs/_index", "string-array", "0.2.0", err) ||
        write_dimensions(writing, err) || write_decoder(writing, err))
        return -1;

    if (write_text(store, "/uns/config", source->config, err) ||
        write_text(store, "/uns/fingerprint", source->fingerprint, err) ||
        write_text(store, "/uns/version", SPINE_VERSION, err) ||
        write_metrics(store, source->metrics, err))
        return -1;
    return 0;
}

static int finish(struct spine_writing *writing, struct spine_error *err)
{
    struct anndata *anndata = writing->state;

    if (complete(writing, err)) {
        discard(writing);
        return -1;
    }
    const int rc = spine_store_close(anndata->store, err);
    if (rc != 0)
        spine_outfile_discard(writing->path);
    release(writing);
    return rc;
}

/* Replace the index of earlier codes. */
static int write_index(const struct spine_writing *writing, struct spine_error *err)
{
    spine_codeindex_remove(writing->path);
    return writing->is_unindexed ? 0 : spine_codeindex_write(writing->path, err);
}

const struct spine_writer spine_writer_anndata = {
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_DISTINCT | SPINE_WORD_LABELS,
    .open = open_anndata,
    .rows = write_rows,
    .finish = finish,
    .discard = discard,
    .follow = write_index,
};
