/* decoder.h -- the decoder of a run, or of another program's autoencoder, as directions of its
 * units.
 *
 *     a run's directory    its decoder, W2, or the atoms of model.objective = nnse, W1; and its codes
 *     anything else        a matrix without words in a form of source.h: .npy, .npz, .safetensors, HDF5;
 *                          FILE:NAME chooses one of several
 *
 * Rows have length 1, or are zero. All functions are local. */
#ifndef SPINE_EVAL_DECODER_H
#define SPINE_EVAL_DECODER_H

#include <stdbool.h>

#include "spine/space/space.h"

struct spine_decoder {
    const char *path; /* borrowed */
    size_t units, dim, stride;
    float *rows;              /* owned; (units, dim), aligned as kernels.h demands */
    struct spine_space codes; /* of a run; else without rows */
    float *matrix;            /* owned; of a file: as it was read, (sizes) */
    size_t sizes[2];
};

/* Read all; the list is zeroed. A file's matrix may be (units, dim) or (dim, units): it is the
 * second if 'is_transposed', or if only that fits the vectors of the others. Where both sizes of
 * all are the same, but not their order, the smaller is taken for that of vectors. */
int spine_decoder_read_all(struct spine_decoder *decoders, const char *const *paths, size_t count,
                           bool is_transposed, struct spine_error *err);

/* A zeroed struct may be disposed of. */
void spine_decoder_dispose(struct spine_decoder *decoder);

#endif
