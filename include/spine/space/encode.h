/* encode.h -- the job of spine-encode: vectors through a trained model, or codes back to vectors.
 *
 * Ranks take turns with blocks of rows, and rank 0 writes what they send: memory depends on neither
 * the number of rows nor the number of ranks. The codes of a row are the same bits as those that
 * training writes, on any number of ranks. A model of model.objective = nnse has no encoder: each row
 * is solved for (lasso.h), as in training. Input in another form than vectors.h5 is converted to one
 * first, beside the first output, which is removed at the end. */
#ifndef SPINE_SPACE_ENCODE_H
#define SPINE_SPACE_ENCODE_H

#include "spine/files/output.h"
#include "spine/ranks/comm.h"

struct spine_encode_options {
    const char *run;            /* the directory of a finished run */
    const char *input;          /* a file in any form (source.h) */
    const char *words_from;     /* the words of an input that has none, or NULL */
    const char *const *outputs; /* (num_outputs) paths */
    size_t num_outputs;
    const char *const *words; /* (num_words): print the codes of these only */
    size_t num_words;
    bool decode; /* the input has codes, the outputs get vectors */
    struct spine_output_options output;
};

/* Encode or decode, and report on stdout (rank 0). Options must be equal on all ranks. On failure,
 * which is every rank's, there is no output. */
int spine_encode(struct spine_comm *comm, const struct spine_encode_options *options,
                 struct spine_error *err);

#endif
