/* metrics.c -- the metrics of an epoch, a line of metrics.jsonl. */
#include "spine/files/metrics.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/infile.h"
#include "spine/base/json.h"
#include "spine/base/memory.h"
#include "spine/base/textfile.h"
#include "spine/files/rundir.h"

/* The table that writing and reading use. */
static const struct {
    const char *name;
    size_t offset; /* in struct spine_metrics */
    const char *label;
    enum spine_metric_unit unit;
    int chart;     /* its position among a page's charts, from 1; 0: it has none */
    bool is_whole; /* int64_t, else double */
    bool is_evaluated;
} table[SPINE_METRICS] = {
#define FIELD(name) #name, offsetof(struct spine_metrics, name)
    [SPINE_METRIC_EPOCH] = {FIELD(epoch), "Epoch", SPINE_METRIC_UNIT_COUNT, 0, true, false},
    [SPINE_METRIC_RL] = {FIELD(rl), "Reconstruction loss", SPINE_METRIC_UNIT_LOSS, 2, false, false},
    [SPINE_METRIC_ASL] = {FIELD(asl), "Average sparsity loss", SPINE_METRIC_UNIT_LOSS, 4, false,
                          false},
    [SPINE_METRIC_PSL] = {FIELD(psl), "Partial sparsity loss", SPINE_METRIC_UNIT_LOSS, 3, false,
                          false},
    [SPINE_METRIC_TOTAL] = {FIELD(total), "Total loss", SPINE_METRIC_UNIT_LOSS, 1, false, false},
    [SPINE_METRIC_LEARNING_RATE] = {FIELD(learning_rate), "Learning rate", SPINE_METRIC_UNIT_FACTOR,
                                    10, false, false},
    [SPINE_METRIC_SECONDS] = {FIELD(seconds), "Seconds", SPINE_METRIC_UNIT_SECONDS, 0, false,
                              false},
    [SPINE_METRIC_WORDS_PER_SECOND] = {FIELD(words_per_second), "Words a second",
                                       SPINE_METRIC_UNIT_RATE, 11, false, false},
    [SPINE_METRIC_COMM_SHARE] = {FIELD(comm_share), "Share of time waiting for other ranks",
                                 SPINE_METRIC_UNIT_SHARE, 12, false, false},
    [SPINE_METRIC_DENSITY] = {FIELD(density), "Density: share of active units in training",
                              SPINE_METRIC_UNIT_SHARE, 8, false, false},
    [SPINE_METRIC_EVAL_RL] = {FIELD(eval_rl), "Reconstruction loss on clean input",
                              SPINE_METRIC_UNIT_LOSS, 0, false, true},
    [SPINE_METRIC_EXPLAINED_VARIANCE] = {FIELD(explained_variance), "Explained variance",
                                         SPINE_METRIC_UNIT_SHARE, 5, false, true},
    [SPINE_METRIC_SPARSITY] = {FIELD(sparsity), "Sparsity: share of values below .001",
                               SPINE_METRIC_UNIT_SHARE, 6, false, true},
    [SPINE_METRIC_L0] = {FIELD(l0), "L0: active dimensions of a word", SPINE_METRIC_UNIT_MEAN, 7,
                         false, true},
    [SPINE_METRIC_DEAD] = {FIELD(dead), "Dead dimensions", SPINE_METRIC_UNIT_COUNT, 9, true, true},
    [SPINE_METRIC_SATURATED] = {FIELD(saturated), "Saturated dimensions", SPINE_METRIC_UNIT_COUNT,
                                0, true, true},
    [SPINE_METRIC_HELD_OUT_RL] = {FIELD(held_out_rl), "Reconstruction loss of rows held out",
                                  SPINE_METRIC_UNIT_LOSS, 14, false, true},
    [SPINE_METRIC_HELD_OUT_EXPLAINED_VARIANCE] = {FIELD(held_out_explained_variance),
                                                  "Explained variance of rows held out",
                                                  SPINE_METRIC_UNIT_SHARE, 13, false, true},
    [SPINE_METRIC_HELD_OUT_SPARSITY] = {FIELD(held_out_sparsity), "Sparsity of rows held out",
                                        SPINE_METRIC_UNIT_SHARE, 15, false, true},
    [SPINE_METRIC_HELD_OUT_L0] = {FIELD(held_out_l0), "L0 of rows held out", SPINE_METRIC_UNIT_MEAN,
                                  16, false, true},
    [SPINE_METRIC_AUX] = {FIELD(aux), "Loss of silent units", SPINE_METRIC_UNIT_LOSS, 17, false,
                          false},
#undef FIELD
};

