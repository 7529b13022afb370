/* foreign.h -- files of other programs, which we can't read: they are refused by name, with advice.
 *
 * Recognised by their first bytes only where these can't begin a text. All functions return 0 if
 * the file is none of theirs, else -1. */
#ifndef SPINE_TEXT_FOREIGN_H
#define SPINE_TEXT_FOREIGN_H

#include "spine/text/start.h"

/* What is advised for several kinds of files. */
#define SPINE_FOREIGN_EXPORT                                                                       \
    "export it as text: a line for each word, the word and its numbers, separated by spaces"
#define SPINE_FOREIGN_SAVE                                                                         \
    "write its matrix in Python: numpy.save('vectors.npy', MATRIX), and give the words with "      \
    "--words or --words-from"
#define SPINE_FOREIGN_PANDAS(reader)                                                               \
    "write it as text: python3 -c 'import pandas; pandas." reader                                  \
    "(\"FILE\").to_csv(\"vectors.txt\", sep=\" \", header=False, index=False)'; the words must "   \
    "be in the first column"
#define SPINE_FOREIGN_MATLAB                                                                       \
    "write its matrix as .npy: python3 -c 'import numpy, scipy.io; numpy.save(\"vectors.npy\", "   \
    "scipy.io.loadmat(\"FILE\")[\"NAME\"])', and give the words with --words or --words-from"
#define SPINE_FOREIGN_TORCH                                                                        \
    "write the tensor in Python: numpy.save('vectors.npy', TENSOR.numpy()), or as .safetensors"

#define SPINE_FOREIGN_SPARSE                                                                       \
    "spine-eval, spine-top and spine-report read it as it is, but not from a pipe"

/* Refuse a file that is 'what', such as "a tar archive". Returns -1. */
int spine_foreign_refuse(const char *name, const char *what, const char *advice,
                         struct spine_error *err);

/* Those that begin with a signature, and pickles. */
int spine_foreign_check_signature(const struct spine_start *start, struct spine_error *err);

/* foreign_text.c: JSON, ARFF, and UTF-16 (spine_foreign_check_utf16()). */
int spine_foreign_check_text(const struct spine_start *start, struct spine_error *err);

/* UTF-16, with a byte order mark or without, and UTF-32 with one. */
int spine_foreign_check_utf16(const struct spine_start *start, struct spine_error *err);

/* foreign_binary.c: matrices and indices without a signature, known by how their parts fit
 * together. */
int spine_foreign_check_binary(const struct spine_start *start, struct spine_error *err);

/* foreign_objects.c: MessagePack, CBOR and BSON. */
int spine_foreign_check_objects(const struct spine_start *start, struct spine_error *err);

#endif
