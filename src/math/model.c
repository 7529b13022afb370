/* model.c -- the SPINE autoencoder: its parameters, and how it is computed. */
#include "spine/math/model.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/clones.h"
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

/* Rows [first, end) of a matrix. Seven parameters: those of the draws, and where they go. */
static void randomize_matrix(const struct spine_params *params, uint64_t seed, uint32_t tensor,
                             float bound, size_t first, size_t end, float *matrix)
{
    for (size_t j = first; j < end; j++)
        spine_random_uniform(seed, tensor, j * params->dim, params->dim, bound,
                             matrix + j * params->stride);
}

void spine_params_randomize(struct spine_params *params, uint64_t seed, size_t first, size_t end)
{
    const float bound1 = 1 / sqrtf((float)params->dim), bound2 = 1 / sqrtf((float)params->hidden);

    randomize_matrix(params, seed, TENSOR_W1, bound1, first, end, params->W1);
    spine_random_uniform(seed, TENSOR_B1, first, end - first, bound1, params->b1 + first);
    randomize_matrix(params, seed, TENSOR_W2, bound2, first, end, params->W2);
    if (first == 0)
        spine_random_uniform(seed, TENSOR_B2, 0, params->dim, bound2, params->b2);
}

/* The scalar product of two rows. */
SPINE_CLONES
static float multiply(size_t stride, const float *a, const float *b)
{
    enum { LANES = 16 }; /* of which a stride is a multiple */
    float lanes[LANES] = {0};

    for (size_t k = 0; k < stride; k += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            lanes[lane] += a[k + lane] * b[k + lane];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t lane = 0; lane < half; lane++)
            lanes[lane] += lanes[lane + half];
    return lanes[0];
}

void spine_params_remove_parallel(size_t stride, const float *row, float *gradient)
{
    const float squares = multiply(stride, row, row);
    const float share = squares > 0 ? multiply(stride, row, gradient) / squares : 0;

    for (size_t k = 0; k < stride; k++)
        gradient[k] -= share * row[k];
}

void spine_params_set_length(size_t stride, float *row)
{
    const float length = sqrtf(multiply(stride, row, row));

    for (size_t k = 0; length > 0 && k < stride; k++)
        row[k] /= length;
}

void spine_params_dispose(struct spine_params *params)
{
    free(params->data);
    *params = (struct spine_params){0};
}

enum spine_mode spine_mode_first(enum spine_kernel_choice choice)
{
    return choice == SPINE_KERNEL_SPARSE ? SPINE_SPARSE : SPINE_DENSE;
}

enum spine_mode spine_mode_next(enum spine_kernel_choice choice, enum spine_mode mode,
                                double density)
{
    /* tools/bench/step.c finds the modes equally fast somewhere between these two densities. */
    const double sparse_below = 0.3, dense_above = SPINE_SPARSE_MOST;

    if (choice != SPINE_KERNEL_AUTO)
        return spine_mode_first(choice);
    if (density < sparse_below)
        return SPINE_SPARSE;
    return density > dense_above ? SPINE_DENSE : mode;
}
