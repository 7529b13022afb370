/* roster.h -- the words of all ranks, collected on rank 0 to find duplicates.
 *
 * Row numbers are global, in file order. */
#ifndef SPINE_FILES_ROSTER_H
#define SPINE_FILES_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"
#include "spine/text/vectors.h"

enum { SPINE_ROSTER_REASONS = SPINE_ROW_WRONG_COUNT + 1 };

/* A list of rows or lines. */
struct spine_roster_list {
    uint64_t *at; /* owned; (count) */
    size_t count;
};

/* Filled on rank 0, and empty on others except where noted. A zeroed struct is empty. */
struct spine_roster {
    struct spine_words words;
    struct spine_roster_list lines; /* of each row */
    struct spine_roster_list
        left_out[SPINE_ROSTER_REASONS]; /* lines, by enum spine_vectors_reason */
    struct spine_roster_list
        duplicates; /* on all ranks: rows whose word an earlier row has, ascending */
    struct spine_roster_list duplicate_lines;
};

/* Gather the words, lines and left-out lines of all ranks on rank 0; the words are moved out of
 * 'vectors'. num_rows is the number of rows of all ranks. Collective. */
int spine_roster_gather(struct spine_roster *roster, struct spine_comm *comm,
                        struct spine_vectors *vectors, size_t num_rows, struct spine_error *err);

/* Find the duplicates, at most 'most' of them. Local, on rank 0. */
int spine_roster_find_duplicates(struct spine_roster *roster, size_t most, struct spine_error *err);

/* The first row with the same word as this one. Local, on rank 0. */
size_t spine_roster_first(const struct spine_roster *roster, size_t row);

/* Remove the duplicates from all ranks' vectors and from the roster's words. *first_row, the number
 * of this rank's first row, is updated. Collective. */
int spine_roster_drop_duplicates(struct spine_roster *roster, struct spine_comm *comm,
                                 struct spine_vectors *vectors, size_t *first_row,
                                 struct spine_error *err);

void spine_roster_dispose(struct spine_roster *roster);

#endif
