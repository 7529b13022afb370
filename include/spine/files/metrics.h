/* metrics.h -- the metrics of an epoch, a line of metrics.jsonl, written and read back.
 *
 * A line is a JSON object with a number for each metric, by name. If the run started from another,
 * it also has "start_from", the other's directory. All functions are local. */
#ifndef SPINE_FILES_METRICS_H
#define SPINE_FILES_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* The fields have the names of the file. Losses are means over the epoch's rows during training,
 * with noise and changing parameters. */
struct spine_metrics {
    int64_t epoch; /* 1 is the first */
    double rl, asl, psl, total;
    double learning_rate; /* of the last step */
    double seconds, words_per_second;
    double comm_share; /* share of the seconds that ranks waited for others; mean over ranks */
    double density;    /* share of h > 0, with noise */
    /* Only in epochs that were evaluated on clean input (measures.h): */
    bool evaluated;
    double eval_rl, explained_variance, sparsity, l0;
    int64_t dead, saturated;
    bool has_held_out; /* data.holdout: the same measures of the rows held out */
    double held_out_rl, held_out_explained_variance, held_out_sparsity, held_out_l0;
    bool has_aux;           /* model.aux_k: of silent units (silence.h): */
    double aux;             /* a loss like those above */
    const char *start_from; /* borrowed; the run that this one started from; NULL: none */
};

/* The metrics, in the file's order. Only evaluated epochs have those from eval_rl to held_out_l0,
 * and only runs with an option set the last five (spine_metrics_option()). Those from seconds to
 * comm_share depend on the clock. */
enum spine_metric {
    SPINE_METRIC_EPOCH,
    SPINE_METRIC_RL,
    SPINE_METRIC_ASL,
    SPINE_METRIC_PSL,
    SPINE_METRIC_TOTAL,
    SPINE_METRIC_LEARNING_RATE,
    SPINE_METRIC_SECONDS,
    SPINE_METRIC_WORDS_PER_SECOND,
    SPINE_METRIC_COMM_SHARE,
    SPINE_METRIC_DENSITY,
    SPINE_METRIC_EVAL_RL,
    SPINE_METRIC_EXPLAINED_VARIANCE,
    SPINE_METRIC_SPARSITY,
    SPINE_METRIC_L0,
    SPINE_METRIC_DEAD,
    SPINE_METRIC_SATURATED,
    SPINE_METRIC_HELD_OUT_RL,
    SPINE_METRIC_HELD_OUT_EXPLAINED_VARIANCE,
    SPINE_METRIC_HELD_OUT_SPARSITY,
    SPINE_METRIC_HELD_OUT_L0,
    SPINE_METRIC_AUX,
    SPINE_METRICS
};
enum { SPINE_METRICS_TIMED = SPINE_METRIC_COMM_SHARE - SPINE_METRIC_SECONDS + 1 };

/* What a metric measures. */
enum spine_metric_unit {
    SPINE_METRIC_UNIT_LOSS,
    SPINE_METRIC_UNIT_FACTOR, /* a learning rate */
    SPINE_METRIC_UNIT_MEAN,   /* of whole numbers */
    SPINE_METRIC_UNIT_SHARE,  /* of 1; people see percent */
    SPINE_METRIC_UNIT_COUNT,  /* a whole number */
    SPINE_METRIC_UNIT_SECONDS,
    SPINE_METRIC_UNIT_RATE, /* words a second */
    SPINE_METRIC_UNITS
};

/* A metric's name in files and goals; its label for people; its unit; a unit's name in JSON, such
 * as "share". */
const char *spine_metrics_name(enum spine_metric metric);
const char *spine_metrics_label(enum spine_metric metric);
enum spine_metric_unit spine_metrics_unit(enum spine_metric metric);
const char *spine_metrics_unit_name(enum spine_metric_unit unit);

/* The position of the metric's chart on a page, from 1; 0 if it has no chart. */
int spine_metrics_chart(enum spine_metric metric);

/* The option without which a run doesn't have the metric; NULL: every run has it. */
const char *spine_metrics_option(enum spine_metric metric);

/* Write the path of the metrics of the run in 'directory' to 'path', of SPINE_RUNDIR_PATH bytes. */
int spine_metrics_path(const char *directory, char *path, struct spine_error *err);

/* Open the file to continue it after the line of epoch 'epochs'; later lines are cut off. With 0
 * epochs it starts empty. A file that doesn't exist or has no lines starts with the next epoch.
 * Refuses a file that ends earlier, and a symbolic link. */
int spine_metrics_open(FILE **file, const char *path, int64_t epochs, struct spine_error *err);

/* Sync the file to the disk; call it before a checkpoint that relies on it. */
int spine_metrics_sync(FILE *file, const char *path, struct spine_error *err);

/* Append a line and flush it. 'path' is for messages. */
int spine_metrics_write(FILE *file, const char *path, const struct spine_metrics *metrics,
                        struct spine_error *err);

/* Read the file's last complete line, without its newline; the caller frees *line. It is NULL if
 * there is no line or no such file. */
int spine_metrics_last(const char *path, char **line, struct spine_error *err);

/* Read a metric from the last line of the file 'path'; NaN if the line lacks it, or there is no
 * such file. */
int spine_metrics_last_number(const char *path, enum spine_metric metric, double *number,
                              struct spine_error *err);

/* Has the run in 'directory' diverged, although its losses are finite? It has if two things hold.
 * The explained variance of the last line of its metrics, *explained, is below 0: the mean of all
 * rows would be a better reconstruction. And training made it so: the reconstruction loss is higher
 * than in the first epoch, or the explained variance is below -1, where no model begins. So a run
 * that has just begun has not diverged. If the last line isn't of an evaluated epoch, *explained is
 * NaN. */
int spine_metrics_diverged(const char *directory, bool *diverged, double *explained,
                           struct spine_error *err);

/* Read the file into an object with an array for each metric: {"epoch": [1, 2, ...], "rl": [...],
 * ...}, to six digits, null if an epoch lacks the metric. Metrics of an option are left out if
 * the run has none. If there are more than 'most' epochs, the evaluated ones, the last one and
 * evenly spaced ones are kept. An unfinished last line, which is being written, is left out. The
 * caller deletes *columns; it is NULL if there is no such file. */
int spine_metrics_read_columns(const char *path, size_t most, struct cJSON **columns,
                               struct spine_error *err);

#endif
