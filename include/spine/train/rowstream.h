/* rowstream.h -- rows that stay in their file: read again for every pass, and window by window for
 * training.
 *
 * A batch has one row of each stratum (partition.h), so the rows of the next 'window' steps are the
 * next 'window' rows of every stratum's order. A window is in memory, scaled, in the order of
 * steps. Before it ends, the kernel is told which rows come next and reads them into its cache.
 * Then all ranks copy their rows of the next window from the cache, in a few hundredths of the time
 * of its steps.
 *
 * So that a window is read in long pieces, an epoch first orders stretches of 'stretch'
 * neighbouring rows of the file, and all rows of a stretch are in one window. This changes two
 * things: rows of a stretch are never more than a window apart in an epoch, and rows of different
 * windows don't mix. It doesn't change others: every row has one step in an epoch, any step being
 * as likely; a batch has one row of each stratum; strata are shuffled independently; orders differ
 * between epochs. The order is a function of the seed, the epoch, the batch size and data.window,
 * not of the ranks. If one window has all rows, it is the order of rows in memory. */
#ifndef SPINE_TRAIN_ROWSTREAM_H
#define SPINE_TRAIN_ROWSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/files/rowfile.h"
#include "spine/math/partition.h"
#include "spine/math/scaling.h"

/* How far rows are scaled (scaling.h); each stage includes those before it. */
enum spine_scaled { SPINE_AS_READ, SPINE_CLIPPED, SPINE_WHITENED, SPINE_SCALED };

/* A row and the row that replaces it, by global numbers. */
struct spine_substitute {
    size_t row, source;
};

struct spine_rowstream {
    struct spine_rowfile *file; /* owned */
    bool rounds;                /* rounds scaled rows to bfloat16 */
    enum spine_scaled stage;    /* to which rows are scaled when they are read */
    /* Borrowed, ascending: rows to be read as other rows. */
    const struct spine_substitute *substitutes;
    size_t num_substitutes;

    size_t stride, length; /* D padded (kernels.h); the steps of a window */
    size_t most_rows;      /* the most rows of this rank in a batch */
    bool has_window;
    uint32_t epoch;    /* of the window */
    size_t first_step; /* of the window */
    float *window;     /* owned; (length, most_rows, D): row i of a step, by ascending strata */
    float *block;      /* owned; scratch, (SPINE_ROWFILE_ROWS, D) */
    struct spine_upcoming *upcoming; /* owned; scratch, (length) */
    size_t *rows, *counts;           /* owned; scratch, (length) each */
};

/* Set the window and the stretch so that the windows of all ranks together have about 'mib' MiB. */
void spine_rowstream_share(struct spine_sharing *sharing, size_t dim, double mib);

/* Open the file of 'store', which is open for reading. Without windows, spine_rowstream_step()
 * can't be called. */
int spine_rowstream_open(struct spine_rowstream *stream, struct spine_store *store,
                         const char *path, const struct spine_partition *part, size_t dim,
                         bool has_windows, struct spine_error *err);

/* The bytes of a stream. */
size_t spine_rowstream_bytes(const struct spine_partition *part, size_t dim, bool has_windows);

/* Read 'count' rows, (count, D), from global row 'first' on, scaled up to the stream's stage. */
void spine_rowstream_read(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                          size_t first, size_t count, float *values);

/* The scaled rows of this rank in a step, by ascending strata, (most_rows, D). The partition must
 * be shuffled for the epoch. Borrowed until the next call. */
const float *spine_rowstream_step(struct spine_rowstream *stream,
                                  const struct spine_scaling *scaling,
                                  const struct spine_partition *part, size_t step);

/* Free what stream owns and zero it; a zeroed struct may be closed again. */
void spine_rowstream_close(struct spine_rowstream *stream);

#endif
