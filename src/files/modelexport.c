/* modelexport.c -- a trained model for other programs. */
#include "spine/files/modelexport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/base/textfile.h"
#include "spine/files/npzfile.h"
#include "spine/files/rundir.h"
#include "spine/files/sink.h"

enum { W_ENC, B_ENC, W_DEC, B_DEC, THRESHOLD, TENSORS };

static const char *const names[TENSORS] = {"W_enc", "b_enc", "W_dec", "b_dec", "threshold"};

struct tensor {
    size_t rows, columns; /* columns 0: a vector */
    float *values;        /* owned */
};

static size_t count(const struct tensor *tensor)
{
    return tensor->rows * (tensor->columns == 0 ? 1 : tensor->columns);
}

/* The number of tensors: only batchtopk has the last one. */
static int present(const struct tensor *tensors)
{
    return tensors[THRESHOLD].rows > 0 ? TENSORS : THRESHOLD;
}

static void dispose(struct tensor *tensors)
{
    for (int i = 0; i < TENSORS; i++)
        free(tensors[i].values);
}

/* The weights of a unit for the unscaled input: w P F scale, where P = 1 - C'C removes the
 * components C, and F are the factors. */
static void fold_weights(const struct spine_scaling *scaling, const float *weights, double *folded)
{
    for (size_t k = 0; k < scaling->dim; k++)
        folded[k] = (double)weights[k] * spine_scaling_factor(scaling, k);

    for (size_t c = 0; c < scaling->num_components; c++) {
        const float *component = scaling->components + c * scaling->stride;
        double product = 0;
        for (size_t k = 0; k < scaling->dim; k++)
            product += folded[k] * (double)component[k];
        for (size_t k = 0; k < scaling->dim; k++)
            folded[k] -= product * (double)component[k];
    }
}

/* Fill the tensors. 'folded' (D) is scratch. */
static void fill(const struct spine_modelfile *model, double *folded, struct tensor *tensors)
{
    const struct spine_params *params = &model->params;
    const struct spine_scaling *scaling = &model->scaling;
    const size_t dim = params->dim, hidden = params->hidden, stride = params->stride;

    for (size_t j = 0; j < hidden; j++) {
        double bias = (double)params->b1[j];
        fold_weights(scaling, params->W1 + j * stride, folded);
        for (size_t k = 0; k < dim; k++) {
            bias -= folded[k] * (double)scaling->mean[k];
            tensors[W_ENC].values[k * hidden + j] = (float)folded[k];
            tensors[W_DEC].values[j * dim + k] =
                (float)((double)params->W2[j * stride + k] / spine_scaling_factor(scaling, k));
        }
        tensors[B_ENC].values[j] = (float)bias;
        if (params->threshold > 0)
            tensors[THRESHOLD].values[j] = (float)params->threshold;
    }

    for (size_t k = 0; k < dim; k++)
        tensors[B_DEC].values[k] =
            (float)((double)params->b2[k] / spine_scaling_factor(scaling, k) +
                    (double)scaling->mean[k]);
}

static int fold(const struct spine_modelfile *model, struct tensor *tensors,
                struct spine_error *err)
{
    const size_t dim = model->params.dim, hidden = model->params.hidden;
    const struct tensor shapes[TENSORS] = {{dim, hidden, NULL},
                                           {hidden, 0, NULL},
                                           {hidden, dim, NULL},
                                           {dim, 0, NULL},
                                           {model->params.threshold > 0 ? hidden : 0, 0, NULL}};

    double *folded = spine_memory_get(dim, sizeof *folded, "the model to export", err);
    if (folded == NULL)
        return -1;
    for (int i = 0; i < TENSORS; i++)
        tensors[i] = shapes[i];
    for (int i = 0; i < TENSORS; i++) {
        tensors[i].values =
            spine_memory_get(count(&tensors[i]), sizeof(float), "the model to export", err);
        if (tensors[i].values == NULL) {
            dispose(tensors);
            free(folded);
            return -1;
        }
    }

    fill(model, folded, tensors);
    free(folded);
    return 0;
}

