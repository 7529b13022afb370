/* modelfile.c -- the trained model on disk. */
#include "spine/modelfile.h"

#include "spine/outfile.h"
#include "spine/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

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

static int write_matrix(struct spine_store *store, const char *name,
                        const struct spine_params *params, const float *matrix,
                        struct spine_error *err)
{
    return spine_store_make(store, name, SPINE_STORE_FLOAT, params->hidden, params->dim, err) ||
           spine_store_write(store, name, SPINE_STORE_FLOAT, 0, params->hidden, params->stride,
                             matrix, err);
}

static int write_vector(struct spine_store *store, const char *name, size_t count,
                        const float *vector, struct spine_error *err)
{
    return spine_store_make(store, name, SPINE_STORE_FLOAT, count, 0, err) ||
           spine_store_write(store, name, SPINE_STORE_FLOAT, 0, count, 1, vector, err);
}

int spine_modelfile_write(const char *path, const struct spine_params *params, const float *mean,
                          double scale, const char *config, struct spine_error *err)
{
    char fingerprint[SPINE_FINGERPRINT];
    spine_modelfile_fingerprint(params, mean, scale, fingerprint);
    struct spine_store *store = NULL;
    if (spine_store_create(&store, path, "spine-model", err))
        return -1;
    int rc = write_matrix(store, "/W1", params, params->W1, err) ||
             write_vector(store, "/b1", params->hidden, params->b1, err) ||
             write_matrix(store, "/W2", params, params->W2, err) ||
             write_vector(store, "/b2", params->dim, params->b2, err) ||
             write_vector(store, "/input_mean", params->dim, mean, err) ||
             spine_store_set_real(store, "/", "input_scale", scale, err) ||
             spine_store_set_text(store, "/", "config", config, err) ||
             spine_store_set_text(store, "/", "fingerprint", fingerprint, err);
    struct spine_error closing;
    if (spine_store_close(store, rc == 0 ? err : &closing) && rc == 0)
        rc = -1;
    if (rc == 0 && spine_outfile_publish(path, err) == 0)
        return 0;
    spine_outfile_discard(path);
    return -1;
}
