/* source.c -- an embedding in any form.
 *
 * Only in text and in word2vec's binary format are the positions of rows unknown. All other forms
 * have a matrix, whose parts are ranges of rows. */
#include "spine/files/source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/files/sheet.h"
#include "spine/files/wordlist.h"
#include "spine/text/fasttext.h"
#include "spine/text/npy.h"
#include "spine/text/safetensors.h"
#include "spine/text/stream.h"
#include "spine/text/word2vecpart.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK_NUMBERS = 64,
#else
    BLOCK_NUMBERS = 1 << 18, /* that are searched for NaN at once */
#endif
};

struct spine_source {
    const struct spine_source_request *request; /* borrowed */
    const struct spine_sourcefiles *files;      /* borrowed */
    size_t rows, dim;                           /* rows: 0 if unknown before the end */
    size_t wanted;                              /* of a matrix's rows: the first */
    enum spine_source_words words;

    struct spine_binary binary; /* of forms other than text and HDF5 */
    struct spine_matrix matrix;
    struct spine_fasttext fasttext;
    struct spine_word2vec word2vec;
    struct spine_sheet sheet;

    /* The part. */
    size_t first, count; /* its rows of a matrix */
    struct spine_word2vecpart word2vecpart;
};

/* --- Opening ------------------------------------------------------------------------------ */

/* Messages of a sheet name the file that was opened: where it was unpacked to. Returns rc. */
static int name_sheet(const struct spine_source *source, int rc, struct spine_error *err)
{
    if (rc != 0 && source->files->is_path_spooled)
        spine_error_rename(err, source->files->path, source->request->path);
    return rc;
}

static int open_sheet(struct spine_source *source, struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;

    if (spine_stream_split(source->files->path, &file, &inner, err))
        return -1;
    const int rc = name_sheet(source, spine_sheet_open(&source->sheet, file, inner, err), err);
    source->rows = source->sheet.rows;
    source->dim = source->sheet.dim;
    if (source->sheet.words[0] != '\0')
        source->words = SPINE_WORDS_INSIDE;
    free(file);
    return rc;
}

static int open_npy(struct spine_source *source, struct spine_error *err)
{
    struct spine_npy npy;

    if (spine_npy_open(&npy, &source->binary, err))
        return -1;
    return spine_npy_matrix(&npy, &source->binary, &source->matrix, err);
}

/* FILE, or FILE:TENSOR. */
static int open_safetensors(struct spine_source *source, struct spine_error *err)
{
    const char *inner = NULL, *tensor = source->request->tensor;
    char *file = NULL;

    if (spine_stream_split(source->files->path, &file, &inner, err))
        return -1;
    int rc = spine_binary_open(&source->binary, file, source->request->path, err);
    if (rc == 0)
        rc = spine_safetensors_matrix(&source->binary, tensor != NULL ? tensor : inner,
                                      &source->matrix, err);
    free(file);
    return rc;
}

static int open_word2vec(struct spine_source *source, struct spine_error *err)
{
    source->words = SPINE_WORDS_INSIDE;
    if (spine_word2vec_open(&source->word2vec, &source->binary, err))
        return -1;
    source->dim = source->word2vec.dim;
    return 0;
}

static int open_fasttext(struct spine_source *source, struct spine_error *err)
{
    source->words = SPINE_WORDS_INSIDE;
    if (spine_fasttext_open(&source->fasttext, &source->binary, err))
        return -1;
    source->rows = source->fasttext.words.count;
    source->dim = source->fasttext.matrix.columns;
    return 0;
}

static int open_form(struct spine_source *source, struct spine_error *err)
{
    const struct spine_sourcefiles *files = source->files;
    int rc = 0;

    if (files->form == SPINE_FORM_TEXT) {
        source->words = SPINE_WORDS_INSIDE;
        source->dim = files->layout.dim;
        return 0;
    }
    if (files->form == SPINE_FORM_HDF5)
        return open_sheet(source, err);

    if (files->form == SPINE_FORM_SAFETENSORS)
        rc = open_safetensors(source, err);
    else if (spine_binary_open(&source->binary, files->path, source->request->path, err))
        return -1;
    else if (files->form == SPINE_FORM_WORD2VEC)
        return open_word2vec(source, err);
    else if (files->form == SPINE_FORM_FASTTEXT)
        return open_fasttext(source, err);
    else
        rc = open_npy(source, err);
    source->rows = source->matrix.rows;
    source->dim = source->matrix.columns;
    return rc;
}