static void print_shape(const struct tensor *tensor, const char *end, char *text, size_t size)
{
    if (tensor->columns == 0)
        snprintf(text, size, "%zu%s", tensor->rows, end);
    else
        snprintf(text, size, "%zu, %zu", tensor->rows, tensor->columns);
}

static int write_npz(const struct tensor *tensors, const char *path, struct spine_error *err)
{
    struct spine_npzfile_array arrays[TENSORS] = {
        {"W_enc.npy", "<f4", NULL}, {"b_enc.npy", "<f4", NULL},     {"W_dec.npy", "<f4", NULL},
        {"b_dec.npy", "<f4", NULL}, {"threshold.npy", "<f4", NULL},
    };
    int rc = 0;

    for (int i = 0; rc == 0 && i < present(tensors); i++) {
        char shape[64];
        const size_t values = count(&tensors[i]);
        print_shape(&tensors[i], ",", shape, sizeof shape);
        rc = spine_npzfile_begin(&arrays[i], path, err);
        if (rc == 0 && fwrite(tensors[i].values, sizeof(float), values, arrays[i].spool) != values)
            rc = spine_sink_fail_spool(path, err);
        if (rc == 0)
            rc = spine_npzfile_end(&arrays[i], path, shape, err);
    }
    if (rc == 0)
        rc = spine_npzfile_write(path, arrays, present(tensors), err);
    if (rc == 0 && spine_outfile_publish(path, err)) {
        spine_outfile_discard(path);
        rc = -1;
    }

    spine_npzfile_dispose(arrays, TENSORS);
    return rc;
}

/* Complete PATH.part: the length of the JSON header, the header, padded to 8 bytes, and the
 * tensors. */
static int write_safetensors(const struct tensor *tensors, const char *path,
                             struct spine_error *err)
{
    char header[1024] = "{\"__metadata__\":{\"format\":\"pt\"}";
    size_t begin = 0, length = strlen(header);
    struct spine_sink *sink = NULL;

    for (int i = 0; i < present(tensors); i++) {
        char shape[64];
        const size_t end = begin + count(&tensors[i]) * sizeof(float);
        print_shape(&tensors[i], "", shape, sizeof shape);
        length += (size_t)snprintf(
            header + length, sizeof header - length,
            ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", names[i],
            shape, begin, end);
        begin = end;
    }
    header[length++] = '}';
    while (length % 8 != 0)
        header[length++] = ' ';

    if (spine_sink_open(&sink, path, err))
        return -1;
    const uint64_t bytes = length;
    spine_sink_put(sink, &bytes, sizeof bytes);
    spine_sink_put(sink, header, length);
    for (int i = 0; i < present(tensors); i++)
        spine_sink_put(sink, tensors[i].values, count(&tensors[i]) * sizeof(float));
    return spine_sink_complete(sink, err);
}

/* Complete PATH.part of the settings. */
static int write_settings(const struct tensor *tensors, const struct spine_activation *activation,
                          const char *path, struct spine_error *err)
{
    char text[1024], selection[64] = "  \"activation_fn\": \"relu\",\n";
    struct spine_sink *sink = NULL;
    const char *architecture = "standard";

    if (activation->selection == SPINE_OF_BATCH) {
        architecture = "jumprelu";
    } else if (activation->selection == SPINE_OF_ROW) {
        architecture = "topk";
        snprintf(selection, sizeof selection, "  \"k\": %zu,\n", activation->encode_k);
    }

    snprintf(text, sizeof text,
             "{\n"
             "  \"architecture\": \"%s\",\n"
             "  \"d_in\": %zu,\n"
             "  \"d_sae\": %zu,\n"
             "  \"dtype\": \"float32\",\n"
             "  \"device\": \"cpu\",\n"
             "  \"apply_b_dec_to_input\": false,\n"
             "  \"normalize_activations\": \"none\",\n"
             "  \"reshape_activations\": \"none\",\n"
             "%s%s"
             "  \"metadata\": {\"made_by\": \"spine-mpi %s\"}\n"
             "}\n",
             architecture, tensors[W_ENC].rows, tensors[W_ENC].columns, selection,
             activation->is_uncapped ? "" : "  \"spine_clamp\": 1,\n", SPINE_VERSION);
    if (spine_sink_open(&sink, path, err))
        return -1;
    spine_sink_text(sink, text);
    return spine_sink_complete(sink, err);
}

