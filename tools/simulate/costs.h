/* costs.h -- what the arithmetic of a step takes on one core, as measured by calibrate.c.
 *
 * A file has a line for each measurement,
 *
 *     NAME MODE D UNITS ROWS NANOSECONDS
 *
 * with MODE 'any' and D 0 where they don't matter, and '#' before a comment. Between the measured
 * UNITS and ROWS, logarithms are interpolated; beyond them the nearest counts. */
#ifndef SIMULATE_COSTS_H
#define SIMULATE_COSTS_H

#include <stddef.h>

#include "spine/math/model.h"

enum cost {
    COST_ENCODE, /* a unit, of a block with so many rows, a multiple of 16; W1 has so many units */
    COST_DECODE, /* a row; W2 has so many units */
    COST_BACKWARD, /* the gradient of a unit, over so many rows */
    COST_UPDATE,   /* a parameter, by Adam; a rank updates those of so many units */
    COST_BIAS,     /* a value of dY, for the gradient of b2 */
    COST_NOISE,    /* a value of x' */
    COST_PACK,     /* a value that is packed */
    COST_COPY,     /* a value of x that is copied into the batch */
    COST_RESIDUAL, /* a value of dY */
    COST_SUM,      /* a value of a sum over groups or nodes, for each of them */
    COST_WIRE,     /* a value that is packed into 16 bits, or unpacked */
    COST_TILE,     /* a column of ranks whose pairs of a row are read */
    COST_UNIT,     /* the sum of h of a unit */
    COST_PENALTY,  /* a unit's part of a batch's penalty */
    COST_TRANSFER, /* a byte that another core has written, read with its neighbours */
    COST_LINE,     /* a cache line's way from one core to another that waits for it */
    COST_DENSITY,  /* no time: the share of active pairs at which all was measured */
    COSTS
};

extern const char *const cost_names[COSTS];

/* Read a file of costs; ends the program if it can't. */
void costs_read(const char *path);

/* In nanoseconds; ends the program if it wasn't measured. */
double costs_find(enum cost cost, enum spine_mode mode, size_t dim, size_t units, size_t rows);

/* The same of what depends on nothing else. */
double costs_of(enum cost cost);

#endif
