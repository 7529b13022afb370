/* holdout.h -- rows that training doesn't see (data.holdout), to be measured and to get codes.
 *
 * A row is held out by a hash of its word, whatever its place, the seed and the ranks. In the dataset
 * the row before it that isn't held out takes its place (at the file's beginning, the first such row),
 * so that batches are drawn as ever; such rows count twice. */
#ifndef SPINE_TRAIN_HOLDOUT_H
#define SPINE_TRAIN_HOLDOUT_H

#include "spine/train/dataset.h"

struct spine_holdout {
    size_t count, total;                  /* rows held out: of this rank, of all */
    struct spine_substitute *substitutes; /* owned; (count): they, and what takes their places */
    float *rows;     /* owned; (count, D), scaled; NULL if the dataset's aren't in memory */
    double variance; /* of all ranks': sum of (row - mean row of those trained on)^2 */
};

/* Is a word's row held out? */
bool spine_holdout_has(const char *word, double share);

/* Hold rows of a scaled dataset out, and compute its variance anew. Refuses to hold out all or none.
 * Collective. */
int spine_holdout_begin(struct spine_holdout *holdout, struct spine_dataset *data,
                        struct spine_comm *comm, double share, struct spine_error *err);

/* The rows held out as a dataset of their own, to be measured; it borrows from both. */
struct spine_dataset spine_holdout_view(const struct spine_holdout *holdout,
                                        const struct spine_dataset *data);

/* Put them back, to be encoded. Local. */
int spine_holdout_end(const struct spine_holdout *holdout, struct spine_dataset *data,
                      struct spine_error *err);

/* Free what holdout owns and zero it; a zeroed struct may be disposed of again. */
void spine_holdout_dispose(struct spine_holdout *holdout);

#endif
