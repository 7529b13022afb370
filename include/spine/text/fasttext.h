/* fasttext.h -- fastText's models (.bin): dictionary and input matrix, from fastText's source
 * (src/fasttext.cc, args.cc, dictionary.cc, densematrix.cc).
 *
 *     magic, version (4 bytes each); 12 settings of 4 bytes, among them D, bucket, minn, maxn; t (8)
 *     words and labels, words, labels (4 each); tokens, pruned (8 each)
 *     each word: its bytes, NUL, count (8), kind (1)
 *     quantized? (1); rows, D (8 each); the numbers, float
 *
 * The vector of a word is, as in fastText's .vec, the mean of its own row and the rows of its
 * character n-grams, which are found by a hash. A classifier's labels aren't words. */
#ifndef SPINE_TEXT_FASTTEXT_H
#define SPINE_TEXT_FASTTEXT_H

#include "spine/base/words.h"
#include "spine/text/matrix.h"

struct spine_fasttext {
    struct spine_matrix matrix; /* (words + bucket, D) */
    struct spine_words words;   /* labels excluded */
    int32_t shortest, longest;  /* characters of an n-gram; longest is 0 without n-grams */
    uint32_t bucket;
};

/* Are these the first bytes of a model? */
bool spine_fasttext_is(const void *start, size_t bytes);

/* Read the dictionary and find the matrix. Refuses quantized models (.ftz). The binary file is
 * borrowed until spine_fasttext_dispose(), which is called if this succeeds. */
int spine_fasttext_open(struct spine_fasttext *model, const struct spine_binary *binary,
                        struct spine_error *err);

/* Compute the vectors of words [first, first + count) into 'values', (count, stride). */
int spine_fasttext_read(const struct spine_fasttext *model, size_t first, size_t count,
                        size_t stride, float *values, struct spine_error *err);

/* Free what model owns and zero it; a zeroed struct may be disposed of again. */
void spine_fasttext_dispose(struct spine_fasttext *model);

#endif
