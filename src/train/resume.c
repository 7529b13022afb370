/* resume.c -- start a run, or resume it from a checkpoint. Rank 0 decides for all ranks. */
#include "spine/train/resume.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/config/identity.h"
#include "spine/config/inifile.h"
#include "spine/config/settings.h"
#include "spine/files/rundir.h"
#include "spine/files/runinput.h"
#include "spine/files/shared.h"
#include "spine/files/startmodel.h"
#include "spine/files/state.h"
#include "spine/math/kernels.h"

static bool is_path(const char *resume)
{
    return strcmp(resume, "auto") != 0 && strcmp(resume, "never") != 0;
}

/* Describe what rank 0 computes with: "AVX2, OpenBLAS 0.3.21, Zen kernels". The caller frees it. */
static char *name_kernels(struct spine_error *err)
{
    char blas[256], text[320];

    spine_kernel_library(blas, sizeof blas);
    char *threads = strrchr(blas, ','); /* their number doesn't change results */
    if (threads != NULL && strstr(threads, " thread") != NULL)
        *threads = '\0';
    snprintf(text, sizeof text, "%s, %s", spine_processor_names[spine_kernel_processor()], blas);
    return spine_memory_copy(text, "the kernels' names", err);
}

static int make_texts(const struct spine_config *config, const struct spine_dataset *data,
                      struct spine_checkpoint_texts *texts, struct spine_error *err)
{
    texts->identity = spine_identity_text(config, err);
    texts->config = spine_config_text(config, err);
    if (texts->identity == NULL || texts->config == NULL)
        return -1;

    texts->input = spine_memory_get(SPINE_RUNINPUT_TEXT, 1, "a checkpoint's texts", err);
    if (texts->input == NULL)
        return -1;

    texts->kernels = name_kernels(err);
    if (texts->kernels == NULL)
        return -1;
    spine_runinput_describe(data->part.num_rows, data->dim, data->checksum, texts->input);
    return 0;
}

/* The outcome of loading a checkpoint. A damaged one has a wrong checksum; after a failure, such as
 * a read error, the file may be intact. REPLACED: the last checkpoint of a finished run that is to
 * be replaced; nothing is loaded from it. */
enum outcome { LOADED, DAMAGED, UNFIT, FAILED, REPLACED };

/* Refuse a checkpoint of another input or of other options. */
static int check_texts(const struct spine_resume *resume, const char *path,
                       const struct spine_checkpoint_texts *saved, struct spine_error *err)
{
    const struct spine_checkpoint_texts *own = &resume->texts;
    char differences[768];

    if (spine_identity_differ(saved->identity, own->identity, differences, sizeof differences) > 0)
        return spine_refuse(err,
                            "%s: was saved with different options: %s; change them back, or "
                            "choose another output.directory",
                            path, differences);
    const bool is_elsewhere = strcmp(path, resume->config->resume) == 0;
    return spine_runinput_compare(path, saved->input, resume->config->input, own->input,
                                  is_elsewhere ? "" : spine_runinput_advice, err);
}

/* Refuse a checkpoint with more epochs than the run will have. */
static int check_progress(const struct spine_config *config, const char *path,
                          const struct spine_progress *progress, struct spine_error *err)
{
    const int64_t last = spine_settings_last_epoch(config);

    if (progress->epoch < last || (progress->epoch == last && progress->step == 0))
        return 0;
    return spine_refuse(err, "%s: is %lld, but %s is of epoch %lld",
                        last < config->epochs ? "train.stop_after" : "train.epochs",
                        (long long)last, path, (long long)progress->epoch + (progress->step > 0));
}

/* The epochs of a checkpoint's configuration; 0 if it isn't one of ours, which is no reason not to
 * resume: what must agree is in the identity. */
static int64_t find_epochs(const char *text)
{
    struct spine_config config;
    struct spine_error ignored;

    return spine_inifile_recall(&config, text, "a checkpoint", &ignored) == 0 ? config.epochs : 0;
}

