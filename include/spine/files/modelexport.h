/* modelexport.h -- a trained model for other programs, centring, whitening and scaling folded in.
 *
 *     W_enc (D, H), b_enc (H), W_dec (H, D), b_dec (D), float32, of the input as it is:
 *     code = activation of x W_enc + b_enc (activation.h),  x ~ code W_dec + b_dec
 *
 * Names and shapes are SAELens'. The end of the path says the form:
 *
 *     .npz            NumPy
 *     .safetensors    with cfg.json beside it
 *     a directory     sae_weights.safetensors and cfg.json, as SAELens loads them
 *
 * and of batchtopk threshold (H), the same for all units: values below it are 0.
 *
 * SAELens' architectures, "standard", "topk" and of batchtopk "jumprelu", have no clamp at 1:
 * cfg.json says "spine_clamp": 1 for programs that know it, where there is a cap. Local. */
#ifndef SPINE_FILES_MODELEXPORT_H
#define SPINE_FILES_MODELEXPORT_H

#include "spine/files/modelfile.h"
#include "spine/math/activation.h"

/* Each file is complete or not written at all. Refuses a model of shortened rows (data.clip). */
int spine_modelexport_write(const struct spine_modelfile *model,
                            const struct spine_activation *activation, const char *path,
                            struct spine_error *err);

#endif
