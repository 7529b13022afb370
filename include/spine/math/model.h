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
 *     L1  = sum h / (B D)                                  so that B D L has |y - x|^2 + l1 sum h a row
 *
 * after Subramanian et al., "SPINE: SParse Interpretable Neural Embeddings", AAAI 2018.
 *
 * With prefixes, RL is joined by that of y of the first units alone, for each width; so the first units
 * have to say the most (Bussmann, Nabeshima, Karvonen, Nanda: "Learning multi-level features with
 * Matryoshka sparse autoencoders", ICML 2025).
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
    double threshold; /* of SPINE_OF_BATCH: the moving mean of the least value that batches
                                   kept; 0: none yet */
};

/* The weights of the losses. */
struct spine_loss_weights {
    double sparsity; /* 1 - rho */
    double asl, psl, l1;
};

/* Widths below H at which rows are reconstructed, too: ascending. */
enum { SPINE_MOST_PREFIXES = 15 };
struct spine_prefixes {
    size_t count;
    size_t width[SPINE_MOST_PREFIXES];
};

/* How many widths leave a unit out: its gradient is of all the others. */
static inline size_t spine_prefixes_without(const struct spine_prefixes *prefixes, size_t unit)
{
    size_t count = 0;

    while (count < prefixes->count && prefixes->width[count] <= unit)
        count++;
    return count;
}

/* What a step computes with after z = x' W1' + b1: all pairs of a row and a unit, or the active ones
 * only, which is faster when they are few. The results differ by rounding. */
enum spine_mode { SPINE_DENSE, SPINE_SPARSE };

/* Which mode a run uses (train.kernel): the faster one in each step, or always the same. */
enum spine_kernel_choice { SPINE_KERNEL_AUTO, SPINE_KERNEL_DENSE, SPINE_KERNEL_SPARSE };

/* Their names, ended by NULL. */
extern const char *const spine_kernel_names[];

/* The floats of parameters of this shape. */
size_t spine_params_len(size_t dim, size_t hidden);

/* Lay parameters of this shape over 'data', (spine_params_len()), zeroed and aligned to 64 bytes,
 * which is borrowed: it isn't disposed of. */
void spine_params_place(struct spine_params *params, size_t dim, size_t hidden, float *data);

/* Allocate zeroed parameters. Release them with spine_params_dispose(). */
int spine_params_init(struct spine_params *params, size_t dim, size_t hidden,
                      struct spine_error *err);

/* Draw the initial parameters of units [first, end), uniform in +-1/sqrt(fan-in): D for W1 and b1, H
 * for W2 and b2, which comes with unit 0. */
void spine_params_randomize(struct spine_params *params, uint64_t seed, size_t first, size_t end);

/* For rows of W2 of length 1: take from a gradient what is parallel to its row, and give a row that length;
 * a row of zeros stays. Both have the stride's floats. */
void spine_params_take_parallel(size_t stride, const float *row, float *gradient);
void spine_params_set_length(size_t stride, float *row);

/* Free what params owns and zero it; a zeroed struct may be disposed of again. */
void spine_params_dispose(struct spine_params *params);

/* The mode of a run's first step, and of the step after one in 'mode' in which this share of all
 * pairs was active. SPINE_KERNEL_AUTO begins dense; then low density makes it sparse, high density
 * dense, and in between the mode stays, so that it doesn't flicker. */
#define SPINE_SPARSE_MOST 0.36 /* the density above which it is never sparse */
enum spine_mode spine_mode_first(enum spine_kernel_choice choice);
enum spine_mode spine_mode_next(enum spine_kernel_choice choice, enum spine_mode mode,
                                double density);

#endif
