/* atoms.h -- atoms whose initial values are the vectors of words. */
#ifndef SPINE_TRAIN_ATOMS_H
#define SPINE_TRAIN_ATOMS_H

#include <stdbool.h>

#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* Which words are drawn depends on seed and draw alone. */
struct spine_atoms_words {
    struct spine_comm *comm;    /* borrowed */
    struct spine_dataset *data; /* borrowed */
    uint64_t seed;
    uint32_t draw;
};

/* Set the marked rows of atoms (count, D) to vectors of words, scaled to length 1; zeros stay
 * zeros. The ranks that have the words send them to all. Words held out (holdout.h) are never used.
 * Words whose vector has the direction of one drawn before are skipped, since equal units would
 * train alike; of those whose lengths differ, one of 200 may be missed for its rounding. If there
 * are more atoms than different directions, or than were found among eight times as many rows,
 * those that are left are words again with noise of 0.3 times their length, scaled to length 1; of
 * zeros, noise alone. marked (count), equal on all ranks, NULL: all; atoms NULL: this rank doesn't
 * need them. Collective. */
int spine_atoms_draw(const struct spine_atoms_words *words, const bool *marked, size_t count,
                     float *atoms, struct spine_error *err);

/* Scale an atom to length 1: if it is longer; whatever its length is, but zeros stay zeros. */
void spine_atoms_shorten(float *row, size_t dim);
void spine_atoms_normalize(float *row, size_t dim);

/* Initialise the stepper's parameters with words: rows of W2, the same in W1, and zero biases.
 * Call it when rows have been held out, if they are. Collective over the grid's ranks. */
int spine_atoms_begin(struct spine_stepper *stepper, struct spine_dataset *data,
                      struct spine_error *err);

#endif
