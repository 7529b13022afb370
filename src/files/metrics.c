/* metrics.c -- what an epoch was like, as a line of metrics.jsonl. */
#include "spine/files/metrics.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/memory.h"

static void add(cJSON *object, const char *name, double value)
{
    cJSON_AddNumberToObject(object, name, value);
}

/* Where the line of epoch 'epochs' ends, or the last one before it, whose epoch goes to *last. */
static off_t find_end(FILE *file, int64_t epochs, int64_t *last)
{
    char *line = NULL;
    size_t size = 0;
    off_t end = 0;
    long long epoch = 0;
    for (ssize_t length; *last < epochs && (length = getline(&line, &size, file)) > 0;) {
        if (line[length - 1] != '\n' || sscanf(line, "{\"epoch\":%lld,", &epoch) != 1 ||
            epoch > epochs)
            break;
        *last = epoch;
        end += length;
    }
    free(line);
    return end;
}

int spine_metrics_open(FILE **file, const char *path, int64_t epochs, struct spine_error *err)
{
    const int descriptor =
        open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (epochs > 0 ? 0 : O_TRUNC), 0666);
    if (descriptor < 0 && errno == ELOOP)
        return spine_refuse(err, "%s: is a symbolic link", path);
    *file = descriptor < 0 ? NULL : fdopen(descriptor, "r+");
    if (*file == NULL) {
        spine_fail(err, "%s: %s", path, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    int64_t last = 0;
    const off_t end = find_end(*file, epochs, &last);
    int rc = 0;
    if (end > 0 && last < epochs)
        rc = spine_refuse(err, "%s: ends with epoch %lld, but the checkpoint is of epoch %lld",
                          path, (long long)last, (long long)epochs);
    else if (fseeko(*file, end, SEEK_SET) != 0 || ftruncate(fileno(*file), end) != 0)
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    if (rc != 0) {
        fclose(*file);
        *file = NULL;
    }
    return rc;
}

int spine_metrics_sync(FILE *file, const char *path, struct spine_error *err)
{
    /* Where there is no disk behind it, a pipe say, EINVAL is not a failure. */
    return fsync(fileno(file)) != 0 && errno != EINVAL
               ? spine_fail(err, "%s: %s", path, strerror(errno))
               : 0;
}

int spine_metrics_write(FILE *file, const char *path, const struct spine_metrics *metrics,
                        struct spine_error *err)
{
    cJSON *object = cJSON_CreateObject();
    add(object, "epoch", (double)metrics->epoch);
    add(object, "rl", metrics->rl);
    add(object, "asl", metrics->asl);
    add(object, "psl", metrics->psl);
    add(object, "total", metrics->total);
    add(object, "learning_rate", metrics->learning_rate);
    add(object, "seconds", metrics->seconds);
    add(object, "words_per_second", metrics->words_per_second);
    add(object, "comm_share", metrics->comm_share);
    add(object, "density", metrics->density);
    if (metrics->evaluated) {
        add(object, "eval_rl", metrics->eval_rl);
        add(object, "explained_variance", metrics->explained_variance);
        add(object, "sparsity", metrics->sparsity);
        add(object, "l0", metrics->l0);
        add(object, "dead", (double)metrics->dead);
        add(object, "saturated", (double)metrics->saturated);
    }
    char *line = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (line == NULL)
        return spine_memory_fail("a line of the metrics", err);
    const int failed = fprintf(file, "%s\n", line) < 0 || fflush(file) != 0;
    const int reason = errno;
    cJSON_free(line);
    return failed ? spine_fail(err, "%s: %s", path, strerror(reason)) : 0;
}

int spine_metrics_last(const char *path, char **line, struct spine_error *err)
{
    char *next = NULL;
    size_t size = 0;
    *line = NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return errno == ENOENT ? 0 : spine_fail(err, "%s: %s", path, strerror(errno));
    for (ssize_t length; (length = getline(&next, &size, file)) > 0;) {
        if (next[length - 1] != '\n') /* it is being written */
            break;
        next[length - 1] = '\0';
        free(*line);
        *line = next;
        next = NULL;
        size = 0;
    }
    free(next);
    fclose(file);
    return 0;
}
