/* vectorsfile.h -- vectors.h5: words and their vectors, the input of a run.
 *
 * A "spine-vectors" file (store.h), written by spine-convert, has the datasets
 *
 *     /vectors    (N, D) float32
 *     /words      (N) UTF-8 strings; the bytes of the source, even where they aren't valid UTF-8
 *
 * and the attributes of the root group "source" (the name of the file that was converted, without
 * directories) and "rows_skipped", the sum of "rows_bad" (rows with NaN or Inf, without a word, or
 * with a wrong count of numbers) and "rows_repeated".
 *
 * Functions on a store that all ranks opened together are collective (store.h). */
#ifndef SPINE_FILES_VECTORSFILE_H
#define SPINE_FILES_VECTORSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"
#include "spine/files/store.h"
#include "spine/files/stringheap.h"

/* --- Reading ------------------------------------------------------------------------------ */

/* Open a "spine-vectors" file, alone (comm is NULL) or by all ranks together; see
 * spine_store_open_all(). A file without a format attribute is accepted: other programs write the
 * two datasets, too. */
int spine_vectorsfile_open(struct spine_store **store, struct spine_comm *comm, const char *path,
                           struct spine_error *err);

/* Does an open file of any format have vectors? */
bool spine_vectorsfile_has_vectors(struct spine_store *store);

/* Get the number of rows, N, and the length of a row, D. Refuses a file without vectors, or with a
 * different number of words. 'path' is for messages. Local, also on a store that all ranks
 * opened. */
int spine_vectorsfile_extent(struct spine_store *store, const char *path, size_t *rows, size_t *dim,
                             struct spine_error *err);

/* Read the vectors of rows [first, first + count); in memory a row begins every 'stride' numbers.
 * Doesn't refuse numbers that aren't finite. */
int spine_vectorsfile_read(struct spine_store *store, size_t first, size_t count, size_t stride,
                           float *values, struct spine_error *err);

/* Find the vectors in the file: one row after the other from byte *offset on. Refuses vectors that
 * are compressed, chunked, or not native floats. 'path' is for messages. Local. */
int spine_vectorsfile_find(struct spine_store *store, const char *path, int64_t *offset,
                           struct spine_error *err);

/* Append the words of rows [first, first + count) to 'words'. Local, also on a store that all ranks
 * opened. */
int spine_vectorsfile_read_words(struct spine_store *store, size_t first, size_t count,
                                 struct spine_words *words, struct spine_error *err);

/* --- Writing ------------------------------------------------------------------------------ */

/* Where the rows come from. */
struct spine_vectorsfile_origin {
    const char *source;                   /* a path; only its last component is written */
    int64_t rows_left_out, rows_repeated; /* rows of the source that were left out */
};

/* Offsets in the file: of the vectors, and of the words' elements and their heap (stringheap.h). */
struct spine_vectorsfile_places {
    int64_t vectors, elements, heap;
};

/* Write the file in three steps. Rank 0 creates it, writes everything except words and vectors,
 * whose offsets are *places, and closes the store. Then every rank writes its words, as 'heap'
 * plans them, and its rows, block by block, and syncs them (outfile.h). Then rank 0 publishes the
 * file. All functions are local. */
int spine_vectorsfile_create(struct spine_store **store, const char *path, struct spine_error *err);
/* Seven parameters: the file, its extent, and what else is in it. */
int spine_vectorsfile_begin(struct spine_store *store, size_t rows, size_t dim,
                            const struct spine_stringheap *heap,
                            const struct spine_vectorsfile_origin *origin,
                            struct spine_vectorsfile_places *places, struct spine_error *err);
int spine_vectorsfile_put_words(const char *path, const struct spine_vectorsfile_places *places,
                                const struct spine_stringheap *heap,
                                const struct spine_words *words, struct spine_error *err);
/* Seven parameters: the file, a range of rows, and their numbers. */
int spine_vectorsfile_put(const char *path, const struct spine_vectorsfile_places *places,
                          size_t first, size_t count, size_t dim, const float *values,
                          struct spine_error *err);

#endif
