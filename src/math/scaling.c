/* scaling.c -- how input vectors are changed before training. */
#include "spine/math/scaling.h"

#include <math.h>
#include <stdlib.h>

#include "spine/math/kernels.h"

/* Point into a block of spine_scaling_len() floats. */
static void place(struct spine_scaling *scaling, bool has_factors, float *block)
{
    float *end = block + scaling->stride;

    scaling->mean = block;
    scaling->factors = has_factors ? end : NULL;
    end += has_factors ? scaling->stride : 0;
    scaling->components = scaling->num_components > 0 ? end : NULL;
}

int spine_scaling_init(struct spine_scaling *scaling, size_t dim, enum spine_whiten whiten,
                       size_t num_components, struct spine_error *err)
{
    const bool has_factors = whiten == SPINE_WHITEN_COLUMN;
    struct spine_scaling made = {
        .dim = dim,
        .stride = spine_kernel_stride(dim),
        .scale = 1,
        .num_components = whiten == SPINE_WHITEN_REMOVE ? num_components : 0,
    };

    float *block = spine_kernel_alloc((1 + has_factors + made.num_components) * made.stride,
                                      "the scaling of the input", err);
    if (block == NULL)
        return -1;

    place(&made, has_factors, block);
    for (size_t k = 0; has_factors && k < dim; k++)
        made.factors[k] = 1;
    *scaling = made;
    return 0;
}

size_t spine_scaling_len(const struct spine_scaling *scaling)
{
    return (1 + (scaling->factors != NULL) + scaling->num_components) * scaling->stride;
}

struct spine_scaling spine_scaling_place(const struct spine_scaling *scaling, float *block)
{
    struct spine_scaling placed = *scaling;

    place(&placed, scaling->factors != NULL, block);
    return placed;
}

/* --- Rows --------------------------------------------------------------------------------- */

/* Sum over k in order, so that the bits depend on the row only. */
double spine_scaling_square(const float *row, size_t dim)
{
    double square = 0;

    for (size_t k = 0; k < dim; k++)
        square += (double)row[k] * (double)row[k];
    return square;
}

void spine_scaling_clip(const struct spine_scaling *scaling, size_t count, float *rows)
{
    const double longest = scaling->longest;

    for (size_t i = 0; longest > 0 && i < count; i++) {
        float *row = rows + i * scaling->stride;
        const double square = spine_scaling_square(row, scaling->dim);
        if (square <= longest * longest)
            continue;
        const double ratio = longest / sqrt(square);
        for (size_t k = 0; k < scaling->dim; k++)
            row[k] = (float)((double)row[k] * ratio);
    }
}

/* Remove the row's part along a component. */
static void project(float *row, const float *component, size_t dim)
{
    double product = 0;

    for (size_t k = 0; k < dim; k++)
        product += (double)row[k] * (double)component[k];
    for (size_t k = 0; k < dim; k++)
        row[k] = (float)((double)row[k] - product * (double)component[k]);
}

void spine_scaling_whiten(const struct spine_scaling *scaling, size_t count, float *rows)
{
    const size_t dim = scaling->dim, stride = scaling->stride;

    for (size_t i = 0; i < count; i++) {
        float *row = rows + i * stride;
        for (size_t k = 0; k < dim; k++)
            row[k] -= scaling->mean[k];
        for (size_t k = 0; scaling->factors != NULL && k < dim; k++)
            row[k] *= scaling->factors[k];
        for (size_t c = 0; c < scaling->num_components; c++)
            project(row, scaling->components + c * stride, dim);
    }
}

void spine_scaling_multiply(const struct spine_scaling *scaling, size_t count, float *rows)
{
    const float scale = (float)scaling->scale;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < scaling->dim; k++)
            rows[i * scaling->stride + k] *= scale;
}

void spine_scaling_apply(const struct spine_scaling *scaling, size_t count, float *rows)
{
    spine_scaling_clip(scaling, count, rows);
    spine_scaling_whiten(scaling, count, rows);
    spine_scaling_multiply(scaling, count, rows);
}

double spine_scaling_factor(const struct spine_scaling *scaling, size_t k)
{
    return scaling->factors == NULL ? scaling->scale : scaling->scale * (double)scaling->factors[k];
}

void spine_scaling_dispose(struct spine_scaling *scaling)
{
    free(scaling->mean);
    *scaling = (struct spine_scaling){0};
}