/* The schedule of the run until it stopped, when it was to have 'was' epochs. */
static struct spine_schedule schedule_before(const struct spine_resume *resume, int64_t was)
{
    struct spine_schedule schedule = resume->stepper->settings.schedule;
    const int64_t epochs = resume->config->epochs;

    if (was > 0 && epochs > 0)
        schedule.num_steps = schedule.num_steps / (uint64_t)epochs * (uint64_t)was;
    return schedule;
}

/* Log what has changed since the run stopped, when it was to have 'was' epochs. */
static void say_changes(const struct spine_resume *resume,
                        const struct spine_checkpoint_texts *saved, int64_t was,
                        const struct spine_progress *progress)
{
    const struct spine_config *config = resume->config;
    const struct spine_schedule *schedule = &resume->stepper->settings.schedule;
    const struct spine_schedule before = schedule_before(resume, was);
    const uint64_t steps = (uint64_t)progress->steps;

    if (saved->kernels != NULL && strcmp(saved->kernels, resume->texts.kernels) != 0)
        spine_log(
            SPINE_LOG_INFO,
            "before: %s; now: %s: results differ in their last digits from those of a run that "
            "wasn't stopped",
            saved->kernels, resume->texts.kernels);
    if (config->objective == SPINE_OBJECTIVE_NNSE) /* it has no learning rate */
        return;
    if (was <= 0 || was == config->epochs || steps == 0 || progress->epoch >= config->epochs)
        return;

    const double last = spine_schedule_rate(&before, steps - 1);
    const double next = spine_schedule_rate(schedule, steps);
    if (last != next)
        spine_log(SPINE_LOG_INFO,
                  "train.epochs was %lld, is %lld: the schedule of the learning rate follows it; "
                  "the rate was %.3g in the last step, is %.3g in the next",
                  (long long)was, (long long)config->epochs, last, next);
}

/* Read everything that the run needs from an open checkpoint. */
static int read_state(struct spine_resume *resume, const struct spine_checkpoint *checkpoint,
                      struct spine_error *err)
{
    struct spine_stepper *stepper = resume->stepper;
    struct spine_idle *idle = resume->idle;

    if (spine_checkpoint_read(checkpoint, &stepper->params, &stepper->optimizer, err))
        return -1;
    if (resume->config->start_from[0] != '\0' &&
        spine_checkpoint_read_scaling(checkpoint, stepper->params.dim, &resume->scaling, err))
        return -1;

    if (stepper->memory.silence != NULL &&
        spine_checkpoint_read_silence(checkpoint, stepper->memory.silence, stepper->params.hidden,
                                      err))
        return -1;
    return idle == NULL ? 0
                        : spine_checkpoint_read_idle(checkpoint, idle->epochs, idle->hidden, err);
}

/* Log what has changed, and find the rate of the last step, for the metrics of its epoch. */
static void take_up(struct spine_resume *resume, const struct spine_checkpoint_texts *saved,
                    const struct spine_progress *progress)
{
    const uint64_t steps = (uint64_t)progress->steps;
    const int64_t was = find_epochs(saved->config);

    say_changes(resume, saved, was, progress);
    if (steps == 0 || resume->config->objective == SPINE_OBJECTIVE_NNSE) /* it has none */
        return;
    const struct spine_schedule before = schedule_before(resume, was);
    resume->stepper->optimizer.rate = spine_schedule_rate(&before, steps - 1);
}

/* Have all epochs been trained, and the codes written? */
static bool is_finished(enum spine_rundir_state state, const struct spine_progress *saved,
                        const struct spine_config *config)
{
    return state == SPINE_RUNDIR_FINISHED && saved->epoch >= spine_settings_last_epoch(config);
}

/* Load a checkpoint of a run in that state. Stepper and idle are unchanged unless the outcome is
 * LOADED or FAILED. */
