/* convert.h -- convert an embedding in any form (source.h) to vectors.h5 (vectorsfile.h), on all
 * ranks together: the work of spine-convert.
 *
 * Each rank reads a part of the rows. Rank 0 reads all rows of compressed text, and of text or
 * word2vec's binary format if only the first rows are wanted. Words and vectors
 * stay on the ranks that read them, and are written by them; to find duplicates, each word goes
 * once to a rank chosen by its hash. The result doesn't depend on the number of ranks. Temporary
 * files are beside the output, where all ranks must see them. */
#ifndef SPINE_FILES_CONVERT_H
#define SPINE_FILES_CONVERT_H

#include <stdio.h>

#include "spine/files/inputfacts.h"
#include "spine/files/source.h"
#include "spine/ranks/comm.h"

struct spine_convert_options {
    struct spine_source_request source;
    const char *output; /* a path */
    bool skip_bad;      /* leave out rows with NaN or Inf, without a word, with a wrong count of
                         * numbers or with duplicate words, instead of refusing */
    const char *notice; /* logged when the work begins, or NULL */
    FILE *report;       /* where rank 0 prints a report, or NULL */
    const struct spine_inputfacts *facts; /* recorded in the output; rank 0's, or NULL */
    uint64_t limit;                       /* the number of rows to read; 0: all */
    bool is_temporary; /* leave the result as PATH.part, which rank 0 discards (outfile.h) */
};

/* Convert; rank 0 reports. Options must be equal on all ranks. On failure, which all ranks share,
 * nothing is written, and an earlier output is unchanged. */
int spine_convert(struct spine_comm *comm, const struct spine_convert_options *options,
                  struct spine_error *err);

#endif
