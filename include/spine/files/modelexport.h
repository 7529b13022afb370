/* modelexport.h -- a trained model for other programs; centring, whitening and scaling are folded
 * in.
 *
 *     W_enc (D, H), b_enc (H), W_dec (H, D), b_dec (D), float32, for the unscaled input x:
 *     code = activation of x W_enc + b_enc (activation.h),  x ~ code W_dec + b_dec
 *
 * Names and shapes are those of SAELens. The suffix of the path selects the format:
 *
 *     .npz            NumPy
 *     .safetensors    with cfg.json beside it
 *     a directory     sae_weights.safetensors and cfg.json, as SAELens loads them
 *
 * batchtopk also has threshold (H), the same for all units: values below it are 0.
 *
 * SAELens' architectures "standard", "topk" and, for batchtopk, "jumprelu" have no clamp at 1. If
 * the model has one, cfg.json has "spine_clamp": 1 for programs that know it. Local. */
#ifndef SPINE_FILES_MODELEXPORT_H
#define SPINE_FILES_MODELEXPORT_H

#include "spine/files/modelfile.h"
#include "spine/math/activation.h"

/* Write the model; the files appear when all are complete, and their names are logged if there are
 * two. Refuses to replace a cfg.json that this function hasn't written. Refuses a model trained on
 * clipped rows (data.clip), since clipping can't be folded in. */
int spine_modelexport_write(const struct spine_modelfile *model,
                            const struct spine_activation *activation, const char *path,
                            struct spine_error *err);

#endif