/* Refuse options that don't belong to the form. */
static int check_request(const struct spine_source *source, struct spine_error *err)
{
    const struct spine_source_request *request = source->request;

    if (request->tensor != NULL && source->files->form != SPINE_FORM_SAFETENSORS)
        return spine_refuse(err, "%s: is not a safetensors file, which --tensor is for",
                            request->path);
    if (request->words != NULL && source->rows == 0)
        return spine_refuse(err, "%s: has words of its own; leave out %s", request->path,
                            request->words_option != NULL ? request->words_option : "--words");
    return 0;
}

int spine_source_open(struct spine_source **source, const struct spine_source_request *request,
                      const struct spine_sourcefiles *files, struct spine_error *err)
{
    struct spine_source *opened = spine_memory_zeroed(1, sizeof *opened, "an input file", err);
    if (opened == NULL)
        return -1;
    opened->request = request;
    opened->files = files;
    opened->binary.file = -1;
    opened->words = SPINE_WORDS_NUMBERED;

    int rc = open_form(opened, err);
    if (rc == 0)
        rc = check_request(opened, err);
    if (rc) {
        spine_source_close(opened);
        return -1;
    }
    if (files->words[0] != '\0')
        opened->words = SPINE_WORDS_LISTED;
    *source = opened;
    return 0;
}

size_t spine_source_dim(const struct spine_source *source)
{
    return source->dim;
}

enum spine_source_words spine_source_words(const struct spine_source *source)
{
    return source->words;
}

const char *spine_source_place(const struct spine_source *source)
{
    return source->files->form == SPINE_FORM_TEXT ? "line" : "row";
}

int spine_source_locate(const struct spine_source *source, uint64_t line, struct spine_error *err)
{
    const struct spine_error plain = *err;

    if (err->status == SPINE_EXIT_FAILED || source->files->form == SPINE_FORM_TEXT)
        return spine_lines_locate(source->request->path, line, err);
    return spine_refuse(err, "%s: row %llu: %.700s", source->request->path,
                        (unsigned long long)line, plain.text);
}

bool spine_source_ends_in_unknown(const struct spine_words *words)
{
    return words->count > 0 && strcmp(spine_words_get(words, words->count - 1), "<unk>") == 0;
}

int spine_source_check_count(const struct spine_source *source, uint64_t found,
                             bool ends_in_unknown, bool *has_unknown, struct spine_error *err)
{
    const struct spine_sourcefiles *files = source->files;
    const bool is_word2vec = files->form == SPINE_FORM_WORD2VEC;
    const uint64_t announced = is_word2vec ? source->word2vec.rows : files->layout.announced;

    *has_unknown = false;
    if ((!is_word2vec && !files->layout.has_count) || found == announced ||
        source->request->header == SPINE_HEADER_SKIP)
        return 0;
    *has_unknown = found == announced + 1 && ends_in_unknown;
    if (*has_unknown)
        return 0;
    return spine_refuse(err,
                        "%s:1: the header announces %llu vectors, the file has %llu; if it wasn't "
                        "cut off, spine-convert --header=skip reads it anyway",
                        source->request->path, (unsigned long long)announced,
                        (unsigned long long)found);
}

bool spine_source_is_divisible(const struct spine_source *source, uint64_t limit)
{
    if (source->files->form == SPINE_FORM_TEXT)
        return source->files->layout.packing == SPINE_PACKING_NONE && limit == 0;
    return source->files->form != SPINE_FORM_WORD2VEC || limit == 0;
}

/* --- A part ------------------------------------------------------------------------------- */

