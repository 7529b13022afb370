/* encode.h -- encode vectors with a trained model, or decode codes: the work of spine-encode.
 *
 * Blocks of rows are dealt out to ranks in turn, and rank 0 writes the results, so memory depends
 * on neither the number of rows nor the number of ranks. On any number of ranks, the codes of a row
 * are the same bits as those that training writes. A model of model.objective = nnse has no
 * encoder: each row is solved for (lasso.h), as in training. Input that isn't vectors.h5 is first
 * converted to a temporary vectors.h5 beside the first output. */
#ifndef SPINE_SPACE_ENCODE_H
#define SPINE_SPACE_ENCODE_H

#include "spine/files/output.h"
#include "spine/ranks/comm.h"

struct spine_encode_options {
    const char *run;            /* the directory of a finished run */
    const char *input;          /* a file in any form (source.h) */
    const char *words_from;     /* a list of words for an input that has none, or NULL */
    const char *const *outputs; /* (num_outputs) paths */
    size_t num_outputs;
    const char *const *words; /* (num_words): print only the codes of these words */
    size_t num_words;
    bool decode; /* the input has codes, the outputs get vectors */
    struct spine_output_options output;
};

/* Encode or decode; rank 0 reports on stdout. Options must be equal on all ranks. On failure, which
 * all ranks share, nothing is written. */
int spine_encode(struct spine_comm *comm, const struct spine_encode_options *options,
                 struct spine_error *err);

#endif
