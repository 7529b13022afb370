/* fasttext.c -- fastText's models (.bin): dictionary and input matrix. */
#include "spine/text/fasttext.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum {
    MAGIC = 793712314,
    LAST_VERSION = 12,
    PLACES = 12,         /* settings of 4 bytes */
    SUPERVISED = 3,      /* the model that classifies */
    MOST_NGRAM = 64,     /* characters */
    MOST_WORD = 1 << 16, /* bytes */
#ifdef SPINE_FUZZ
    BLOCK = 64,
#else
    BLOCK = 1 << 16,
#endif
};

/* The settings among the 12, as args.cc saves them. */
enum { DIM, MODEL = 7, BUCKET, SHORTEST, LONGEST };

bool spine_fasttext_is(const void *start, size_t bytes)
{
    return bytes >= 8 && spine_binary_u32(start) == MAGIC;
}

/* --- Reading sequentially ------------------------------------------------------------------ */

/* A position in the file; reading advances it. */
struct cursor {
    const struct spine_binary *binary;
    uint64_t offset; /* of block[at] */
    size_t at, end;
    char block[BLOCK];
};

static int refuse(const struct cursor *cursor, const char *what, struct spine_error *err)
{
    return spine_refuse(err,
                        "%s: a fastText model (.bin) %s; convert it to text: fasttext "
                        "print-word-vectors MODEL.bin < WORDS > VECTORS.vec",
                        cursor->binary->name, what);
}

static int fill(struct cursor *cursor, struct spine_error *err)
{
    const uint64_t left = cursor->binary->bytes - cursor->offset;
    const size_t now = left < BLOCK ? (size_t)left : BLOCK;

    if (now == 0)
        return refuse(cursor, "that ends too early", err);
    cursor->at = 0;
    cursor->end = now;
    return spine_binary_read(cursor->binary, cursor->offset, now, cursor->block, err);
}

static int take(struct cursor *cursor, char *to, size_t bytes, struct spine_error *err)
{
    while (bytes > 0) {
        if (cursor->at == cursor->end && fill(cursor, err))
            return -1;
        const size_t there = cursor->end - cursor->at, now = bytes < there ? bytes : there;
        memcpy(to, cursor->block + cursor->at, now);
        to += now;
        bytes -= now;
        cursor->at += now;
        cursor->offset += now;
    }
    return 0;
}

/* Read a number of 4 or 8 bytes. */
static int take_number(struct cursor *cursor, int bytes, int64_t *value, struct spine_error *err)
{
    char raw[8];

    if (take(cursor, raw, (size_t)bytes, err))
        return -1;
    *value = bytes == 4 ? (int32_t)spine_binary_u32(raw) : (int64_t)spine_binary_u64(raw);
    return 0;
}

/* --- Settings and dictionary -------------------------------------------------------------- */

static int read_settings(struct spine_fasttext *model, struct cursor *cursor,
                         struct spine_error *err)
{
    int64_t magic, version, settings[PLACES], threshold;

    if (take_number(cursor, 4, &magic, err) || take_number(cursor, 4, &version, err))
        return -1;
    if (magic != MAGIC || version < 1 || version > LAST_VERSION)
        return refuse(cursor, "of an unknown version", err);
    for (int i = 0; i < PLACES; i++)
        if (take_number(cursor, 4, &settings[i], err))
            return -1;
    if (take_number(cursor, 8, &threshold, err))
        return -1;

    /* As fastText itself does with classifiers of version 11. */
    if (version == 11 && settings[MODEL] == SUPERVISED)
        settings[LONGEST] = 0;
    if (settings[DIM] <= 0 || settings[BUCKET] < 0 || settings[SHORTEST] < 0 ||
        settings[LONGEST] < 0 || settings[LONGEST] > MOST_NGRAM)
        return refuse(cursor, "with settings that make no sense", err);
    model->matrix.columns = (size_t)settings[DIM];
    model->bucket = (uint32_t)settings[BUCKET];
    model->shortest = (int32_t)settings[SHORTEST];
    model->longest = model->bucket > 0 ? (int32_t)settings[LONGEST] : 0;
    return 0;
}

/* Read the bytes up to a NUL, and pass the NUL. */
static int take_word(struct cursor *cursor, char *word, size_t *length, struct spine_error *err)
{
    *length = 0;
    do {
        if (*length == MOST_WORD)
            return refuse(cursor, "with a word of more than 65,536 bytes", err);
        if (take(cursor, word + *length, 1, err))
            return -1;
    } while (word[(*length)++] != '\0');
    (*length)--;
    return 0;
}

static int read_entries(struct spine_fasttext *model, struct cursor *cursor, int64_t size,
                        int64_t num_words, struct spine_error *err)
{
    int64_t count;
    size_t length;
    char kind;
    char *word = spine_memory_get(MOST_WORD + 1, 1, "a word", err);
    if (word == NULL)
        return -1;
    int rc = 0;

    for (int64_t i = 0; rc == 0 && i < size; i++) {
        if (take_word(cursor, word, &length, err) || take_number(cursor, 8, &count, err) ||
            take(cursor, &kind, 1, err))
            rc = -1;
        else if (kind != (i < num_words ? 0 : 1))
            rc = refuse(cursor, "with a damaged dictionary", err);
        else if (i < num_words)
            rc = spine_words_add(&model->words, word, length, err);
    }
    free(word);
    return rc;
}

static int read_dictionary(struct spine_fasttext *model, struct cursor *cursor,
                           struct spine_error *err)
{
    enum { ENTRY_BYTES = 10 }; /* of an empty word */
    int64_t size, num_words, num_labels, num_tokens, pruned;

