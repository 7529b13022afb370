/* model.h -- the SPINE autoencoder: its parameters, and how it is computed.
 *
 *     z = x' W1' + b1,  h = clamp(z, 0, 1)     the sparse code; x' is the noisy row. Other
 *                                              objectives have another h (activation.h)
 *     y = h W2 + b2                            the reconstruction of the clean row x
 *     L = RL + asl_weight ASL + psl_weight PSL + l1_weight L1
 *     RL  = sum (y - x)^2 / (B D)
 *     PSL = sum h (1 - h) / (B H)                          partial sparsity
 *     ASL = sum_j max(0, m_j - rho)^2 / H,  m_j = mean of h_j over the batch, rho = 1 - sparsity
 *
 *     L1  = sum h / (B D)               so that a row adds |y - x|^2 + l1_weight sum h to B D L
 *
 * after Subramanian et al., "SPINE: SParse Interpretable Neural Embeddings", AAAI 2018.
 *
 * With prefixes, the loss also has an RL for each width, with y reconstructed from that many first
 * units, so that the first units explain most (Bussmann, Nabeshima, Karvonen, Nanda: "Learning
 * multi-level features with Matryoshka sparse autoencoders", ICML 2025).
 *
 * D is the input length, H the code length, B the rows of the batch. ASL isn't a sum over rows: it
 * needs m_j of the whole batch before the backward pass. The products are block.h's.
 *
 * Matrices are row-major float; rows of length D begin every 'stride' floats (see kernels.h). */
#ifndef SPINE_MATH_MODEL_H
#define SPINE_MATH_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/math/kernels.h"

/* Parameters, or their gradient. */
struct spine_params {
    size_t dim, hidden, stride; /* D, H, and D padded */
    size_t len;                 /* floats of data: 2 H stride + H padded + stride */
    float *data;                /* owned; one block, so one update; its padding is zero */
    float *W1;                  /* (H, D), into data, as are the next three */
    float *b1;                  /* (H) */
    float *W2;                  /* (H, D): row j is what unit j adds */
    float *b2;                  /* (D) */
    double threshold; /* SPINE_OF_BATCH: the moving mean of the least value that batches kept; 0:
                         none yet */
};

/* The weights of the losses. */
struct spine_loss_weights {
    double sparsity; /* 1 - rho */
    double asl, psl, l1;
};

/* Widths below H, ascending: rows are also reconstructed from that many first units. */
enum { SPINE_MOST_PREFIXES = 15 };
struct spine_prefixes {
    size_t count;
    size_t width[SPINE_MOST_PREFIXES];
};

/* The number of widths that leave this unit out and add nothing to its gradient. */
static inline size_t spine_prefixes_without(const struct spine_prefixes *prefixes, size_t unit)
{
    size_t count = 0;

    while (count < prefixes->count && prefixes->width[count] <= unit)
        count++;
    return count;
}

/* How a step continues after z = x' W1' + b1: with all pairs of a row and a unit, or with the
 * active pairs only, which is faster when they are few. The results differ by rounding. */
enum spine_mode { SPINE_DENSE, SPINE_SPARSE };

/* Which mode a run uses (train.kernel): the faster one in each step, or always the same. */
enum spine_kernel_choice { SPINE_KERNEL_AUTO, SPINE_KERNEL_DENSE, SPINE_KERNEL_SPARSE };

/* Their names, ended by NULL. */
extern const char *const spine_kernel_names[];

/* The number of floats in parameters of this shape, padding included. */
size_t spine_params_len(size_t dim, size_t hidden);

/* Point parameters of this shape into 'data', spine_params_len() floats, zeroed and aligned to 64
 * bytes. 'data' is borrowed: the caller frees it. */
void spine_params_place(struct spine_params *params, size_t dim, size_t hidden, float *data);

/* Allocate zeroed parameters. Release them with spine_params_dispose(). */
int spine_params_init(struct spine_params *params, size_t dim, size_t hidden,
                      struct spine_error *err);

/* Draw the initial parameters of units [first, end), uniform in +-1/sqrt(fan-in), with a fan-in of
 * D for W1 and b1 and of H for W2 and b2. b2 is drawn with unit 0. */
void spine_params_randomize(struct spine_params *params, uint64_t seed, size_t first, size_t end);

/* To keep rows of W2 at length 1: remove the component of a gradient that is parallel to its row;
 * scale a row to length 1, unless it is zero. Rows and gradients have 'stride' floats. */
void spine_params_remove_parallel(size_t stride, const float *row, float *gradient);
void spine_params_set_length(size_t stride, float *row);

/* Free what params owns and zero it; a zeroed struct may be disposed of again. */
void spine_params_dispose(struct spine_params *params);

/* The mode of a run's first step; the mode of the step after one in 'mode' with this density.
 * SPINE_KERNEL_AUTO begins dense. Then low density makes the mode sparse and high density makes it
 * dense; in between it stays, so that it doesn't keep switching. */
#define SPINE_SPARSE_MOST 0.36 /* the density above which the mode is never sparse */
enum spine_mode spine_mode_first(enum spine_kernel_choice choice);
enum spine_mode spine_mode_next(enum spine_kernel_choice choice, enum spine_mode mode,
                                double density);

#endif
