/* lambda.h -- the lambda of nnse that gives a wanted number of values a word.
 *
 * It is found by solving for a sample of the rows, every n-th of all: before the first epoch, and
 * after each epoch for the new atoms. The sample has a little more or fewer values a row than all
 * rows have. The ratio is known from the epoch's codes, and is assumed to hold for the next. So
 * codes come to within 1 % of the wanted number, where by a sample alone they would be 1 or 2 %
 * off.
 *
 * A row with many times the wanted number of values tells that lambda is too small, and isn't
 * solved to its end. Where values are many and hardly rise as lambda falls, the wanted number is
 * out of reach, and the search ends. So its work is bounded, whatever the input.
 *
 * Counts are exact, so lambda doesn't depend on the number of ranks. */
#ifndef SPINE_TRAIN_LAMBDA_H
#define SPINE_TRAIN_LAMBDA_H

#include "spine/math/coder.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

/* Called by all ranks together now and then, unless it is NULL; if it fails, so does the search.
 * Collective. */
struct spine_lambda_poll {
    int (*call)(void *work, struct spine_error *err);
    void *work; /* borrowed */
};

struct spine_lambda {
    struct spine_comm *comm; /* borrowed, as is all else */
    struct spine_dataset *data;
    struct spine_coder *coder; /* its block is scratch; its solver has the atoms, and gets lambda */
    double wanted;             /* mean number of values a word */
    double *waited; /* the seconds that this rank has waited for others are added to it */
    struct spine_lambda_poll poll;
};

/* The bytes that a rank with these rows needs for its part of the sample, whose codes have 'values'
 * a row. */
size_t spine_lambda_bytes(const struct spine_partition *part, size_t dim, double values);

/* Of the codes of a block of rows, from local row 'first' on, the values that are of the sample. */
size_t spine_lambda_sampled(const struct spine_partition *part, size_t first,
                            const struct spine_block *block);

/* Find the first lambda, whatever it was. Collective, as is the next. */
int spine_lambda_find(const struct spine_lambda *search, double *lambda, struct spine_error *err);

/* Adjust lambda to new atoms. 'values' are those of all rows by the last atoms and lambda,
 * 'sampled' those of the sample, both over all ranks. */
int spine_lambda_adjust(const struct spine_lambda *search, double values, double sampled,
                        double *lambda, struct spine_error *err);

#endif