    if (take_number(cursor, 4, &size, err) || take_number(cursor, 4, &num_words, err) ||
        take_number(cursor, 4, &num_labels, err) || take_number(cursor, 8, &num_tokens, err) ||
        take_number(cursor, 8, &pruned, err))
        return -1;
    if (size < 0 || num_words <= 0 || num_labels < 0 || num_words + num_labels != size ||
        (uint64_t)size > cursor->binary->bytes / ENTRY_BYTES)
        return refuse(cursor, "with a damaged dictionary", err);
    if (pruned > 0)
        return refuse(cursor, "that is pruned, which is not read", err);
    if (pruned == 0)
        model->longest = 0;
    return read_entries(model, cursor, size, num_words, err);
}

static int find_matrix(struct spine_fasttext *model, struct cursor *cursor, struct spine_error *err)
{
    int64_t rows, columns;
    char is_quantized;

    if (take(cursor, &is_quantized, 1, err))
        return -1;
    if (is_quantized)
        return refuse(cursor, "that is quantized (.ftz), which is not read", err);
    if (take_number(cursor, 8, &rows, err) || take_number(cursor, 8, &columns, err))
        return -1;

    const uint64_t wanted = model->words.count + (model->longest > 0 ? model->bucket : 0);
    if (rows < 0 || (uint64_t)rows < wanted || columns != (int64_t)model->matrix.columns)
        return refuse(cursor, "whose matrix doesn't have the dictionary's size", err);
    model->matrix.type = SPINE_MATRIX_F32;
    model->matrix.rows = (size_t)rows;
    model->matrix.offset = cursor->offset;
    return spine_matrix_check(&model->matrix, err);
}

int spine_fasttext_open(struct spine_fasttext *model, const struct spine_binary *binary,
                        struct spine_error *err)
{
    *model = (struct spine_fasttext){.matrix.binary = binary};
    struct cursor *cursor = spine_memory_zeroed(1, sizeof *cursor, "a block of the file", err);
    if (cursor == NULL)
        return -1;
    cursor->binary = binary;

    int rc = 0;
    if (read_settings(model, cursor, err) || read_dictionary(model, cursor, err) ||
        find_matrix(model, cursor, err)) {
        spine_fasttext_dispose(model);
        rc = -1;
    }
    free(cursor);
    return rc;
}

/* --- Vectors ------------------------------------------------------------------------------ */

/* FNV-1a over sign-extended bytes, as in fastText's dictionary.cc. */
static uint32_t hash(const char *text, size_t length)
{
    uint32_t value = 2166136261;

    for (size_t i = 0; i < length; i++) {
        value ^= (uint32_t)(int8_t)text[i];
        value *= 16777619;
    }
    return value;
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* A sum of rows. */
struct sum {
    const struct spine_fasttext *model;
    float *values, *row; /* (D) */
    size_t count;
};

static int add_row(struct sum *sum, size_t row, struct spine_error *err)
{
    const struct spine_matrix *matrix = &sum->model->matrix;

    if (spine_matrix_read(matrix, row, 1, matrix->columns, sum->row, err))
        return -1;
    for (size_t k = 0; k < matrix->columns; k++)
        sum->values[k] += sum->row[k];
    sum->count++;
    return 0;
}

/* Add the rows of all n-grams that begin at text[begin]. 'text' is the word between < and >. */
static int add_ngrams(struct sum *sum, const char *text, size_t length, size_t begin,
                      struct spine_error *err)
{
    const struct spine_fasttext *model = sum->model;
    size_t end = begin;

    for (int n = 1; end < length && n <= model->longest; n++) {
        end++;
        while (end < length && continues(text[end]))
            end++;
        if (n < model->shortest || (n == 1 && (begin == 0 || end == length)))
            continue;
        const uint32_t bucket = hash(text + begin, end - begin) % model->bucket;
        if (add_row(sum, model->words.count + bucket, err))
            return -1;
    }
    return 0;
}

/* Sum the rows of a word; 'text' has space for the word and three more bytes. */
static int add_word(struct sum *sum, size_t index, char *text, struct spine_error *err)
{
    static const char end_of_sentence[] = "</s>"; /* has no n-grams */
    const char *word = spine_words_get(&sum->model->words, index);
    const size_t length = strlen(word) + 2;

    if (add_row(sum, index, err))
        return -1;
    if (sum->model->longest == 0 || strcmp(word, end_of_sentence) == 0)
        return 0;
    text[0] = '<';
    memcpy(text + 1, word, length - 2);
    text[length - 1] = '>';
    for (size_t i = 0; i < length; i++)
        if (!continues(text[i]) && add_ngrams(sum, text, length, i, err))
            return -1;
    return 0;
}

int spine_fasttext_read(const struct spine_fasttext *model, size_t first, size_t count,
                        size_t stride, float *values, struct spine_error *err)
{
    assert(first <= model->words.count && count <= model->words.count - first);
    const size_t dim = model->matrix.columns;
    float *row = spine_memory_get(dim, sizeof *row, "a row", err);
    char *text = row == NULL ? NULL : spine_memory_get(MOST_WORD + 3, 1, "a word", err);
    int rc = 0;

    if (text == NULL)
        rc = -1;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct sum sum = {model, values + i * stride, row, 0};
        memset(sum.values, 0, dim * sizeof *row);
        rc = add_word(&sum, first + i, text, err);
        const float share = 1 / (float)sum.count;
        for (size_t k = 0; rc == 0 && k < dim; k++)
            sum.values[k] *= share;
    }
    free(text);
    free(row);
    return rc;
}

void spine_fasttext_dispose(struct spine_fasttext *model)
{
    spine_words_dispose(&model->words);
    *model = (struct spine_fasttext){0};
}
