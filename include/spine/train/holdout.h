/* holdout.h -- rows that training doesn't see (data.holdout), but that are measured and encoded.
 *
 * Whether a row is held out depends on a hash of its word alone, not on its position, the seed or
 * the ranks. In the dataset it is replaced by the nearest row before it that isn't held out (or, at
 * the beginning of the file, after it), so that batches are drawn as usual; such rows count
 * twice. */
#ifndef SPINE_TRAIN_HOLDOUT_H
#define SPINE_TRAIN_HOLDOUT_H

#include "spine/train/dataset.h"

struct spine_holdout {
    size_t count, total;                  /* rows held out: of this rank, of all */
    struct spine_substitute *substitutes; /* owned; (count): the rows and their replacements */
    float *rows;     /* owned; (count, D), scaled; NULL if the dataset's aren't in memory */
    double variance; /* over all ranks: sum of |row - mean row of those trained on|^2 */
};

/* Is the row of this word held out? */
bool spine_holdout_has(const char *word, double share);

/* Hold out rows of a scaled dataset, and recompute its variance. Refuses to hold out all rows or
 * none. Collective. */
int spine_holdout_begin(struct spine_holdout *holdout, struct spine_dataset *data,
                        struct spine_comm *comm, double share, struct spine_error *err);

/* A view of the rows held out, for measuring; it borrows from both arguments. */
struct spine_dataset spine_holdout_view(const struct spine_holdout *holdout,
                                        const struct spine_dataset *data);

/* Put the rows held out back into the dataset, so that they are encoded. Local. */
int spine_holdout_end(const struct spine_holdout *holdout, struct spine_dataset *data,
                      struct spine_error *err);

/* Free what holdout owns and zero it; a zeroed struct may be disposed of again. */
void spine_holdout_dispose(struct spine_holdout *holdout);

#endif