static enum outcome load(struct spine_resume *resume, const char *path,
                         enum spine_rundir_state state, struct spine_progress *saved,
                         struct spine_error *err)
{
    const struct spine_config *config = resume->config;
    struct spine_checkpoint checkpoint;
    enum outcome outcome = LOADED;
    bool is_damaged = false;

    if (spine_checkpoint_open(&checkpoint, path, &is_damaged, err))
        return is_damaged ? DAMAGED : FAILED;

    *saved = checkpoint.progress;
    if (check_texts(resume, path, &checkpoint.texts, err) ||
        check_progress(config, path, saved, err))
        outcome = UNFIT;
    else if (config->overwrite && is_finished(state, saved, config))
        outcome = REPLACED;
    else if (read_state(resume, &checkpoint, err))
        outcome = FAILED;
    else
        take_up(resume, &checkpoint.texts, saved);

    spine_checkpoint_close(&checkpoint);
    return outcome;
}

/* Load the newest intact checkpoint of the directory. DAMAGED: none is intact. If there are none,
 * *found is false. */
static enum outcome load_newest(struct spine_resume *resume, enum spine_rundir_state state,
                                struct spine_progress *saved, bool *found, struct spine_error *err)
{
    const char *directory = resume->config->directory;
    char path[SPINE_CHECKPOINT_PATH];
    int64_t steps = INT64_MAX;

    for (*found = false;; *found = true) {
        if (spine_checkpoint_newest(directory, steps, path, &steps, err))
            return FAILED;
        if (steps < 0)
            break;
        const enum outcome outcome = load(resume, path, state, saved, err);
        if (outcome != DAMAGED)
            return outcome;
        spine_log_warning("%s; going back to the checkpoint before it", err->text);
    }

    if (*found)
        spine_refuse(err,
                     "%s: has no intact checkpoint; output.overwrite = yes starts a new run "
                     "and keeps this one in %s/replaced until the new one is finished",
                     directory, directory);
    return DAMAGED;
}

/* Resume the run in the directory; SPINE_START_NEW if it shouldn't be resumed and the configuration
 * allows replacing it. */
static int resume_run(struct spine_resume *resume, enum spine_rundir_state state,
                      struct spine_progress *saved, struct spine_error *err)
{
    const struct spine_config *config = resume->config;
    bool found = false;

    resume->start = SPINE_START_NEW;
    switch (load_newest(resume, state, saved, &found, err)) {
    case FAILED:
        return -1; /* a checkpoint might have been resumed */
    case UNFIT:
        return config->overwrite ? 0 : -1;
    case DAMAGED:
        if (config->overwrite)
            return 0;
        if (found)
            return -1;
        if (state == SPINE_RUNDIR_BEGUN) /* it was stopped before its first checkpoint */
            return 0;
        return spine_refuse(err,
                            "output.directory: %s holds a finished run without its checkpoint; "
                            "name another one or set output.overwrite = yes",
                            config->directory);
    case REPLACED:
        return 0;
    case LOADED:
        break;
    }

    resume->start = is_finished(state, saved, config) ? SPINE_START_FINISHED : SPINE_START_RESUMED;
    return 0;
}

/* Clear the directory for the run's files. Results that resuming couldn't recreate are set
 * aside. */
static int make_way(const struct spine_config *config, enum spine_rundir_state state,
                    bool keeps_checkpoints, struct spine_error *err)
{
    char aside[SPINE_RUNDIR_PATH];

    if (keeps_checkpoints && state != SPINE_RUNDIR_FINISHED)
        return spine_rundir_clear(config->directory, SPINE_RUNDIR_RESULTS, err);
    if (spine_rundir_set_aside(config->directory,
                               keeps_checkpoints ? SPINE_RUNDIR_RESULTS : SPINE_RUNDIR_ALL, aside,
                               err))
        return -1;

    if (aside[0] != '\0')
        spine_log(SPINE_LOG_INFO, "the earlier run is kept in %s until this one is finished",
                  aside);
    return 0;
}

