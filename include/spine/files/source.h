/* source.h -- an embedding in any form: words, and a vector for each.
 *
 *     text            GloVe, word2vec, fastText; plain, or in gzip, zstd, xz, bzip2, zip (vectors.h)
 *     word2vec        word2vec's binary format (word2vec.h)
 *     fasttext        a fastText model (fasttext.h)
 *     npy, npz        a NumPy array; its words from a list, from the .npz, or numbered (npy.h)
 *     safetensors     a tensor of the file, with the same words (safetensors.h)
 *     hdf5            vectors.h5; AnnData's .h5ad, X dense or sparse; FILE:/DATASET
 *
 * The form is found from the file's bytes (form.h). The file is read in two steps:
 *
 *     rank 0:      spine_sourcefiles_prepare() finds the form, and spools what can't be read at any
 *                  offset (pipes, compressed binary files); the result is plain data for all ranks
 *     every rank:  spine_source_open(); spine_source_scan() reads the words of a part of the rows,
 *                  spine_source_read() vectors of that part, block by block
 *
 * Vectors in text are parsed when their part is scanned and stay in memory. All others are read
 * when needed, so that memory doesn't grow with the file. All functions are local. */
#ifndef SPINE_FILES_SOURCE_H
#define SPINE_FILES_SOURCE_H

#include "spine/files/sourcefiles.h"
#include "spine/text/vectors.h"

struct spine_source;

/* Where the words come from. */
enum spine_source_words { SPINE_WORDS_INSIDE, SPINE_WORDS_LISTED, SPINE_WORDS_NUMBERED };

/* Open the source. The request and the files are borrowed until spine_source_close(). */
int spine_source_open(struct spine_source **source, const struct spine_source_request *request,
                      const struct spine_sourcefiles *files, struct spine_error *err);

/* The dimension of the vectors, and where the words come from. */
size_t spine_source_dim(const struct spine_source *source);
enum spine_source_words spine_source_words(const struct spine_source *source);

/* What messages call a row: "line" or "row". */
const char *spine_source_place(const struct spine_source *source);

/* Prefix a message with "PATH:LINE: " or, for other forms than text, "PATH: row LINE: ". Returns
 * -1. */
int spine_source_locate(const struct spine_source *source, uint64_t line, struct spine_error *err);

/* Is the last word GloVe's <unk>, which its header doesn't count? */
bool spine_source_ends_in_unknown(const struct spine_words *words);

/* After all rows were read, refuse the file if its header announces another number than 'found',
 * unless the request skips the header. *has_unknown is set if a last word <unk> explains the
 * difference. */
int spine_source_check_count(const struct spine_source *source, uint64_t found,
                             bool ends_in_unknown, bool *has_unknown, struct spine_error *err);

/* Can several ranks scan parts? If not, one rank scans part 0 of 1. */
bool spine_source_is_divisible(const struct spine_source *source, uint64_t limit);

/* Scan part 'part' of 'parts' into *vectors, which must be disposed of even on failure. Only text
 * has vectors->values; else it is NULL. A part may be empty. Line numbers count from the part's
 * first line; in other forms than text, each row is a line. With rules->leave_out, rows with NaN or
 * Inf are found here; otherwise, forms other than text may leave them to spine_source_read(). A row
 * that is refused is vectors->bad_line, as in spine_vectors_parse(). */
int spine_source_scan(struct spine_source *source, int part, int parts,
                      const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                      struct spine_error *err);

/* What a part has of the file, if the boundaries of parts are guessed (word2vec.h); otherwise 0 and
 * 0. Of a part that failed, only 'begin' counts. */
struct spine_source_span {
    uint64_t begin, end; /* bytes */
    uint64_t has_failed; /* the scan of the part; for the caller to set */
};
void spine_source_span(const struct spine_source *source, struct spine_source_span *span);

/* Do successive parts fit together, each beginning where the one before it ends? A part that
 * doesn't may have begun in the middle of a row: neither its rows nor its error are the file's. If
 * all parts up to the first that failed fit, its error is the one that reading the file from its
 * start gives. */
bool spine_source_fits(const struct spine_source_span *spans, int parts);

/* Read the vectors of 'count' rows of the part, (count, dim), given by ascending line numbers as
 * spine_source_scan() counted them. Not for text. */
int spine_source_read(struct spine_source *source, const uint64_t *lines, size_t count,
                      float *values, struct spine_error *err);

/* NULL is allowed. */
void spine_source_close(struct spine_source *source);

#endif
