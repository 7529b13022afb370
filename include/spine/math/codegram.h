/* codegram.h -- the products of all pairs of units, summed over many rows of codes: A'A.
 *
 * Rows are collected, and then added unit by unit, so that a row of A'A, (H), is in the nearest
 * cache while it is added to; row by row, most additions would wait for a farther one. Products are
 * rounded so that their sums are exact (exact.h): the order of the rows changes no bit. Local. */
#ifndef SPINE_MATH_CODEGRAM_H
#define SPINE_MATH_CODEGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_codegram {
    /* Set by the caller: */
    double *sums; /* borrowed; (H, pitch): A'A, its upper triangle */
    size_t pitch;
    double shift; /* by which products are rounded */

    size_t units, count; /* H; pairs of row and unit that are collected */
    int32_t *unit;       /* owned, as are all; of each pair */
    float *value;
    uint32_t *end;   /* of each pair: where its row ends */
    uint32_t *order; /* pairs by unit */
    uint32_t *begin; /* (H + 1) */
};

/* Fails with -1, out of memory; then it needs no disposal, but may be disposed of. */
int spine_codegram_init(struct spine_codegram *gram, size_t units, struct spine_error *err);
void spine_codegram_dispose(struct spine_codegram *gram);

/* The bytes that it needs. */
size_t spine_codegram_bytes(size_t units);

/* Collect the codes of a row, 'count' values and their units, ascending. May add rows that were
 * collected before to the sums. */
void spine_codegram_collect(struct spine_codegram *gram, size_t count, const int32_t *unit,
                            const float *value);

/* Add what is still collected. */
void spine_codegram_add(struct spine_codegram *gram);

/* Drop what is still collected: its products are never added. */
void spine_codegram_forget(struct spine_codegram *gram);

#endif
