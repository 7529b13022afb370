/* dataset.h -- this rank's rows of the input, scaled, and its part of every batch.
 *
 * The input is vectors.h5 (vectorsfile.h). The model is trained on its rows as scaling.h changes them;
 * scalingfit.h finds how. */
#ifndef SPINE_TRAIN_DATASET_H
#define SPINE_TRAIN_DATASET_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/math/block.h"
#include "spine/math/model.h"
#include "spine/math/partition.h"
#include "spine/math/scaling.h"
#include "spine/ranks/comm.h"

struct spine_store; /* store.h */

/* The input's file, open, so that its extent is known before its rows are read. */
struct spine_input {
    const char *path;          /* borrowed */
    struct spine_store *store; /* owned */
    size_t num_rows, dim;      /* N, or the limit; D */
};

/* Open the input, of which only the first 'limit' rows are used unless limit is 0. Refuses what is
 * no such file or has fewer rows. Collective. */
int spine_input_open(struct spine_input *input, struct spine_comm *comm, const char *path,
                     size_t limit, struct spine_error *err);

/* Read all rows of an open input, block by block, and warn of one row or one coordinate that makes
 * most of the variance (outliers.h), but not of what the options mend. Collective. */
int spine_input_inspect(const struct spine_input *input, struct spine_comm *comm,
                        const struct spine_scaling_options *options, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_input_close(struct spine_input *input);

struct spine_dataset {
    struct spine_partition part;
    size_t dim, stride;           /* D, and D padded (kernels.h) */
    float *rows;                  /* owned; (rows of this rank, D), scaled */
    struct spine_scaling scaling; /* owned; what was done to the rows */
    uint64_t checksum;        /* of all N rows and words in the file; the same on any rank count */
    double variance;          /* sum over all N rows and D of (row - mean row)^2, scaled */
    double quantum;           /* to which sums of squares of rows are rounded (exact.h) */
    struct spine_words words; /* of this rank's rows */
    bool
        is_view; /* rows, scaling and words belong to another dataset, which must outlive this one */
    /* Owned: the rows of a batch, their slots; noisy rows (64, D). */
    size_t *batch, *slots;
    float *noisy;
};

/* Read this rank's rows of an open input. Refuses values that aren't finite, and rows that these
 * ranks can't share. Collective. */
int spine_dataset_init(struct spine_dataset *data, struct spine_comm *comm,
                       const struct spine_input *input, const struct spine_sharing *sharing,
                       struct spine_error *err);

/* Warn as spine_input_inspect() does, of rows that aren't scaled yet, but not of what the options
 * mend; the input is still open. Collective. */
int spine_dataset_inspect(const struct spine_dataset *data, struct spine_comm *comm,
                          const struct spine_input *input,
                          const struct spine_scaling_options *options, struct spine_error *err);

/* The bytes of a dataset on a rank with 'rows' rows and most_rows of a batch, without the words. */
size_t spine_dataset_bytes(size_t rows, size_t dim, size_t most_rows);

/* This rank's rows as a view of a dataset that has all rows, as that of a single rank has, already
 * scaled: nothing is read or copied. Refuses rows that these ranks can't share. Collective. */
int spine_dataset_view(struct spine_dataset *data, const struct spine_comm *comm,
                       const struct spine_dataset *whole, const struct spine_sharing *sharing,
                       struct spine_error *err);

/* Copy this rank's rows of a step into their slots of the group's batch (partition.h), and their
 * global numbers; returns how many there are. The partition must be shuffled for the epoch.
 * clean (slots, D), rows (slots). */
size_t spine_dataset_supply(struct spine_dataset *data, size_t step, float *clean, uint64_t *rows);

/* 'count' of this rank's rows from its row 'first' on, in file order; if sigma > 0, with the noise
 * of 'epoch', and at most SPINE_BLOCK_ROWS of them. (count, D), borrowed until the next call. */
const float *spine_dataset_slice(struct spine_dataset *data, uint32_t epoch, size_t first,
                                 size_t count, double sigma);

/* Free what data owns and zero it; a zeroed struct may be disposed of again. */
void spine_dataset_dispose(struct spine_dataset *data);

#endif
