/* writer.h -- what a format of output.h consists of: the contract between output.c and the formats.
 *
 * A writer gets rows whose values are filtered and whose words are as its 'words' asks. After 'open'
 * has failed nothing else is called; else either 'finish', which publishes, or 'discard', which
 * leaves nothing. A failed 'finish' has discarded. */
#ifndef SPINE_FILES_WRITER_H
#define SPINE_FILES_WRITER_H

#include <stdbool.h>

#include "spine/files/columnscale.h"
#include "spine/files/csr.h"
#include "spine/files/labels.h"
#include "spine/math/model.h"
#include "spine/math/scaling.h"

/* What is changed before it is written. All zero: nothing. */
struct spine_output_options {
    double threshold;     /* values below are left out */
    size_t top;           /* keep this number of a word's greatest values; 0: all */
    bool is_binary;       /* every value that is left becomes 1 */
    bool is_scaled;       /* each dimension is multiplied by its factor (columnscale.h): */
    const float *factors; /* borrowed; (columns); of is_scaled */
    int digits;           /* of values in text; 0: as many as read back as the same float */
    bool is_unindexed;    /* .h5ad gets no index (codeindex.h) */
};

/* Where the values come from, for formats that can say so. All borrowed, and each may be NULL. */
struct spine_output_source {
    const char *fingerprint; /* of the model */
    const char *config;      /* what fixed the model, "name = value" lines */
    const char *metrics;     /* a line of metrics.jsonl */
    const struct spine_params *params;
    const struct spine_scaling *scaling; /* what the input went through */
    const struct spine_words *labels; /* names of the dimensions; NULL: made of the words written */
    const float *factors; /* of the dimensions (columnscale.h); NULL: of the values written */
};

struct spine_output_shape {
    size_t rows, columns;
};

/* The next rows. 'excess' may be NULL (codes.h). */
struct spine_output_rows {
    const struct spine_words *words;
    const struct spine_csr *values, *excess;
};

/* What is done to words. */
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
    size_t values; /* so far, these rows not included; complete when 'finish' is called */
    void *state;   /* the writer's own */
};

struct spine_writer {
    bool is_dense, is_packable;
    int words;        /* SPINE_WORD_... */
    const char *note; /* what its readers must know, for a message; NULL: nothing */
    int (*open)(struct spine_writing *writing, struct spine_error *err);
    int (*rows)(struct spine_writing *writing, const struct spine_output_rows *rows,
                struct spine_error *err);
    int (*finish)(struct spine_writing *writing, struct spine_error *err);
    void (*discard)(struct spine_writing *writing);
};

extern const struct spine_writer spine_writer_anndata, spine_writer_text, spine_writer_vec,
    spine_writer_word2vec, spine_writer_scipy, spine_writer_market, spine_writer_numpy,
    spine_writer_sparse, spine_writer_projector;

/* The values of a row, all columns, to 'out' (columns). */
void spine_writing_row(const struct spine_csr *values, size_t row, size_t columns, float *out);

#endif
