/* convert.h -- the job of spine-convert: an embedding in any form to a vectors.h5, on all ranks
 * together.
 *
 * The forms are source.h's. Each rank takes a part of the rows; of compressed text, and where only
 * the first rows of text or of word2vec's binary format are wanted, rank 0 takes all. Rank 0 holds
 * all words, finds duplicates and writes them; the vectors stay on the ranks that took them. The
 * result doesn't depend on the number of ranks. What must be spooled goes to files beside the
 * output, which all ranks must see.
 *
 * The file is described in vectorsfile.h. */
#ifndef SPINE_FILES_CONVERT_H
#define SPINE_FILES_CONVERT_H

#include <stdio.h>

#include "spine/files/source.h"
#include "spine/ranks/comm.h"

struct spine_convert_options {
    struct spine_source_request source;
    const char *output; /* a path */
    bool skip_bad;      /* leave out rows with NaN or Inf, without a word, with a wrong count of
                         * numbers or with duplicate words, instead of refusing */
    const char *notice; /* logged when the work begins, or NULL */
    FILE *report;       /* where rank 0 says what was done, or NULL */
    uint64_t limit;     /* the number of rows to read; 0: all */
};

/* Convert, and report (rank 0). Options must be equal on all ranks. On failure, which is
 * every rank's, there is no output, and one that was there before is as it was. */
int spine_convert(struct spine_comm *comm, const struct spine_convert_options *options,
                  struct spine_error *err);

#endif
