/* convert.h -- the job of spine-convert: text vectors to a vectors.h5, on all ranks together.
 *
 * Each rank parses a range of a plain file; a compressed one, and one of which only the first rows
 * are wanted, rank 0 parses alone. Rank 0 holds all words, finds those that stand there twice and
 * writes them; the numbers stay on the ranks that parsed them. The result doesn't depend on the
 * number of ranks.
 *
 * The file is described in vectorsfile.h. */
#ifndef SPINE_FILES_CONVERT_H
#define SPINE_FILES_CONVERT_H

#include "spine/ranks/comm.h"
#include "spine/text/layout.h"

struct spine_convert_options {
    const char *input, *output; /* paths */
    enum spine_layout_header header;
    bool skip_bad;  /* leave out rows with NaN or Inf and repeated words, instead of refusing */
    uint64_t limit; /* read the first so many rows and no more; 0: all */
};

/* Convert, and report on stdout (rank 0). Options must be equal on all ranks. On failure, which is
 * every rank's, there is no output, and one that was there before is as it was. */
int spine_convert(struct spine_comm *comm, const struct spine_convert_options *options,
                  struct spine_error *err);

#endif
