/* model.h -- the SPINE autoencoder: parameters, forward and backward pass.
 *
 *     z = x' W1' + b1,  h = clamp(z, 0, 1)     the sparse code; x' is the noisy row
 *     y = h W2 + b2                            the reconstruction of the clean row x
 *     L = RL + asl_weight ASL + psl_weight PSL
 *     RL  = sum (y - x)^2 / (B D)
 *     PSL = sum h (1 - h) / (B H)                          partial sparsity
 *     ASL = sum_j max(0, m_j - rho)^2 / H,  m_j = mean of h_j over the batch, rho = 1 - sparsity
 *
 * after Subramanian et al., "SPINE: SParse Interpretable Neural Embeddings", AAAI 2018.
 *
 * D is the input length, H the code length, B the rows of the global batch, n those on this rank.
 * ASL isn't a sum over rows: it needs m_j of the global batch. So encode hands out the sums of h,
 * the caller sums them over the ranks, and average takes them back. The gradients are this rank's
 * part: a sum over ranks, not a mean, gives the gradient of L. They come a range of units at a
 * time, so that the caller can sum one range while the next is computed.
 *
 * Matrices are row-major float; rows of length D begin every 'stride' floats (see kernels.h).
 * No MPI and no I/O in here. */
#ifndef SPINE_MATH_MODEL_H
#define SPINE_MATH_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/math/kernels.h"
#include "spine/math/sparse.h"

/* Parameters, or their gradient. */
struct spine_params {
    size_t dim, hidden, stride; /* D, H, and D padded */
    size_t len;                 /* floats of data: 2 H stride + H padded + stride */
    float *data;                /* owned; one block, so one update; its padding is zero */
    float *W1;                  /* (H, D), into data, as are the next three */
    float *b1;                  /* (H) */
    float *W2;                  /* (H, D): row j is what unit j adds */
    float *b2;                  /* (D) */
};

/* The weights of the losses. */
struct spine_loss_weights {
    double sparsity; /* 1 - rho */
    double asl, psl;
};

/* The rows of a batch on this rank. */
struct spine_batch {
    size_t rows;        /* n */
    const float *clean; /* (n, D), borrowed */
    const float *noisy; /* (n, D), borrowed; may be the same as clean */
};

/* What a step leaves behind on this rank, to be summed over ranks by the caller; asl is the whole
 * batch's already. */
struct spine_loss_sums {
    double squares; /* sum of (y - x)^2 */
    double partial; /* sum of h (1 - h) */
    double asl;     /* ASL */
    size_t active;  /* pairs with h > 0 */
};

/* What a step computes with after z = x' W1' + b1: all pairs of a row and a unit, or the active ones
 * only, which is faster when they are few. The results differ by rounding. */
enum spine_mode { SPINE_DENSE, SPINE_SPARSE };

/* Which mode a run uses (train.kernel): the faster one in each step, or always the same. */
enum spine_kernel_choice { SPINE_KERNEL_AUTO, SPINE_KERNEL_DENSE, SPINE_KERNEL_SPARSE };

/* Their names, ended by NULL. */
extern const char *const spine_kernel_names[];

/* Scratch of a step, for at most most_rows rows. */
struct spine_workspace {
    size_t most_rows, hidden, stride;
    enum spine_mode mode;     /* of the step, set by encode */
    float *z;                 /* owned; (n, H) */
    float *h, *dz;            /* owned; (n, H): filled in dense mode */
    struct spine_pairs pairs; /* filled in sparse mode */
    float *y;                 /* owned; (n, D): the reconstruction, then its gradient */
    float *h_sum;             /* owned; (H): the sum of h over this rank's rows, after encode */
    float *psl_sum;           /* owned; (H) */
    float *add;               /* owned; (H): the part of dh that is the same in every row */
    float *packed;            /* owned; scratch of a product */
    float slope;              /* what h is multiplied by in the part of dh that isn't */
    struct spine_loss_sums loss;
};

/* The floats of parameters of this shape. */
size_t spine_params_len(size_t dim, size_t hidden);

/* Lay parameters of this shape over 'data', (spine_params_len()), zeroed and aligned to 64 bytes,
 * which is borrowed: it isn't disposed of. */
void spine_params_place(struct spine_params *params, size_t dim, size_t hidden, float *data);

/* Allocate zeroed parameters. Release them with spine_params_dispose(). */
int spine_params_init(struct spine_params *params, size_t dim, size_t hidden,
                      struct spine_error *err);

/* Draw initial parameters, uniform in +-1/sqrt(fan-in): D for W1 and b1, H for W2 and b2. */
void spine_params_randomize(struct spine_params *params, uint64_t seed);

/* Free what params owns and zero it; a zeroed struct may be disposed of again. */
void spine_params_dispose(struct spine_params *params);

/* Allocate scratch for at least most_rows rows: small batches too leave room for a few more, since
 * whole inputs are encoded with it. */
int spine_workspace_init(struct spine_workspace *work, size_t dim, size_t hidden, size_t most_rows,
                         struct spine_error *err);

/* The bytes of it that come into use when sparse mode meets at most this share of pairs. */
size_t spine_workspace_bytes(size_t dim, size_t hidden, size_t most_rows, double density);

/* The mode of a run's first step, and of the step after the one in 'work', which had 'rows' rows on
 * this rank. SPINE_KERNEL_AUTO begins dense; then low density makes it sparse, high density dense,
 * and in between the mode stays, so that it doesn't flicker. */
#define SPINE_SPARSE_MOST 0.36 /* the density above which it is never sparse */
enum spine_mode spine_mode_first(enum spine_kernel_choice choice);
enum spine_mode spine_mode_next(enum spine_kernel_choice choice, const struct spine_workspace *work,
                                size_t rows);

void spine_workspace_dispose(struct spine_workspace *work);

/* z, h and h_sum of the noisy rows; loss.partial and loss.active. The mode holds until the next
 * encode. */
void spine_model_encode(const struct spine_params *params, const struct spine_batch *batch,
                        enum spine_mode mode, struct spine_workspace *work);

/* y of the codes in work, turned into its gradient 2 (y - x) / (batch_rows D); loss.squares. */
void spine_model_decode(const struct spine_params *params, const struct spine_batch *batch,
                        size_t batch_rows, struct spine_workspace *work);

/* ASL, and what it and PSL add to the gradient of h; h_sum (H) is work->h_sum, summed over all
 * ranks. */
void spine_model_average(const struct spine_params *params, size_t batch_rows, const float *h_sum,
                         const struct spine_loss_weights *weights, struct spine_workspace *work);

/* This rank's part of the gradient of rows [first, end) of W2, after decode. The range that ends
 * with H also gives b2, which follows W2 in the block. */
void spine_model_decoder_gradient(const struct spine_params *params,
                                  const struct spine_batch *batch, size_t first, size_t end,
                                  struct spine_workspace *work, struct spine_params *gradient);

/* This rank's part of the gradient of rows [first, end) of W1 and of b1, which follows W1;
 * after average, and after decoder_gradient of these units. */
void spine_model_encoder_gradient(const struct spine_params *params,
                                  const struct spine_batch *batch, size_t first, size_t end,
                                  struct spine_workspace *work, struct spine_params *gradient);

#endif
