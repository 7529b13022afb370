/* state.c -- the state of a run on disk. */
#include "spine/files/state.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spine/base/clock.h"
#include "spine/base/lock.h"
#include "spine/base/outfile.h"
#include "spine/base/present.h"
#include "spine/base/textfile.h"
#include "spine/config/inifile.h"
#include "spine/config/settings.h"
#include "spine/files/checkpoint.h"
#include "spine/files/metrics.h"
#include "spine/files/modelfile.h"
#include "spine/files/rundir.h"

static const char lock_name[] = ".lock";

/* --- Who trains it ------------------------------------------------------------------------ */

void spine_state_sign(int lock, const struct spine_config *config, int ranks)
{
    char host[64] = "", text[256];

    if (lock < 0)
        return;
    gethostname(host, sizeof host - 1);
    const int length =
        snprintf(text, sizeof text,
                 "host %s\nprocess %ld\nranks %d\nsince %.0f\nepochs %lld\nlast_epoch %lld\n", host,
                 (long)getpid(), ranks, spine_clock_date(), (long long)config->epochs,
                 (long long)spine_settings_last_epoch(config));

    if (ftruncate(lock, 0) == 0) /* if it fails, --status only lacks these lines */
        spine_outfile_write_all(lock, 0, text, (size_t)length);
}

static void read_owner_line(struct spine_state *state, const char *line)
{
    struct spine_state_owner *owner = &state->owner;
    char name[16], value[64];

    if (sscanf(line, "%15s %63s", name, value) != 2)
        return;
    if (strcmp(name, "host") == 0)
        snprintf(owner->host, sizeof owner->host, "%s", value);
    else if (strcmp(name, "process") == 0)
        owner->process = strtol(value, NULL, 10);
    else if (strcmp(name, "ranks") == 0)
        owner->ranks = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "since") == 0)
        owner->since = strtod(value, NULL);
    else if (strcmp(name, "epochs") == 0)
        state->epochs = strtoll(value, NULL, 10);
    else if (strcmp(name, "last_epoch") == 0)
        state->last_epoch = strtoll(value, NULL, 10);
}

/* Read which process holds the lock, or held it last; ignores a file that can't be read. */
static void read_owner(struct spine_state *state, const char *path)
{
    enum { MOST = 1 << 12 };
    struct spine_error ignored;
    char *text = NULL, *rest = NULL;
    size_t length = 0;

    if (spine_textfile_read(path, "a lock", MOST, &text, &length, &ignored))
        return;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        read_owner_line(state, line);
    free(text);
}

/* --- How far it is ------------------------------------------------------------------------ */

/* Parse a configuration, and get the epochs from it unless the lock's file has them. */
static int take_config(struct spine_state *state, const char *text, const char *path,
                       struct spine_config *config, struct spine_error *err)
{
    if (spine_inifile_recall(config, text, path, err))
        return -1;
    if (state->epochs == 0) {
        state->epochs = config->epochs;
        state->last_epoch = spine_settings_last_epoch(config);
    }
    return 0;
}

/* Find how far a running run is, by the last line of its metrics. */
static int read_progress(struct spine_state *state, const char *directory, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    double epoch = NAN, seconds = NAN;
    struct stat facts;

    if (spine_metrics_path(directory, path, err) ||
        spine_metrics_last_number(path, SPINE_METRIC_EPOCH, &epoch, err) ||
        spine_metrics_last_number(path, SPINE_METRIC_SECONDS, &seconds, err))
        return -1;

    state->epoch = isfinite(epoch) ? (int64_t)epoch : 0;
    if (state->last_epoch > 0 && isfinite(seconds) && stat(path, &facts) == 0) {
        const double since = spine_clock_date() - (double)facts.st_mtime;
        const double left = seconds * (double)(state->last_epoch - state->epoch) - since;
        state->seconds_left = left > 0 ? left : 0;
    }
    return 0;
}

