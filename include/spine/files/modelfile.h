/* modelfile.h -- the trained model on disk, run/model.h5.
 *
 * A "spine-model" file has the datasets /W1 (H, D), /b1 (H), /W2 (H, D), /b2 (D), /input_mean (D),
 * all float32, and attributes of the root group: input_scale (real), threshold (real; only for
 * batchtopk), config (the resolved configuration as INI text), fingerprint (text). With them
 *
 *     code            h = clamp((x - input_mean) input_scale W1' + b1, 0, 1)
 *     reconstruction  x ~ (h W2 + b2) / input_scale + input_mean
 *
 * Other steps of the scaling (scaling.h) are present only if they were done: the attribute
 * input_longest, /input_factors (D), /input_components (K, D). */
#ifndef SPINE_FILES_MODELFILE_H
#define SPINE_FILES_MODELFILE_H

#include "spine/files/store.h"
#include "spine/math/model.h"
#include "spine/math/scaling.h"

enum { SPINE_FINGERPRINT = 33 }; /* bytes: 32 hexadecimal digits and NUL */

/* Compute a hash of exactly these numbers (XXH3, 128 bits), so that codes can record which model
 * computed them. */
void spine_modelfile_fingerprint(const struct spine_params *params,
                                 const struct spine_scaling *scaling, char *fingerprint);

/* Write the model to 'path', complete or not at all. Local: for one rank. */
int spine_modelfile_write(const char *path, const struct spine_params *params,
                          const struct spine_scaling *scaling, const char *config,
                          struct spine_error *err);

/* A model that was read. */
struct spine_modelfile {
    struct spine_params params;
    struct spine_scaling scaling; /* owned */
    char *config;                 /* owned; INI text */
};

/* Read a model. Refuses other files, and numbers that aren't finite. Local. */
int spine_modelfile_read(struct spine_modelfile *model, const char *path, struct spine_error *err);

/* Read only one text of a file of this format, a model's or a checkpoint's, such as "config"; the
 * caller frees it. Local. */
extern const char spine_modelfile_format[];
int spine_modelfile_peek(const char *path, const char *format, const char *name, char **text,
                         struct spine_error *err);

/* Free what model owns and zero it; a zeroed struct may be disposed of again. */
void spine_modelfile_dispose(struct spine_modelfile *model);

/* Write and read parameters as the datasets W1, b1, W2, b2 of the group 'group' ("" for the root),
 * with checksums. Reading refuses another shape, and numbers that aren't finite; 'path' is for
 * messages. */
int spine_modelfile_write_params(struct spine_store *store, const char *group,
                                 const struct spine_params *params, struct spine_error *err);
int spine_modelfile_read_params(struct spine_store *store, const char *path, const char *group,
                                struct spine_params *params, struct spine_error *err);

/* The same for the scaling of the input: the datasets input_..., and attributes of the group. */
int spine_modelfile_write_scaling(struct spine_store *store, const char *group,
                                  const struct spine_scaling *scaling, struct spine_error *err);
int spine_modelfile_read_scaling(struct spine_store *store, const char *path, const char *group,
                                 size_t dim, struct spine_scaling *scaling,
                                 struct spine_error *err);

/* Read parameters and scaling of any shape; model->config is NULL. */
int spine_modelfile_read_group(struct spine_store *store, const char *path, const char *group,
                               struct spine_modelfile *model, struct spine_error *err);

#endif
