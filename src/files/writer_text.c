/* writer_text.c -- all values as text: .txt, .vec and .tsv. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/sink.h"
#include "spine/files/writer.h"

struct text {
    struct spine_sink *sink, *metadata; /* metadata: NULL but for .tsv */
    float *row;                         /* owned; (columns) */
};

static void discard(struct spine_writing *writing)
{
    struct text *text = writing->state;

    spine_sink_discard(text->sink);
    spine_sink_discard(text->metadata);
    free(text->row);
    free(text);
    writing->state = NULL;
}

static int open_text(struct spine_writing *writing, struct spine_error *err)
{
    struct text *text = spine_memory_zeroed(1, sizeof *text, "an output file", err);
    if (text == NULL)
        return -1;

    writing->state = text;
    text->row = spine_memory_get(writing->shape->columns, sizeof *text->row, "a row", err);
    if (text->row == NULL || spine_sink_open(&text->sink, writing->path, err)) {
        discard(writing);
        return -1;
    }
    return 0;
}

static int open_vec(struct spine_writing *writing, struct spine_error *err)
{
    if (open_text(writing, err))
        return -1;

    struct spine_sink *sink = ((struct text *)writing->state)->sink;
    spine_sink_whole(sink, (int64_t)writing->shape->rows);
    spine_sink_text(sink, " ");
    spine_sink_whole(sink, (int64_t)writing->shape->columns);
    spine_sink_text(sink, "\n");
    return 0;
}

static int open_projector(struct spine_writing *writing, struct spine_error *err)
{
    if (open_text(writing, err))
        return -1;

    struct text *text = writing->state;
    if (spine_sink_open(&text->metadata, writing->companion, err)) {
        discard(writing);
        return -1;
    }
    return 0;
}

static void put_values(const struct spine_writing *writing, const struct spine_csr *values,
                       size_t row, char separator)
{
    struct text *text = writing->state;
    const size_t columns = writing->shape->columns;

    spine_csr_spread(values, row, columns, text->row);
    for (size_t j = 0; j < columns; j++) {
        if (j > 0)
            spine_sink_put(text->sink, &separator, 1);
        if (text->row[j] == 0)
            spine_sink_text(text->sink, "0");
        else
            spine_sink_number(text->sink, text->row[j], writing->digits);
    }
    spine_sink_text(text->sink, "\n");
}

static int write_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                      struct spine_error *err)
{
    struct text *text = writing->state;

    for (size_t i = 0; i < rows->values->rows; i++) {
        spine_sink_text(text->sink, spine_words_get(rows->words, i));
        spine_sink_text(text->sink, " ");
        put_values(writing, rows->values, i, ' ');
    }
    return spine_sink_check(text->sink, err);
}

static int write_projector_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                                struct spine_error *err)
{
    struct text *text = writing->state;

    for (size_t i = 0; i < rows->values->rows; i++) {
        const char *word = spine_words_get(rows->words, i);
        put_values(writing, rows->values, i, '\t');
        spine_sink_text(text->metadata, *word == '\0' ? "_" : word); /* an empty line is dropped */
        spine_sink_text(text->metadata, "\n");
    }
    return spine_sink_check(text->sink, err);
}

static int finish(struct spine_writing *writing, struct spine_error *err)
{
    struct text *text = writing->state;
    const bool has_metadata = text->metadata != NULL;
    int rc = has_metadata ? spine_sink_complete(text->metadata, err) : 0;

    text->metadata = NULL;
    if (rc == 0) {
        rc = spine_sink_complete(text->sink, err);
        text->sink = NULL;
        if (rc != 0 && has_metadata)
            spine_outfile_discard(writing->companion);
    }
    discard(writing);
    return rc;
}

const struct spine_writer spine_writer_text = {
    .is_dense = true,
    .is_packable = true,
    .note = "no header line, as the published program: gensim needs no_header=True, or .vec",
    .open = open_text,
    .rows = write_rows,
    .finish = finish,
    .discard = discard,
};

const struct spine_writer spine_writer_vec = {
    .is_dense = true,
    .is_packable = true,
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_JOINED | SPINE_WORD_DISTINCT,
    .open = open_vec,
    .rows = write_rows,
    .finish = finish,
    .discard = discard,
};

const struct spine_writer spine_writer_projector = {
    .is_dense = true,
    .is_packable = true,
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_UNTABBED,
    .open = open_projector,
    .rows = write_projector_rows,
    .finish = finish,
    .discard = discard,
};
