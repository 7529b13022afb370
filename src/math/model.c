/* model.c -- the SPINE autoencoder: forward and backward pass. */
#include "spine/math/model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

/* The tensors' numbers in the counter of their initial values (random.h). */
enum { TENSOR_W1, TENSOR_B1, TENSOR_W2, TENSOR_B2 };

const char *const spine_kernel_names[] = {[SPINE_KERNEL_AUTO] = "auto",
                                          [SPINE_KERNEL_DENSE] = "dense",
                                          [SPINE_KERNEL_SPARSE] = "sparse",
                                          NULL};

size_t spine_params_len(size_t dim, size_t hidden)
{
    const size_t stride = spine_kernel_stride(dim);
    return 2 * hidden * stride + spine_kernel_stride(hidden) + stride;
}

void spine_params_place(struct spine_params *params, size_t dim, size_t hidden, float *data)
{
    const size_t stride = spine_kernel_stride(dim);
    *params = (struct spine_params){.dim = dim,
                                    .hidden = hidden,
                                    .stride = stride,
                                    .len = spine_params_len(dim, hidden),
                                    .data = data};
    params->W1 = data;
    params->b1 = params->W1 + hidden * stride;
    params->W2 = params->b1 + spine_kernel_stride(hidden);
    params->b2 = params->W2 + hidden * stride;
}

int spine_params_init(struct spine_params *params, size_t dim, size_t hidden,
                      struct spine_error *err)
{
    *params = (struct spine_params){0};
    float *data = spine_kernel_alloc(spine_params_len(dim, hidden), "the parameters", err);
    if (data == NULL)
        return -1;
    spine_params_place(params, dim, hidden, data);
    return 0;
}

static void randomize_matrix(const struct spine_params *params, uint64_t seed, uint32_t tensor,
                             float bound, float *matrix)
{
    for (size_t j = 0; j < params->hidden; j++)
        spine_random_uniform(seed, tensor, j * params->dim, params->dim, bound,
                             matrix + j * params->stride);
}

void spine_params_randomize(struct spine_params *params, uint64_t seed)
{
    const float bound1 = 1 / sqrtf((float)params->dim), bound2 = 1 / sqrtf((float)params->hidden);
    randomize_matrix(params, seed, TENSOR_W1, bound1, params->W1);
    spine_random_uniform(seed, TENSOR_B1, 0, params->hidden, bound1, params->b1);
    randomize_matrix(params, seed, TENSOR_W2, bound2, params->W2);
    spine_random_uniform(seed, TENSOR_B2, 0, params->dim, bound2, params->b2);
}

void spine_params_dispose(struct spine_params *params)
{
    free(params->data);
    *params = (struct spine_params){0};
}

/* Rows are encoded in blocks of at least this many. */
static size_t block_rows(size_t most_rows)
{
    return most_rows > 64 ? most_rows : 64;
}

int spine_workspace_init(struct spine_workspace *work, size_t dim, size_t hidden, size_t most_rows,
                         struct spine_error *err)
{
    const size_t stride = spine_kernel_stride(dim);

    most_rows = block_rows(most_rows);
    *work = (struct spine_workspace){.most_rows = most_rows, .hidden = hidden, .stride = stride};
    work->z = spine_kernel_alloc(most_rows * hidden, "a batch of rows", err);
    work->h = spine_kernel_alloc(most_rows * hidden, "a batch of rows", err);
    work->dz = spine_kernel_alloc(most_rows * hidden, "a batch of rows", err);
    work->y = spine_kernel_alloc(most_rows * stride, "a batch of rows", err);
    work->h_sum = spine_kernel_alloc(hidden, "sums over a batch", err);
    work->psl_sum = spine_kernel_alloc(hidden, "sums over a batch", err);
    work->add = spine_kernel_alloc(hidden, "sums over a batch", err);
    work->packed =
        spine_kernel_alloc(spine_kernel_packed(dim), "the packed rows of a product", err);
    if (work->z != NULL && work->h != NULL && work->dz != NULL && work->y != NULL &&
        work->h_sum != NULL && work->psl_sum != NULL && work->add != NULL && work->packed != NULL)
        return spine_pairs_init(&work->pairs, most_rows, hidden, err);

    spine_workspace_dispose(work);
    return -1;
}

size_t spine_workspace_bytes(size_t dim, size_t hidden, size_t most_rows, double density)
{
    most_rows = block_rows(most_rows);
    return (most_rows * (3 * hidden + spine_kernel_stride(dim)) + 3 * hidden +
            spine_kernel_packed(dim)) *
               sizeof(float) +
           spine_pairs_bytes(most_rows, hidden, density);
}

enum spine_mode spine_mode_first(enum spine_kernel_choice choice)
{
    return choice == SPINE_KERNEL_SPARSE ? SPINE_SPARSE : SPINE_DENSE;
}

