/* resume.c -- how a run begins: anew, or where it stood. Rank 0 finds out, the others get it. */
#include "spine/train/resume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/files/rundir.h"

static int is_path(const char *resume)
{
    return strcmp(resume, "auto") != 0 && strcmp(resume, "never") != 0;
}

int spine_resume_check(const struct spine_config *config, struct spine_error *err)
{
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;
    if (spine_rundir_look(config->directory, &state, err))
        return -1;
    if (is_path(config->resume)) {
        struct spine_checkpoint_texts texts;
        if (spine_checkpoint_read_texts(config->resume, &texts, err))
            return -1;
        spine_checkpoint_texts_dispose(&texts);
    }
    if (state == SPINE_RUNDIR_EMPTY || config->overwrite || strcmp(config->resume, "auto") == 0)
        return 0;
    return spine_refuse(err,
                        "output.directory: %s holds a run already; name another one, go on with it "
                        "by train.resume = auto, or replace it by output.overwrite = yes",
                        config->directory);
}

static int make_texts(const struct spine_config *config, const struct spine_dataset *data,
                      struct spine_checkpoint_texts *texts, struct spine_error *err)
{
    enum { INPUT = 128 };
    texts->identity = spine_config_identity(config);
    texts->config = spine_config_text(config);
    if (texts->identity == NULL || texts->config == NULL)
        return spine_memory_fail("the configuration's text", err);

    texts->input = spine_memory_get(INPUT, 1, "the configuration's text", err);
    if (texts->input == NULL)
        return -1;

    snprintf(texts->input, INPUT, "%zu rows x %zu numbers, checksum %016" PRIx64,
             data->part.num_rows, data->dim, data->checksum);
    return 0;
}

/* What loading a checkpoint came to. */
enum outcome { LOADED, DAMAGED, UNFIT };

/* What rank 0 found out, for all. */
struct decision {
    enum spine_start start;
    struct spine_progress progress;
    int32_t *modes; /* (size) */
    int has_modes;
    struct spine_idle *idle; /* NULL if units aren't revived */
};

static enum outcome load(const char *path, const struct spine_config *config,
                         const struct spine_checkpoint_texts *texts, int size,
                         struct spine_stepper *stepper, struct decision *decision,
                         struct spine_error *err)
{
    const int64_t last = spine_config_last_epoch(config);
    struct spine_checkpoint_texts saved;
    char differences[768];
    if (spine_checkpoint_read_texts(path, &saved, err))
        return DAMAGED;
    enum outcome outcome = UNFIT;
    if (spine_config_differ(saved.identity, texts->identity, differences, sizeof differences) > 0)
        spine_refuse(err, "%s: was saved by other options: %s", path, differences);
    else if (strcmp(saved.input, texts->input) != 0)
        spine_refuse(err, "%s: is of another input: %.100s; %s has %s", path, saved.input,
                     config->input, texts->input);
    else if (spine_checkpoint_read(path, &stepper->params, &stepper->optimizer, &decision->progress,
                                   decision->modes, (size_t)size, &decision->has_modes, err) ||
             (decision->idle != NULL && spine_checkpoint_read_idle(path, decision->idle->epochs,
                                                                   decision->idle->hidden, err)))
        outcome = DAMAGED;
    else if (decision->progress.epoch > last ||
             (decision->progress.epoch == last && decision->progress.step > 0))
        spine_refuse(err, "%s: is %lld, but %s is of epoch %lld",
                     last < config->epochs ? "train.stop_after" : "train.epochs", (long long)last,
                     path, (long long)decision->progress.epoch);
    else
        outcome = LOADED;
    spine_checkpoint_texts_dispose(&saved);
    return outcome;
}

/* Go on with the newest checkpoint of the directory that is whole. */
static int load_newest(const struct spine_config *config,
                       const struct spine_checkpoint_texts *texts, int size,
                       struct spine_stepper *stepper, struct decision *decision,
                       struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH];
    int64_t steps = INT64_MAX;
    int damaged = 0;
    for (;;) {
        if (spine_checkpoint_newest(config->directory, steps, path, &steps, err))
            return -1;
        if (steps < 0)
            break;
        switch (load(path, config, texts, size, stepper, decision, err)) {
        case LOADED:
            decision->start = SPINE_START_RESUMED;
            return 0;
        case UNFIT:
            return -1;
        case DAMAGED:
            damaged++;
            spine_log_warning("%s; going back to the checkpoint before it", err->text);
        }
    }
    if (damaged > 0)
        return spine_refuse(err,
                            "%s: has no checkpoint that is whole; output.overwrite = yes begins "
                            "anew",
                            config->directory);
    decision->start = SPINE_START_NEW; /* it was stopped before its first checkpoint */
    return 0;
}

