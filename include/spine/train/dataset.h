/* dataset.h -- this rank's rows of the input, scaled, and its part of every batch.
 *
 * The input is a "spine-vectors" file: /vectors (N, D) float32, /words (N) UTF-8 strings. What the
 * model sees is (x - mean) * scale: the input centred, so that every column has mean 0 over all N
 * rows, and scaled, so that all entries have a given root mean square. Both are optional. */
#ifndef SPINE_TRAIN_DATASET_H
#define SPINE_TRAIN_DATASET_H

#include "spine/base/words.h"
#include "spine/math/model.h"
#include "spine/math/partition.h"
#include "spine/ranks/comm.h"

struct spine_dataset {
    struct spine_partition part;
    size_t dim, stride; /* D, and D padded (kernels.h) */
    float *rows;        /* owned; (rows of this rank, D), scaled */
    float *mean;        /* owned; (D): what was subtracted; zero if nothing was */
    double scale;       /* what was multiplied; 1 if nothing was */
    uint64_t checksum; /* of all N rows and words as they are in the file, on any number of ranks */
    double variance;   /* sum over all N rows and D of (row - mean row)^2, scaled */
    struct spine_words words; /* of this rank's rows */
    int is_view; /* rows, mean and words are another dataset's, which must outlive this one */
    /* Scratch of a batch, owned: the rows' global numbers, their values clean and noisy. */
    size_t *batch;
    float *clean, *noisy; /* (most rows of a batch on this rank, D) */
};

/* The rows and columns of an input file, of its first 'limit' rows if limit isn't 0. Collective
 * over comm, equal on all ranks. */
int spine_dataset_extent(struct spine_comm *comm, const char *path, size_t limit, size_t *num_rows,
                         size_t *dim, struct spine_error *err);

/* Read this rank's rows. Refuses what isn't such a file, has a value that isn't finite, or can't
 * be shared by these ranks. Collective. */
int spine_dataset_init(struct spine_dataset *data, struct spine_comm *comm, const char *path,
                       size_t limit, size_t batch_size, uint64_t seed, struct spine_error *err);

/* The bytes of a dataset on a rank with 'rows' rows and most_rows of a batch, but for the words. */
size_t spine_dataset_bytes(size_t rows, size_t dim, size_t most_rows);

/* Centre the rows if 'center', then scale them to root mean square 'rms' if it isn't 0; and
 * find the variance. Refuses rows that are all the same. Collective. */
int spine_dataset_scale(struct spine_dataset *data, struct spine_comm *comm, int center, double rms,
                        struct spine_error *err);

/* The same as a view of a dataset that has all rows, as one of a single rank has, scaled already:
 * nothing is read or copied. Refuses what can't be shared by these ranks. Collective. */
int spine_dataset_view(struct spine_dataset *data, const struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t batch_size, uint64_t seed,
                       struct spine_error *err);

/* This rank's rows of a step, with noise of standard deviation sigma beside them; 'epoch' must be
 * the one that the partition was shuffled for. Borrowed until the next call. */
struct spine_batch spine_dataset_batch(struct spine_dataset *data, uint32_t epoch, size_t step,
                                       double sigma);

/* 'count' of this rank's rows from its row 'first' on, in order, as they are; with sigma > 0 noisy
 * as in 'epoch', for at most most_rows. Borrowed. */
struct spine_batch spine_dataset_slice(struct spine_dataset *data, uint32_t epoch, size_t first,
                                       size_t count, double sigma);

void spine_dataset_dispose(struct spine_dataset *data);

#endif
