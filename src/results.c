/* results.c -- what a trained run leaves: shards, merged codes, the model. */
#include "spine/results.h"

#include "spine/codes.h"
#include "spine/log.h"
#include "spine/merge.h"
#include "spine/modelfile.h"
#include "spine/rundir.h"

#include <stdlib.h>

static int write_model(const struct spine_config *config, const struct spine_params *params,
                       const struct spine_dataset *data, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    char *text = spine_config_text(config);
    int rc = -1;
    if (text == NULL)
        spine_fail(err, "out of memory for the configuration's text");
    else if (spine_rundir_join(path, config->directory, "model.h5", err) == 0)
        rc = spine_modelfile_write(path, params, data->mean, data->scale, text, err);
    free(text);
    return rc;
}

static int write_shard(const struct spine_config *config, const struct spine_comm *comm,
                       const struct spine_params *params, struct spine_dataset *data,
                       struct spine_workspace *work, struct spine_error *err)
{
    const struct spine_partition *part = &data->part;
    struct spine_shard shard = {.shard = comm->rank,
                                .shards = comm->size,
                                .first_row = (int64_t)part->first_row,
                                .rows = (int64_t)(part->end_row - part->first_row),
                                .total_rows = (int64_t)part->num_rows,
                                .hidden = config->hidden};
    spine_modelfile_fingerprint(params, data->mean, data->scale, shard.fingerprint);
    return spine_codes_write_shard(config->directory, &shard, params, data, work,
                                   (uint32_t)spine_config_last_epoch(config),
                                   config->noisy_codes ? config->noise : 0, err);
}

static int merge_into(const struct spine_config *config, const char *name,
                      enum spine_merge_format format, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    struct spine_merge_report report;
    if (spine_rundir_join(path, config->directory, name, err) ||
        spine_merge(config->directory, path, format, &report, err))
        return -1;
    if (report.escaped > 0)
        spine_log(SPINE_LOG_INFO, "%s: %zu words are not valid UTF-8; such bytes stand as \\xNN",
                  path, report.escaped);
    spine_log(SPINE_LOG_INFO, "wrote %s: %zu words x %zu dimensions, %.1f values a word", path,
              report.rows, report.hidden, (double)report.values / (double)report.rows);
    return 0;
}

static int merge(const struct spine_config *config, struct spine_error *err)
{
    if ((config->formats & SPINE_FORMAT_H5AD) &&
        merge_into(config, "codes.h5ad", SPINE_MERGE_H5AD, err))
        return -1;
    if ((config->formats & SPINE_FORMAT_TXT) &&
        merge_into(config, "codes.txt", SPINE_MERGE_TXT, err))
        return -1;
    return 0;
}

int spine_results_write(const struct spine_config *config, struct spine_comm *comm,
                        const struct spine_params *params, struct spine_dataset *data,
                        struct spine_workspace *work, struct spine_error *err)
{
    int rc = write_shard(config, comm, params, data, work, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0 && comm->rank == 0)
        rc = (config->merge && merge(config, err)) || write_model(config, params, data, err) ? -1
                                                                                             : 0;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0 && !config->merge)
        spine_log(SPINE_LOG_INFO, "wrote %d shards; 'spine-merge %s' joins them", comm->size,
                  config->directory);
    return rc;
}