/* SAELens' two files. */
struct places {
    char weights[SPINE_RUNDIR_PATH], settings[SPINE_RUNDIR_PATH];
};

/* Name both files in a directory. */
static int name_in(struct places *places, const char *directory, const char *weights,
                   struct spine_error *err)
{
    if (spine_rundir_join(places->weights, directory, weights, err) ||
        spine_rundir_join(places->settings, directory, "cfg.json", err))
        return -1;
    return 0;
}

/* The weights are 'path', with the settings beside it, or both are in a directory of that name. */
static int name_places(struct places *places, const char *path, struct spine_error *err)
{
    if (!spine_path_ends_in(path, ".safetensors"))
        return name_in(places, path, "sae_weights.safetensors", err);

    char *directory = spine_memory_copy(path, "the model's name", err);
    if (directory == NULL)
        return -1;
    const int rc =
        name_in(places, spine_path_cut_to_directory(directory), spine_path_name(path), err);
    free(directory);
    return rc;
}

/* Other programs call their settings cfg.json, too: replace only a file that we wrote. */
static int check_settings(const char *path, struct spine_error *err)
{
    enum { MOST = 1 << 20 };
    char *text = NULL;

    if (spine_textfile_find(path, "the settings of a model", MOST, &text, err))
        return -1;
    const bool is_ours = text == NULL || strstr(text, "\"made_by\": \"spine-mpi ") != NULL;
    free(text);
    if (is_ours)
        return 0;
    return spine_refuse(err,
                        "%s: exists and was not written by spine-merge: not overwritten; the model "
                        "needs this name for its settings, so choose another directory",
                        path);
}

/* Write both files; publish them when both are complete. */
static int write_both(const struct tensor *tensors, const struct spine_activation *activation,
                      const struct places *places, struct spine_error *err)
{
    if (write_safetensors(tensors, places->weights, err))
        return -1;
    if (write_settings(tensors, activation, places->settings, err)) {
        spine_outfile_discard(places->weights);
        return -1;
    }
    if (spine_outfile_publish(places->settings, err) ||
        spine_outfile_publish(places->weights, err)) {
        spine_outfile_discard(places->settings);
        spine_outfile_discard(places->weights);
        return -1;
    }
    spine_log(SPINE_LOG_INFO, "wrote %s and %s", places->weights, places->settings);
    return 0;
}

static int write_saelens(const struct tensor *tensors, const struct spine_activation *activation,
                         const char *path, struct spine_error *err)
{
    const bool is_directory = !spine_path_ends_in(path, ".safetensors");
    struct places places;
    if (name_places(&places, path, err))
        return -1;

    const bool has_made = is_directory && mkdir(path, 0777) == 0;
    if (is_directory && !has_made && errno != EEXIST)
        return spine_refuse(err, "%s: %s", path, strerror(errno));
    if (check_settings(places.settings, err) || write_both(tensors, activation, &places, err)) {
        if (has_made)
            rmdir(path);
        return -1;
    }
    return 0;
}

int spine_modelexport_write(const struct spine_modelfile *model,
                            const struct spine_activation *activation, const char *path,
                            struct spine_error *err)
{
    struct tensor tensors[TENSORS];
    if (model->scaling.longest > 0)
        return spine_refuse(err,
                            "%s: the model shortens long rows (data.clip), which weights alone "
                            "can't do; spine-encode and tools/python/spine.py can",
                            path);
    if (fold(model, tensors, err))
        return -1;

    const int rc = spine_path_ends_in(path, ".npz") ? write_npz(tensors, path, err)
                                                    : write_saelens(tensors, activation, path, err);
    dispose(tensors);
    return rc;
}
