/* rowstream.h -- rows that stay in their file: they are read for every pass, and for training window by
 * window.
 *
 * A batch has one row of each stratum (partition.h), so the rows of the next 'window' steps are the
 * next 'window' rows of every stratum's order. They are in memory together, scaled, in the order of
 * their steps; before the last of them is used up, the kernel is told which rows come next, and reads them
 * into its cache meanwhile. When a window ends, all ranks copy their rows of the next one from
 * there: some hundredths of the time of its steps.
 *
 * So that a window is read in long pieces, an epoch first orders stretches: 'stretch'
 * neighbouring rows of the file, all of which come up within one window. What that changes: two rows of a stretch
 * are never more than a window apart in an epoch, and rows of different windows of an epoch don't
 * mix. What stays: every row comes up once an epoch, at a step that is as likely as any other; a batch
 * has one row of each stratum, which are shuffled independently; all orders differ between epochs.
 * The order is a function of the seed, the epoch, the batch's size and data.window, whatever the ranks; where
 * one window has all rows, it is that of rows in memory. */
#ifndef SPINE_TRAIN_ROWSTREAM_H
#define SPINE_TRAIN_ROWSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/files/rowfile.h"
#include "spine/math/partition.h"
#include "spine/math/scaling.h"

/* How far rows are scaled (scaling.h), each step after those before it. */
enum spine_scaled { SPINE_AS_READ, SPINE_CLIPPED, SPINE_WHITENED, SPINE_SCALED };

/* A row and the one that takes its place, by their global numbers. */
struct spine_substitute {
    size_t row, source;
};

struct spine_rowstream {
    struct spine_rowfile *file; /* owned */
    bool rounds;                /* scaled rows to bfloat16 */
    enum spine_scaled stage;    /* that rows are read up to */
    /* Borrowed, ascending: what is read in the place of other rows. */
    const struct spine_substitute *substitutes;
    size_t num_substitutes;

    size_t stride, length; /* D padded (kernels.h); of a window, in steps */
    size_t most_rows;      /* of this rank in a batch */
    bool has_window;
    uint32_t epoch;    /* of the window */
    size_t first_step; /* of the window */
    float *window;     /* owned; (length, most_rows, D): row i of a step, by ascending strata */
    float *block;      /* owned; scratch, (SPINE_ROWFILE_ROWS, D) */
    struct spine_upcoming *upcoming; /* owned; scratch, (length) */
    size_t *rows, *counts;           /* owned; scratch, (length) each */
};

/* Set the window and the stretch so that the windows of all ranks together take about 'mib' MiB. */
void spine_rowstream_share(struct spine_sharing *sharing, size_t dim, double mib);

/* Open the file of 'store', which is open for reading; without windows, rows can't be supplied. */
int spine_rowstream_open(struct spine_rowstream *stream, struct spine_store *store,
                         const char *path, const struct spine_partition *part, size_t dim,
                         bool has_windows, struct spine_error *err);

/* The bytes that a stream takes. */
size_t spine_rowstream_bytes(const struct spine_partition *part, size_t dim, bool has_windows);

/* Read 'count' rows from global number 'first' on, as far scaled as the stage says. (count, D) */
void spine_rowstream_read(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                          size_t first, size_t count, float *values);

/* The scaled rows of this rank in a step, by ascending strata, (most_rows, D). The partition must be
 * shuffled for the epoch. Borrowed until the next call. */
const float *spine_rowstream_step(struct spine_rowstream *stream,
                                  const struct spine_scaling *scaling,
                                  const struct spine_partition *part, size_t step);

/* Free what stream owns and zero it; a zeroed struct may be closed again. */
void spine_rowstream_close(struct spine_rowstream *stream);

#endif
