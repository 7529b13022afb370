/* word2vecpart.c -- a part of a file in word2vec's binary format. */
#include "spine/text/word2vecpart.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK_BYTES = 64,
#else
    BLOCK_BYTES = 1 << 20, /* of rows that are read at once */
#endif
};

/* Refuse a bad row. *reason is the reason for leaving it out. */
static int check_row(const struct spine_word2vec_row *row, const float *values, size_t dim,
                     enum spine_vectors_reason *reason, struct spine_error *err)
{
    *reason = SPINE_ROW_NO_WORD;
    if (row->length == 0)
        return spine_refuse(err,
                            "no word before the %zu numbers; --on-bad=skip leaves such rows "
                            "out",
                            dim);
    if (memchr(row->word, '\0', row->length) != NULL)
        return spine_refuse(err, "a NUL byte in the word");
    *reason = SPINE_ROW_NOT_FINITE;
    const size_t finite = spine_vectors_count_finite(values, dim);
    if (finite < dim)
        return spine_refuse(err, "number %zu of %zu is not finite: %g", finite + 1, dim,
                            (double)values[finite]);
    return 0;
}

static int take_row(struct spine_word2vecpart *part, const struct spine_word2vec_row *row,
                    const struct spine_vectors_rules *rules, float *values,
                    struct spine_vectors *vectors, struct spine_error *err)
{
    const size_t dim = vectors->dim;
    enum spine_vectors_reason reason;
    const uint64_t line = ++vectors->num_lines;

    if (spine_memory_reserve(&part->offsets, &part->capacity, part->num_offsets + 1,
                             sizeof *part->offsets, "the rows' offsets", err))
        return -1;
    part->offsets[part->num_offsets++] =
        row->offset + (uint64_t)(row->values - (const unsigned char *)row->word);

    spine_binary_floats(row->values, dim, values);
    if (check_row(row, values, dim, &reason, err)) {
        if (rules->leave_out)
            return spine_vectors_leave_out(vectors, line, reason, err);
        vectors->bad_line = line;
        return -1;
    }
    if (spine_words_add(&vectors->words, row->word, row->length, err))
        return -1;
    return spine_vectors_add_line(vectors, line, err);
}

static int walk_rows(struct spine_word2vecpart *part, const struct spine_word2vec *format,
                     const struct spine_vectors_rules *rules, float *values,
                     struct spine_vectors *vectors, struct spine_error *err)
{
    struct spine_word2vec_walk *walk = NULL;
    struct spine_word2vec_row row;
    int rc = spine_word2vec_begin(&walk, format, part->span[0], err);

    while (rc == 0 && spine_word2vec_offset(walk) < part->span[1] &&
           (rules->limit == 0 || vectors->num_lines < rules->limit)) {
        rc = spine_word2vec_next(walk, &row, err);
        if (rc == 1)
            rc = take_row(part, &row, rules, values, vectors, err);
    }
    if (walk != NULL)
        part->span[1] = spine_word2vec_offset(walk);
    spine_word2vec_end(walk);
    return rc;
}

int spine_word2vecpart_scan(struct spine_word2vecpart *part, const struct spine_word2vec *format,
                            const uint64_t share[2], const struct spine_vectors_rules *rules,
                            struct spine_vectors *vectors, struct spine_error *err)
{
    part->num_offsets = 0;
    for (int i = 0; i < 2; i++)
        if (spine_word2vec_find_row(format, format->begin + share[i], &part->span[i], err))
            return -1;

    float *values = spine_memory_get(format->dim, sizeof *values, "a vector", err);
    const int rc = values == NULL ? -1 : walk_rows(part, format, rules, values, vectors, err);
    free(values);
    return rc;
}

/* Read successive rows together, up to BLOCK_BYTES; 'block' has space for that and one row. Seven
 * parameters: those of spine_word2vecpart_read(), and the block. */
static int read_run(const struct spine_word2vecpart *part, const struct spine_word2vec *format,
                    const uint64_t *lines, size_t count, float *values, unsigned char *block,
                    struct spine_error *err)
{
    const size_t dim = format->dim, row = dim * sizeof *values;
    const uint64_t begin = part->offsets[lines[0] - 1];
    const uint64_t end = part->offsets[lines[count - 1] - 1] + row;

    if (spine_binary_read(format->binary, begin, (size_t)(end - begin), block, err))
        return -1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t at = part->offsets[lines[i] - 1] - begin;
        spine_binary_floats(block + at, dim, values + i * dim);
    }
    return 0;
}

int spine_word2vecpart_read(const struct spine_word2vecpart *part,
                            const struct spine_word2vec *format, const uint64_t *lines,
                            size_t count, float *values, struct spine_error *err)
{
    const size_t dim = format->dim, row = dim * sizeof *values;
    unsigned char *block = spine_memory_get(BLOCK_BYTES + row, 1, "a block of rows", err);
    if (block == NULL)
        return -1;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count;) {
        const uint64_t begin = part->offsets[lines[i] - 1];
        size_t run = 1;
        while (i + run < count && part->offsets[lines[i + run] - 1] - begin <= BLOCK_BYTES)
            run++;
        rc = read_run(part, format, lines + i, run, values + i * dim, block, err);
        i += run;
    }
    free(block);
    return rc;
}

void spine_word2vecpart_dispose(struct spine_word2vecpart *part)
{
    free(part->offsets);
    *part = (struct spine_word2vecpart){.offsets = NULL};
}
