/* checkpoint.c -- the state of a run, saved so that it can be resumed. */
#include "spine/files/checkpoint.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/clock.h"
#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/checksum.h"
#include "spine/files/modelfile.h"
#include "spine/files/store.h"

static const char format[] = "spine-checkpoint";

void spine_checkpoint_texts_dispose(struct spine_checkpoint_texts *texts)
{
    free(texts->identity);
    free(texts->config);
    free(texts->input);
    free(texts->kernels);
    *texts = (struct spine_checkpoint_texts){0};
}

/* The fields of struct spine_progress, as attributes; the penalty is called "asl", the only one
 * when the format was defined. Earlier versions' checkpoints lack the last, which is 0 then. */
static const struct {
    const char *name;
    size_t offset;
    bool is_real;
} fields[] = {
    {"steps", offsetof(struct spine_progress, steps), false},
    {"epoch", offsetof(struct spine_progress, epoch), false},
    {"step", offsetof(struct spine_progress, step), false},
    {"mode", offsetof(struct spine_progress, mode), false},
    {"squares", offsetof(struct spine_progress, squares), true},
    {"partial", offsetof(struct spine_progress, partial), true},
    {"asl", offsetof(struct spine_progress, penalty), true},
    {"active", offsetof(struct spine_progress, active), true},
    {"waited", offsetof(struct spine_progress, waited), true},
    {"seconds", offsetof(struct spine_progress, seconds), true},
    {"silent", offsetof(struct spine_progress, silent), true},
};

enum { NUM_FIELDS = sizeof fields / sizeof *fields, OLD_FIELDS = NUM_FIELDS - 1 };

static int write_progress(struct spine_store *store, const struct spine_progress *progress,
                          struct spine_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < NUM_FIELDS; i++) {
        const void *field = (const char *)progress + fields[i].offset;
        rc = fields[i].is_real
                 ? spine_attribute_set_real(store, "/", fields[i].name, *(const double *)field, err)
                 : spine_attribute_set_integers(store, "/", fields[i].name, field, 1, err);
    }
    return rc;
}

static int read_progress(struct spine_store *store, struct spine_progress *progress,
                         struct spine_error *err)
{
    const bool is_old = !spine_attribute_has(store, "/", fields[OLD_FIELDS].name);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < (is_old ? OLD_FIELDS : NUM_FIELDS); i++) {
        void *field = (char *)progress + fields[i].offset;
        rc = fields[i].is_real
                 ? spine_attribute_get_real(store, "/", fields[i].name, (double *)field, err)
                 : spine_attribute_get_integer(store, "/", fields[i].name, (int64_t *)field, err);
    }
    return rc;
}

/* View one of the optimizer's blocks as parameters. */
static struct spine_params view(const struct spine_params *shape, float *block)
{
    struct spine_params params;
    spine_params_place(&params, shape->dim, shape->hidden, block);
    return params;
}

/* --- Writing ------------------------------------------------------------------------------ */

/* What is counted of each unit, if anybody counts. */
static int write_counts(struct spine_store *store, const char *name, enum spine_array_type type,
                        size_t count, const void *counts, struct spine_error *err)
{
    if (counts == NULL)
        return 0;
    if (spine_array_make_checked(store, name, type, count, 0, err) ||
        spine_array_write(store, name, type, 0, count, 1, counts, err))
        return -1;
    return 0;
}

static int write_contents(struct spine_store *store, const struct spine_checkpoint_writer *writer,
                          struct spine_error *err)
{
    const struct spine_params *params = writer->params;
    const struct spine_optimizer *optimizer = writer->optimizer;

    if (write_progress(store, &writer->progress, err) ||
        spine_attribute_set_text(store, "/", "identity", writer->texts->identity, err) ||
        spine_attribute_set_text(store, "/", "config", writer->texts->config, err) ||
        spine_attribute_set_text(store, "/", "input", writer->texts->input, err) ||
        spine_modelfile_write_params(store, "/parameters", params, err))
        return -1;
    if (writer->texts->kernels != NULL &&
        spine_attribute_set_text(store, "/", "kernels", writer->texts->kernels, err))
        return -1;
    if (writer->scaling != NULL &&
        spine_modelfile_write_scaling(store, "/parameters", writer->scaling, err))
        return -1;

    if (write_counts(store, "/idle", SPINE_ARRAY_INT32, writer->num_idle, writer->idle_copy, err) ||
        write_counts(store, "/silence", SPINE_ARRAY_INT64, writer->num_silence,
                     writer->silence_copy, err))
        return -1;

