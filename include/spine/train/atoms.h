/* atoms.h -- atoms that begin as the vectors of words. */
#ifndef SPINE_TRAIN_ATOMS_H
#define SPINE_TRAIN_ATOMS_H

#include <stdbool.h>

#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* Which words: a function of seed and draw. */
struct spine_atoms_words {
    struct spine_comm *comm;    /* borrowed */
    struct spine_dataset *data; /* borrowed */
    uint64_t seed;
    uint32_t draw;
};

/* Set those of the 'count' rows of atoms (count, D) that are marked to vectors of words, scaled to
 * length 1; zeros stay zeros. Ranks that have the words hand them to all. More atoms than words begin
 * with the first words again. marked (count); scratch (count, D). Collective. */
int spine_atoms_draw(const struct spine_atoms_words *words, const bool *marked, size_t count,
                     float *scratch, float *atoms, struct spine_error *err);

/* Scale an atom down to length 1, or up to it if 'always'; zeros stay zeros. */
void spine_atoms_bound(float *row, size_t dim, bool always);

/* Let the stepper's parameters begin with words: rows of W2, W1 the same, no biases. Collective over the
 * grid's ranks. */
int spine_atoms_begin(struct spine_stepper *stepper, struct spine_dataset *data,
                      struct spine_error *err);

#endif
