/* columnscale.c -- a factor for each dimension of codes: 1 / the standard deviation of its
 * values. */
#include "spine/files/columnscale.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"

/* A variance of at most this share of the mean square is rounding. */
static const double CONSTANT = 1e-12;

int spine_columnscale_init(struct spine_columnscale *scale, size_t dimensions,
                           struct spine_error *err)
{
    *scale = (struct spine_columnscale){.dimensions = dimensions};
    scale->sums = spine_memory_zeroed(dimensions, sizeof(double), "the scale of dimensions", err);
    scale->squares =
        spine_memory_zeroed(dimensions, sizeof(double), "the scale of dimensions", err);
    if (scale->sums != NULL && scale->squares != NULL)
        return 0;
    spine_columnscale_dispose(scale);
    return -1;
}

static void add_value(struct spine_columnscale *scale, size_t dimension, float value)
{
    scale->sums[dimension] += (double)value;
    scale->squares[dimension] += (double)value * (double)value;
}

void spine_columnscale_add(struct spine_columnscale *scale, const struct spine_csr *values)
{
    for (size_t i = 0; i < values->count; i++)
        add_value(scale, (size_t)values->indices[i], values->data[i]);
    scale->rows += values->rows;
}

void spine_columnscale_add_dense(struct spine_columnscale *scale, const float *values, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < scale->dimensions; k++)
            add_value(scale, k, values[i * scale->dimensions + k]);
    scale->rows += rows;
}

void spine_columnscale_find(const struct spine_columnscale *scale, float *factors)
{
    const double rows = (double)scale->rows;

    for (size_t k = 0; k < scale->dimensions; k++) {
        const double mean = scale->rows > 0 ? scale->sums[k] / rows : 0;
        const double square = scale->rows > 0 ? scale->squares[k] / rows : 0;
        const double variance = square - mean * mean;
        factors[k] = variance > CONSTANT * square ? (float)(1 / sqrt(variance)) : 1;
    }
}

void spine_columnscale_dispose(struct spine_columnscale *scale)
{
    free(scale->sums);
    free(scale->squares);
    *scale = (struct spine_columnscale){0};
}
