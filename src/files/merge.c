/* merge.c -- the shards of a run, merged into files of any format.
 *
 * All shards are checked before a byte is written; then they are read again one after the other. */
#include "spine/files/merge.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/config/identity.h"
#include "spine/config/inifile.h"
#include "spine/files/codes.h"
#include "spine/files/metrics.h"
#include "spine/files/outputs.h"
#include "spine/files/run.h"
#include "spine/files/runinput.h"
#include "spine/files/strings.h"

/* --- Where the codes come from ------------------------------------------------------------ */

/* Memory behind a source. */
struct origin {
    struct spine_run run;
    char *config, *metrics; /* owned */
    struct spine_output_source source;
};

/* Find the options that fix the model, which the caller frees; NULL if another version wrote
 * them. */
static int find_identity(const struct spine_run *run, char **identity, struct spine_error *err)
{
    struct spine_config config;

    const int rc = spine_inifile_recall(&config, run->model.config, run->model_path, err);
    *identity = NULL;
    if (rc != 0 && err->status == SPINE_EXIT_FAILED)
        return -1;
    if (rc != 0)
        return 0;

    *identity = spine_identity_text(&config, err);
    if (*identity == NULL)
        return -1;
    return 0;
}

static int read_origin(struct origin *origin, const char *directory,
                       const struct spine_shard *first, struct spine_error *err)
{
    const struct spine_modelfile *model = &origin->run.model;
    char path[SPINE_RUNDIR_PATH], fingerprint[SPINE_FINGERPRINT] = "";

    if (spine_run_read(&origin->run, directory, err) || spine_metrics_path(directory, path, err) ||
        spine_metrics_last(path, &origin->metrics, err))
        return -1;
    if (origin->run.has_model)
        spine_modelfile_fingerprint(&model->params, &model->scaling, fingerprint);

    origin->source.fingerprint = first->fingerprint;
    origin->source.metrics = origin->metrics;
    if (strcmp(fingerprint, first->fingerprint) == 0) {
        if (find_identity(&origin->run, &origin->config, err))
            return -1;
        origin->source.config = origin->config;
        origin->source.params = &model->params;
        origin->source.scaling = &model->scaling;
    }
    return 0;
}

static void dispose_origin(struct origin *origin)
{
    spine_run_dispose(&origin->run);
    free(origin->config);
    free(origin->metrics);
}

/* --- Merging ------------------------------------------------------------------------------ */

/* Append a shard's rows to the outputs; if that is NULL, add them to the scale. */
static int append_shard(struct spine_outputs *outputs, struct spine_columnscale *scale,
                        const char *directory, int64_t number, struct spine_error *err)
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
    for (size_t row = 0; rc == 0 && row < codes.rows; row += block) {
        const size_t count = codes.rows - row < block ? codes.rows - row : block;
        const struct spine_output_rows rows = {&words, &codes.block, &codes.block_excess};
        spine_words_truncate(&words, 0);
        if (outputs == NULL) {
            rc = spine_codes_read(&codes, row, count, err);
            if (rc == 0)
                spine_columnscale_add(scale, &codes.block);
            continue;
        }
        if (spine_codes_read(&codes, row, count, err) ||
            spine_strings_read(codes.store, codes.words, row, count, &words, err) ||
            spine_outputs_write(outputs, &rows, err))
            rc = -1;
    }

    spine_words_dispose(&words);
    spine_codes_close(&codes);
    return rc;
}

/* Find the factor of each dimension over all shards; the caller frees them. */
static int find_factors(const char *directory, const struct spine_shard *first, float **factors,
                        struct spine_error *err)
{
    const size_t columns = (size_t)first->hidden;
    struct spine_columnscale scale = {0};
    int rc = 0;

    *factors = spine_memory_get(columns, sizeof **factors, "the scale of dimensions", err);
    if (*factors == NULL || spine_columnscale_init(&scale, columns, err))
        return -1;
    for (int64_t i = 0; rc == 0 && i < first->shards; i++)
        rc = append_shard(NULL, &scale, directory, i, err);
    if (rc == 0)
        spine_columnscale_find(&scale, *factors);
    spine_columnscale_dispose(&scale);
    return rc;
}

/* Write all rows to all files. */
static int write_outputs(const struct spine_merge_request *request, const struct spine_shard *first,
                         const struct spine_output_options *options,
                         const struct spine_output_source *source,
                         struct spine_merge_report *reports, struct spine_error *err)
{
    const struct spine_output_shape shape = {(size_t)first->total_rows, (size_t)first->hidden};
    struct spine_outputs outputs;

    int rc = spine_outputs_open(&outputs, request->paths, request->num_paths, &shape, options,
                                source, err);
    for (int64_t i = 0; rc == 0 && i < first->shards; i++)
        rc = append_shard(&outputs, NULL, request->directory, i, err);
    rc = spine_outputs_close(&outputs, rc, err);
    for (size_t i = 0; i < outputs.count; i++)
        reports[i] = (struct spine_merge_report){(size_t)first->shards, outputs.reports[i]};
    spine_outputs_dispose(&outputs);
    return rc;
}

int spine_merge(const struct spine_merge_request *request, struct spine_merge_report *reports,
                struct spine_error *err)
{
    const char *directory = request->directory;
    const struct spine_output_source *source = request->source;
    struct spine_output_options options = {0};
    struct spine_shard first;
    struct origin origin = {.config = NULL};
    float *factors = NULL;
    int rc = -1;

    for (size_t i = 0; source == NULL && i < request->num_paths; i++)
        if (spine_runinput_check_source(directory, request->paths[i], err))
            goto done;
    if (spine_codes_check_shards(directory, &first, err) ||
        (source == NULL && read_origin(&origin, directory, &first, err)))
        goto done;
    if (source == NULL)
        source = &origin.source;
    if (request->options != NULL)
        options = *request->options;
    if (options.is_scaled && find_factors(directory, &first, &factors, err))
        goto done;
    options.factors = factors;
    rc = write_outputs(request, &first, &options, source, reports, err);

done:
    free(factors);
    dispose_origin(&origin);
    return rc;
}

int spine_merge_into(const char *directory, const char *path,
                     const struct spine_output_options *options,
                     const struct spine_output_source *source, struct spine_merge_report *report,
                     struct spine_error *err)
{
    const struct spine_merge_request request = {directory, &path, 1, options, source};

    *report = (struct spine_merge_report){0};
    return spine_merge(&request, report, err);
}