const char *spine_metrics_option(enum spine_metric metric)
{
    return metric < SPINE_METRIC_HELD_OUT_RL ? NULL
           : metric == SPINE_METRIC_AUX      ? "model.aux_k"
                                             : "data.holdout";
}

const char *spine_metrics_name(enum spine_metric metric)
{
    return table[metric].name;
}

const char *spine_metrics_label(enum spine_metric metric)
{
    return table[metric].label;
}

enum spine_metric_unit spine_metrics_unit(enum spine_metric metric)
{
    return table[metric].unit;
}

const char *spine_metrics_unit_name(enum spine_metric_unit unit)
{
    static const char *const names[SPINE_METRIC_UNITS] = {
        [SPINE_METRIC_UNIT_LOSS] = "loss",           [SPINE_METRIC_UNIT_FACTOR] = "factor",
        [SPINE_METRIC_UNIT_MEAN] = "mean",           [SPINE_METRIC_UNIT_SHARE] = "share",
        [SPINE_METRIC_UNIT_COUNT] = "count",         [SPINE_METRIC_UNIT_SECONDS] = "seconds",
        [SPINE_METRIC_UNIT_RATE] = "words a second",
    };

    return names[unit];
}

int spine_metrics_chart(enum spine_metric metric)
{
    return table[metric].chart;
}

int spine_metrics_path(const char *directory, char *path, struct spine_error *err)
{
    return spine_rundir_join(path, directory, "metrics.jsonl", err);
}

/* --- Writing ------------------------------------------------------------------------------ */

/* The name of a line in out-of-memory messages. */
static const char a_line[] = "a line of the metrics";

/* Read the epoch of a line; *number is 0 if it is blank, -1 if it isn't the JSON object of an
 * epoch. */
static int read_epoch(const char *line, int64_t *number, struct spine_error *err)
{
    cJSON *object = NULL;

    *number = 0;
    line += spine_textfile_mark(line, strlen(line));
    if (line[strspn(line, " \t\r\n")] == '\0')
        return 0;
    if (spine_json_parse(line, a_line, &object, err))
        return -1;

    const double epoch = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, "epoch"));
    cJSON_Delete(object);
    *number = epoch >= 1 && epoch <= 1e15 ? (int64_t)epoch : -1;
    return 0;
}

/* The contents of an existing file up to an epoch. */
struct held {
    off_t end;          /* of its lines up to that epoch */
    int64_t last;       /* epoch of these */
    size_t bad;         /* the number of the first line that isn't of an epoch, or 0 */
    bool is_bad_inside; /* it isn't a last one without an end, which a crash may have left */
    int64_t newest;     /* the last epoch in the file */
    size_t disordered;  /* the number of a line of another epoch than the next, or 0 */
    int64_t found;      /* its epoch */
};

/* Count a line of this epoch, or a blank line if epoch is 0. False if the epoch isn't the next. */
static bool note_epoch(struct held *held, int64_t epoch, int64_t epochs, ssize_t length)
{
    if (epoch > 0 && held->newest > 0 && epoch != held->newest + 1) {
        held->found = epoch;
        return false;
    }
    held->newest = epoch > 0 ? epoch : held->newest;
    if (held->newest <= epochs) {
        held->last = held->newest;
        held->end += length;
    }
    return true;
}

static int read_held(FILE *file, const char *path, int64_t epochs, struct held *held,
                     struct spine_error *err)
{
    char *line = NULL;
    size_t size = 0, number = 0;
    int rc = 0;

    *held = (struct held){.end = 0};
    errno = 0;
    for (ssize_t length; rc == 0 && (length = getline(&line, &size, file)) > 0;) {
        const bool has_end = line[length - 1] == '\n';
        int64_t epoch = -1;
        number++;
        if (has_end && (rc = read_epoch(line, &epoch, err)) != 0)
            break;
        if (epoch < 0) {
            held->bad = number;
            held->is_bad_inside = has_end;
            break;
        }
        if (!note_epoch(held, epoch, epochs, length)) {
            held->disordered = number;
            break;
        }
    }

    if (rc == 0 && ferror(file))
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    free(line);
    return rc;
}

/* Find where to continue. What follows is cut off, so refuse a file that we didn't write like this:
 * one that lacks epochs or has other lines. */
static int find_end(FILE *file, const char *path, int64_t epochs, off_t *end,
                    struct spine_error *err)
{
    struct held held;

