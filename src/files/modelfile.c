/* modelfile.c -- the trained model on disk. */
#include "spine/files/modelfile.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/store.h"

void spine_modelfile_fingerprint(const struct spine_params *params, const float *mean, double scale,
                                 char *fingerprint)
{
    /* The padding is always zero, so the block's bytes are a function of the model. */
    XXH128_hash_t hash = XXH3_128bits(params->data, params->len * sizeof *params->data);
    hash = XXH3_128bits_withSeed(mean, params->dim * sizeof *mean, hash.low64 ^ hash.high64);
    hash = XXH3_128bits_withSeed(&scale, sizeof scale, hash.low64 ^ hash.high64);
    snprintf(fingerprint, SPINE_FINGERPRINT, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

enum { NAME = 64, TENSORS = 4 };

/* A tensor of the parameters: vectors have columns 0. */
struct tensor {
    char name[NAME];
    size_t rows, columns, stride;
    float *data;
};

static void list_tensors(const struct spine_params *params, const char *group,
                         struct tensor *tensors)
{
    const struct tensor list[TENSORS] = {
        {"W1", params->hidden, params->dim, params->stride, params->W1},
        {"b1", params->hidden, 0, 1, params->b1},
        {"W2", params->hidden, params->dim, params->stride, params->W2},
        {"b2", params->dim, 0, 1, params->b2},
    };
    for (int i = 0; i < TENSORS; i++) {
        tensors[i] = list[i];
        snprintf(tensors[i].name, NAME, "%.32s/%.8s", group, list[i].name);
    }
}

int spine_modelfile_write_params(struct spine_store *store, const char *group,
                                 const struct spine_params *params, struct spine_error *err)
{
    struct tensor tensors[TENSORS];
    list_tensors(params, group, tensors);
    for (int i = 0; i < TENSORS; i++)
        if (spine_array_make_checked(store, tensors[i].name, SPINE_ARRAY_FLOAT, tensors[i].rows,
                                     tensors[i].columns, err) ||
            spine_array_write(store, tensors[i].name, SPINE_ARRAY_FLOAT, 0, tensors[i].rows,
                              tensors[i].stride, tensors[i].data, err))
            return -1;
    return 0;
}

static int read_tensor(struct spine_store *store, const char *path, const struct tensor *tensor,
                       struct spine_error *err)
{
    size_t rows = 0, columns = 0;
    if (spine_array_extent(store, tensor->name, SPINE_ARRAY_FLOAT, &rows,
                           tensor->columns > 0 ? &columns : NULL, err))
        return -1;
    if (rows != tensor->rows || columns != tensor->columns)
        return spine_refuse(err, "%s: '%s' is %zu x %zu, expected %zu x %zu", path, tensor->name,
                            rows, columns, tensor->rows, tensor->columns);
    if (spine_array_read(store, tensor->name, SPINE_ARRAY_FLOAT, 0, rows, tensor->stride,
                         tensor->data, err))
        return -1;
    const size_t width = columns > 0 ? columns : 1;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < width; k++)
            if (!isfinite(tensor->data[i * tensor->stride + k]))
                return spine_refuse(err, "%s: '%s' has a number that is not finite", path,
                                    tensor->name);
    return 0;
}

int spine_modelfile_read_params(struct spine_store *store, const char *path, const char *group,
                                struct spine_params *params, struct spine_error *err)
{
    struct tensor tensors[TENSORS];
    list_tensors(params, group, tensors);
    for (int i = 0; i < TENSORS; i++)
        if (read_tensor(store, path, &tensors[i], err))
            return -1;
    return 0;
}

int spine_modelfile_write(const char *path, const struct spine_params *params, const float *mean,
                          double scale, const char *config, struct spine_error *err)
{
    char fingerprint[SPINE_FINGERPRINT];
    spine_modelfile_fingerprint(params, mean, scale, fingerprint);
    struct spine_store *store = NULL;
    if (spine_store_create(&store, path, "spine-model", err))
        return -1;
    int rc =
        spine_modelfile_write_params(store, "", params, err) ||
        spine_array_make_checked(store, "/input_mean", SPINE_ARRAY_FLOAT, params->dim, 0, err) ||
        spine_array_write(store, "/input_mean", SPINE_ARRAY_FLOAT, 0, params->dim, 1, mean, err) ||
        spine_attribute_set_real(store, "/", "input_scale", scale, err) ||
        spine_attribute_set_text(store, "/", "config", config, err) ||
        spine_attribute_set_text(store, "/", "fingerprint", fingerprint, err);
    struct spine_error closing;
    if (spine_store_close(store, rc == 0 ? err : &closing) && rc == 0)
        rc = -1;
    if (rc == 0 && spine_outfile_publish(path, err) == 0)
        return 0;
    spine_outfile_discard(path);
    return -1;
}

/* The shape of W1, and memory for a model of this shape. */
static int make_model(struct spine_modelfile *model, struct spine_store *store, const char *path,
                      struct spine_error *err)
{
    enum { MOST = 1 << 20 };
    size_t hidden = 0, dim = 0;
    if (spine_array_extent(store, "/W1", SPINE_ARRAY_FLOAT, &hidden, &dim, err))
        return -1;
    if (hidden < 1 || hidden > MOST || dim < 1 || dim > MOST)
        return spine_refuse(err, "%s: '/W1' is %zu x %zu", path, hidden, dim);
    model->mean = spine_memory_zeroed(dim, sizeof *model->mean, "the model's mean row", err);
    if (model->mean == NULL)
        return -1;
    return spine_params_init(&model->params, dim, hidden, err);
}

static int read_mean(struct spine_modelfile *model, struct spine_store *store, const char *path,
                     struct spine_error *err)
{
    const struct tensor mean = {"/input_mean", model->params.dim, 0, 1, model->mean};
    if (read_tensor(store, path, &mean, err) ||
        spine_attribute_get_real(store, "/", "input_scale", &model->scale, err))
        return -1;
    if (!isfinite(model->scale) || model->scale <= 0)
        return spine_refuse(err, "%s: 'input_scale' is %g, expected a number above 0", path,
                            model->scale);
    return 0;
}

int spine_modelfile_read(struct spine_modelfile *model, const char *path, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error ignored; /* nothing was written */
    *model = (struct spine_modelfile){0};
    if (spine_store_open(&store, path, "spine-model", err))
        return -1;
    const int rc = make_model(model, store, path, err) ||
                   spine_modelfile_read_params(store, path, "", &model->params, err) ||
                   read_mean(model, store, path, err) ||
                   spine_attribute_get_text(store, "/", "config", &model->config, err);
    spine_store_close(store, &ignored);
    if (rc != 0)
        spine_modelfile_dispose(model);
    if (rc)
        return -1;

    return 0;
}

void spine_modelfile_dispose(struct spine_modelfile *model)
{
    spine_params_dispose(&model->params);
    free(model->mean);
    free(model->config);
    *model = (struct spine_modelfile){0};
}