/* Is the file in the directory? */
static int lies_in(const char *path, const char *directory)
{
    struct stat above, other;
    struct spine_error unheard;
    char *copy = spine_memory_copy(path, "a path", &unheard);
    char *slash = copy == NULL ? NULL : strrchr(copy, '/');
    if (slash != NULL)
        slash[slash == copy] = '\0';
    const int lies = stat(slash == NULL ? "." : copy, &above) == 0 &&
                     stat(directory, &other) == 0 && above.st_dev == other.st_dev &&
                     above.st_ino == other.st_ino;
    free(copy);
    return lies;
}

static int decide(const struct spine_config *config, const struct spine_checkpoint_texts *texts,
                  int size, struct spine_stepper *stepper, struct decision *decision, int *lock,
                  struct spine_error *err)
{
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;
    decision->start = SPINE_START_NEW;
    if (spine_rundir_take(config->directory, lock, err) ||
        spine_rundir_look(config->directory, &state, err))
        return -1;
    if (is_path(config->resume)) {
        if (lies_in(config->resume, config->directory))
            return spine_refuse(err,
                                "train.resume: %s is in output.directory, whose run would be "
                                "replaced; name another directory",
                                config->resume);
        if (load(config->resume, config, texts, size, stepper, decision, err) != LOADED)
            return -1;
        decision->start = SPINE_START_RESUMED;
    } else if (state != SPINE_RUNDIR_EMPTY && !config->overwrite) {
        if (load_newest(config, texts, size, stepper, decision, err))
            return -1;
        if (state == SPINE_RUNDIR_FINISHED && decision->start == SPINE_START_NEW)
            return spine_refuse(err,
                                "output.directory: %s holds a finished run without its checkpoint; "
                                "name another one or set output.overwrite = yes",
                                config->directory);
        if (state == SPINE_RUNDIR_FINISHED &&
            decision->progress.epoch == spine_config_last_epoch(config)) {
            decision->start = SPINE_START_FINISHED;
            return 0;
        }
    }
    const int keeps = decision->start == SPINE_START_RESUMED && !is_path(config->resume);
    return spine_rundir_clear(config->directory, keeps ? SPINE_RUNDIR_RESULTS : SPINE_RUNDIR_ALL,
                              err);
}

/* Give all ranks what rank 0 has. */
static void share(struct spine_comm *comm, struct spine_stepper *stepper, struct decision *decision)
{
    const size_t bytes = stepper->params.len * sizeof(float);
    struct spine_optimizer *optimizer = &stepper->optimizer;
    spine_comm_broadcast(comm, &decision->start, sizeof decision->start);
    spine_comm_broadcast(comm, &decision->progress, sizeof decision->progress);
    if (decision->start != SPINE_START_RESUMED)
        return;
    spine_comm_broadcast(comm, &decision->has_modes, sizeof decision->has_modes);
    spine_comm_broadcast(comm, decision->modes, (size_t)comm->size * sizeof *decision->modes);
    spine_comm_broadcast(comm, &optimizer->steps, sizeof optimizer->steps);
    spine_comm_broadcast(comm, stepper->params.data, bytes);
    if (decision->idle != NULL)
        spine_comm_broadcast(comm, decision->idle->epochs,
                             decision->idle->hidden * sizeof *decision->idle->epochs);
    if (optimizer->first != NULL)
        spine_comm_broadcast(comm, optimizer->first, bytes);
    if (optimizer->second != NULL)
        spine_comm_broadcast(comm, optimizer->second, bytes);
    /* On another number of ranks the modes are chosen anew after a step. */
    if (stepper->kernel == SPINE_KERNEL_AUTO && decision->has_modes)
        stepper->mode = decision->modes[comm->rank] == SPINE_SPARSE ? SPINE_SPARSE : SPINE_DENSE;
}

int spine_resume_begin(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *data, struct spine_stepper *stepper,
                       struct spine_idle *idle, struct spine_checkpoint_texts *texts,
                       struct spine_progress *progress, enum spine_start *start, int *lock,
                       struct spine_error *err)
{
    struct decision decision = {.idle = config->revive_after > 0 ? idle : NULL};
    decision.modes = spine_memory_zeroed((size_t)comm->size, sizeof *decision.modes,
                                         "the modes of all ranks", err);
    *texts = (struct spine_checkpoint_texts){0};
    *lock = -1;
    int rc = 0;

    if (decision.modes == NULL)
        rc = -1;
    rc = rc || make_texts(config, data, texts, err);
    if (rc == 0 && comm->rank == 0)
        rc = decide(config, texts, comm->size, stepper, &decision, lock, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0) {
        share(comm, stepper, &decision);
        *progress = decision.progress;
        *start = decision.start;
    }
    free(decision.modes);
    return rc;
}