    if (read_held(file, path, epochs, &held, err))
        return -1;
    *end = held.end;
    if (held.is_bad_inside)
        return spine_refuse(
            err, "%s:%zu: is not an epoch's JSON object; repair the line, or move the file away",
            path, held.bad);
    if (held.disordered > 0)
        return spine_refuse(err,
                            "%s:%zu: is of epoch %lld, after epoch %lld; repair the line, or move "
                            "the file away",
                            path, held.disordered, (long long)held.found, (long long)held.newest);
    if (held.newest == 0 && epochs > 0 && held.bad > 0)
        return spine_refuse(err,
                            "%s: has no whole line of an epoch, but the checkpoint is of epoch "
                            "%lld; move the file away to resume without it",
                            path, (long long)epochs);
    if (held.last > 0 && held.last < epochs)
        return spine_refuse(err,
                            "%s: ends with epoch %lld, but the checkpoint is of epoch %lld; move "
                            "the file away to resume without it",
                            path, (long long)held.last, (long long)epochs);
    return 0;
}

int spine_metrics_open(FILE **file, const char *path, int64_t epochs, struct spine_error *err)
{
    const int descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno == ELOOP)
        return spine_refuse(err, "%s: is a symbolic link", path);

    *file = descriptor < 0 ? NULL : fdopen(descriptor, "r+");
    if (*file == NULL) {
        spine_fail(err, "%s: %s", path, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }

    off_t end = 0;
    int rc = find_end(*file, path, epochs, &end, err);
    if (rc == 0 && (fseeko(*file, end, SEEK_SET) != 0 || ftruncate(fileno(*file), end) != 0))
        rc = spine_fail(err, "%s: %s", path, strerror(errno));

    if (rc != 0) {
        fclose(*file);
        *file = NULL;
    }
    return rc;
}

int spine_metrics_sync(FILE *file, const char *path, struct spine_error *err)
{
    /* For a pipe or the like, which isn't on a disk, EINVAL is not a failure. */
    return fsync(fileno(file)) != 0 && errno != EINVAL
               ? spine_fail(err, "%s: %s", path, strerror(errno))
               : 0;
}

static bool is_known(const struct spine_metrics *metrics, enum spine_metric metric)
{
    if (spine_metrics_option(metric) != NULL &&
        !(metric == SPINE_METRIC_AUX ? metrics->has_aux : metrics->has_held_out))
        return false;
    return metrics->evaluated || !table[metric].is_evaluated;
}

int spine_metrics_write(FILE *file, const char *path, const struct spine_metrics *metrics,
                        struct spine_error *err)
{
    cJSON *object = cJSON_CreateObject();
    bool whole = object != NULL; /* else out of memory */

    for (enum spine_metric i = 0; i < SPINE_METRICS; i++) {
        const char *field = (const char *)metrics + table[i].offset;
        if (is_known(metrics, i))
            whole = cJSON_AddNumberToObject(object, table[i].name,
                                            table[i].is_whole
                                                ? (double)*(const int64_t *)(const void *)field
                                                : *(const double *)(const void *)field) != NULL &&
                    whole;
    }

    if (metrics->start_from != NULL)
        whole = cJSON_AddStringToObject(object, "start_from", metrics->start_from) != NULL && whole;
    char *line = whole ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (line == NULL)
        return spine_memory_fail(a_line, err);

    const bool failed = fprintf(file, "%s\n", line) < 0 || fflush(file) != 0;
    const int reason = errno;
    cJSON_free(line);

    return failed ? spine_fail(err, "%s: %s", path, strerror(reason)) : 0;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Read the file up to its first or its last complete line. *line is NULL if there is none. */
enum which { FIRST, LAST };
static int read_line(const char *path, enum which which, char **line, struct spine_error *err)
{
    char *next = NULL;
    size_t size = 0;

    *line = NULL;
    FILE *file = spine_infile_open_stream(path);
    if (file == NULL)
        return errno == ENOENT ? 0 : spine_fail(err, "%s: %s", path, strerror(errno));

    for (ssize_t length;
         (which == LAST || *line == NULL) && (length = getline(&next, &size, file)) > 0;) {
        if (next[length - 1] != '\n') /* it is being written */
            break;
        next[length - 1] = '\0';
        free(*line);
        *line = next;
        next = NULL;
        size = 0;
    }

    int rc = 0;
    if (ferror(file)) {
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
        free(*line);
        *line = NULL;
    }
    free(next);
    fclose(file);
    return rc;
}

int spine_metrics_last(const char *path, char **line, struct spine_error *err)
{
    return read_line(path, LAST, line, err);
}

/* A metric of a line; NaN if the line lacks it. */
static double find_number(const cJSON *line, enum spine_metric metric)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(line, table[metric].name));
}