    if (optimizer->first != NULL) {
        const struct spine_params first = view(params, optimizer->first);
        if (spine_modelfile_write_params(store, "/first", &first, err))
            return -1;
    }
    if (optimizer->second != NULL) {
        const struct spine_params second = view(params, optimizer->second);
        if (spine_modelfile_write_params(store, "/second", &second, err))
            return -1;
    }

    return 0;
}

static int checkpoint_path(char *path, const char *directory, int64_t steps,
                           struct spine_error *err)
{
    if (snprintf(path, SPINE_CHECKPOINT_PATH, "%s/checkpoint-%010lld.h5", directory,
                 (long long)steps) < SPINE_CHECKPOINT_PATH)
        return 0;
    return spine_refuse(err, "%.60s...: the path is too long", directory);
}

/* Of the checkpoints up to this one, remove all but the last 'keep'. Later ones, which were damaged
 * or skipped, don't count: this may be the only intact one. */
static int remove_old(const struct spine_checkpoint_writer *writer, struct spine_error *err)
{
    int64_t steps = writer->progress.steps + 1;
    for (int i = 0; steps >= 0; i++) {
        char path[SPINE_CHECKPOINT_PATH];
        if (spine_checkpoint_newest(writer->directory, steps, path, &steps, err))
            return -1;
        if (steps >= 0 && i >= writer->keep && unlink(path) != 0)
            return spine_fail(err, "can't remove %s: %s", path, strerror(errno));
    }
    return 0;
}

static int save(const struct spine_checkpoint_writer *writer, struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH];
    struct spine_store *store = NULL;
    if (checkpoint_path(path, writer->directory, writer->progress.steps, err) ||
        spine_store_create(&store, path, format, err))
        return -1;
    int rc = write_contents(store, writer, err);
    struct spine_error closing;
    if (spine_store_close(store, rc == 0 ? err : &closing) && rc == 0)
        rc = -1;
    char *part = rc == 0 ? spine_outfile_part(path, err) : NULL;
    if (part == NULL || spine_checksum_put(part, path, err))
        rc = -1;
    free(part);
    if (rc == 0 && writer->before_publish != NULL)
        writer->before_publish();
    if (rc == 0 && spine_outfile_publish(path, err) == 0)
        return remove_old(writer, err);
    spine_outfile_discard(path);
    return -1;
}

static void *save_timed(void *data)
{
    struct spine_checkpoint_writer *writer = data;
    const double start = spine_clock_now();
    writer->rc = save(writer, &writer->err);
    writer->seconds = spine_clock_now() - start;
    writer->done = 1;
    return NULL;
}

int spine_checkpoint_writer_init(struct spine_checkpoint_writer *writer, const char *directory,
                                 int keep, const struct spine_checkpoint_texts *texts,
                                 struct spine_error *err)
{
    *writer = (struct spine_checkpoint_writer){.keep = keep, .texts = texts};
    if (strlen(directory) >= sizeof writer->directory)
        return spine_refuse(err, "%.60s...: the path is too long", directory);
    strcpy(writer->directory, directory);
    return 0;
}

/* Copy what is to be saved, so that the training may change it. */
static int copy(struct spine_checkpoint_writer *writer, const struct spine_params *params,
                const struct spine_optimizer *optimizer, struct spine_error *err)
{
    const size_t bytes = params->len * sizeof(float);
    struct spine_optimizer *copied = &writer->optimizer_copy;
    if (writer->params_copy.data == NULL &&
        (spine_params_init(&writer->params_copy, params->dim, params->hidden, err) ||
         spine_optimizer_init(copied, optimizer->kind, optimizer->momentum, optimizer->beta2,
                              optimizer->len, err)))
        return -1;
    memcpy(writer->params_copy.data, params->data, bytes);
    writer->params_copy.threshold = params->threshold;
    if (optimizer->first != NULL)
        memcpy(copied->first, optimizer->first, bytes);
    if (optimizer->second != NULL)
        memcpy(copied->second, optimizer->second, bytes);
    writer->params = &writer->params_copy;
    writer->optimizer = copied;
    return 0;
}

/* Copy what is counted for each unit: 'counts', unless it is NULL. */
static int copy_counts(size_t count, size_t size, const void *counts, void **copied,
                       struct spine_error *err)
{
    if (counts == NULL)
        return 0;
    if (*copied == NULL)
        *copied = spine_memory_zeroed(count, size, "a copy of the units' counts", err);
    if (*copied == NULL)
        return -1;
    memcpy(*copied, counts, count * size);
    return 0;
}