enum spine_mode spine_mode_next(enum spine_kernel_choice choice, const struct spine_workspace *work,
                                size_t rows)
{
    /* By tools/bench/step.c the modes are equally fast somewhere between these two densities. */
    const double sparse_below = 0.3, dense_above = SPINE_SPARSE_MOST;
    const double density = (double)work->loss.active / ((double)rows * (double)work->hidden);

    if (choice != SPINE_KERNEL_AUTO)
        return spine_mode_first(choice);
    if (density < sparse_below)
        return SPINE_SPARSE;
    return density > dense_above ? SPINE_DENSE : work->mode;
}

void spine_workspace_dispose(struct spine_workspace *work)
{
    spine_pairs_dispose(&work->pairs);
    free(work->z);
    free(work->h);
    free(work->dz);
    free(work->y);
    free(work->h_sum);
    free(work->psl_sum);
    free(work->add);
    free(work->packed);
    *work = (struct spine_workspace){0};
}

void spine_model_encode(const struct spine_params *params, const struct spine_batch *batch,
                        enum spine_mode mode, struct spine_workspace *work)
{
    assert(batch->rows <= work->most_rows);
    work->mode = mode;
    const size_t hidden = params->hidden;
    struct spine_code_sums sums = {.h = work->h_sum, .psl = work->psl_sum};

    spine_kernel_product_rows(batch->rows, params->dim, hidden, hidden, params->stride,
                              batch->noisy, params->W1, work->packed, work->z);
    if (work->mode == SPINE_SPARSE)
        spine_sparse_clamp(batch->rows, hidden, params->b1, work->z, &work->pairs, &sums);
    else
        spine_kernel_clamp(batch->rows, hidden, params->b1, work->z, work->h, &sums);

    work->loss.active = sums.active;
    work->loss.partial = 0;
    for (size_t j = 0; j < hidden; j++)
        work->loss.partial += (double)work->psl_sum[j];
}

void spine_model_decode(const struct spine_params *params, const struct spine_batch *batch,
                        size_t batch_rows, struct spine_workspace *work)
{
    const double factor = 2 / ((double)batch_rows * (double)params->dim);
    if (work->mode == SPINE_SPARSE)
        spine_sparse_decode(&work->pairs, params->stride, params->W2, params->b2, work->y);
    else
        spine_kernel_product_units(batch->rows, params->dim, params->hidden, params->stride,
                                   work->h, params->W2, params->b2, work->y);
    work->loss.squares =
        spine_kernel_residual(batch->rows, params->stride, batch->clean, (float)factor, work->y);
}

void spine_model_average(const struct spine_params *params, size_t batch_rows, const float *h_sum,
                         const struct spine_loss_weights *weights, struct spine_workspace *work)
{
    const double rows = (double)batch_rows, hidden = (double)params->hidden;
    const double rho = 1 - weights->sparsity;
    double sum = 0;

    for (size_t j = 0; j < params->hidden; j++) {
        const double excess = (double)h_sum[j] / rows - rho;
        const double over = excess <= 0 ? 0 : excess; /* a NaN stays one */
        sum += over * over;
        work->add[j] = (float)((weights->psl + 2 * weights->asl * over) / (rows * hidden));
    }
    work->slope = (float)(2 * weights->psl / (rows * hidden));
    work->loss.asl = sum / hidden;
}

void spine_model_decoder_gradient(const struct spine_params *params,
                                  const struct spine_batch *batch, size_t first, size_t end,
                                  struct spine_workspace *work, struct spine_params *gradient)
{
    if (work->mode == SPINE_SPARSE)
        spine_sparse_decoder_gradient(&work->pairs, first, end, params->stride, work->y, params->W2,
                                      gradient->W2);
    else
        spine_kernel_product_gradient(batch->rows, params->dim, end - first, params->hidden,
                                      params->stride, work->h + first, work->y,
                                      gradient->W2 + first * params->stride);
    if (end == params->hidden)
        spine_kernel_sum_rows(batch->rows, params->dim, params->stride, work->y, gradient->b2);
}

void spine_model_encoder_gradient(const struct spine_params *params,
                                  const struct spine_batch *batch, size_t first, size_t end,
                                  struct spine_workspace *work, struct spine_params *gradient)
{
    const size_t hidden = params->hidden, stride = params->stride;

    if (work->mode == SPINE_SPARSE) {
        spine_sparse_encoder_gradient(&work->pairs, first, end, stride, batch->noisy, work->add,
                                      work->slope, gradient->W1, gradient->b1);
        return;
    }

    spine_kernel_product_rows(batch->rows, params->dim, end - first, hidden, stride, work->y,
                              params->W2 + first * stride, work->packed, work->dz + first);
    spine_kernel_clamp_gradient(batch->rows, end - first, hidden, work->z + first, work->h + first,
                                work->add + first, work->slope, work->dz + first,
                                gradient->b1 + first);
    spine_kernel_product_gradient(batch->rows, params->dim, end - first, hidden, stride,
                                  work->dz + first, batch->noisy, gradient->W1 + first * stride);
}
