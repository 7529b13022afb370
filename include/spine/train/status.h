/* status.h -- what a run prints while it trains: its progress, the losses of each epoch, and a
 * warning when the model collapses. Local; only rank 0 prints. */
#ifndef SPINE_TRAIN_STATUS_H
#define SPINE_TRAIN_STATUS_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/files/metrics.h"
#include "spine/train/dataset.h"
#include "spine/train/measures.h"
#include "spine/train/resume.h"
#include "spine/train/step.h"

struct spine_status {
    const struct spine_config *config; /* borrowed, as the next two */
    const struct spine_dataset *data;
    const struct spine_resume *resume; /* where this process began */
    int rank, size;
    double started, shown; /* when training began; when progress was last shown */
    bool warned;           /* about a collapse */
};

/* Print what is trained and where it resumes, or that the run is finished. Time for the estimate of
 * the time left starts now. */
void spine_status_begin(struct spine_status *status);

/* Say where a run was saved, as --status does (files/state.h): "after epoch 2, step 14"; or, since
 * an epoch of nnse is one step, "before the end of epoch 3". */
void spine_status_describe(const struct spine_config *config, const struct spine_position *position,
                           char *text, size_t size);

/* Replace the progress line on a terminal, at most five times a second. 'last' has the metrics of
 * the epoch before; last->epoch is 0 if there are none yet. */
void spine_status_show(struct spine_status *status, const struct spine_position *position,
                       const struct spine_metrics *last);

/* Print the line of an epoch. */
void spine_status_log(const struct spine_status *status, const struct spine_metrics *metrics);

/* Warn, once in a run, if half of the units are dead or half of the words have empty codes, and
 * name likely causes. Else warn, at the end of nnse, if codes have far from model.l0 values. */
void spine_status_check(struct spine_status *status, const struct spine_measures *measures,
                        int64_t epoch);

#endif