/* Seven parameters: a checkpoint is made from four structs, each owned by another module. */
int spine_checkpoint_save(struct spine_checkpoint_writer *writer, enum spine_checkpoint_mode mode,
                          const struct spine_params *params,
                          const struct spine_optimizer *optimizer,
                          const struct spine_progress *progress, struct spine_error *err)
{
    if (spine_checkpoint_finish(writer, err))
        return -1;

    writer->params = params;
    writer->optimizer = optimizer;
    writer->progress = *progress;

    if (copy_counts(writer->num_idle, sizeof(int32_t), writer->idle, &writer->idle_copy, err) ||
        copy_counts(writer->num_silence, sizeof(int64_t), writer->silence, &writer->silence_copy,
                    err))
        return -1;

    if (mode == SPINE_CHECKPOINT_NOW) {
        save_timed(writer);
        if (writer->rc != 0)
            *err = writer->err;
        return writer->rc;
    }

    if (copy(writer, params, optimizer, err))
        return -1;
    writer->done = 0;
    const int failure = pthread_create(&writer->thread, NULL, save_timed, writer);
    if (failure != 0)
        return spine_fail(err, "can't start a thread to save the checkpoint: %s",
                          strerror(failure));
    writer->busy = true;
    return 0;
}

int spine_checkpoint_finish(struct spine_checkpoint_writer *writer, struct spine_error *err)
{
    if (!writer->busy)
        return 0;
    pthread_join(writer->thread, NULL);
    writer->busy = false;
    if (writer->rc != 0)
        *err = writer->err;
    return writer->rc;
}

int spine_checkpoint_poll(struct spine_checkpoint_writer *writer, struct spine_error *err)
{
    return writer->done ? spine_checkpoint_finish(writer, err) : 0;
}

void spine_checkpoint_writer_dispose(struct spine_checkpoint_writer *writer)
{
    struct spine_error ignored;
    spine_checkpoint_finish(writer, &ignored);
    spine_params_dispose(&writer->params_copy);
    spine_optimizer_dispose(&writer->optimizer_copy);
    free(writer->idle_copy);
    free(writer->silence_copy);
    *writer = (struct spine_checkpoint_writer){0};
}

/* --- Reading ------------------------------------------------------------------------------ */

int spine_checkpoint_newest(const char *directory, int64_t steps, char *path, int64_t *found,
                            struct spine_error *err)
{
    *found = -1;
    DIR *listing = opendir(directory);
    if (listing == NULL)
        return errno == ENOENT ? 0 : spine_infile_fail(directory, err);

    errno = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL; errno = 0) {
        char digits[11];
        int end = 0;
        if (sscanf(entry->d_name, "checkpoint-%10[0-9].h5%n", digits, &end) != 1 ||
            end != (int)strlen("checkpoint-0123456789.h5") || entry->d_name[end] != '\0')
            continue;
        const int64_t number = strtoll(digits, NULL, 10);
        if (number < steps && number > *found)
            *found = number;
    }

    const int reason = errno;
    closedir(listing);
    if (reason != 0)
        return spine_fail(err, "can't list %s: %s", directory, strerror(reason));
    return *found < 0 ? 0 : checkpoint_path(path, directory, *found, err);
}

int spine_checkpoint_open(struct spine_checkpoint *checkpoint, const char *path, bool *is_damaged,
                          struct spine_error *err)
{
    struct spine_checkpoint_texts *texts = &checkpoint->texts;
    struct spine_progress *progress = &checkpoint->progress;

    *checkpoint = (struct spine_checkpoint){.path = path};
    if (spine_checksum_check(path, is_damaged, err) ||
        spine_store_open(&checkpoint->store, path, format, err))
        return -1;

    if (spine_attribute_get_text(checkpoint->store, "/", "identity", &texts->identity, err) ||
        spine_attribute_get_text(checkpoint->store, "/", "config", &texts->config, err) ||
        spine_attribute_get_text(checkpoint->store, "/", "input", &texts->input, err) ||
        (spine_attribute_has(checkpoint->store, "/", "kernels") &&
         spine_attribute_get_text(checkpoint->store, "/", "kernels", &texts->kernels, err)) ||
        read_progress(checkpoint->store, progress, err)) {
        spine_checkpoint_close(checkpoint);
        return -1;
    }

