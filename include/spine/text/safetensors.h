/* safetensors.h -- Hugging Face's safetensors: named tensors behind a header in JSON.
 *
 *     length of the JSON (8 bytes, little-endian), the JSON, the tensors:
 *     {"embedding.weight": {"dtype": "F32", "shape": [448, 50], "data_offsets": [0, 89600]}, ...}
 *
 * Offsets count from the end of the JSON. Tensors are little-endian and row-major. */
#ifndef SPINE_TEXT_SAFETENSORS_H
#define SPINE_TEXT_SAFETENSORS_H

#include "spine/text/matrix.h"

/* Are these the first bytes of a safetensors file of 'file_bytes'? */
bool spine_safetensors_is(const void *start, size_t bytes, uint64_t file_bytes);

/* Find the tensor 'name', or if that is NULL, the only matrix of F16, BF16, F32 or F64; if there
 * are several, the refusal lists their names. The matrix is checked against the file. */
int spine_safetensors_matrix(const struct spine_binary *binary, const char *name,
                             struct spine_matrix *matrix, struct spine_error *err);

#endif
