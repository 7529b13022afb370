/* run.c -- a run on disk, read back. */
#include "spine/files/run.h"

#include "spine/base/present.h"
#include "spine/config/inifile.h"
#include "spine/files/state.h"

int spine_run_read(struct spine_run *run, const char *directory, struct spine_error *err)
{
    *run = (struct spine_run){.has_model = false};

    if (spine_rundir_model(run->model_path, directory, err))
        return -1;
    bool is_there = false;
    if (spine_present(run->model_path, &is_there, err))
        return -1;
    if (!is_there)
        return 0;

    if (spine_modelfile_read(&run->model, run->model_path, err))
        return -1;
    if (spine_inifile_recall(&run->config, run->model.config, run->model_path, err)) {
        spine_run_dispose(run);
        return -1;
    }

    run->has_model = true;
    return 0;
}

int spine_run_require_model(struct spine_run *run, const char *directory, struct spine_error *err)
{
    if (spine_run_read(run, directory, err))
        return -1;
    if (run->has_model)
        return 0;
    if (spine_state_explains(directory, err))
        return -1;
    return spine_refuse(err, "%s: has no model.h5; is it the directory of a finished run?",
                        directory);
}

void spine_run_dispose(struct spine_run *run)
{
    spine_modelfile_dispose(&run->model);
    *run = (struct spine_run){.has_model = false};
}

int spine_run_find_codes(const char *directory, enum spine_run_codes *codes, char *path,
                         struct spine_error *err)
{
    if (spine_rundir_join(path, directory, "shards", err))
        return -1;
    bool has_shards = false, is_merged = false;
    if (spine_present(path, &has_shards, err) ||
        spine_rundir_join(path, directory, "codes.h5ad", err) ||
        spine_present(path, &is_merged, err))
        return -1;

    if (is_merged)
        *codes = SPINE_RUN_MERGED;
    else if (has_shards)
        *codes = SPINE_RUN_SHARDS;
    else if (spine_state_explains(directory, err))
        return -1;
    else
        return spine_refuse(err,
                            "%s: has neither codes.h5ad nor shards; is it the directory of a "
                            "finished run?",
                            directory);

    return 0;
}