/* Find the state of a run with results. */
static int read_model(struct spine_state *state, const char *directory, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    struct spine_modelfile model;
    struct spine_config config;
    bool diverged = false;

    if (spine_rundir_model(path, directory, err))
        return -1;
    if (spine_modelfile_read(&model, path, &state->damage)) {
        *err = state->damage;
        state->kind = SPINE_STATE_DAMAGED;
        return err->status == SPINE_EXIT_REFUSED ? 0 : -1; /* an unreadable file may be intact */
    }
    state->epochs = 0; /* the model's configuration has the results' epochs */
    int rc = take_config(state, model.config, path, &config, err);
    spine_modelfile_dispose(&model);
    if (rc == 0)
        rc = spine_metrics_diverged(directory, &diverged, &state->explained, err);
    if (rc != 0)
        return -1;

    state->has_rate =
        spine_objective_uses((enum spine_objective)config.objective, "train.learning_rate");
    diverged = diverged && state->last_epoch == state->epochs;
    state->kind = diverged ? SPINE_STATE_DIVERGED : SPINE_STATE_FINISHED;
    state->epoch = state->last_epoch;
    return 0;
}

/* Find the state of a run without results, by its newest intact checkpoint. */
static int read_checkpoint(struct spine_state *state, const char *directory,
                           struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH];
    struct spine_checkpoint checkpoint;
    struct spine_config config;
    int64_t steps = INT64_MAX;

    state->kind = SPINE_STATE_PAUSED;
    for (;;) {
        bool is_damaged = false;
        if (spine_checkpoint_newest(directory, steps, path, &steps, err))
            return -1;
        if (steps < 0)
            return 0;
        if (spine_checkpoint_open(&checkpoint, path, &is_damaged, &state->damage) == 0)
            break;
        if (!is_damaged) {
            *err = state->damage;
            return -1;
        }
        state->kind = SPINE_STATE_DAMAGED;
    }

    const int rc = take_config(state, checkpoint.texts.config, path, &config, err);
    state->kind = SPINE_STATE_PAUSED;
    state->is_saved = true;
    state->epoch = checkpoint.progress.epoch;
    state->step = checkpoint.progress.step;
    /* An epoch of nnse is one step. */
    state->is_at_end = rc == 0 && state->step > 0 && config.objective == SPINE_OBJECTIVE_NNSE;
    spine_checkpoint_close(&checkpoint);
    return rc;
}

int spine_state_read(struct spine_state *state, const char *directory, struct spine_error *err)
{
    char lock[SPINE_RUNDIR_PATH];
    enum spine_rundir_state held;
    bool is_held = false;

    *state = (struct spine_state){.kind = SPINE_STATE_NONE, .seconds_left = NAN};
    if (spine_rundir_join(lock, directory, lock_name, err) ||
        spine_rundir_inspect(directory, &held, NULL, err))
        return -1;

    read_owner(state, lock);
    if (spine_lock_is_held(lock, &is_held))
        return spine_fail(err, "%s: %s", lock, strerror(errno));
    if (is_held) {
        state->kind = SPINE_STATE_RUNNING;
        return read_progress(state, directory, err);
    }
    switch (held) {
    case SPINE_RUNDIR_EMPTY:
        return 0;
    case SPINE_RUNDIR_FINISHED:
        return read_model(state, directory, err);
    case SPINE_RUNDIR_BEGUN:
    case SPINE_RUNDIR_CODES:
        state->has_codes = held == SPINE_RUNDIR_CODES;
        break;
    }
    return read_checkpoint(state, directory, err);
}

/* --- In words ----------------------------------------------------------------------------- */

static void describe_running(const struct spine_state *state, char *text, size_t size)
{
    const struct spine_state_owner *owner = &state->owner;
    const time_t since = (time_t)owner->since;
    char by[160] = "", left[64] = "", date[32] = "", duration[32];
    struct tm parts;

    if (localtime_r(&since, &parts) != NULL)
        strftime(date, sizeof date, "%Y-%m-%d %H:%M", &parts);
    if (owner->host[0] != '\0')
        snprintf(by, sizeof by, " on %s (process %ld, %d rank%s) since %s", owner->host,
                 owner->process, owner->ranks, owner->ranks == 1 ? "" : "s", date);
    if (isfinite(state->seconds_left)) {
        spine_clock_duration(state->seconds_left, duration, sizeof duration);
        snprintf(left, sizeof left, ", about %s left", duration);
    }

    if (state->epochs > 0)
        snprintf(text, size, "is running%s: %lld of %lld epochs%s", by, (long long)state->epoch,
                 (long long)state->epochs, left);
    else
        snprintf(text, size, "is running%s: %lld epochs", by, (long long)state->epoch);
}

