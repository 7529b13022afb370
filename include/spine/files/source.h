/* source.h -- an embedding in any form: words, and a vector for each.
 *
 *     text            GloVe, word2vec, fastText; plain, or in gzip, zstd, xz, bzip2, zip (vectors.h)
 *     word2vec        word2vec's binary format (word2vec.h)
 *     fasttext        a fastText model (fasttext.h)
 *     npy, npz        a NumPy array; its words from a list, from the .npz, or numbered (npy.h)
 *     safetensors     a tensor of the file, with the same words (safetensors.h)
 *     hdf5            vectors.h5; AnnData's .h5ad, X dense or sparse; FILE:/DATASET
 *
 * Which it is, its bytes say (form.h). It is read in two steps:
 *
 *     rank 0:      spine_sourcefiles_prepare(): what it is; what can't be read at any offset (pipes,
 *                  compressed binary files) is spooled; the result is plain data for all ranks
 *     every rank:  spine_source_open(), spine_source_take(): the words of a part of the rows;
 *                  spine_source_read(): vectors of that part, block by block
 *
 * Vectors in text are parsed as their part is taken and stay in memory; all others are read when
 * they are wanted, so that memory doesn't grow with the file. Everything here is local. */
#ifndef SPINE_FILES_SOURCE_H
#define SPINE_FILES_SOURCE_H

#include "spine/files/sourcefiles.h"
#include "spine/text/vectors.h"

struct spine_source;

/* Where the words come from. */
enum spine_source_words { SPINE_WORDS_INSIDE, SPINE_WORDS_LISTED, SPINE_WORDS_NUMBERED };

/* The request and the files are borrowed until spine_source_close(). */
int spine_source_open(struct spine_source **source, const struct spine_source_request *request,
                      const struct spine_sourcefiles *files, struct spine_error *err);

/* The numbers of a vector, and where the words come from. */
size_t spine_source_dim(const struct spine_source *source);
enum spine_source_words spine_source_words(const struct spine_source *source);

/* What names a row in messages: "line" or "row". */
const char *spine_source_place(const struct spine_source *source);

/* Put "PATH:LINE: ", or "PATH: row LINE: " for other forms than text, before the text. Returns -1. */
int spine_source_locate(const struct spine_source *source, uint64_t line, struct spine_error *err);

/* Refuse a file of which all rows were taken, 'found' of them, if its header announces another
 * number, and the request doesn't pass over the header. GloVe doesn't count its last word, <unk>:
 * *has_unknown says whether that is so. */
int spine_source_check_count(const struct spine_source *source, uint64_t found,
                             const struct spine_words *words, bool *has_unknown,
                             struct spine_error *err);

/* Can parts be taken on several ranks? If not, one takes part 0 of 1. */
bool spine_source_is_divisible(const struct spine_source *source, uint64_t limit);

/* Take part 'part' of 'parts' into *vectors, which is to be disposed of whether it succeeds or not;
 * its values are NULL but for text. A part may be empty. Lines count from the part's first; other
 * forms than text have a line a row. With rules->leave_out, rows with NaN or Inf are found here;
 * else of other forms than text they may be left to spine_source_read(). A row that is refused is
 * vectors->bad_line, as spine_vectors_parse() has it. */
int spine_source_take(struct spine_source *source, int part, int parts,
                      const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                      struct spine_error *err);

/* The bytes of the file that the part was found in, where parts are found by their looks: the end
 * of one must be the begin of the next. Else 0 and 0. */
void spine_source_span(const struct spine_source *source, uint64_t span[2]);

/* Read the vectors of 'count' rows of the part, given by their ascending lines as take counted
 * them; one begins every 'dim' numbers. Not for text. */
int spine_source_read(struct spine_source *source, const uint64_t *lines, size_t count,
                      float *values, struct spine_error *err);

/* NULL is allowed. */
void spine_source_close(struct spine_source *source);

#endif
