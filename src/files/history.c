/* history.c -- metrics.jsonl read back. */
#include "spine/files/history.h"

#include <cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* As spine_metrics_write() writes them; the rest of an epoch's fields only if it was evaluated. */
static const char *const fields[] = {"epoch",      "rl",
                                     "asl",        "psl",
                                     "total",      "learning_rate",
                                     "seconds",    "words_per_second",
                                     "comm_share", "density",
                                     "eval_rl",    "explained_variance",
                                     "sparsity",   "l0",
                                     "dead",       "saturated"};

enum { NUM_FIELDS = sizeof fields / sizeof *fields };

/* Append a line to the list of epochs; its number of lines so far is for messages. */
static int add_line(cJSON *epochs, const char *line, const char *path, size_t number,
                    struct spine_error *err)
{
    cJSON *epoch = cJSON_Parse(line);
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

static void add_number(cJSON *column, const cJSON *value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", cJSON_GetNumberValue(value));
    cJSON_AddItemToArray(column,
                         cJSON_IsNumber(value) ? cJSON_CreateRaw(text) : cJSON_CreateNull());
}

static cJSON *turn_into_columns(const cJSON *epochs, size_t most)
{
    cJSON *history = cJSON_CreateObject(), *columns[NUM_FIELDS];
    for (size_t k = 0; k < NUM_FIELDS; k++)
        columns[k] = cJSON_AddArrayToObject(history, fields[k]);
    const size_t every = (size_t)cJSON_GetArraySize(epochs) / most + 1;
    size_t number = 0;
    for (const cJSON *epoch = epochs->child; epoch != NULL; epoch = epoch->next, number++)
        if (number % every == 0 || epoch->next == NULL ||
            cJSON_HasObjectItem(epoch, "explained_variance"))
            for (size_t k = 0; k < NUM_FIELDS; k++)
                add_number(columns[k], cJSON_GetObjectItemCaseSensitive(epoch, fields[k]));
    return history;
}

int spine_history_read(const char *path, size_t most, struct cJSON **history,
                       struct spine_error *err)
{
    *history = NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (file == NULL)
        return spine_fail(err, "%s: %s", path, strerror(errno));
    cJSON *epochs = cJSON_CreateArray();
    const int rc = read_lines(file, path, epochs, err);
    fclose(file);
    if (rc == 0)
        *history = turn_into_columns(epochs, most);
    cJSON_Delete(epochs);
    return rc;
}
