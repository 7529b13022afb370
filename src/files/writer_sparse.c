/* writer_sparse.c -- the values that aren't 0 as text: .sparse and Matrix Market's .mtx.
 *
 * In Matrix Market the number of values comes before them, so they wait in a spool. */
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/files/sink.h"
#include "spine/files/writer.h"

struct sparse {
    struct spine_sink *sink;
    FILE *spool;  /* owned; of .mtx: an entry each */
    int64_t rows; /* so far */
};

struct entry {
    int64_t row;
    int32_t column;
    float value;
};

static void discard(struct spine_writing *writing)
{
    struct sparse *sparse = writing->state;

    spine_sink_discard(sparse->sink);
    if (sparse->spool != NULL)
        fclose(sparse->spool);
    free(sparse);
    writing->state = NULL;
}

static int open_sparse(struct spine_writing *writing, struct spine_error *err)
{
    struct sparse *sparse = spine_memory_zeroed(1, sizeof *sparse, "an output file", err);
    if (sparse == NULL)
        return -1;

    writing->state = sparse;
    if (spine_sink_open(&sparse->sink, writing->path, err)) {
        discard(writing);
        return -1;
    }
    return 0;
}

static int open_market(struct spine_writing *writing, struct spine_error *err)
{
    if (open_sparse(writing, err))
        return -1;

    struct sparse *sparse = writing->state;
    sparse->spool = spine_sink_spool(writing->path, err);
    if (sparse->spool == NULL) {
        discard(writing);
        return -1;
    }
    return 0;
}

static int write_sparse_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                             struct spine_error *err)
{
    struct spine_sink *sink = ((struct sparse *)writing->state)->sink;
    const struct spine_csr *values = rows->values;

    for (size_t i = 0; i < values->rows; i++) {
        spine_sink_text(sink, spine_words_get(rows->words, i));
        for (int64_t at = values->indptr[i]; at < values->indptr[i + 1]; at++) {
            spine_sink_text(sink, " ");
            spine_sink_whole(sink, values->indices[at]);
            spine_sink_text(sink, ":");
            spine_sink_number(sink, values->data[at], writing->digits);
        }
        spine_sink_text(sink, "\n");
    }
    return spine_sink_check(sink, err);
}

static int write_market_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                             struct spine_error *err)
{
    struct sparse *sparse = writing->state;
    const struct spine_csr *values = rows->values;

    for (size_t i = 0; i < values->rows; i++, sparse->rows++)
        for (int64_t at = values->indptr[i]; at < values->indptr[i + 1]; at++) {
            const struct entry entry = {sparse->rows, values->indices[at], values->data[at]};
            if (fwrite(&entry, sizeof entry, 1, sparse->spool) != 1)
                return spine_sink_fail_spool(writing->path, err);
        }
    return 0;
}

static int finish(struct spine_writing *writing, struct spine_error *err)
{
    struct sparse *sparse = writing->state;
    const int rc = spine_sink_complete(sparse->sink, err);

    sparse->sink = NULL;
    discard(writing);
    return rc;
}

/* Write two numbers, each followed by a blank. */
static void put_two(struct spine_sink *sink, int64_t first, int64_t second)
{
    spine_sink_whole(sink, first);
    spine_sink_text(sink, " ");
    spine_sink_whole(sink, second);
    spine_sink_text(sink, " ");
}

static int finish_market(struct spine_writing *writing, struct spine_error *err)
{
    struct sparse *sparse = writing->state;
    struct entry entry;

    spine_sink_text(sparse->sink, "%%MatrixMarket matrix coordinate real general\n");
    put_two(sparse->sink, (int64_t)writing->shape->rows, (int64_t)writing->shape->columns);
    spine_sink_whole(sparse->sink, (int64_t)writing->values);
    spine_sink_text(sparse->sink, "\n");

    int failed = fseeko(sparse->spool, 0, SEEK_SET);
    while (!failed && fread(&entry, sizeof entry, 1, sparse->spool) == 1) {
        put_two(sparse->sink, entry.row + 1, entry.column + 1);
        spine_sink_number(sparse->sink, entry.value, writing->digits);
        spine_sink_text(sparse->sink, "\n");
    }
    if (failed || ferror(sparse->spool)) {
        spine_sink_fail_spool(writing->path, err);
        discard(writing);
        return -1;
    }
    return finish(writing, err);
}

const struct spine_writer spine_writer_sparse = {
    .is_packable = true,
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_JOINED,
    .open = open_sparse,
    .rows = write_sparse_rows,
    .finish = finish,
    .discard = discard,
};

const struct spine_writer spine_writer_market = {
    .is_packable = true,
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_LISTED,
    .open = open_market,
    .rows = write_market_rows,
    .finish = finish_market,
    .discard = discard,
};
