/* source.c -- an embedding in any form: preparing and opening it.
 *
 * Of the forms only text and word2vec's binary format have rows of unknown places. All others are a
 * matrix: their parts are ranges of rows. */
#include "spine/files/source.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/memory.h"
#include "spine/files/sheet.h"
#include "spine/files/wordlist.h"
#include "spine/text/fasttext.h"
#include "spine/text/npy.h"
#include "spine/text/safetensors.h"
#include "spine/text/stream.h"
#include "spine/text/word2vec.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK_NUMBERS = 64,
    BLOCK_BYTES = 64,
#else
    BLOCK_NUMBERS = 1 << 18, /* that are looked at for NaN at once */
    BLOCK_BYTES = 1 << 20,   /* of word2vec's rows that are read at once */
#endif
};

struct spine_source {
    const struct spine_source_request *request; /* borrowed */
    const struct spine_source_files *files;     /* borrowed */
    size_t rows, dimension;                     /* rows: 0 where only the words' end says */
    enum spine_source_words words;

    struct spine_binary binary; /* of the forms that are neither text nor HDF5 */
    struct spine_matrix matrix;
    struct spine_fasttext fasttext;
    struct spine_word2vec word2vec;
    struct spine_sheet sheet;

    /* The part. */
    size_t first, count; /* its rows of a matrix */
    uint64_t span[2];    /* its bytes of a word2vec file */
    uint64_t *offsets;   /* owned; of word2vec's rows */
    size_t num_offsets, offsets_capacity;
};

/* --- Preparing ---------------------------------------------------------------------------- */

