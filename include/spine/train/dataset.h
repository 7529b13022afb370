/* dataset.h -- this rank's rows of the input, scaled, and its part of every batch.
 *
 * The input is vectors.h5 (vectorsfile.h). Rows are scaled (scaling.h) as scalingfit.h finds. They
 * are in memory, as floats or rounded to bfloat16, or stay in the file (rowstream.h). Code that
 * goes over all rows uses spine_dataset_next() or spine_dataset_slice().
 *
 * Rows that stay in the file may become unreadable at any time. Then they are NaN, and
 * spine_dataset_check() reports the reason: call it before anything that was computed from rows
 * is written. */
#ifndef SPINE_TRAIN_DATASET_H
#define SPINE_TRAIN_DATASET_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/config/config.h"
#include "spine/config/settings.h"
#include "spine/math/block.h"
#include "spine/math/model.h"
#include "spine/math/partition.h"
#include "spine/math/scaling.h"
#include "spine/ranks/comm.h"
#include "spine/train/rowstream.h"

struct spine_store; /* store.h */

/* The input's file, open, so that its extent is known before its rows are read. */
struct spine_input {
    const char *path;           /* borrowed, also by datasets whose rows stay in the file */
    struct spine_store *store;  /* owned */
    size_t num_rows, dim;       /* N, or the limit; D */
    enum spine_storage storage; /* of datasets; SPINE_IN_MEMORY when it is opened */
};

/* Open the input; only its first 'limit' rows are used, unless limit is 0. Refuses other files, and
 * files with fewer rows. Collective. */
int spine_input_open(struct spine_input *input, struct spine_comm *comm, const char *path,
                     size_t limit, struct spine_error *err);

/* Fail on a rank whose 'hash' differs from rank 0's: its 'path' is another file, or another "run"
 * or whatever 'what' calls it. Collective; the result differs between ranks. */
int spine_input_compare(const char *path, const char *what, const struct spine_comm *comm,
                        uint64_t hash, struct spine_error *err);

/* A search for a few rows or a coordinate with most of the variance (outliers.h). */
struct spine_inspection {
    struct spine_scaling_options options; /* what they correct isn't reported */
    bool is_new;                          /* is the model? Else it has its scaling already */
    bool found;                           /* was there anything? Set by the search */
};

/* Read all rows of an open input, block by block, and warn about what is found. If the model is
 * new, rows beside which all others are next to nothing are refused. Collective. */
int spine_input_inspect(const struct spine_input *input, struct spine_comm *comm,
                        struct spine_inspection *inspection, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_input_close(struct spine_input *input);

struct spine_dataset {
    struct spine_partition part;
    size_t dim, stride; /* D, and D padded (kernels.h) */
    enum spine_storage storage;
    float *rows;                   /* owned; (rows of this rank, D), scaled; NULL: not in memory */
    uint16_t *packed;              /* owned; the same in bfloat16, from spine_dataset_pack() on */
    struct spine_rowstream stream; /* owned; open unless the rows are in memory */
    const struct spine_substitute *listed; /* borrowed; if set, these are this rank's rows */
    struct spine_scaling scaling;          /* owned; what was done to the rows */
    uint64_t checksum;        /* of all N rows and words in the file; the same on any rank count */
    double variance;          /* sum over all N rows of |row - mean row|^2, scaled */
    double squares;           /* sum over all N rows of |row|^2, scaled */
    double quantum;           /* for rounding sums of squares of rows (exact.h) */
    struct spine_words words; /* of this rank's rows */
    bool is_extreme; /* few rows or a coordinate have most variance (outliers.h, extremes.h) */
    bool is_view;    /* rows, scaling, words are another dataset's, which must outlive this */
    /* Owned: the rows of a batch, their slots; a block's rows (64, D). */
    size_t *batch, *slots;
    float *block;
};

/* Read this rank's rows of an open input. Refuses values that aren't finite, and a number of rows
 * that can't be divided among these ranks. Collective. */
int spine_dataset_init(struct spine_dataset *data, struct spine_comm *comm,
                       const struct spine_input *input, const struct spine_sharing *sharing,
                       struct spine_error *err);

/* The same for rows that aren't scaled yet; is_extreme is set, too. The input must still be open.
 * Collective. */
int spine_dataset_inspect(struct spine_dataset *data, struct spine_comm *comm,
                          const struct spine_input *input, struct spine_inspection *inspection,
                          struct spine_error *err);

/* The bytes of a rank's dataset, excluding the words. */
size_t spine_dataset_bytes(const struct spine_partition *part, size_t dim,
                           enum spine_storage storage);

/* Apply the dataset's scaling to the rows, up to this stage. */
void spine_dataset_scale(struct spine_dataset *data, enum spine_scaled stage);

/* With SPINE_IN_HALF_MEMORY, read the scaled rows into memory; until then they stay in the file.
 * Call it again when the stream's substitutes have changed. Local. */
int spine_dataset_pack(struct spine_dataset *data, struct spine_error *err);

/* The next of this rank's rows, (D), in file order, as they are now; NULL after the last. A pass
 * begins as {0}. Borrowed until the next call. */
struct spine_pass {
    size_t next, first, end; /* row; of a block */
    const float *block;
};
const float *spine_dataset_next(struct spine_dataset *data, struct spine_pass *pass);

/* Fail if rows couldn't be read. Local. */
int spine_dataset_check(const struct spine_dataset *data, struct spine_error *err);

/* Make this rank's rows a view of a dataset that has all rows, already scaled: nothing is read or
 * copied. Refuses a number of rows that can't be divided among these ranks. Collective. */
int spine_dataset_view(struct spine_dataset *data, const struct spine_comm *comm,
                       const struct spine_dataset *whole, const struct spine_sharing *sharing,
                       struct spine_error *err);

/* Copy this rank's rows of a step, and their global numbers, into their slots of the group's batch
 * (partition.h): clean (slots, D), rows (slots). Returns their number. The partition must be
 * shuffled for the epoch. */
size_t spine_dataset_supply(struct spine_dataset *data, size_t step, float *clean, uint64_t *rows);

/* Get 'count' of this rank's rows, (count, D), at most SPINE_BLOCK_ROWS, from its row 'first' on,
 * in file order; if sigma > 0, with the noise of 'epoch'. Borrowed until the next call. */
const float *spine_dataset_slice(struct spine_dataset *data, uint32_t epoch, size_t first,
                                 size_t count, double sigma);

/* Copy 'count' rows of any ranks, by their global numbers, to 'shared', (count, stride), on all
 * ranks, with the padding of rows. -0 becomes 0, so that the bits don't depend on the number of
 * ranks. 'numbers' are equal on all ranks. Collective. */
void spine_dataset_share(struct spine_dataset *data, struct spine_comm *comm,
                         const uint64_t *numbers, size_t count, float *shared);

/* Free what data owns and zero it; a zeroed struct may be disposed of again. */
void spine_dataset_dispose(struct spine_dataset *data);

#endif