    if (progress->steps < 0 || progress->epoch < 0 || progress->step < 0 ||
        (progress->mode != SPINE_DENSE && progress->mode != SPINE_SPARSE)) {
        spine_checkpoint_close(checkpoint);
        return spine_refuse(err, "%s: its step or epoch is negative, or its mode unknown", path);
    }
    return 0;
}

void spine_checkpoint_close(struct spine_checkpoint *checkpoint)
{
    struct spine_error ignored; /* nothing was written */

    spine_store_close(checkpoint->store, &ignored);
    spine_checkpoint_texts_dispose(&checkpoint->texts);
    *checkpoint = (struct spine_checkpoint){.store = NULL};
}

int spine_checkpoint_read_texts(const char *path, struct spine_checkpoint_texts *texts,
                                struct spine_error *err)
{
    struct spine_checkpoint checkpoint;
    bool is_damaged;

    *texts = (struct spine_checkpoint_texts){0};
    if (spine_checkpoint_open(&checkpoint, path, &is_damaged, err))
        return -1;

    *texts = checkpoint.texts;
    checkpoint.texts = (struct spine_checkpoint_texts){0};
    spine_checkpoint_close(&checkpoint);
    return 0;
}

int spine_checkpoint_peek(const char *path, char **config, struct spine_error *err)
{
    return spine_modelfile_peek(path, format, "config", config, err);
}

int spine_checkpoint_peek_input(const char *path, char **input, struct spine_error *err)
{
    return spine_modelfile_peek(path, format, "input", input, err);
}

/* Read one of the optimizer's blocks, unless it has none. */
static int read_moment(const struct spine_checkpoint *checkpoint, const char *group,
                       const struct spine_params *shape, float *block, struct spine_error *err)
{
    if (block == NULL)
        return 0;

    struct spine_params moment = view(shape, block);
    return spine_modelfile_read_params(checkpoint->store, checkpoint->path, group, &moment, err);
}

int spine_checkpoint_read(const struct spine_checkpoint *checkpoint, struct spine_params *params,
                          struct spine_optimizer *optimizer, struct spine_error *err)
{
    if (spine_modelfile_read_params(checkpoint->store, checkpoint->path, "/parameters", params,
                                    err) ||
        read_moment(checkpoint, "/first", params, optimizer->first, err) ||
        read_moment(checkpoint, "/second", params, optimizer->second, err))
        return -1;

    optimizer->steps = (uint64_t)checkpoint->progress.steps;
    return 0;
}

/* Read what was counted of each of 'expected' units. */
static int read_counts(const struct spine_checkpoint *checkpoint, const char *name,
                       enum spine_array_type type, size_t expected, void *counts,
                       struct spine_error *err)
{
    size_t count = 0;

    if (spine_array_extent(checkpoint->store, name, type, &count, NULL, err))
        return -1;
    if (count != expected)
        return spine_refuse(err, "%s: '%s' has %zu units, expected %zu", checkpoint->path, name,
                            count, expected);

    return spine_array_read(checkpoint->store, name, type, 0, count, 1, counts, err);
}

int spine_checkpoint_read_idle(const struct spine_checkpoint *checkpoint, int32_t *idle,
                               size_t num_idle, struct spine_error *err)
{
    return read_counts(checkpoint, "/idle", SPINE_ARRAY_INT32, num_idle, idle, err);
}

int spine_checkpoint_read_silence(const struct spine_checkpoint *checkpoint, int64_t *silence,
                                  size_t num_silence, struct spine_error *err)
{
    return read_counts(checkpoint, "/silence", SPINE_ARRAY_INT64, num_silence, silence, err);
}

int spine_checkpoint_read_scaling(const struct spine_checkpoint *checkpoint, size_t dim,
                                  struct spine_scaling *scaling, struct spine_error *err)
{
    return spine_modelfile_read_scaling(checkpoint->store, checkpoint->path, "/parameters", dim,
                                        scaling, err);
}

int spine_checkpoint_read_model(const char *path, struct spine_modelfile *model, bool *is_damaged,
                                struct spine_error *err)
{
    struct spine_checkpoint checkpoint;

    *model = (struct spine_modelfile){0};
    if (spine_checkpoint_open(&checkpoint, path, is_damaged, err))
        return -1;
    const int rc = spine_modelfile_read_group(checkpoint.store, path, "/parameters", model, err);
    if (rc == 0) {
        model->config = checkpoint.texts.config;
        checkpoint.texts.config = NULL;
    }
    spine_checkpoint_close(&checkpoint);
    return rc;
}