/* Copy the parameters and the scaling of the run that train.start_from names. */
static int start_from(struct spine_resume *resume, struct spine_error *err)
{
    const struct spine_config *config = resume->config;
    struct spine_params *params = &resume->stepper->params;
    struct spine_modelfile model;

    if (spine_startmodel_read(&model, config, params->dim, err))
        return -1;
    memcpy(params->data, model.params.data, params->len * sizeof *params->data);
    spine_scaling_dispose(&resume->scaling);
    resume->scaling = model.scaling;
    model.scaling = (struct spine_scaling){0};
    spine_modelfile_dispose(&model);

    spine_log(SPINE_LOG_INFO, "starting from the parameters of %s", config->start_from);
    return 0;
}

static int decide(struct spine_resume *resume, struct spine_progress *saved,
                  struct spine_error *err)
{
    const struct spine_config *config = resume->config;
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;

    resume->start = SPINE_START_NEW;
    if (spine_rundir_lock(config->directory, &resume->lock, err) ||
        spine_rundir_inspect(config->directory, &state, NULL, err))
        return -1;

    if (is_path(config->resume) && spine_path_lies_in(config->resume, config->directory))
        return spine_refuse(err,
                            "train.resume: %s is in output.directory, whose run would be "
                            "replaced; name another directory",
                            config->resume);

    /* If this configuration can resume the run, resume it, whatever output.overwrite is. */
    if (state != SPINE_RUNDIR_EMPTY && strcmp(config->resume, "never") != 0 &&
        resume_run(resume, state, saved, err))
        return -1;
    if (resume->start == SPINE_START_FINISHED)
        return spine_rundir_forget_aside(config->directory, err);
    if (resume->start == SPINE_START_RESUMED) {
        if (is_path(config->resume))
            spine_log(SPINE_LOG_INFO,
                      "resuming from the checkpoints in %s; %s is only where the run started",
                      config->directory, config->resume);
        return make_way(config, state, true, err);
    }

    if (is_path(config->resume)) {
        if (load(resume, config->resume, SPINE_RUNDIR_BEGUN, saved, err) != LOADED)
            return -1;
        resume->start = SPINE_START_RESUMED;
    } else if (config->start_from[0] != '\0' && start_from(resume, err)) {
        return -1;
    }
    return make_way(config, state, false, err);
}

/* Broadcast rank 0's parameters to one rank of each node. */
static void share_params(const struct spine_stepper *stepper)
{
    if (stepper->grid->node.rank == 0)
        spine_comm_broadcast(&stepper->grid->others, stepper->params.data,
                             stepper->params.len * sizeof(float));
}

/* Broadcast rank 0's scaling. */
static int share_scaling(struct spine_resume *resume, struct spine_error *err)
{
    struct spine_comm *comm = &resume->stepper->grid->ranks;
    struct spine_scaling *scaling = &resume->scaling;
    struct spine_scaling shape = *scaling; /* its pointers say only what it has */
    int rc = 0;

    spine_comm_broadcast(comm, &shape, sizeof shape);
    if (comm->rank != 0) {
        const enum spine_whiten whiten = shape.factors != NULL      ? SPINE_WHITEN_COLUMN
                                         : shape.components != NULL ? SPINE_WHITEN_REMOVE
                                                                    : SPINE_WHITEN_NO;
        rc = spine_scaling_init(scaling, shape.dim, whiten, shape.num_components, err);
        scaling->longest = shape.longest;
        scaling->scale = shape.scale;
    }
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        spine_comm_broadcast(comm, scaling->mean,
                             spine_scaling_len(scaling) * sizeof *scaling->mean);
    return rc;
}