static void describe_paused(const struct spine_state *state, char *text, size_t size)
{
    const long long epoch = state->epoch, epochs = state->epochs, step = state->step;

    if (!state->is_saved && state->has_codes)
        snprintf(text, size, "has codes, but neither model.h5 nor a checkpoint");
    else if (!state->is_saved)
        snprintf(text, size,
                 "was begun and has saved nothing yet; run the same command to start "
                 "again");
    else if (epoch >= state->last_epoch)
        snprintf(text, size,
                 "has trained %lld of %lld epochs, but its codes are incomplete; run the same "
                 "command to write them",
                 epoch, epochs);
    else if (state->is_at_end)
        snprintf(text, size,
                 "saved before the end of epoch %lld of %lld; run the same command to resume",
                 epoch + 1, epochs);
    else if (step == 0 && epoch == 0)
        snprintf(text, size,
                 "saved before the first of %lld epochs; run the same command to resume", epochs);
    else if (step == 0)
        snprintf(text, size,
                 "saved after %lld of %lld epochs; run the same command to resume, or "
                 "train.stop_after=%lld for codes now",
                 epoch, epochs, epoch);
    else if (epoch + 1 >= state->last_epoch) /* in its last epoch, or before a long refit */
        snprintf(text, size,
                 "saved after %lld of %lld epochs and %lld step%s; run the same command to resume",
                 epoch, epochs, step, step == 1 ? "" : "s");
    else
        snprintf(text, size,
                 "saved after %lld of %lld epochs and %lld step%s; run the same command to resume, "
                 "or train.stop_after=%lld for codes after the next epoch",
                 epoch, epochs, step, step == 1 ? "" : "s", epoch + 1);
}

void spine_state_describe(const struct spine_state *state, char *text, size_t size)
{
    const long long epoch = state->epoch, epochs = state->epochs;

    switch (state->kind) {
    case SPINE_STATE_NONE:
        snprintf(text, size, "is not the directory of a run");
        break;
    case SPINE_STATE_RUNNING:
        describe_running(state, text, size);
        break;
    case SPINE_STATE_PAUSED:
        describe_paused(state, text, size);
        break;
    case SPINE_STATE_FINISHED:
        if (epoch < epochs)
            snprintf(text, size,
                     "is finished up to train.stop_after: %lld of %lld epochs; a higher "
                     "train.stop_after resumes",
                     epoch, epochs);
        else
            snprintf(text, size, "is finished: %lld epochs", epoch);
        break;
    case SPINE_STATE_DIVERGED:
        snprintf(text, size, "has diverged: after %lld epochs the explained variance is %.4g%s",
                 epoch, state->explained,
                 state->has_rate ? "; a lower train.learning_rate may help" : "");
        break;
    case SPINE_STATE_DAMAGED:
        snprintf(text, size, "is damaged: %s", state->damage.text);
        break;
    }
}

bool spine_state_explains(const char *directory, struct spine_error *err)
{
    struct spine_state state;
    char text[sizeof err->text];
    bool is_there = false;

    if (spine_present(directory, &is_there, err))
        return true;
    if (!is_there) {
        spine_refuse(err, "%s: %s", directory, strerror(ENOENT));
        return true;
    }
    if (spine_state_read(&state, directory, err))
        return true;
    if (state.kind != SPINE_STATE_RUNNING &&
        (state.kind != SPINE_STATE_PAUSED || (state.has_codes && !state.is_saved)))
        return false;

    spine_state_describe(&state, text, sizeof text);
    spine_refuse(err, "%s: %s", directory, text);
    return true;
}

int spine_state_status(const struct spine_state *state)
{
    switch (state->kind) {
    case SPINE_STATE_NONE:
        return SPINE_EXIT_REFUSED;
    case SPINE_STATE_RUNNING:
    case SPINE_STATE_PAUSED:
        return SPINE_EXIT_AGAIN;
    case SPINE_STATE_FINISHED:
        return SPINE_EXIT_DONE;
    case SPINE_STATE_DIVERGED:
    case SPINE_STATE_DAMAGED:
        break;
    }
    return SPINE_EXIT_FAILED;
}
