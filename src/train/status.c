/* status.c -- what a run prints while it trains. */
#include "spine/train/status.h"

#include "spine/base/clock.h"
#include "spine/base/log.h"

static const double SHOW_EVERY = 0.2; /* seconds */

static bool has_diverged(const struct spine_config *config)
{
    struct spine_error ignored; /* spine_train_check() says it */
    bool diverged = false;
    double explained;

    return spine_metrics_diverged(config->directory, &diverged, &explained, &ignored) == 0 &&
           diverged;
}

void spine_status_begin(struct spine_status *status)
{
    const struct spine_config *config = status->config;
    const struct spine_position *position = &status->resume->position;
    const int64_t last_epoch = spine_config_last_epoch(config);

    status->started = spine_clock_now();
    if (status->resume->start == SPINE_START_FINISHED)
        spine_log(SPINE_LOG_INFO, "%s %s%s: %lld epochs; nothing to do", config->directory,
                  has_diverged(config) ? "has diverged" : "is finished",
                  last_epoch < config->epochs ? " up to train.stop_after" : "",
                  (long long)position->epoch);
    else
        spine_log(SPINE_LOG_INFO,
                  "training %lld units on %zu x %zu numbers; batches of %lld, %zu steps an epoch, "
                  "%d rank%s",
                  (long long)config->hidden, status->data->part.num_rows, status->data->dim,
                  (long long)config->batch_size, spine_partition_steps(&status->data->part),
                  status->size, status->size == 1 ? "" : "s");

    if (status->resume->start == SPINE_START_RESUMED)
        spine_log(SPINE_LOG_INFO, "resuming after epoch %lld, step %zu", (long long)position->epoch,
                  position->step);
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

    /* In epochs: where this process began, and where it is. */
    const struct spine_position *from = &status->resume->position;
    const double steps = (double)spine_partition_steps(&status->data->part);
    const double begun = (double)from->epoch + (double)from->step / steps;
    const double done = (double)position->epoch + (double)position->step / steps;

    const int64_t last_epoch = spine_config_last_epoch(status->config);
    const double elapsed = time - status->started;
    const double left = elapsed / (done - begun) * ((double)last_epoch - done);
    const double words = (done - begun) * (double)status->data->part.num_rows / elapsed;
    const int minutes = (int)left / 60, seconds = (int)left % 60;
    const long long epoch = position->epoch + 1, epochs = status->config->epochs;

    if (last->epoch == 0)
        spine_log_progress("epoch %lld/%lld  %.0f words/s  %d:%02d left", epoch, epochs, words,
                           minutes, seconds);
    else
        spine_log_progress(
            "epoch %lld/%lld  rl %.4f  asl %.4f  psl %.4f  %.0f words/s  %d:%02d left", epoch,
            epochs, last->rl, last->asl, last->psl, words, minutes, seconds);
}

void spine_status_log(const struct spine_status *status, const struct spine_metrics *metrics)
{
    const long long epoch = metrics->epoch, epochs = status->config->epochs;

    if (metrics->evaluated)
        spine_log(SPINE_LOG_INFO,
                  "epoch %lld/%lld  loss %.5f (rl %.5f asl %.5f psl %.5f)  %.0f words/s  "
                  "explained %.1f %%  sparsity %.1f %%  dead %lld",
                  epoch, epochs, metrics->total, metrics->rl, metrics->asl, metrics->psl,
                  metrics->words_per_second, 100 * metrics->explained_variance,
                  100 * metrics->sparsity, (long long)metrics->dead);
    else if (!spine_log_is_live()) /* on a terminal the progress line shows these */
        spine_log(SPINE_LOG_INFO,
                  "epoch %lld/%lld  loss %.5f (rl %.5f asl %.5f psl %.5f)  %.0f words/s", epoch,
                  epochs, metrics->total, metrics->rl, metrics->asl, metrics->psl,
                  metrics->words_per_second);
}

void spine_status_check(struct spine_status *status, const struct spine_measures *measures,
                        int64_t epoch)
{
    const int64_t units = status->config->hidden, words = (int64_t)status->data->part.num_rows;

    if (status->rank != 0 || status->warned)
        return;

    status->warned = 2 * measures->empty > words || 2 * measures->dead > units;
    if (status->warned)
        spine_log_warning("epoch %lld: %lld of %lld words have an all-zero code and %lld of %lld "
                          "units are dead; %s",
                          (long long)epoch, (long long)measures->empty, (long long)words,
                          (long long)measures->dead, (long long)units,
                          status->is_extreme
                              ? "the input's extreme row or coordinate is the likely cause"
                              : "train.noise may be too high for the input's scale (data.rms), or "
                                "train.learning_rate or loss.psl_weight too high");
}
