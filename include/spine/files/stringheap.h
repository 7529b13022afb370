/* stringheap.h -- a vector of strings in an HDF5 file (strings.h), written by all ranks together.
 *
 * Each string has an element of 16 bytes with its position in the file's "global heap". HDF5 writes
 * both on one rank only, so the ranks write them without HDF5, following its file format
 * specification (version 3, III.D and IV.B). The bytes of a heap don't depend on the number of
 * ranks.
 *
 *     every rank:  spine_stringheap_plan() plans its strings
 *     rank 0:      makes the vector (spine_strings_make_at), extends the file by heap.bytes
 *                  (spine_store_reserve), and closes it
 *     every rank:  spine_stringheap_write() writes its strings */
#ifndef SPINE_FILES_STRINGHEAP_H
#define SPINE_FILES_STRINGHEAP_H

#include <stdint.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"

/* Where this rank's strings belong. Offsets count from the heap's first byte. */
struct spine_stringheap {
    int64_t bytes; /* of the heap; the same on all ranks */

    int64_t first_string;          /* its number over all ranks */
    int64_t first_short, short_at; /* its number among the short ones; the bytes before it */
    int64_t long_at;               /* where the first long one goes */
    int64_t collection;            /* the one to which the first short string belongs */
    int64_t next_collection;       /* the first that begins on a rank behind this one */
    int64_t gap, gap_bytes;        /* the unused end of the last collection, if it is this rank's */
};

/* Plan strings, none of them empty. Collective. */
int spine_stringheap_plan(struct spine_stringheap *heap, struct spine_comm *comm,
                          const struct spine_words *strings, struct spine_error *err);

/* Write this rank's strings to PATH.part (outfile.h): their elements into the vector, which begins
 * at byte 'elements' of the file, and the strings into the heap, which begins at byte 'heap_at'.
 * Local. */
int spine_stringheap_write(const struct spine_stringheap *heap, const char *path,
                           const struct spine_words *strings, int64_t elements, int64_t heap_at,
                           struct spine_error *err);

#endif
