/* writer_binary.c -- all values as floats: word2vec's .bin and NumPy's .npy. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/files/sink.h"
#include "spine/files/writer.h"

struct binary {
    struct spine_sink *sink;
    float *row; /* owned; (columns) */
};

static void discard(struct spine_writing *writing)
{
    struct binary *binary = writing->state;

    spine_sink_discard(binary->sink);
    free(binary->row);
    free(binary);
    writing->state = NULL;
}

static int open_binary(struct spine_writing *writing, struct spine_error *err)
{
    struct binary *binary = spine_memory_zeroed(1, sizeof *binary, "an output file", err);
    if (binary == NULL)
        return -1;

    writing->state = binary;
    binary->row = spine_memory_get(writing->shape->columns, sizeof *binary->row, "a row", err);
    if (binary->row == NULL || spine_sink_open(&binary->sink, writing->path, err)) {
        discard(writing);
        return -1;
    }
    return 0;
}

static int open_word2vec(struct spine_writing *writing, struct spine_error *err)
{
    char header[64];
    if (open_binary(writing, err))
        return -1;

    snprintf(header, sizeof header, "%zu %zu\n", writing->shape->rows, writing->shape->columns);
    spine_sink_text(((struct binary *)writing->state)->sink, header);
    return 0;
}

static int open_numpy(struct spine_writing *writing, struct spine_error *err)
{
    char header[SPINE_SINK_NPY], shape[64];
    if (open_binary(writing, err))
        return -1;

    snprintf(shape, sizeof shape, "%zu, %zu", writing->shape->rows, writing->shape->columns);
    spine_sink_npy_header(header, "<f4", shape);
    spine_sink_put(((struct binary *)writing->state)->sink, header, sizeof header);
    return 0;
}

static int write_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                      bool has_words, struct spine_error *err)
{
    struct binary *binary = writing->state;
    const size_t columns = writing->shape->columns;

    for (size_t i = 0; i < rows->values->rows; i++) {
        spine_csr_spread(rows->values, i, columns, binary->row);
        if (has_words) {
            spine_sink_text(binary->sink, spine_words_get(rows->words, i));
            spine_sink_text(binary->sink, " ");
        }
        spine_sink_put(binary->sink, binary->row, columns * sizeof *binary->row);
        if (has_words)
            spine_sink_text(binary->sink, "\n");
    }
    return spine_sink_check(binary->sink, err);
}

static int write_word2vec_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                               struct spine_error *err)
{
    return write_rows(writing, rows, true, err);
}

static int write_numpy_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                            struct spine_error *err)
{
    return write_rows(writing, rows, false, err);
}

static int finish(struct spine_writing *writing, struct spine_error *err)
{
    struct binary *binary = writing->state;
    const int rc = spine_sink_complete(binary->sink, err);

    binary->sink = NULL;
    discard(writing);
    return rc;
}

const struct spine_writer spine_writer_word2vec = {
    .is_dense = true,
    .is_packable = true,
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_JOINED | SPINE_WORD_DISTINCT,
    .open = open_word2vec,
    .rows = write_word2vec_rows,
    .finish = finish,
    .discard = discard,
};

const struct spine_writer spine_writer_numpy = {
    .is_dense = true,
    .is_packable = true,
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_LISTED,
    .open = open_numpy,
    .rows = write_numpy_rows,
    .finish = finish,
    .discard = discard,
};
