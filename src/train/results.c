/* results.c -- the results of a trained run: shards, merged codes, the model. */
#include "spine/train/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/outfile.h"
#include "spine/config/identity.h"
#include "spine/config/settings.h"
#include "spine/files/codes.h"
#include "spine/files/merge.h"
#include "spine/files/metrics.h"
#include "spine/files/modelfile.h"
#include "spine/files/rundir.h"

/* The values to append at once, approximately: each appending rewrites the file's last chunk. */
enum { WRITE_VALUES = 1 << 16 };

/* Seven parameters: what encoding needs, and the destination. */
static int write_rows(struct spine_store *store, const struct spine_params *params,
                      struct spine_dataset *data, struct spine_coder *coder, uint32_t epoch,
                      double sigma, struct spine_error *err)
{
    const size_t local = spine_partition_rows(&data->part);
    struct spine_csr codes = {0}, excess = {0};
    struct spine_codes_totals totals = {0};
    int rc = 0;

    for (struct spine_block_walk at = {0}; rc == 0 && spine_block_next(&at, local);) {
        const float *x = spine_dataset_slice(data, epoch, at.first, at.rows, sigma);
        spine_coder_encode_block(coder, params, at.number, at.rows, x, true);
        rc = spine_codes_add_block(&coder->block, &codes, &excess, err);
        if (rc == 0 && (codes.count >= WRITE_VALUES || at.first + at.rows == local)) {
            rc = spine_codes_append(store, &codes, &excess, &totals, err);
            spine_csr_clear(&codes);
            spine_csr_clear(&excess);
        }
    }
    if (rc == 0)
        rc = spine_dataset_check(data, err);

    spine_csr_dispose(&codes);
    spine_csr_dispose(&excess);
    return rc;
}

/* Eight parameters: a shard, and what encoding needs. */
int spine_results_write_shard(const char *directory, const struct spine_shard *shard,
                              const struct spine_params *params, struct spine_dataset *data,
                              struct spine_coder *coder, uint32_t epoch, double sigma,
                              struct spine_error *err)
{
    char path[SPINE_PATH];
    struct spine_store *store = NULL;
    if (spine_codes_shard_path(path, directory, shard->shard, err) ||
        spine_codes_create_shard(&store, path, shard, &data->words, err))
        return -1;
    const int rc = write_rows(store, params, data, coder, epoch, sigma, err);
    return spine_store_finish(store, path, rc, err);
}

static int write_model(const struct spine_config *config, const struct spine_params *params,
                       const struct spine_dataset *data, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    /* The grid doesn't change the results, so it isn't recorded. */
    struct spine_config recorded = *config;
    strcpy(recorded.grid, "auto");
    char *text = spine_config_text(&recorded, err);
    int rc = -1;

    if (text != NULL && spine_rundir_model(path, config->directory, err) == 0)
        rc = spine_modelfile_write(path, params, &data->scaling, text, err);
    free(text);
    return rc;
}

static int write_shard(const struct spine_config *config, const struct spine_comm *comm,
                       const struct spine_params *params, struct spine_dataset *data,
                       struct spine_coder *coder, struct spine_error *err)
{
    const struct spine_partition *part = &data->part;
    struct spine_shard shard = {.shard = comm->rank,
                                .shards = comm->size,
                                .first_row = (int64_t)part->first_row,
                                .rows = (int64_t)spine_partition_rows(part),
                                .total_rows = (int64_t)part->num_rows,
                                .hidden = config->hidden};
    spine_modelfile_fingerprint(params, &data->scaling, shard.fingerprint);
    return spine_results_write_shard(config->directory, &shard, params, data, coder,
                                     (uint32_t)spine_settings_last_epoch(config),
                                     config->noisy_codes ? config->noise : 0, err);
}

static void log_output(const char *path, const struct spine_output_report *report)
{
    char text[512];

    spine_output_describe_notes(report, text, sizeof text);
    if (text[0] != '\0')
        spine_log(SPINE_LOG_INFO, "%s: %s", path, text);
    spine_output_describe(report, text, sizeof text);
    spine_log(SPINE_LOG_INFO, "wrote %s: %s", path, text);
}

/* Merge into all formats of output.formats, which appear together. */
static int merge_formats(const struct spine_config *config,
                         const struct spine_output_source *source, struct spine_error *err)
{
    const struct spine_output_options options = {.is_unindexed = config->index == SPINE_INDEX_NO};
    char paths[SPINE_FORMATS][SPINE_RUNDIR_PATH], name[64];
    const char *list[SPINE_FORMATS];
    struct spine_merge_report reports[SPINE_FORMATS];
    struct spine_merge_request request = {
        .directory = config->directory, .paths = list, .options = &options, .source = source};

    for (enum spine_format i = 0; i < SPINE_FORMATS; i++)
        if (spine_config_has_format(config, i)) {
            snprintf(name, sizeof name, "codes.%s", spine_format_names[i]);
            if (spine_rundir_join(paths[request.num_paths], config->directory, name, err))
                return -1;
            list[request.num_paths] = paths[request.num_paths];
            request.num_paths++;
        }
    if (request.num_paths > 0 && spine_merge(&request, reports, err))
        return -1;

    for (size_t i = 0; i < request.num_paths; i++)
        log_output(list[i], &reports[i].output);
    return 0;
}

/* Merge the run's shards. */
static int merge(const struct spine_config *config, const struct spine_params *params,
                 const struct spine_dataset *data, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], fingerprint[SPINE_FINGERPRINT];
    char *identity = spine_identity_text(config, err), *metrics = NULL;
    int rc = -1;

    spine_modelfile_fingerprint(params, &data->scaling, fingerprint);
    if (identity != NULL && spine_metrics_path(config->directory, path, err) == 0 &&
        spine_metrics_last(path, &metrics, err) == 0) {
        const struct spine_output_source source = {.fingerprint = fingerprint,
                                                   .config = identity,
                                                   .metrics = metrics,
                                                   .params = params,
                                                   .scaling = &data->scaling};
        rc = merge_formats(config, &source, err);
    }

    free(identity);
    free(metrics);
    return rc;
}

/* Write the merged codes, then the model. On rank 0. */
static int write_merged(const struct spine_config *config, const struct spine_params *params,
                        const struct spine_dataset *data, struct spine_error *err)
{
    if (config->merge && merge(config, params, data, err))
        return -1;
    return write_model(config, params, data, err);
}

int spine_results_write(const struct spine_config *config, struct spine_comm *comm,
                        const struct spine_params *params, struct spine_dataset *data,
                        struct spine_coder *coder, struct spine_error *err)
{
    int rc = write_shard(config, comm, params, data, coder, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0 && comm->rank == 0)
        rc = write_merged(config, params, data, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0 && !config->merge)
        spine_log(SPINE_LOG_INFO, "wrote %d shards; merge them with 'spine-merge %s'", comm->size,
                  config->directory);
    return rc;
}
