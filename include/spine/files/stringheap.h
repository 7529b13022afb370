/* stringheap.h -- a vector of strings in an HDF5 file (strings.h), written by all ranks together.
 *
 * HDF5 has an element of 16 bytes for each string, which says where in the file's "global heap" the
 * string is, and writes both on one rank only. So the ranks write them without HDF5, as its file format
 * specification (version 3, III.D and IV.B) has it: the bytes of a heap don't depend on how many
 * ranks there are.
 *
 *     every rank:  spine_stringheap_plan() its strings
 *     rank 0:      makes the vector (spine_strings_make_at), makes the file longer by heap.bytes
 *                  (spine_store_reserve), closes it
 *     every rank:  spine_stringheap_write() its strings */
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

/* Plan strings of which none is empty. Collective. */
int spine_stringheap_plan(struct spine_stringheap *heap, struct spine_comm *comm,
                          const struct spine_words *strings, struct spine_error *err);

/* Write this rank's strings into PATH.part (outfile.h): their elements from byte 'elements' of the file
 * on, where the vector is, the strings from byte 'heap_at' on. Local. Six parameters. */
int spine_stringheap_write(const struct spine_stringheap *heap, const char *path,
                           const struct spine_words *strings, int64_t elements, int64_t heap_at,
                           struct spine_error *err);

#endif
