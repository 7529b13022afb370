/* output.h -- codes, or vectors, in the forms that other programs read.
 *
 * The end of a file's name says which:
 *
 *     .h5ad     AnnData (anndata 0.7 to 0.12) (writer_anndata.c)
 *     .txt      the published program's text: "word v v v ...", a word a line, all values
 *     .vec      word2vec's text: the same after a line with rows and values
 *     .bin      word2vec's binary form
 *     .npz      SciPy's sparse matrix (scipy.sparse.load_npz), CSR
 *     .mtx      Matrix Market, coordinates (scipy.io.mmread)
 *     .npy      NumPy, all values
 *     .sparse   "word j:v j:v ...", a word a line, dimensions from 0
 *     .tsv      the Embedding Projector's pair: values, and the words in NAME.metadata.tsv
 *
 * The words of .npz, .mtx and .npy are in NAME.words.txt, a word a line. All but .h5ad and .npz may
 * end in .gz or .zst, too.
 *
 * Words are written as they are as far as a form allows: what a reader would refuse or drop is
 * changed, and counted for the user to be told. A byte that isn't valid UTF-8 and a line break become
 * \xNN (in .txt only the line break), a blank in .vec, .bin and .sparse becomes '_', and the second
 * of two equal words in .h5ad, .vec and .bin becomes "word-1".
 *
 * Rows come in order, in blocks; memory doesn't grow with their number, but for the 16 bytes a word
 * that make words distinct. Everything here is local. */
#ifndef SPINE_FILES_OUTPUT_H
#define SPINE_FILES_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/base/arguments.h"
#include "spine/base/words.h"
#include "spine/config/config.h"
#include "spine/files/writer.h"

/* What was written. */
struct spine_output_report {
    size_t rows, columns, values;
    size_t escaped, joined, renamed; /* words that were changed: bytes, blanks, duplicates */
    const char *note;                /* what readers of the format must know; NULL: nothing */
};

struct spine_output;

/* The command lines of programs with outputs: these options end a table's own, and
 * spine_output_argument() takes them. It returns 1 if 'option' was one of them, else 0; -1 when its
 * value is refused. The usage describes them and the formats. */
enum {
    SPINE_OUTPUT_THRESHOLD = SPINE_ARGUMENT_OWN + 64,
    SPINE_OUTPUT_TOP,
    SPINE_OUTPUT_DIGITS,
    SPINE_OUTPUT_BINARY,
    SPINE_OUTPUT_SCALE,
};
/* clang-format off */
#define SPINE_OUTPUT_ARGUMENTS                                                                     \
    {"threshold", required_argument, NULL, SPINE_OUTPUT_THRESHOLD},                                \
    {"top", required_argument, NULL, SPINE_OUTPUT_TOP},                                            \
    {"digits", required_argument, NULL, SPINE_OUTPUT_DIGITS},                                      \
    {"binary", no_argument, NULL, SPINE_OUTPUT_BINARY},                                            \
    {"scale", required_argument, NULL, SPINE_OUTPUT_SCALE}
#define SPINE_OUTPUT_FORMATS                                                                       \
    "  .h5ad     AnnData: sparse, with the words as obs_names; for anndata, scanpy, scikit-learn\n" \
    "  .txt      one line a word: the word and all its values, as the published program writes\n"  \
    "  .vec      word2vec's text, with a header line; for gensim\n"                                \
    "  .bin      word2vec's binary form; for gensim\n"                                             \
    "  .npz      SciPy's sparse matrix (load_npz); words in NAME.words.txt\n"                      \
    "  .mtx      Matrix Market (mmread); words in NAME.words.txt\n"                                \
    "  .npy      NumPy, all values; words in NAME.words.txt\n"                                     \
    "  .sparse   one line a word: the word and DIMENSION:VALUE ...\n"                              \
    "  .tsv      the Embedding Projector's vectors; words in NAME.metadata.tsv\n"                  \
    "\n"                                                                                           \
    "All but .h5ad and .npz may end in .gz or .zst, too.\n"
#define SPINE_OUTPUT_USAGE                                                                         \
    "  --threshold=VALUE   leave out values below\n"                                               \
    "  --top=K             leave out all but a word's K greatest values\n"                         \
    "  --binary            write 1 for every value that is left\n"                                 \
    "  --scale=columns     divide what is left by the standard deviation of its dimension\n"      \
    "  --digits=N          significant digits in text [9: reads back as the same float]\n"
/* clang-format on */
int spine_output_argument(struct spine_output_options *options, int option, const char *value,
                          struct spine_error *err);

/* Refuse a name whose end isn't a format's. */
int spine_output_check_name(const char *path, struct spine_error *err);

/* Does the format have all values, also zeros? Used for estimates of size. */
bool spine_output_is_dense(enum spine_format format);

/* Begin a file. 'path', 'options' and 'source' are borrowed until it is closed. */
int spine_output_open(struct spine_output **output, const char *path,
                      const struct spine_output_shape *shape,
                      const struct spine_output_options *options,
                      const struct spine_output_source *source, struct spine_error *err);

int spine_output_write(struct spine_output *output, const struct spine_output_rows *rows,
                       struct spine_error *err);

/* Publish the file and release the handle; on failure nothing is left. */
int spine_output_close(struct spine_output *output, struct spine_output_report *report,
                       struct spine_error *err);

/* Leave nothing, release the handle. NULL is allowed. */
void spine_output_discard(struct spine_output *output);

/* One line about the report for people: "FILE: 5 words x 9 dimensions, ...". And one for the words
 * that were changed and what readers must know; empty if there is nothing. Each has 'size' bytes. */
void spine_output_describe(const struct spine_output_report *report, char *text, size_t size);
void spine_output_describe_notes(const struct spine_output_report *report, char *text, size_t size);

#endif
