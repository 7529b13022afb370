/* modelexport.h -- a trained model for other programs, centring and scaling folded in.
 *
 *     W_enc (D, H), b_enc (H), W_dec (H, D), b_dec (D), float32, of the input as it is:
 *     code = clamp(x W_enc + b_enc, 0, 1),  x ~ code W_dec + b_dec
 *
 * Names and shapes are SAELens'. The end of the path says the form:
 *
 *     .npz            NumPy
 *     .safetensors    with cfg.json beside it
 *     a directory     sae_weights.safetensors and cfg.json, as SAELens loads them
 *
 * SAELens' "standard" architecture has no clamp at 1: cfg.json says "spine_clamp": 1 for programs
 * that know it. Local. */
#ifndef SPINE_FILES_MODELEXPORT_H
#define SPINE_FILES_MODELEXPORT_H

#include "spine/files/modelfile.h"

/* Each file is complete or not written at all. */
int spine_modelexport_write(const struct spine_modelfile *model, const char *path,
                            struct spine_error *err);

#endif