/* Where part 'part' of 'whole' begins, rounded so that part 0 isn't empty. */
static uint64_t share_begin(uint64_t whole, int part, int parts)
{
    const uint64_t share = whole / (uint64_t)parts, rest = whole % (uint64_t)parts;

    return share * (uint64_t)part + (rest < (uint64_t)part ? rest : (uint64_t)part);
}

static int take_text(struct spine_source *source, int part, int parts,
                     const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                     struct spine_error *err)
{
    const struct spine_sourcefiles *files = source->files;
    const uint64_t bytes = files->layout.bytes;
    struct spine_lines *input = NULL;

    if (parts == 1 ? spine_lines_open(&input, files->path, err)
                   : spine_lines_open_range(&input, files->path, share_begin(bytes, part, parts),
                                            share_begin(bytes, part + 1, parts), err))
        return -1;
    spine_lines_rename(input, source->request->path);
    const int rc = spine_vectors_parse(vectors, input, &files->layout, rules, err);
    spine_lines_close(input);
    return rc;
}

static int take_word2vec(struct spine_source *source, int part, int parts,
                         const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                         struct spine_error *err)
{
    const uint64_t bytes = source->binary.bytes - source->word2vec.begin;
    const uint64_t share[2] = {share_begin(bytes, part, parts),
                               share_begin(bytes, part + 1, parts)};

    return spine_word2vecpart_scan(&source->word2vecpart, &source->word2vec, share, rules, vectors,
                                   err);
}

static int number_words(const struct spine_source *source, struct spine_words *words,
                        struct spine_error *err)
{
    char text[24];

    for (size_t i = 0; i < source->count; i++) {
        const int length = snprintf(text, sizeof text, "%zu", source->first + i);
        if (spine_words_add(words, text, (size_t)length, err))
            return -1;
    }
    return 0;
}

/* Append words [first, first + count) of a list. */
static int copy_words(const struct spine_words *list, size_t first, size_t count,
                      struct spine_words *words, struct spine_error *err)
{
    for (size_t i = first; i < first + count; i++) {
        const char *word = spine_words_get(list, i);
        if (spine_words_add(words, word, strlen(word), err))
            return -1;
    }
    return 0;
}

static int read_list(const struct spine_source *source, struct spine_words *words,
                     struct spine_error *err)
{
    const struct spine_sourcefiles *files = source->files;
    struct spine_words list = {0};
    int rc = spine_wordlist_read(files->words, files->words_name, source->rows, source->wanted,
                                 &list, err);

    if (rc == 0)
        rc = copy_words(&list, source->first, source->count, words, err);
    spine_words_dispose(&list);
    return rc;
}

static int take_words(struct spine_source *source, struct spine_words *words,
                      struct spine_error *err)
{
    if (source->words == SPINE_WORDS_LISTED)
        return read_list(source, words, err);
    if (source->words == SPINE_WORDS_NUMBERED)
        return number_words(source, words, err);
    if (source->files->form == SPINE_FORM_FASTTEXT)
        return copy_words(&source->fasttext.words, source->first, source->count, words, err);
    return name_sheet(
        source, spine_sheet_words(&source->sheet, source->first, source->count, words, err), err);
}

static int read_rows(struct spine_source *source, size_t first, size_t count, float *values,
                     struct spine_error *err)
{
    if (source->files->form == SPINE_FORM_HDF5)
        return name_sheet(source, spine_sheet_read(&source->sheet, first, count, values, err), err);
    if (source->files->form == SPINE_FORM_FASTTEXT)
        return spine_fasttext_read(&source->fasttext, first, count, source->dim, values, err);
    return spine_matrix_read(&source->matrix, first, count, source->dim, values, err);
}

/* Keep the rows of a matrix that have words and finite numbers. 'words' are the words of all
 * rows. */
static int keep_rows(struct spine_source *source, const struct spine_words *words, float *values,
                     struct spine_vectors *vectors, struct spine_error *err)
{
    const size_t dim = source->dim;
    const size_t most = BLOCK_NUMBERS / dim + 1;

