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
#include "spine/files/object.h"
#include "spine/files/store.h"

static XXH128_hash_t hash_more(const void *data, size_t bytes, XXH128_hash_t before)
{
    return XXH3_128bits_withSeed(data, bytes, before.low64 ^ before.high64);
}

void spine_modelfile_fingerprint(const struct spine_params *params,
                                 const struct spine_scaling *scaling, char *fingerprint)
{
    const size_t len = spine_scaling_len(scaling);

    /* The padding is always zero, so the block's bytes are a function of the model. */
    XXH128_hash_t hash = XXH3_128bits(params->data, params->len * sizeof *params->data);
    hash = hash_more(scaling->mean, params->dim * sizeof *scaling->mean, hash);
    hash = hash_more(&scaling->scale, sizeof scaling->scale, hash);
    if (scaling->longest > 0)
        hash = hash_more(&scaling->longest, sizeof scaling->longest, hash);
    if (len > scaling->stride)
        hash = hash_more(scaling->mean + scaling->stride,
                         (len - scaling->stride) * sizeof *scaling->mean, hash);
    snprintf(fingerprint, SPINE_FINGERPRINT, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

const char spine_modelfile_format[] = "spine-model";
static const char threshold_name[] = "threshold";

enum { NAME = 64, TENSORS = 4 };

/* A tensor of the parameters; a vector has columns 0. */
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

struct scaling_tensors {
    struct tensor mean, factors, components;
};

static void name_tensor(struct tensor *tensor, const char *group, const char *name)
{
    snprintf(tensor->name, NAME, "%.32s/%.24s", group, name);
}

static struct scaling_tensors list_scaling(const struct spine_scaling *scaling, const char *group)
{
    const size_t dim = scaling->dim;
    struct scaling_tensors tensors = {
        {"", dim, 0, 1, scaling->mean},
        {"", dim, 0, 1, scaling->factors},
        {"", scaling->num_components, dim, scaling->stride, scaling->components},
    };

    name_tensor(&tensors.mean, group, "input_mean");
    name_tensor(&tensors.factors, group, "input_factors");
    name_tensor(&tensors.components, group, "input_components");
    return tensors;
}

/* The group as an object that has attributes. */
static const char *object_of(const char *group)
{
    return group[0] == '\0' ? "/" : group;
}

static int write_tensor(struct spine_store *store, const struct tensor *tensor,
                        struct spine_error *err)
{
    if (spine_array_make_checked(store, tensor->name, SPINE_ARRAY_FLOAT, tensor->rows,
                                 tensor->columns, err))
        return -1;
    return spine_array_write(store, tensor->name, SPINE_ARRAY_FLOAT, 0, tensor->rows,
                             tensor->stride, tensor->data, err);
}

int spine_modelfile_write_params(struct spine_store *store, const char *group,
                                 const struct spine_params *params, struct spine_error *err)
{
    struct tensor tensors[TENSORS];
    list_tensors(params, group, tensors);
    for (int i = 0; i < TENSORS; i++)
        if (write_tensor(store, &tensors[i], err))
            return -1;
    return params->threshold > 0 ? spine_attribute_set_real(store, object_of(group), threshold_name,
                                                            params->threshold, err)
                                 : 0;
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

/* An attribute that is above 0. */
static int read_positive(struct spine_store *store, const char *path, const char *group,
                         const char *name, double *value, struct spine_error *err)
{
    if (spine_attribute_get_real(store, object_of(group), name, value, err))
        return -1;
    if (!isfinite(*value) || *value <= 0)
        return spine_refuse(err, "%s: '%s' is %g, expected a number above 0", path, name, *value);
    return 0;
}

static int read_threshold(struct spine_store *store, const char *path, const char *group,
                          double *threshold, struct spine_error *err)
{
    *threshold = 0;
    if (!spine_attribute_has(store, object_of(group), threshold_name))
        return 0;
    return read_positive(store, path, group, threshold_name, threshold, err);
}

int spine_modelfile_read_params(struct spine_store *store, const char *path, const char *group,
                                struct spine_params *params, struct spine_error *err)
{
    struct tensor tensors[TENSORS];
    list_tensors(params, group, tensors);
    for (int i = 0; i < TENSORS; i++)
        if (read_tensor(store, path, &tensors[i], err))
            return -1;
    return read_threshold(store, path, group, &params->threshold, err);
}

int spine_modelfile_write_scaling(struct spine_store *store, const char *group,
                                  const struct spine_scaling *scaling, struct spine_error *err)
{
    const struct scaling_tensors tensors = list_scaling(scaling, group);
    const char *object = object_of(group);

    if (write_tensor(store, &tensors.mean, err) ||
        spine_attribute_set_real(store, object, "input_scale", scaling->scale, err))
        return -1;
    if (scaling->longest > 0 &&
        spine_attribute_set_real(store, object, "input_longest", scaling->longest, err))
        return -1;
    if (scaling->factors != NULL && write_tensor(store, &tensors.factors, err))
        return -1;
    return scaling->components == NULL ? 0 : write_tensor(store, &tensors.components, err);
}

int spine_modelfile_write(const char *path, const struct spine_params *params,
                          const struct spine_scaling *scaling, const char *config,
                          struct spine_error *err)
{
    char fingerprint[SPINE_FINGERPRINT];
    spine_modelfile_fingerprint(params, scaling, fingerprint);
    struct spine_store *store = NULL;
    if (spine_store_create(&store, path, spine_modelfile_format, err))
        return -1;
    const int rc = spine_modelfile_write_params(store, "", params, err) ||
                   spine_modelfile_write_scaling(store, "", scaling, err) ||
                   spine_attribute_set_text(store, "/", "config", config, err) ||
                   spine_attribute_set_text(store, "/", "fingerprint", fingerprint, err);
    return spine_store_finish(store, path, rc, err);
}

/* Read the shape of W1, and allocate a model of this shape. */
static int make_model(struct spine_modelfile *model, struct spine_store *store, const char *path,
                      const char *group, struct spine_error *err)
{
    enum { MOST = 1 << 20 };
    size_t hidden = 0, dim = 0;
    struct tensor weights;

    name_tensor(&weights, group, "W1");
    if (spine_array_extent(store, weights.name, SPINE_ARRAY_FLOAT, &hidden, &dim, err))
        return -1;
    if (hidden < 1 || hidden > MOST || dim < 1 || dim > MOST)
        return spine_refuse(err, "%s: '%s' is %zu x %zu", path, weights.name, hidden, dim);
    return spine_params_init(&model->params, dim, hidden, err);
}

/* Find which parts the scaling has, and allocate them. */
static int make_scaling(struct spine_scaling *scaling, struct spine_store *store, const char *path,
                        const char *group, size_t dim, struct spine_error *err)
{
    const struct spine_scaling none = {.dim = dim};
    const struct scaling_tensors tensors = list_scaling(&none, group);
    const char *factors = tensors.factors.name, *components = tensors.components.name;
    enum spine_whiten whiten = SPINE_WHITEN_NO;
    size_t count = 0, columns = 0;

    if (spine_object_has(store, factors))
        whiten = SPINE_WHITEN_COLUMN;
    if (spine_object_has(store, components)) {
        if (whiten != SPINE_WHITEN_NO)
            return spine_refuse(err, "%s: has both '%s' and '%s'", path, factors, components);
        whiten = SPINE_WHITEN_REMOVE;
        if (spine_array_extent(store, components, SPINE_ARRAY_FLOAT, &count, &columns, err))
            return -1;
        if (count < 1 || count >= dim)
            return spine_refuse(err, "%s: '%s' has %zu rows", path, components, count);
    }
    return spine_scaling_init(scaling, dim, whiten, count, err);
}

int spine_modelfile_read_scaling(struct spine_store *store, const char *path, const char *group,
                                 size_t dim, struct spine_scaling *scaling, struct spine_error *err)
{
    if (make_scaling(scaling, store, path, group, dim, err))
        return -1;
    const struct scaling_tensors tensors = list_scaling(scaling, group);

    if (read_tensor(store, path, &tensors.mean, err) ||
        read_positive(store, path, group, "input_scale", &scaling->scale, err) ||
        (scaling->factors != NULL && read_tensor(store, path, &tensors.factors, err)) ||
        (scaling->components != NULL && read_tensor(store, path, &tensors.components, err)) ||
        (spine_attribute_has(store, object_of(group), "input_longest") &&
         read_positive(store, path, group, "input_longest", &scaling->longest, err)))
        return -1;
    for (size_t k = 0; scaling->factors != NULL && k < dim; k++)
        if (!(scaling->factors[k] > 0))
            return spine_refuse(err, "%s: '%s' has a number that is not above 0", path,
                                tensors.factors.name);
    return 0;
}

int spine_modelfile_read_group(struct spine_store *store, const char *path, const char *group,
                               struct spine_modelfile *model, struct spine_error *err)
{
    *model = (struct spine_modelfile){0};
    if (make_model(model, store, path, group, err) ||
        spine_modelfile_read_params(store, path, group, &model->params, err) ||
        spine_modelfile_read_scaling(store, path, group, model->params.dim, &model->scaling, err)) {
        spine_modelfile_dispose(model);
        return -1;
    }
    return 0;
}

int spine_modelfile_read(struct spine_modelfile *model, const char *path, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error ignored;
    *model = (struct spine_modelfile){0};
    if (spine_store_open(&store, path, spine_modelfile_format, err))
        return -1;
    int rc = spine_modelfile_read_group(store, path, "", model, err) ||
             spine_attribute_get_text(store, "/", "config", &model->config, err);
    if (spine_store_close(store, rc == 0 ? err : &ignored))
        rc = -1;
    if (rc != 0)
        spine_modelfile_dispose(model);
    if (rc)
        return -1;

    return 0;
}

int spine_modelfile_peek(const char *path, const char *format, const char *name, char **text,
                         struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error unheard;

    if (spine_store_open(&store, path, format, err))
        return -1;
    const int rc = spine_attribute_get_text(store, "/", name, text, err);
    spine_store_close(store, rc == 0 ? err : &unheard); /* nothing was written */
    return rc;
}

void spine_modelfile_dispose(struct spine_modelfile *model)
{
    spine_params_dispose(&model->params);
    spine_scaling_dispose(&model->scaling);
    free(model->config);
    *model = (struct spine_modelfile){0};
}