/* Broadcast what rank 0 has loaded; parameters and moments only to one rank of each node. */
static void share(struct spine_resume *resume, const struct spine_progress *saved)
{
    struct spine_stepper *stepper = resume->stepper;
    struct spine_optimizer *optimizer = &stepper->optimizer;
    struct spine_grid *grid = stepper->grid;
    struct spine_idle *idle = resume->idle;
    const size_t bytes = stepper->params.len * sizeof(float);

    optimizer->steps = (uint64_t)saved->steps;
    spine_comm_broadcast(&grid->ranks, &optimizer->rate, sizeof optimizer->rate);
    spine_comm_broadcast(&grid->ranks, &stepper->params.threshold,
                         sizeof stepper->params.threshold);
    if (stepper->settings.kernel == SPINE_KERNEL_AUTO)
        stepper->mode = (enum spine_mode)saved->mode;
    if (idle != NULL)
        spine_comm_broadcast(&grid->ranks, idle->epochs, idle->hidden * sizeof *idle->epochs);
    share_params(stepper);
    if (grid->node.rank == 0) {
        if (optimizer->first != NULL)
            spine_comm_broadcast(&grid->others, optimizer->first, bytes);
        if (optimizer->second != NULL)
            spine_comm_broadcast(&grid->others, optimizer->second, bytes);
        if (stepper->memory.silence != NULL)
            spine_comm_broadcast(&grid->others, stepper->memory.silence,
                                 stepper->params.hidden * sizeof *stepper->memory.silence);
    }
    spine_stepper_meet(stepper);
}

/* Make the position of this rank. The saved sums are over all ranks, so only one rank gets them. */
static struct spine_position make_position(const struct spine_progress *progress, int rank)
{
    struct spine_position position = {
        .epoch = progress->epoch, .step = (size_t)progress->step, .seconds = progress->seconds};

    if (rank == 0) {
        position.sums.squares = progress->squares;
        position.sums.penalty = progress->penalty;
        position.sums.partial = progress->partial;
        position.sums.active = progress->active;
        position.sums.silent = progress->silent;
        position.waited = progress->waited;
    }
    return position;
}

/* Check that all ranks see the directory that rank 0 has locked, since each writes a shard
 * there. */
static int check_shared(const char *directory, struct spine_comm *comm, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];

    const int rc = spine_rundir_join(path, directory, ".lock", err);
    if (spine_comm_agree(comm, rc, err))
        return -1;
    return spine_shared_check(comm, path, directory, err);
}

int spine_resume_begin(struct spine_resume *resume, struct spine_error *err)
{
    struct spine_comm *comm = &resume->stepper->grid->ranks;
    struct spine_progress saved = {0};

    resume->lock = -1;
    int rc = make_texts(resume->config, resume->data, &resume->texts, err);
    if (rc == 0 && comm->rank == 0)
        rc = decide(resume, &saved, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = check_shared(resume->config->directory, comm, err);
    if (rc == 0 && comm->rank == 0 && resume->start != SPINE_START_FINISHED)
        spine_state_sign(resume->lock, resume->config, comm->size);
    if (rc == 0) {
        spine_comm_broadcast(comm, &resume->start, sizeof resume->start);
        if (resume->start == SPINE_START_NEW)
            saved = (struct spine_progress){0}; /* discard that of a skipped checkpoint */
        spine_comm_broadcast(comm, &saved, sizeof saved);
        resume->position = make_position(&saved, comm->rank);
        if (resume->start == SPINE_START_RESUMED)
            share(resume, &saved);
    }
    if (rc == 0 && resume->config->start_from[0] != '\0' && resume->start != SPINE_START_FINISHED) {
        if (resume->start == SPINE_START_NEW)
            share_params(resume->stepper);
        spine_stepper_meet(resume->stepper);
        rc = share_scaling(resume, err);
    }
    return rc;
}

void spine_resume_dispose(struct spine_resume *resume)
{
    spine_checkpoint_texts_dispose(&resume->texts);
    spine_scaling_dispose(&resume->scaling);
    spine_rundir_release(resume->lock);
    *resume = (struct spine_resume){.lock = -1};
}