static int set_path(char path[SPINE_PATH], const char *text, struct spine_error *err)
{
    if (snprintf(path, SPINE_PATH, "%s", text) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", text);
    return 0;
}

/* Copy what 'from' unpacks to into a file of its own; 'path' becomes its name. */
static int spool(char path[SPINE_PATH], const char *from, const char *prefix, const char *ending,
                 bool *is_spooled, struct spine_error *err)
{
    char to[SPINE_PATH];

    if (snprintf(to, sizeof to, "%s.%s", prefix, ending) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", prefix);
    unlink(to); /* what a crash left */
    if (spine_stream_save(from, to, err))
        return -1;
    *is_spooled = true;
    return set_path(path, to, err);
}

/* Must it be unpacked to be read at any offset? */
static int look_at_container(const char *path, bool *is_packed, struct spine_error *err)
{
    struct spine_stream *stream = NULL;

    if (spine_stream_open(&stream, path, err))
        return -1;
    *is_packed = spine_stream_kind(stream) != SPINE_STREAM_PLAIN;
    spine_stream_close(stream);
    return 0;
}

/* An .npz: its members that end in .npy. */
struct arrays {
    char matrix[SPINE_PATH], words[SPINE_PATH]; /* FILE:MEMBER of the only ones */
    int num_matrices, num_words, num_members;
    const char *file, *prefix;
    char names[300];
};

/* Look at the header of a member, which is spooled for it. */
static int look_at_member(struct arrays *arrays, const char *member, struct spine_error *err)
{
    char path[SPINE_PATH], to[SPINE_PATH];
    bool is_spooled = false;
    struct spine_binary binary;
    struct spine_npy npy;

    if (snprintf(path, sizeof path, "%s:%s", arrays->file, member) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", arrays->file);
    if (spool(to, path, arrays->prefix, "member", &is_spooled, err))
        return -1;
    int rc = spine_binary_open(&binary, to, path, err);
    if (rc == 0) {
        rc = spine_npy_open(&npy, &binary, err);
        spine_binary_close(&binary);
    }
    unlink(to);
    if (rc)
        return -1;

    if (npy.num_sizes == 2 && npy.type[1] == 'f') {
        arrays->num_matrices++;
        strcpy(arrays->matrix, path);
    } else if (spine_npy_has_words(&npy)) {
        arrays->num_words++;
        strcpy(arrays->words, path);
    }
    return 0;
}

struct members {
    struct spine_words names;
    struct spine_error *err;
    int rc;
};

static bool note_member(const char *name, void *data)
{
    struct members *members = data;
    const size_t length = strlen(name);

    if (length < 4 || strcmp(name + length - 4, ".npy") != 0)
        return true;
    members->rc = spine_words_add(&members->names, name, length, members->err);
    return members->rc == 0;
}

/* Choose among the arrays of an .npz, if 'path' is one and names none. */
static int choose_arrays(const char *path, const char *prefix, struct arrays *arrays,
                         struct spine_error *err)
{
    struct members members = {.err = err};
    int rc = spine_stream_list(path, note_member, &members, err);

    *arrays = (struct arrays){.file = path, .prefix = prefix};
    rc = rc ? rc : members.rc;
    for (size_t i = 0; rc == 0 && i < members.names.count; i++) {
        const char *name = spine_words_get(&members.names, i);
        const size_t used = strlen(arrays->names);
        snprintf(arrays->names + used, sizeof arrays->names - used, "%s%s", i > 0 ? ", " : "",
                 name);
        rc = look_at_member(arrays, name, err);
    }
    if (rc == 0 && members.names.count > 0 && arrays->num_matrices != 1)
        rc = spine_refuse(err,
                          "%s: has %d matrices of floating-point numbers; choose an array as "
                          "%s:ARRAY: %s",
                          path, arrays->num_matrices, path, arrays->names);
    arrays->num_members = (int)members.names.count;
    spine_words_dispose(&members.names);
    return rc;
}

static bool is_zip(const char *path)
{
    char start[4] = "";
    FILE *file = fopen(path, "rb");
    const bool is = file != NULL && fread(start, 1, sizeof start, file) == sizeof start &&
                    memcmp(start, "PK\3\4", sizeof start) == 0;

    if (file != NULL)
        fclose(file);
    return is;
}

/* FILE:/DATASET has the form of FILE. */
static int find_form(const char *path, enum spine_form *form, struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;

    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    const int rc = spine_form_detect(inner != NULL && !is_zip(file) ? file : path, form, err);
    if (rc == 0 && inner != NULL && !is_zip(file) && *form != SPINE_FORM_HDF5 &&
        *form != SPINE_FORM_SAFETENSORS) {
        spine_refuse(err, "%s: is neither HDF5 nor a zip archive: '%s' can't be in it", file,
                     inner);
        free(file);
        return -1;
    }
    free(file);
    return rc;
}

/* The input: its form, spooled where it must be. */
static int prepare_input(struct spine_source_files *files,
                         const struct spine_source_request *request, const char *prefix,
                         struct spine_error *err)
{
    bool is_packed = false;

    if (find_form(files->path, &files->form, err))
        return -1;
    if (request->form != SPINE_FORM_AUTO)
        files->form = request->form;
    /* FILE:/DATASET and FILE:TENSOR lie on the disk as they are. */
    if (files->form != SPINE_FORM_HDF5 && files->form != SPINE_FORM_SAFETENSORS &&
        look_at_container(files->path, &is_packed, err))
        return -1;
    if (files->form == SPINE_FORM_TEXT)
        return spine_layout_detect(&files->layout, files->path, request->path, request->header,
                                   err);
    return is_packed
               ? spool(files->path, files->path, prefix, "spool", &files->is_path_spooled, err)
               : 0;
}

/* A list of words that is a member of an .npz, or compressed binary. */
static int prepare_words(struct spine_source_files *files, const char *prefix,
                         struct spine_error *err)
{
    enum spine_form form = SPINE_FORM_AUTO;
    bool is_packed = false;

    if (files->words[0] == '\0' || find_form(files->words, &form, err))
        return files->words[0] == '\0' ? 0 : -1;
    if (form != SPINE_FORM_NPY)
        return 0;
    if (look_at_container(files->words, &is_packed, err))
        return -1;
    return is_packed
               ? spool(files->words, files->words, prefix, "words", &files->are_words_spooled, err)
               : 0;
}

/* Standard input, or a pipe that has a name: it can be read once. */
static bool is_pipe(const char *path)
{
    struct stat facts;

    if (strcmp(path, "-") == 0)
        return true;
    return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

int spine_source_prepare(struct spine_source_files *files,
                         const struct spine_source_request *request, const char *prefix,
                         struct spine_error *err)
{
    const char *words = request->words == NULL ? "" : request->words;
    struct arrays arrays = {0};

    memset(files, 0, sizeof *files);
    if (set_path(files->path, request->path, err) || set_path(files->words, words, err))
        return -1;
    if (is_pipe(request->path) &&
        spool(files->path, files->path, prefix, "spool", &files->is_path_spooled, err))
        return -1;
    if (is_zip(request->path)) {
        if (choose_arrays(request->path, prefix, &arrays, err))
            return -1;
        if (arrays.num_members > 0 && set_path(files->path, arrays.matrix, err))
            return -1;
        if (arrays.num_members > 0 && request->words == NULL && arrays.num_words == 1 &&
            set_path(files->words, arrays.words, err))
            return -1;
    }
    if (prepare_input(files, request, prefix, err) || prepare_words(files, prefix, err))
        return -1;
    return 0;
}

void spine_source_clean(const struct spine_source_files *files)
{
    if (files->is_path_spooled)
        unlink(files->path);
    if (files->are_words_spooled)
        unlink(files->words);
}

/* --- Opening ------------------------------------------------------------------------------ */

static int open_sheet(struct spine_source *source, struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;

    if (spine_stream_split(source->files->path, &file, &inner, err))
        return -1;
    const int rc = spine_sheet_open(&source->sheet, file, inner, err);
    source->rows = source->sheet.rows;
    source->dimension = source->sheet.dimension;
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
    source->dimension = source->word2vec.dimension;
    return 0;
}

static int open_fasttext(struct spine_source *source, struct spine_error *err)
{
    source->words = SPINE_WORDS_INSIDE;
    if (spine_fasttext_open(&source->fasttext, &source->binary, err))
        return -1;
    source->rows = source->fasttext.words.count;
    source->dimension = source->fasttext.matrix.columns;
    return 0;
}

static int open_form(struct spine_source *source, struct spine_error *err)
{
    const struct spine_source_files *files = source->files;
    int rc = 0;

    if (files->form == SPINE_FORM_TEXT) {
        source->words = SPINE_WORDS_INSIDE;
        source->dimension = files->layout.dimension;
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
    source->dimension = source->matrix.columns;
    return rc;
}

/* Options that don't belong to the form are refused. */
static int check_request(const struct spine_source *source, struct spine_error *err)
{
    const struct spine_source_request *request = source->request;

    if (request->tensor != NULL && source->files->form != SPINE_FORM_SAFETENSORS)
        return spine_refuse(err, "%s: isn't a safetensors file, so --tensor can't choose of it",
                            request->path);
    if (request->words != NULL && source->rows == 0)
        return spine_refuse(err, "%s: has its words inside, so --words can't give others",
                            request->path);
    return 0;
}

int spine_source_open(struct spine_source **source, const struct spine_source_request *request,
                      const struct spine_source_files *files, struct spine_error *err)
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

size_t spine_source_dimension(const struct spine_source *source)
{
    return source->dimension;
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

    if (source->files->form == SPINE_FORM_TEXT)
        return spine_lines_locate(source->request->path, line, err);
    return spine_refuse(err, "%s: row %llu: %.700s", source->request->path,
                        (unsigned long long)line, plain.text);
}

int spine_source_check_count(const struct spine_source *source, uint64_t found,
                             const struct spine_words *words, bool *has_unknown,
                             struct spine_error *err)
{
    const struct spine_source_files *files = source->files;
    const bool is_word2vec = files->form == SPINE_FORM_WORD2VEC;
    const uint64_t announced = is_word2vec ? source->word2vec.rows : files->layout.announced;

    *has_unknown = false;
    if ((!is_word2vec && !files->layout.has_count) || found == announced ||
        source->request->header == SPINE_HEADER_SKIP)
        return 0;
    *has_unknown = found == announced + 1 && words->count > 0 &&
                   strcmp(spine_words_get(words, words->count - 1), "<unk>") == 0;
    if (*has_unknown)
        return 0;
    return spine_refuse(err,
                        "%s:1: the header announces %llu vectors, the file has %llu; if it wasn't "
                        "cut off, spine-convert --header=skip reads it all the same",
                        source->request->path, (unsigned long long)announced,
                        (unsigned long long)found);
}

bool spine_source_is_divisible(const struct spine_source *source, uint64_t limit)
{
    if (source->files->form == SPINE_FORM_TEXT)
        return source->files->layout.kind == SPINE_STREAM_PLAIN && limit == 0;
    return source->files->form != SPINE_FORM_WORD2VEC || limit == 0;
}

/* --- A part ------------------------------------------------------------------------------- */

/* Where share 'part' of 'whole' begins. Part 0 has the first of it, however little it is. */
static uint64_t share_begin(uint64_t whole, int part, int parts)
{
    const uint64_t share = whole / (uint64_t)parts, rest = whole % (uint64_t)parts;

    return share * (uint64_t)part + (rest < (uint64_t)part ? rest : (uint64_t)part);
}

static int take_text(struct spine_source *source, int part, int parts,
                     const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                     struct spine_error *err)
{
    const struct spine_source_files *files = source->files;
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

static int add_line(struct spine_vectors *vectors, uint64_t line, struct spine_error *err)
{
    if (spine_memory_reserve(&vectors->lines, &vectors->capacity, vectors->rows + 1,
                             sizeof *vectors->lines, "the numbers of rows", err))
        return -1;
    vectors->lines[vectors->rows++] = line;
    return 0;
}

/* How many numbers, from the first on, are finite. */
static size_t count_finite(const float *values, size_t count)
{
    size_t finite = 0;
    int all = 1;

    for (size_t i = 0; i < count; i++)
        all &= isfinite(values[i]) != 0;
    if (all)
        return count;
    while (finite < count && isfinite(values[finite]))
        finite++;
    return finite;
}

/* What is wrong with a row of word2vec's; NULL if nothing is. *reason is one to leave it out. */
static int check_word2vec_row(const struct spine_word2vec_row *row, const float *values,
                              size_t dimension, enum spine_vectors_reason *reason,
                              struct spine_error *err)
{
    *reason = SPINE_ROW_NO_WORD;
    if (row->length == 0)
        return spine_refuse(err,
                            "no word before the %zu numbers; --on-bad=skip leaves such rows "
                            "out",
                            dimension);
    if (memchr(row->word, '\0', row->length) != NULL)
        return spine_refuse(err, "a NUL byte in the word");
    *reason = SPINE_ROW_NOT_FINITE;
    const size_t finite = count_finite(values, dimension);
    if (finite < dimension)
        return spine_refuse(err, "number %zu of %zu is not finite: %g", finite + 1, dimension,
                            (double)values[finite]);
    return 0;
}

static int take_word2vec_row(struct spine_source *source, const struct spine_word2vec_row *row,
                             const struct spine_vectors_rules *rules, float *values,
                             struct spine_vectors *vectors, struct spine_error *err)
{
    enum spine_vectors_reason reason;
    const uint64_t line = ++vectors->num_lines;

    if (spine_memory_reserve(&source->offsets, &source->offsets_capacity, source->num_offsets + 1,
                             sizeof *source->offsets, "the rows' offsets", err))
        return -1;
    source->offsets[source->num_offsets++] =
        row->offset + (uint64_t)(row->values - (const unsigned char *)row->word);

    spine_binary_floats(row->values, source->dimension, values);
    if (check_word2vec_row(row, values, source->dimension, &reason, err)) {
        vectors->bad_line = line;
        return rules->leave_out ? spine_vectors_leave_out(vectors, line, reason, err) : -1;
    }
    if (spine_words_add(&vectors->words, row->word, row->length, err))
        return -1;
    return add_line(vectors, line, err);
}

static int walk_word2vec(struct spine_source *source, const struct spine_vectors_rules *rules,
                         float *values, struct spine_vectors *vectors, struct spine_error *err)
{
    struct spine_word2vec_walk *walk = NULL;
    struct spine_word2vec_row row;
    int rc = spine_word2vec_begin(&walk, &source->word2vec, source->span[0], err);

    while (rc == 0 && spine_word2vec_offset(walk) < source->span[1] &&
           (rules->limit == 0 || vectors->num_lines < rules->limit)) {
        rc = spine_word2vec_next(walk, &row, err);
        if (rc == 1)
            rc = take_word2vec_row(source, &row, rules, values, vectors, err);
    }
    if (walk != NULL)
        source->span[1] = spine_word2vec_offset(walk);
    spine_word2vec_end(walk);
    return rc;
}

static int take_word2vec(struct spine_source *source, int part, int parts,
                         const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                         struct spine_error *err)
{
    const struct spine_word2vec *format = &source->word2vec;
    const uint64_t bytes = source->binary.bytes - format->begin;

    source->num_offsets = 0;
    for (int i = 0; i < 2; i++)
        if (spine_word2vec_find_row(format, format->begin + share_begin(bytes, part + i, parts),
                                    &source->span[i], err))
            return -1;
    float *values = spine_memory_get(format->dimension, sizeof *values, "a vector", err);
    const int rc = values == NULL ? -1 : walk_word2vec(source, rules, values, vectors, err);
    free(values);
    return rc;
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
    const char *name = source->request->words;
    struct spine_words list = {0};
    int rc = spine_wordlist_read(source->files->words, name == NULL ? source->files->words : name,
                                 source->rows, &list, err);

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
    return spine_sheet_words(&source->sheet, source->first, source->count, words, err);
}

static int read_rows(struct spine_source *source, size_t first, size_t count, float *values,
                     struct spine_error *err)
{
    if (source->files->form == SPINE_FORM_HDF5)
        return spine_sheet_read(&source->sheet, first, count, values, err);
    if (source->files->form == SPINE_FORM_FASTTEXT)
        return spine_fasttext_read(&source->fasttext, first, count, source->dimension, values, err);
    return spine_matrix_read(&source->matrix, first, count, source->dimension, values, err);
}

/* Take the rows of a matrix that have words and whose numbers are finite, of which 'words' are the
 * words of all. */
static int keep_rows(struct spine_source *source, const struct spine_words *words, float *values,
                     struct spine_vectors *vectors, struct spine_error *err)
{
    const size_t dimension = source->dimension;
    const size_t most = BLOCK_NUMBERS / dimension + 1;

    for (size_t done = 0; done < source->count; done += most) {
        const size_t now = source->count - done < most ? source->count - done : most;
        if (values != NULL && read_rows(source, source->first + done, now, values, err))
            return -1;
        for (size_t i = 0; i < now; i++) {
            const char *word = spine_words_get(words, done + i);
            const uint64_t line = done + i + 1;
            const bool is_finite =
                values == NULL || count_finite(values + i * dimension, dimension) == dimension;
            if (is_finite && word[0] != '\0') {
                if (spine_words_add(&vectors->words, word, strlen(word), err) ||
                    add_line(vectors, line, err))
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
    const size_t block = (BLOCK_NUMBERS / source->dimension + 1) * source->dimension;
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

int spine_source_take(struct spine_source *source, int part, int parts,
                      const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                      struct spine_error *err)
{
    assert(part >= 0 && part < parts);
    const size_t limit = (size_t)rules->limit;
    const size_t rows = limit > 0 && limit < source->rows ? limit : source->rows;

    *vectors = (struct spine_vectors){.dimension = source->dimension};
    if (source->files->form == SPINE_FORM_TEXT)
        return take_text(source, part, parts, rules, vectors, err);
    if (source->files->form == SPINE_FORM_WORD2VEC)
        return take_word2vec(source, part, parts, rules, vectors, err);
    source->first = (size_t)share_begin(rows, part, parts);
    source->count = (size_t)share_begin(rows, part + 1, parts) - source->first;
    return take_rows(source, rules, vectors, err);
}

void spine_source_span(const struct spine_source *source, uint64_t span[2])
{
    memcpy(span, source->span, sizeof source->span);
}

/* --- Vectors ------------------------------------------------------------------------------ */

/* Rows that follow each other are read together, up to BLOCK_BYTES; 'block' has room for that and a
 * row. */
static int read_word2vec_run(const struct spine_source *source, const uint64_t *lines, size_t count,
                             float *values, unsigned char *block, struct spine_error *err)
{
    const size_t row = source->dimension * sizeof *values;
    const uint64_t begin = source->offsets[lines[0] - 1];
    const uint64_t end = source->offsets[lines[count - 1] - 1] + row;

    if (spine_binary_read(&source->binary, begin, (size_t)(end - begin), block, err))
        return -1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t at = source->offsets[lines[i] - 1] - begin;
        spine_binary_floats(block + at, source->dimension, values + i * source->dimension);
    }
    return 0;
}

static int read_word2vec(const struct spine_source *source, const uint64_t *lines, size_t count,
                         float *values, struct spine_error *err)
{
    const size_t row = source->dimension * sizeof *values;
    unsigned char *block = spine_memory_get(BLOCK_BYTES + row, 1, "a block of rows", err);
    if (block == NULL)
        return -1;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count;) {
        const uint64_t begin = source->offsets[lines[i] - 1];
        size_t run = 1;
        while (i + run < count && source->offsets[lines[i + run] - 1] - begin <= BLOCK_BYTES)
            run++;
        rc = read_word2vec_run(source, lines + i, run, values + i * source->dimension, block, err);
        i += run;
    }
    free(block);
    return rc;
}

int spine_source_read(struct spine_source *source, const uint64_t *lines, size_t count,
                      float *values, struct spine_error *err)
{
    assert(source->files->form != SPINE_FORM_TEXT);
    if (source->files->form == SPINE_FORM_WORD2VEC)
        return read_word2vec(source, lines, count, values, err);

    /* Rows that follow each other in the file are read together. */
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (i + run < count && lines[i + run] == lines[i] + run)
            run++;
        if (read_rows(source, source->first + (size_t)lines[i] - 1, run,
                      values + i * source->dimension, err))
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
    free(source->offsets);
    free(source);
}
