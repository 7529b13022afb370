/* status.c -- what a run prints while it trains. */
#include "spine/train/status.h"

#include <stdio.h>

#include "spine/base/clock.h"
#include "spine/base/log.h"
#include "spine/config/objective.h"
#include "spine/config/settings.h"

static const double SHOW_EVERY = 0.2; /* seconds */

/* By how much of model.l0 the values of codes may miss it without a warning. */
static const double VALUES_OFF = 0.1;

static bool has_diverged(const struct spine_config *config)
{
    struct spine_error ignored; /* spine_train_check() reports it */
    bool diverged = false;
    double explained;

    return spine_metrics_diverged(config->directory, &diverged, &explained, &ignored) == 0 &&
           diverged;
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* "training nnse: 1000 units, 60 values a word, on 17000 x 100 numbers; 5 epochs, 2 ranks" */
static void say_begin(const struct spine_status *status)
{
    const struct spine_config *config = status->config;
    const struct spine_dataset *data = status->data;
    const size_t steps = spine_partition_steps(&data->part);
    const int64_t epochs = spine_settings_last_epoch(config);
    char values[48] = "", work[96];

    if (config->objective == SPINE_OBJECTIVE_NNSE) {
        snprintf(values, sizeof values, ", %.15g value%s a word,", config->l0,
                 config->l0 == 1 ? "" : "s");
        snprintf(work, sizeof work, "%lld epoch%s", (long long)epochs, plural(epochs));
    } else {
        if (spine_objective_uses((enum spine_objective)config->objective, "model.k"))
            snprintf(values, sizeof values, ", %lld value%s a word,", (long long)config->k,
                     plural(config->k));
        snprintf(work, sizeof work, "batches of %lld, %zu step%s an epoch",
                 (long long)config->batch_size, steps, plural((int64_t)steps));
    }

    spine_log(SPINE_LOG_INFO, "training %s: %lld unit%s%s on %zu x %zu numbers; %s, %d rank%s",
              spine_objective_names[config->objective], (long long)config->hidden,
              plural(config->hidden), values, data->part.num_rows, data->dim, work, status->size,
              plural(status->size));
}

void spine_status_describe(const struct spine_config *config, const struct spine_position *position,
                           char *text, size_t size)
{
    const long long epoch = position->epoch;

    if (config->objective == SPINE_OBJECTIVE_NNSE && position->step > 0)
        snprintf(text, size, "before the end of epoch %lld", epoch + 1);
    else
        snprintf(text, size, "after epoch %lld, step %zu", epoch, position->step);
}

void spine_status_begin(struct spine_status *status)
{
    const struct spine_config *config = status->config;
    const struct spine_position *position = &status->resume->position;
    const int64_t last_epoch = spine_settings_last_epoch(config);
    char where[64];

    status->started = spine_clock_now();
    if (status->resume->start == SPINE_START_FINISHED)
        spine_log(SPINE_LOG_INFO, "%s %s%s: %lld epochs; nothing to do", config->directory,
                  has_diverged(config) ? "has diverged" : "is finished",
                  last_epoch < config->epochs ? " up to train.stop_after" : "",
                  (long long)position->epoch);
    else
        say_begin(status);

    if (status->resume->start != SPINE_START_RESUMED)
        return;
    spine_status_describe(config, position, where, sizeof where);
    spine_log(SPINE_LOG_INFO, "resuming %s", where);
}

/* Find the epochs that this process has trained and the seconds since it began. 'done' are the
 * run's epochs. */
static void measure(const struct spine_status *status, double done, double *trained,
                    double *elapsed)
{
    const struct spine_position *from = &status->resume->position;
    const double steps = (double)spine_partition_steps(&status->data->part);

    *trained = done - (double)from->epoch - (double)from->step / steps;
    *elapsed = spine_clock_now() - status->started;
}

/* "  3 min 20 s left" after 'done' epochs of the run; nothing at its end. */
static void describe_left(const struct spine_status *status, double done, char *text, size_t size)
{
    const double epochs = (double)spine_settings_last_epoch(status->config) - done;
    double trained, elapsed;
    char duration[32];

    text[0] = '\0';
    measure(status, done, &trained, &elapsed);
    if (epochs <= 0 || trained <= 0)
        return;
    spine_clock_duration(elapsed / trained * epochs, duration, sizeof duration);
    snprintf(text, size, "  %s left", duration);
}

/* The losses that the objective has, with as many digits. Where SPINE's losses of sparsity are
 * missing, the number of values tells of it: on the clean input if it was measured, as in the
 * codes. */
static void describe_losses(const struct spine_config *config, const struct spine_metrics *metrics,
                            int digits, char *text, size_t size)
{
    const double trained = metrics->density * (double)config->hidden;
    const double values = metrics->evaluated ? metrics->l0 : trained;

    if (config->objective == SPINE_OBJECTIVE_SPINE)
        snprintf(text, size, "loss %.*f (rl %.*f asl %.*f psl %.*f)", digits, metrics->total,
                 digits, metrics->rl, digits, metrics->asl, digits, metrics->psl);
    else if (metrics->total > metrics->rl)
        snprintf(text, size, "loss %.*f (rl %.*f)  %.1f values a word", digits, metrics->total,
                 digits, metrics->rl, values);
    else
        snprintf(text, size, "rl %.*f  %.1f values a word", digits, metrics->rl, values);
}

void spine_status_show(struct spine_status *status, const struct spine_position *position,
                       const struct spine_metrics *last)
{
    const double time = spine_clock_now();

    if (time - status->shown < SHOW_EVERY)
        return;
    status->shown = time;
    if (!spine_log_is_live())
        return;

    const double steps = (double)spine_partition_steps(&status->data->part);
    const double done = (double)position->epoch + (double)position->step / steps;
    const long long epoch = position->epoch + 1, epochs = status->config->epochs;
    double trained, elapsed;
    char left[48], losses[128] = "";

    measure(status, done, &trained, &elapsed);
    const double words = trained * (double)status->data->part.num_rows / elapsed;
    describe_left(status, done, left, sizeof left);

    if (last->epoch > 0)
        describe_losses(status->config, last, 4, losses, sizeof losses);
    spine_log_progress("epoch %lld/%lld  %s%s%.0f words/s%s", epoch, epochs, losses,
                       last->epoch > 0 ? "  " : "", words, left);
}

void spine_status_log(const struct spine_status *status, const struct spine_metrics *metrics)
{
    const long long epoch = metrics->epoch, epochs = status->config->epochs;
    char left[48], losses[128], measures[96] = "";

    if (!metrics->evaluated && spine_log_is_live()) /* the progress line shows the others */
        return;
    describe_left(status, (double)metrics->epoch, left, sizeof left);
    if (metrics->evaluated)
        snprintf(measures, sizeof measures, "  explained %.1f %%  sparsity %.1f %%  dead %lld",
                 100 * metrics->explained_variance, 100 * metrics->sparsity,
                 (long long)metrics->dead);

    describe_losses(status->config, metrics, 5, losses, sizeof losses);
    spine_log(SPINE_LOG_INFO, "epoch %lld/%lld  %s  %.0f words/s%s%s", epoch, epochs, losses,
              metrics->words_per_second, measures, left);
}

/* Warn if nnse ends with codes that are much longer or shorter than wanted. */
static void check_values(const struct spine_status *status, double values)
{
    const struct spine_config *config = status->config;
    const double ratio = values / config->l0;
    /* Without a ridge, a code has at most as many values as a row has numbers. */
    const bool is_full = config->ridge == 0 && config->hidden > (int64_t)status->data->dim;
    const char *raised = is_full ? "model.ridge" : "model.hidden";

    if (config->objective != SPINE_OBJECTIVE_NNSE ||
        (ratio > 1 - VALUES_OFF && ratio < 1 + VALUES_OFF))
        return;
    if (ratio < 1)
        spine_log_warning("codes have %.3g values a word, but model.l0 is %g; with %lld unit%s and "
                          "%zu numbers a row, more may be impossible: raise %s or lower model.l0",
                          values, config->l0, (long long)config->hidden, plural(config->hidden),
                          status->data->dim, raised);
    else
        spine_log_warning("codes have %.3g values a word, but model.l0 is %g; more epochs may help",
                          values, config->l0);
}

/* What probably keeps words or units silent, of the options that the objective uses. */
static const char *find_cause(const struct spine_status *status, bool are_words)
{
    const struct spine_config *config = status->config;
    const enum spine_objective objective = (enum spine_objective)config->objective;

    if (status->data->is_extreme)
        return "the input's extreme row or coordinate is the likely cause";
    if (!are_words && config->hidden > (int64_t)status->data->part.num_rows)
        return "model.hidden is larger than the number of words";
    if (objective == SPINE_OBJECTIVE_NNSE)
        return are_words ? "model.l0 or model.hidden may be too low, or model.ridge too high"
                         : "model.l0 may be too low, or model.hidden too high for the input";
    if (spine_objective_uses(objective, "loss.psl_weight"))
        return "train.noise may be too high for the input's scale (data.rms), or "
               "train.learning_rate or loss.psl_weight too high";
    if (spine_objective_uses(objective, "loss.l1_weight"))
        return "train.noise may be too high for the input's scale (data.rms), or "
               "train.learning_rate or loss.l1_weight too high";
    return "train.noise may be too high for the input's scale (data.rms), or "
           "train.learning_rate too high";
}

void spine_status_check(struct spine_status *status, const struct spine_measures *measures,
                        int64_t epoch)
{
    const int64_t units = status->config->hidden, words = (int64_t)status->data->part.num_rows;
    const bool are_words = 2 * measures->empty > words;

    if (status->rank != 0 || status->warned)
        return;

    status->warned = are_words || 2 * measures->dead > units;
    if (status->warned)
        spine_log_warning("epoch %lld: %lld of %lld words have an all-zero code and %lld of %lld "
                          "units are dead; %s",
                          (long long)epoch, (long long)measures->empty, (long long)words,
                          (long long)measures->dead, (long long)units,
                          find_cause(status, are_words));
    else if (epoch == status->config->epochs)
        check_values(status, measures->l0);
}
