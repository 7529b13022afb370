/* startmodel.c -- the model from which a run starts. */
#include "spine/files/startmodel.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/path.h"
#include "spine/base/present.h"
#include "spine/config/inifile.h"
#include "spine/files/checkpoint.h"
#include "spine/files/rundir.h"

/* Read the newest intact checkpoint. */
static int read_checkpoint(struct spine_modelfile *model, const char *run, struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH];
    int64_t steps = INT64_MAX;

    for (;;) {
        bool is_damaged = false;
        if (spine_checkpoint_newest(run, steps, path, &steps, err))
            return -1;
        if (steps < 0)
            return spine_refuse(
                err, "train.start_from: %s has neither model.h5 nor an intact checkpoint", run);
        if (spine_checkpoint_read_model(path, model, &is_damaged, err) == 0)
            return 0;
        if (!is_damaged)
            return -1;
        spine_log_warning("%s; going back to the checkpoint before it", err->text);
    }
}

/* Refuse a model that doesn't fit the configuration. */
static int check(const struct spine_modelfile *model, const struct spine_config *config, size_t dim,
                 struct spine_error *err)
{
    const char *run = config->start_from;
    const struct spine_params *params = &model->params;
    const bool is_nnse = config->objective == SPINE_OBJECTIVE_NNSE;
    struct spine_config started;

    if (params->dim != dim)
        return spine_refuse(err,
                            "train.start_from: %s was trained on rows of %zu numbers, %s has %zu",
                            run, params->dim, config->input, dim);
    if (params->hidden != (size_t)config->hidden)
        return spine_refuse(err, "train.start_from: %s has %zu units; set model.hidden = %zu", run,
                            params->hidden, params->hidden);
    if (spine_inifile_recall(&started, model->config, run, err))
        return -1;
    if (is_nnse != (started.objective == SPINE_OBJECTIVE_NNSE))
        return spine_refuse(err,
                            "train.start_from: %s is %sof model.objective = nnse, this run is%s",
                            run, is_nnse ? "not " : "", is_nnse ? "" : " not");
    if (config->unit_norm && !started.unit_norm)
        return spine_refuse(
            err,
            "train.start_from: %s has model.unit_norm = no, so that rows of W2 have any "
            "length; leave model.unit_norm out",
            run);
    if (started.clip != config->clip || started.center != config->center ||
        started.rms != config->rms || strcmp(started.whiten, config->whiten) != 0)
        return spine_refuse(
            err,
            "train.start_from: %s has other values of data.clip, data.center, "
            "data.whiten or data.rms; its scaling is kept, so set them to its values",
            run);
    return 0;
}

/* Read the model of a finished or a paused run. */
static int read_run(struct spine_modelfile *model, const char *run, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    bool is_finished = false;

    *model = (struct spine_modelfile){0};
    if (spine_rundir_model(path, run, err) || spine_present(path, &is_finished, err))
        return -1;
    return is_finished ? spine_modelfile_read(model, path, err) : read_checkpoint(model, run, err);
}

int spine_startmodel_read(struct spine_modelfile *model, const struct spine_config *config,
                          size_t dim, struct spine_error *err)
{
    const char *run = config->start_from;

    *model = (struct spine_modelfile){0};
    if (spine_path_are_same(run, config->directory))
        return spine_refuse(err, "train.start_from: %s is output.directory; name another directory",
                            run);

    int rc = read_run(model, run, err);
    if (rc == 0)
        rc = check(model, config, dim, err);
    if (rc != 0)
        spine_modelfile_dispose(model);
    return rc;
}

int spine_startmodel_fingerprint(const char *run, char *fingerprint, struct spine_error *err)
{
    struct spine_modelfile model;
    const int rc = read_run(&model, run, err);

    if (rc == 0)
        spine_modelfile_fingerprint(&model.params, &model.scaling, fingerprint);
    spine_modelfile_dispose(&model);
    return rc;
}

/* Read the configuration of a finished or a paused run. The caller frees it. */
static int peek(const char *run, char **config, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], newest[SPINE_CHECKPOINT_PATH];
    int64_t steps = INT64_MAX;
    bool is_finished = false;

    if (spine_rundir_model(path, run, err) || spine_present(path, &is_finished, err))
        return -1;
    if (is_finished)
        return spine_modelfile_peek(path, spine_modelfile_format, "config", config, err);

    while (spine_checkpoint_newest(run, steps, newest, &steps, err) == 0 && steps >= 0)
        if (spine_checkpoint_peek(newest, config, err) == 0)
            return 0;
    return -1;
}

bool spine_startmodel_objective(const char *run, enum spine_objective *objective)
{
    struct spine_config started;
    struct spine_error ignored;
    char *text = NULL;

    const bool is_read =
        peek(run, &text, &ignored) == 0 && spine_inifile_recall(&started, text, run, &ignored) == 0;
    if (is_read)
        *objective = (enum spine_objective)started.objective;
    free(text);
    return is_read;
}