    for (size_t done = 0; done < source->count; done += most) {
        const size_t now = source->count - done < most ? source->count - done : most;
        if (values != NULL && read_rows(source, source->first + done, now, values, err))
            return -1;
        for (size_t i = 0; i < now; i++) {
            const char *word = spine_words_get(words, done + i);
            const uint64_t line = done + i + 1;
            const bool is_finite =
                values == NULL || spine_vectors_count_finite(values + i * dim, dim) == dim;
            if (is_finite && word[0] != '\0') {
                if (spine_words_add(&vectors->words, word, strlen(word), err) ||
                    spine_vectors_add_line(vectors, line, err))
                    return -1;
            } else if (spine_vectors_leave_out(vectors, line,
                                               is_finite ? SPINE_ROW_NO_WORD : SPINE_ROW_NOT_FINITE,
                                               err))
                return -1;
        }
    }
    return 0;
}

static int take_rows(struct spine_source *source, const struct spine_vectors_rules *rules,
                     struct spine_vectors *vectors, struct spine_error *err)
{
    const size_t block = (BLOCK_NUMBERS / source->dim + 1) * source->dim;
    struct spine_words words = {0};
    float *values = NULL;
    int rc = take_words(source, &words, err);

    if (rc == 0 && rules->leave_out) {
        values = spine_memory_get(block, sizeof *values, "a block of vectors", err);
        rc = -(values == NULL);
    }
    if (rc == 0)
        rc = keep_rows(source, &words, values, vectors, err);
    if (rc == 0 && !rules->leave_out && vectors->num_left_out > 0) {
        vectors->bad_line = vectors->left_out[0].line;
        rc = spine_refuse(err, "an empty word; --on-bad=skip leaves such rows out");
    }
    vectors->num_lines = source->count;
    free(values);
    spine_words_dispose(&words);
    return rc;
}

int spine_source_scan(struct spine_source *source, int part, int parts,
                      const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                      struct spine_error *err)
{
    assert(part >= 0 && part < parts);
    const size_t limit = (size_t)rules->limit;
    const size_t rows = limit > 0 && limit < source->rows ? limit : source->rows;

    *vectors = (struct spine_vectors){.dim = source->dim};
    if (source->files->form == SPINE_FORM_TEXT)
        return take_text(source, part, parts, rules, vectors, err);
    if (source->files->form == SPINE_FORM_WORD2VEC)
        return take_word2vec(source, part, parts, rules, vectors, err);
    source->wanted = rows;
    source->first = (size_t)share_begin(rows, part, parts);
    source->count = (size_t)share_begin(rows, part + 1, parts) - source->first;
    return take_rows(source, rules, vectors, err);
}

void spine_source_span(const struct spine_source *source, struct spine_source_span *span)
{
    *span = (struct spine_source_span){.begin = source->word2vecpart.span[0],
                                       .end = source->word2vecpart.span[1]};
}

bool spine_source_fits(const struct spine_source_span *spans, int parts)
{
    for (int i = 0; i < parts; i++) {
        if (i > 0 && spans[i].begin != spans[i - 1].end)
            return false;
        if (spans[i].has_failed)
            break;
    }
    return true;
}

/* --- Vectors ------------------------------------------------------------------------------ */

int spine_source_read(struct spine_source *source, const uint64_t *lines, size_t count,
                      float *values, struct spine_error *err)
{
    assert(source->files->form != SPINE_FORM_TEXT);
    if (source->files->form == SPINE_FORM_WORD2VEC)
        return spine_word2vecpart_read(&source->word2vecpart, &source->word2vec, lines, count,
                                       values, err);

    /* Read successive rows of the file together. */
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (i + run < count && lines[i + run] == lines[i] + run)
            run++;
        if (read_rows(source, source->first + (size_t)lines[i] - 1, run, values + i * source->dim,
                      err))
            return -1;
        i += run;
    }
    return 0;
}

void spine_source_close(struct spine_source *source)
{
    if (source == NULL)
        return;
    spine_fasttext_dispose(&source->fasttext);
    spine_sheet_close(&source->sheet);
    spine_binary_close(&source->binary);
    spine_word2vecpart_dispose(&source->word2vecpart);
    free(source);
}
