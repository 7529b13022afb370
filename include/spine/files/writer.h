/* writer.h -- the contract between output.c and the writers of its formats (output.h).
 *
 * A writer gets rows with filtered values, and words changed as its 'words' requires. After 'open'
 * has succeeded, either 'finish' is called, which completes PATH.part, and that of the companion if
 * the writer has it; or 'discard', which removes them. A 'finish' that fails removes them, too.
 * output.c publishes the files. */
#ifndef SPINE_FILES_WRITER_H
#define SPINE_FILES_WRITER_H

#include <stdbool.h>

#include "spine/files/columnscale.h"
#include "spine/files/csr.h"
#include "spine/files/labels.h"
#include "spine/math/model.h"
#include "spine/math/scaling.h"

/* How values are changed before they are written. All zero: not at all. */
struct spine_output_options {
    double threshold;     /* values below are left out */
    size_t top;           /* keep this number of a word's greatest values; 0: all */
    bool is_binary;       /* every value that is left becomes 1 */
    bool is_scaled;       /* each dimension is multiplied by its factor (columnscale.h): */
    const float *factors; /* borrowed; (columns); of is_scaled */
    int digits;           /* of values in text; 0: enough to read back the same float */
    bool is_unindexed;    /* .h5ad gets no index (codeindex.h) */
    bool is_unlisted;     /* another output writes NAME.words.txt (spine_output_shares_words) */
};

/* Where the values come from, for formats that can record it. All borrowed; each may be NULL. */
struct spine_output_source {
    const char *fingerprint; /* of the model */
    const char *config;      /* the options that fix the model (identity.h) */
    const char *metrics;     /* a line of metrics.jsonl */
    const struct spine_params *params;
    const struct spine_scaling *scaling; /* of the input */
    const struct spine_words *labels;    /* names of the dimensions; NULL: made from the words */
    const float *factors; /* of the dimensions (columnscale.h); NULL: from the values written */
};

struct spine_output_shape {
    size_t rows, columns;
};

/* The next rows. 'excess' may be NULL (codes.h). */
struct spine_output_rows {
    const struct spine_words *words;
    const struct spine_csr *values, *excess;
};

/* How words are changed and used. */
enum {
    SPINE_WORD_ESCAPED = 1,   /* bytes that aren't UTF-8 are written as \xNN */
    SPINE_WORD_JOINED = 2,    /* blanks become '_' */
    SPINE_WORD_DISTINCT = 4,  /* duplicates get a number */
    SPINE_WORD_LISTED = 8,    /* they go to NAME.words.txt */
    SPINE_WORD_UNTABBED = 16, /* tabs are written as \x09 */
    SPINE_WORD_LABELS = 32,   /* labels of the dimensions are collected */
};

struct spine_writing {
    const char *path;      /* of the output */
    const char *companion; /* the path of the words, for formats that keep them apart */
    const struct spine_output_shape *shape;
    const struct spine_output_source *source;
    const struct spine_labels *labels;     /* complete when 'finish' is called */
    const struct spine_columnscale *scale; /* the same, of writers with labels */
    int digits;
    bool is_unindexed;
    size_t values; /* written before these rows; complete when 'finish' is called */
    void *state;   /* the writer's own */
};

struct spine_writer {
    bool is_dense, is_packable;
    int words;        /* SPINE_WORD_... */
    const char *note; /* a message for users of the file; NULL: none */
    int (*open)(struct spine_writing *writing, struct spine_error *err);
    int (*rows)(struct spine_writing *writing, const struct spine_output_rows *rows,
                struct spine_error *err);
    int (*finish)(struct spine_writing *writing, struct spine_error *err);
    void (*discard)(struct spine_writing *writing);
    /* Write what belongs to the published file, but may be missing; NULL: nothing does. */
    int (*follow)(const struct spine_writing *writing, struct spine_error *err);
};

extern const struct spine_writer spine_writer_anndata, spine_writer_text, spine_writer_vec,
    spine_writer_word2vec, spine_writer_scipy, spine_writer_market, spine_writer_numpy,
    spine_writer_sparse, spine_writer_projector;

#endif
