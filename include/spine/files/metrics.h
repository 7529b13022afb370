/* metrics.h -- what an epoch was like, as a line of metrics.jsonl. */
#ifndef SPINE_FILES_METRICS_H
#define SPINE_FILES_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

/* The fields are named as in the file. Losses are means over the epoch's rows, as trained: with
 * noise, and while the parameters were changing. */
struct spine_metrics {
    int64_t epoch; /* 1 is the first */
    double rl, asl, psl, total;
    double learning_rate; /* of the last step */
    double seconds, words_per_second;
    double comm_share; /* of the seconds, that ranks waited for others; mean over ranks */
    double density;    /* share of h > 0, with noise */
    /* Only in epochs that were evaluated on clean input (measures.h): */
    int evaluated;
    double eval_rl, explained_variance, sparsity, l0;
    int64_t dead, saturated;
};

/* Open the file to write on behind the line of epoch 'epochs'; what follows is cut off. With 0
 * epochs it is made anew; a file that isn't there or has no line begins with the next epoch.
 * Refuses one that ends earlier, and a symbolic link. Local. */
int spine_metrics_open(FILE **file, const char *path, int64_t epochs, struct spine_error *err);

/* Bring the lines to the disk: before a checkpoint that counts on them. Local. */
int spine_metrics_sync(FILE *file, const char *path, struct spine_error *err);

/* Append a line and flush it. Local: one rank writes. path is for messages. */
int spine_metrics_write(FILE *file, const char *path, const struct spine_metrics *metrics,
                        struct spine_error *err);

/* The file's last whole line, without its end; the caller frees. *line is NULL if there is none, or
 * no such file. Local. */
int spine_metrics_last(const char *path, char **line, struct spine_error *err);

#endif
