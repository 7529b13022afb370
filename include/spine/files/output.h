/* output.h -- codes or vectors in formats that other programs read.
 *
 * The suffix of the file name selects the format:
 *
 *     .h5ad     AnnData (anndata 0.7 to 0.12) (writer_anndata.c)
 *     .txt      the published program's text: "word v v v ...", a word a line, all values
 *     .vec      word2vec's text: the same after a line with the numbers of rows and values
 *     .bin      word2vec's binary form
 *     .npz      SciPy's sparse matrix (scipy.sparse.load_npz), CSR
 *     .mtx      Matrix Market, coordinates (scipy.io.mmread)
 *     .npy      NumPy, all values
 *     .sparse   "word j:v j:v ...", a word a line, dimensions from 0
 *     .tsv      the Embedding Projector's pair: values, and the words in NAME.metadata.tsv
 *
 * The words of .npz, .mtx and .npy are in NAME.words.txt, a word a line. Names except .h5ad and
 * .npz may end in .gz or .zst.
 *
 * Words are written unchanged if the format allows it. Words that a reader would refuse or drop are
 * changed, and counted for a message. A byte that isn't valid UTF-8 and a line break become \xNN
 * (in .txt only the line break), a blank in .vec, .bin and .sparse becomes '_', and the second of
 * two equal words in .h5ad, .vec and .bin becomes "word-1".
 *
 * Rows come in order, in blocks. Memory doesn't grow with their number, except for 16 bytes a word
 * that make words distinct. All functions are local. */
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
    const char *note;                /* a message for users of the file; NULL: none */
};

struct spine_output;

/* For the command lines of programs with outputs: options to put at the end of the program's table,
 * and text for its help. spine_output_argument() handles them. It returns 1 if 'option' is one of
 * them, else 0; -1 if it refuses the value. */
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

/* Refuse names without the suffix of a format, and outputs that another one, or the list of words
 * beside it, would replace. Their directories must exist for that to be noticed. */
int spine_output_check_names(const char *const *paths, size_t count, struct spine_error *err);

/* Set *companion to the path of the words beside the output, NAME.words.txt or NAME.metadata.tsv,
 * which the caller frees; to NULL if it has them inside. Refuses a name without the suffix of a
 * format. */
int spine_output_companion(const char *path, char **companion, struct spine_error *err);

/* The same for a file that is read: NULL, too, if there is no such list or the name has another
 * suffix. */
int spine_output_find_words(const char *path, char **list, struct spine_error *err);

/* Do both outputs have their words in the same NAME.words.txt, which only one of them may write? */
bool spine_output_shares_words(const char *path, const char *other);

/* Does the format store zeros? For estimates of size. */
bool spine_output_is_dense(enum spine_format format);

/* Begin a file. 'path', 'options' and 'source' are borrowed until it is closed or discarded. */
int spine_output_open(struct spine_output **output, const char *path,
                      const struct spine_output_shape *shape,
                      const struct spine_output_options *options,
                      const struct spine_output_source *source, struct spine_error *err);

int spine_output_write(struct spine_output *output, const struct spine_output_rows *rows,
                       struct spine_error *err);

/* Complete all files and check their places; then publish one after the other, write the indexes of
 * codes, and release the handles. A failure before the first is renamed leaves what was there; one
 * after it (an I/O error, no room for an index) leaves the files renamed until then, which are
 * complete. Lists of words are removed before the files beside them are replaced, and published
 * after them: a crash in between leaves a file without its list, which is noticed, but no file with
 * the list of another. 'reports' has room for 'count'. */
int spine_output_close(struct spine_output *const *outputs, size_t count,
                       struct spine_output_report *reports, struct spine_error *err);

/* Remove what was written and release the handle. NULL is allowed. */
void spine_output_discard(struct spine_output *output);

/* Write one line that describes the report: "FILE: 5 words x 9 dimensions, ..."; and one about
 * changed words and the format's note, "" if there is nothing to say. 'text' has 'size' bytes. */
void spine_output_describe(const struct spine_output_report *report, char *text, size_t size);
void spine_output_describe_notes(const struct spine_output_report *report, char *text, size_t size);

#endif