int spine_metrics_last_number(const char *path, enum spine_metric metric, double *number,
                              struct spine_error *err)
{
    char *line = NULL;
    cJSON *json = NULL;

    *number = (double)NAN;
    if (read_line(path, LAST, &line, err))
        return -1;
    const int rc = spine_json_parse(line, a_line, &json, err);
    if (rc == 0)
        *number = find_number(json, metric);
    cJSON_Delete(json);
    free(line);
    return rc;
}

int spine_metrics_diverged(const char *directory, bool *diverged, double *explained,
                           struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], *first = NULL, *last = NULL;

    if (spine_metrics_path(directory, path, err) || read_line(path, FIRST, &first, err) ||
        read_line(path, LAST, &last, err)) {
        free(first);
        return -1;
    }

    cJSON *begun = NULL, *ended = NULL;
    int rc = spine_json_parse(first, a_line, &begun, err);
    if (rc == 0)
        rc = spine_json_parse(last, a_line, &ended, err);
    if (rc == 0) {
        *explained = find_number(ended, SPINE_METRIC_EXPLAINED_VARIANCE);
        *diverged = *explained < -1 || (*explained < 0 && find_number(ended, SPINE_METRIC_RL) >
                                                              find_number(begun, SPINE_METRIC_RL));
    }

    cJSON_Delete(begun);
    cJSON_Delete(ended);
    free(first);
    free(last);
    return rc;
}

/* Append a line to the list of epochs; the list's length is for messages. */
static int add_line(cJSON *epochs, const char *line, const char *path, size_t number,
                    struct spine_error *err)
{
    cJSON *epoch = NULL;
    if (spine_json_parse(line, a_line, &epoch, err))
        return -1;
    if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(epoch, "epoch"))) {
        cJSON_AddItemToArray(epochs, epoch);
        return 0;
    }
    cJSON_Delete(epoch);
    return spine_refuse(err, "%s:%zu: is not an epoch's JSON object", path, number);
}

static int read_lines(FILE *file, const char *path, cJSON *epochs, struct spine_error *err)
{
    char *line = NULL;
    size_t size = 0, number = 0;
    int rc = 0;
    for (ssize_t length; rc == 0 && (length = getline(&line, &size, file)) > 0;)
        if (line[length - 1] == '\n')
            rc = add_line(epochs, line, path, ++number, err);
    free(line);
    if (rc == 0 && ferror(file))
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    return rc;
}

/* Does the line have the metrics of an evaluated epoch? */
static bool is_evaluated(const cJSON *epoch)
{
    return cJSON_HasObjectItem(epoch, table[SPINE_METRIC_EXPLAINED_VARIANCE].name);
}

/* Does a run of these epochs have the metric? */
static bool has_metric(const cJSON *epochs, enum spine_metric metric)
{
    if (spine_metrics_option(metric) == NULL)
        return true;
    for (const cJSON *epoch = epochs->child; epoch != NULL; epoch = epoch->next)
        if (cJSON_GetObjectItemCaseSensitive(epoch, table[metric].name) != NULL)
            return true;
    return false;
}

static cJSON *turn_into_columns(const cJSON *epochs, size_t most)
{
    cJSON *object = cJSON_CreateObject(), *columns[SPINE_METRICS] = {NULL};
    const size_t every = (size_t)cJSON_GetArraySize(epochs) / most + 1;
    size_t number = 0;

    for (enum spine_metric k = 0; k < SPINE_METRICS; k++)
        if (has_metric(epochs, k))
            columns[k] = cJSON_AddArrayToObject(object, table[k].name);

    for (const cJSON *epoch = epochs->child; epoch != NULL; epoch = epoch->next, number++)
        if (number % every == 0 || epoch->next == NULL || is_evaluated(epoch))
            for (enum spine_metric k = 0; k < SPINE_METRICS; k++)
                if (columns[k] != NULL)
                    spine_json_append_real(columns[k], find_number(epoch, k), 6);

    return object;
}

int spine_metrics_read_columns(const char *path, size_t most, struct cJSON **columns,
                               struct spine_error *err)
{
    *columns = NULL;

    FILE *file = spine_infile_open_stream(path);
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (file == NULL)
        return spine_fail(err, "%s: %s", path, strerror(errno));
    cJSON *epochs = cJSON_CreateArray();
    const int rc = epochs == NULL ? spine_memory_fail("the epochs of a run", err)
                                  : read_lines(file, path, epochs, err);
    fclose(file);
    if (rc == 0)
        *columns = turn_into_columns(epochs, most);
    cJSON_Delete(epochs);
    return rc;
}
