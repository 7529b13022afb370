/* scaling.h -- how input vectors are changed before training, and how that is undone.
 *
 *     clip      a row longer than 'longest' is shortened to it
 *     centre    x - mean
 *     whiten    each number k is multiplied by factors[k]; or the row's part along each of the K
 *               components, which are orthonormal, is removed
 *     scale     all numbers are multiplied by 'scale'
 *
 * Each is optional. Scale, factors and mean can be undone; clipping and removed components can't.
 * The result has the same bits on any number of ranks. Arithmetic only. */
#ifndef SPINE_MATH_SCALING_H
#define SPINE_MATH_SCALING_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/base/error.h"

/* data.whiten */
enum spine_whiten { SPINE_WHITEN_NO, SPINE_WHITEN_COLUMN, SPINE_WHITEN_REMOVE };

/* The scaling that the options ask for. */
struct spine_scaling_options {
    double clip; /* the longest row, as a multiple of the median length; 0: any */
    bool center;
    enum spine_whiten whiten;
    size_t remove; /* K, of SPINE_WHITEN_REMOVE */
    double rms;    /* of all numbers after scaling; 0: don't scale */
};

/* The scaling of an input. Padding is zero. */
struct spine_scaling {
    size_t dim, stride;    /* D, and D padded (kernels.h) */
    double longest;        /* 0: any length */
    double scale;          /* above 0 */
    size_t num_components; /* K */
    float *mean;       /* owned, one block with what follows; (D), zeros if nothing is subtracted */
    float *factors;    /* (D), above 0; NULL: none */
    float *components; /* (K, D); NULL: none */
};

/* Make a scaling that changes nothing yet, with memory for what these options need. */
int spine_scaling_init(struct spine_scaling *scaling, size_t dim, enum spine_whiten whiten,
                       size_t num_components, struct spine_error *err);

/* The floats of the block; the same scaling with its pointers set into another block, which isn't
 * written to. Of the given pointers, only whether they are NULL matters. */
size_t spine_scaling_len(const struct spine_scaling *scaling);
struct spine_scaling spine_scaling_place(const struct spine_scaling *scaling, float *block);

/* Scale 'count' rows, (count, stride), in place: all at once, or in three steps: clip; centre and
 * whiten; multiply by the scale. */
void spine_scaling_apply(const struct spine_scaling *scaling, size_t count, float *rows);
void spine_scaling_clip(const struct spine_scaling *scaling, size_t count, float *rows);
void spine_scaling_whiten(const struct spine_scaling *scaling, size_t count, float *rows);
void spine_scaling_multiply(const struct spine_scaling *scaling, size_t count, float *rows);

/* The square of a row's length. */
double spine_scaling_square(const float *row, size_t dim);

/* Number k of a scaled row is factor (x_k - mean_k); this is the factor. */
double spine_scaling_factor(const struct spine_scaling *scaling, size_t k);

/* Free what scaling owns and zero it; a zeroed struct may be disposed of again. */
void spine_scaling_dispose(struct spine_scaling *scaling);

#endif
