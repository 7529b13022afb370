/* space.c -- words and their vectors, read from a file or a run. */
#include "spine/space/space.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/infile.h"
#include "spine/base/letters.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/spelling.h"
#include "spine/files/codes.h"
#include "spine/files/columnscale.h"
#include "spine/files/object.h"
#include "spine/files/output.h"
#include "spine/files/run.h"
#include "spine/files/source.h"
#include "spine/files/sparsefile.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/files/vectorsfile.h"
#include "spine/text/form.h"

/* More rows than any vocabulary has; no memory is allocated for them. */
enum { MOST_ROWS = INT32_MAX };

/* --- Codes -------------------------------------------------------------------------------- */

/* Append all rows of open codes, and close them. */
static int take_codes(struct spine_space *space, struct spine_codes *codes, struct spine_error *err)
{
    int rc = codes->rows > MOST_ROWS ? spine_refuse(err, "%s: has too many rows", codes->path) : 0;
    const size_t block = spine_codes_block_rows(codes);
    if (rc == 0)
        rc = spine_csr_reserve(&space->codes, codes->rows, codes->num_values, err) ||
             spine_csr_reserve(&space->excess, codes->rows, codes->num_excess, err);
    for (size_t first = 0; rc == 0 && first < codes->rows; first += block) {
        const size_t count = codes->rows - first < block ? codes->rows - first : block;
        rc = spine_codes_read(codes, first, count, err) ||
             spine_csr_extend(&space->codes, &codes->block, err) ||
             spine_csr_extend(&space->excess, &codes->block_excess, err);
    }
    if (rc == 0)
        rc = spine_strings_read(codes->store, codes->words, 0, codes->rows, &space->words, err);
    space->dimensions = codes->hidden;
    spine_codes_close(codes);
    return rc;
}

static int read_merged(struct spine_space *space, const char *path, struct spine_error *err)
{
    struct spine_codes codes;

    if (spine_codes_open_merged(&codes, path, err) || take_codes(space, &codes, err))
        return -1;
    return 0;
}

static int read_shards(struct spine_space *space, const char *run, struct spine_error *err)
{
    struct spine_shard first, shard;
    struct spine_codes codes;
    char path[SPINE_PATH];
    if (spine_codes_check_shards(run, &first, err))
        return -1;
    for (int64_t i = 0; i < first.shards; i++)
        if (spine_codes_shard_path(path, run, i, err) ||
            spine_codes_open_shard(&codes, path, &shard, err) || take_codes(space, &codes, err))
            return -1;
    return 0;
}

/* Read a sparse matrix in another form than HDF5, which stays sparse. */
static int read_sparse(struct spine_space *space, const char *path, enum spine_sparsefile_form form,
                       const char *words, struct spine_error *err)
{
    struct spine_sparsefile file;
    int rc = spine_sparsefile_read(&file, path, form, words, err);

    if (rc == 0)
        rc = spine_csr_reserve(&space->excess, file.values.rows, 0, err);
    for (size_t i = 0; rc == 0 && i < file.values.rows; i++)
        spine_csr_add_listed(&space->excess, 0, NULL, NULL, 0, 0);
    if (rc == 0) {
        space->codes = file.values;
        space->words = file.words;
        space->dimensions = file.columns;
        space->is_listed = words != NULL && form != SPINE_SPARSEFILE_TEXT;
    } else
        spine_sparsefile_dispose(&file);
    return rc;
}

static int read_run(struct spine_space *space, const char *run, struct spine_error *err)
{
    enum spine_run_codes codes;
    char path[SPINE_RUNDIR_PATH];

    if (spine_run_find_codes(run, &codes, path, err))
        return -1;

    return codes == SPINE_RUN_MERGED ? read_merged(space, path, err) : read_shards(space, run, err);
}

/* --- Dense vectors ------------------------------------------------------------------------ */

static int check_dense(const struct spine_space *space, const char *path, struct spine_error *err)
{
    for (size_t i = 0; i < space->rows * space->dimensions; i++)
        if (!isfinite(space->dense[i]))
            return spine_refuse(err, "%s: row %zu has a value that is not finite", path,
                                i / space->dimensions + 1);
    return 0;
}

/* Move all words and, for text, the values into the space; for other forms, read the values. */
static int adopt(struct spine_space *space, struct spine_source *source,
                 struct spine_vectors *vectors, struct spine_error *err)
{
    space->dimensions = vectors->dim;
    if (vectors->values == NULL) {
        vectors->values =
            spine_memory_get(vectors->rows, vectors->dim * sizeof(float), "the vectors", err);
        if (vectors->values == NULL ||
            spine_source_read(source, vectors->lines, vectors->rows, vectors->values, err))
            return -1;
    }
    space->dense = vectors->values;
    space->words = vectors->words;
    vectors->values = NULL;
    vectors->words = (struct spine_words){0};
    return 0;
}

/* Leave out the vectors of unwanted words, but keep the first if no word is wanted. */
static int leave_unwanted(struct spine_vectors *vectors, const struct spine_words *wanted,
                          struct spine_error *err)
{
    struct spine_lookup lookup;
    if (spine_lookup_init(&lookup, wanted->count, err))
        return -1;

    uint64_t *unwanted =
        spine_memory_get(vectors->rows + 1, sizeof *unwanted, "the words of a file", err);
    size_t count = 0;
    for (size_t i = 0; unwanted != NULL && i < wanted->count; i++)
        spine_lookup_add(&lookup, wanted, i);
    for (size_t i = 0; unwanted != NULL && i < vectors->rows; i++)
        if (spine_lookup_find(&lookup, wanted, spine_words_get(&vectors->words, i)) < 0)
            unwanted[count++] = i;
    spine_lookup_dispose(&lookup);
    if (unwanted == NULL)
        return -1;

    const bool is_all = count > 0 && count == vectors->rows;
    spine_vectors_drop(vectors, unwanted + is_all, count - is_all);
    free(unwanted);
    return 0;
}

/* 'wanted' may be NULL, for all words. */
static int take_all(struct spine_space *space, const char *path, struct spine_source *source,
                    const struct spine_words *wanted, struct spine_error *err)
{
    const struct spine_vectors_rules rules = {0};
    struct spine_vectors vectors = {0};
    bool has_unknown;

    int rc = spine_source_scan(source, 0, 1, &rules, &vectors, err);
    if (rc != 0 && vectors.bad_line > 0)
        spine_source_locate(source, vectors.bad_line, err);
    if (rc == 0)
        rc = spine_source_check_count(
            source, vectors.rows, spine_source_ends_in_unknown(&vectors.words), &has_unknown, err);
    if (rc == 0 && vectors.rows > MOST_ROWS)
        rc = spine_refuse(err, "%s: has %zu vectors, expected at most %d", path, vectors.rows,
                          MOST_ROWS);
    if (rc == 0 && wanted != NULL)
        rc = leave_unwanted(&vectors, wanted, err);
    if (rc == 0 && vectors.rows > 0)
        rc = adopt(space, source, &vectors, err);
    spine_vectors_dispose(&vectors);
    return rc;
}

/* Remove the list from the request if the file has words of its own; *is_listed is whether it
 * stays. */
static int choose_words(struct spine_source_request *request, struct spine_sourcefiles *files,
                        bool *is_listed, struct spine_error *err)
{
    struct spine_source *source = NULL;
    const struct spine_source_request wanted = *request;
    const struct spine_sourcefiles given = *files;

    if (wanted.words != NULL) {
        request->words = NULL;
        files->words[0] = '\0'; /* otherwise they are in another array of the .npz */
    }
    if (spine_source_open(&source, request, files, err))
        return -1;
    const bool is_numbered = spine_source_words(source) == SPINE_WORDS_NUMBERED;
    spine_source_close(source);

    *is_listed = is_numbered && wanted.words != NULL;
    if (*is_listed) {
        *request = wanted;
        *files = given;
    } else if (is_numbered) {
        spine_log(SPINE_LOG_INFO,
                  "%s: has no words, so the rows are numbered from 0; give words with --words-from",
                  request->path);
    }
    return 0;
}

/* Pipes and compressed binary files are spooled without a name. */
static int read_listed(struct spine_space *space, const char *path, const char *words,
                       const struct spine_words *wanted, struct spine_error *err)
{
    struct spine_source_request request = {.path = path, .words = words};
    struct spine_sourcefiles files = {0}, made;
    struct spine_source *source = NULL;

    int rc = spine_sourcefiles_prepare(&files, &request, NULL, err);
    made = files;
    if (rc == 0)
        rc = choose_words(&request, &files, &space->is_listed, err);
    if (rc == 0)
        rc = spine_source_open(&source, &request, &files, err);
    if (rc == 0)
        rc = take_all(space, path, source, wanted, err);
    spine_source_close(source);
    spine_sourcefiles_clean(&made);
    return rc;
}

/* Read with a list of words that was found, or without it where only that isn't refused: nobody has
 * asked for the list. */
static int read_beside(struct spine_space *space, const char *path, const char *list,
                       const struct spine_words *wanted, struct spine_error *err)
{
    struct spine_error why;

    if (read_listed(space, path, list, wanted, err) == 0) {
        if (space->is_listed)
            spine_log(SPINE_LOG_INFO, "%s: its words are those of %s", path, list);
    } else if (err->status != SPINE_EXIT_REFUSED || read_listed(space, path, NULL, wanted, &why))
        return -1;
    else
        spine_log_warning("%s: the list of words beside it isn't used: %s", path, err->text);
    space->is_listed = false;
    return 0;
}

/* The list is by default that beside the file, if there is one. */
static int read_source(struct spine_space *space, const char *path, const char *words,
                       const struct spine_words *wanted, struct spine_error *err)
{
    char *beside = NULL;
    if (words == NULL && spine_output_find_words(path, &beside, err))
        return -1;

    const int rc = beside != NULL ? read_beside(space, path, beside, wanted, err)
                                  : read_listed(space, path, words, wanted, err);
    free(beside);
    return rc;
}

/* --- Choosing the form -------------------------------------------------------------------- */

/* Is it an HDF5 file whose /X is a group: codes, which stay sparse? */
static int has_codes(const char *path, bool *has, struct spine_error *err)
{
    char bytes[SPINE_FORM_SIGNATURE];
    struct spine_start start = {.name = path, .at = bytes};
    struct spine_store *store = NULL;
    struct spine_object_facts facts;
    FILE *file = fopen(path, "rb");

    start.bytes = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    *has = spine_form_begins_hdf5(&start);
    const bool failed = file == NULL || ferror(file) != 0;
    const int reason = errno;
    if (file != NULL)
        fclose(file);
    if (failed && reason != EACCES)
        return spine_fail(err, "%s: %s", path, strerror(reason));
    if (!*has)
        return 0;
    if (spine_store_open(&store, path, NULL, err))
        return -1;
    *has = !spine_vectorsfile_has_vectors(store) && spine_object_has(store, "/X") &&
           !spine_object_is(store, "/X", SPINE_OBJECT_REALS, &facts);
    return spine_store_close(store, err);
}

static int read_any(struct spine_space *space, const char *path, const char *words,
                    const struct spine_words *wanted, struct spine_error *err)
{
    enum spine_sparsefile_form form = SPINE_SPARSEFILE_NONE;
    struct stat facts;
    bool is_file = stat(path, &facts) == 0, is_codes = false;

    if (!is_file && errno != ENOENT && errno != ENOTDIR) /* else it may be FILE:MEMBER */
        return spine_infile_fail(path, err);
    if (is_file && S_ISDIR(facts.st_mode))
        return read_run(space, path, err);
    if (is_file && S_ISREG(facts.st_mode) &&
        (has_codes(path, &is_codes, err) || (!is_codes && spine_sparsefile_find(path, &form, err))))
        return -1;
    if (form != SPINE_SPARSEFILE_NONE)
        return read_sparse(space, path, form, words, err);
    return is_codes ? read_merged(space, path, err) : read_source(space, path, words, wanted, err);
}

int spine_space_index(struct spine_space *space, struct spine_error *err)
{
    if (spine_lookup_init(&space->lookup, space->rows, err))
        return -1;
    for (size_t i = 0; i < space->rows; i++)
        if (!spine_lookup_add(&space->lookup, &space->words, i))
            space->num_repeated++;
    return 0;
}

static int read_space(struct spine_space *space, const char *path, const char *words,
                      const struct spine_words *wanted, struct spine_error *err)
{
    *space = (struct spine_space){0};
    int rc = read_any(space, path, words, wanted, err);
    space->rows = space->words.count;
    if (rc == 0 && space->rows == 0)
        rc = spine_refuse(err, "%s: has no words", path);
    if (rc == 0 && space->dense != NULL)
        rc = check_dense(space, path, err);
    if (rc == 0)
        rc = spine_space_index(space, err);
    if (rc != 0)
        spine_space_dispose(space);
    return rc == 0 ? 0 : -1;
}

int spine_space_read(struct spine_space *space, const char *path, struct spine_error *err)
{
    return read_space(space, path, NULL, NULL, err);
}

int spine_space_read_listed(struct spine_space *space, const char *path, const char *words,
                            struct spine_error *err)
{
    return read_space(space, path, words, NULL, err);
}

int spine_space_read_wanted(struct spine_space *space, const char *path,
                            const struct spine_words *wanted, struct spine_error *err)
{
    return read_space(space, path, NULL, wanted, err);
}

int64_t spine_space_find(const struct spine_space *space, const char *word)
{
    return spine_lookup_find(&space->lookup, &space->words, word);
}

int64_t spine_space_find_any_case(const struct spine_space *space, const char *word)
{
    char spelling[SPINE_LETTERS_MOST];
    int64_t row = spine_space_find(space, word);

    for (int i = 0; row < 0 && i < SPINE_LETTERS_COUNT; i++)
        if (spine_letters_spell(word, (enum spine_letters)i, spelling))
            row = spine_space_find(space, spelling);

    return row;
}

/* Insert a row into the nearest so far, which are in order. */
static size_t insert_nearest(size_t *rows, size_t *distances, size_t count, size_t most, size_t row,
                             size_t distance)
{
    size_t place = count < most ? count : most - 1;

    if (count == most && distance >= distances[most - 1])
        return count;
    for (; place > 0 && distances[place - 1] > distance; place--) {
        rows[place] = rows[place - 1];
        distances[place] = distances[place - 1];
    }
    rows[place] = row;
    distances[place] = distance;

    return count < most ? count + 1 : most;
}

size_t spine_space_suggest(const struct spine_space *space, const char *word, size_t most,
                           size_t *rows)
{
    enum { MOST = 16 };
    char lower[SPINE_LETTERS_MOST];
    size_t distances[MOST], count = 0;
    const char *wanted = spine_letters_spell(word, SPINE_LETTERS_LOWER, lower) ? lower : word;
    const size_t length = strlen(wanted), limit = length / 3 > 1 ? length / 3 : 1;

    most = most < MOST ? most : MOST;
    for (size_t row = 0; most > 0 && row < space->rows; row++) {
        const char *candidate = spine_words_get(&space->words, row);
        const size_t size = strlen(candidate);
        if (size > length + limit || length > size + limit)
            continue;
        const size_t exact = spine_spelling_distance(wanted, candidate);
        const size_t plain = wanted == word ? exact : spine_spelling_distance(word, candidate);
        const size_t distance = exact < plain ? exact : plain;
        if (distance <= limit)
            count = insert_nearest(rows, distances, count, most, row, distance);
    }

    return count;
}

/* The value of a sparse row in a dimension. */
static float find_value(const struct spine_csr *csr, size_t row, size_t dimension)
{
    int64_t low = csr->indptr[row], high = csr->indptr[row + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if ((size_t)csr->indices[middle] < dimension)
            low = middle + 1;
        else
            high = middle;
    }
    return low < csr->indptr[row + 1] && (size_t)csr->indices[low] == dimension ? csr->data[low]
                                                                                : 0;
}

float spine_space_strength(const struct spine_space *space, size_t row, size_t dimension)
{
    if (space->dense != NULL)
        return space->dense[row * space->dimensions + dimension];
    return find_value(&space->codes, row, dimension) + find_value(&space->excess, row, dimension);
}

/* The inner product of two rows. */
static double multiply_rows(const struct spine_space *space, size_t row, size_t other)
{
    double sum = 0;
    if (space->dense != NULL) {
        const float *a = space->dense + row * space->dimensions;
        const float *b = space->dense + other * space->dimensions;
        for (size_t k = 0; k < space->dimensions; k++)
            sum += (double)a[k] * (double)b[k];
        return sum;
    }
    const struct spine_csr *codes = &space->codes;
    int64_t at = codes->indptr[row], with = codes->indptr[other];
    while (at < codes->indptr[row + 1] && with < codes->indptr[other + 1]) {
        const int32_t dimension = codes->indices[at], second = codes->indices[with];
        if (dimension == second)
            sum += (double)codes->data[at] * (double)codes->data[with];
        at += dimension <= second;
        with += second <= dimension;
    }
    return sum;
}

double spine_space_cosine(const struct spine_space *space, size_t row, size_t other)
{
    const double squares = multiply_rows(space, row, row) * multiply_rows(space, other, other);
    return squares > 0 ? multiply_rows(space, row, other) / sqrt(squares) : 0;
}

void spine_space_row(const struct spine_space *space, size_t row, float *out)
{
    if (space->dense != NULL)
        memcpy(out, space->dense + row * space->dimensions, space->dimensions * sizeof *out);
    else
        spine_csr_spread(&space->codes, row, space->dimensions, out);
}

double spine_space_length(const struct spine_space *space, size_t row)
{
    return sqrt(multiply_rows(space, row, row));
}

float spine_space_direction(const struct spine_space *space, size_t row, float *out)
{
    const double length = spine_space_length(space, row);

    spine_space_row(space, row, out);
    for (size_t k = 0; length > 0 && k < space->dimensions; k++)
        out[k] = (float)((double)out[k] / length);
    return (float)length;
}

static void scale_values(struct spine_csr *csr, const float *factors)
{
    for (size_t i = 0; i < csr->count; i++)
        csr->data[i] *= factors[csr->indices[i]];
}

int spine_space_scale_columns(struct spine_space *space, struct spine_error *err)
{
    struct spine_columnscale scale;
    float *factors = spine_memory_get(space->dimensions, sizeof *factors, "the scale", err);
    if (factors == NULL)
        return -1;
    if (spine_columnscale_init(&scale, space->dimensions, err)) {
        free(factors);
        return -1;
    }

    if (space->dense != NULL)
        spine_columnscale_add_dense(&scale, space->dense, space->rows);
    else
        spine_columnscale_add(&scale, &space->codes);
    spine_columnscale_find(&scale, factors);
    for (size_t i = 0; space->dense != NULL && i < space->rows; i++)
        for (size_t k = 0; k < space->dimensions; k++)
            space->dense[i * space->dimensions + k] *= factors[k];
    scale_values(&space->codes, factors);
    scale_values(&space->excess, factors);

    spine_columnscale_dispose(&scale);
    free(factors);
    return 0;
}

/* Go row by row over some columns at a time; each sum is that of a column. */
void spine_space_center(struct spine_space *space)
{
    enum { COLUMNS = 512 };
    const size_t width = space->dimensions;

    for (size_t first = 0; space->dense != NULL && first < width; first += COLUMNS) {
        const size_t count = width - first < COLUMNS ? width - first : COLUMNS;
        double sums[COLUMNS] = {0};
        float mean[COLUMNS];
        for (size_t i = 0; i < space->rows; i++)
            for (size_t k = 0; k < count; k++)
                sums[k] += (double)space->dense[i * width + first + k];
        for (size_t k = 0; k < count; k++)
            mean[k] = (float)(sums[k] / (double)space->rows);
        for (size_t i = 0; i < space->rows; i++)
            for (size_t k = 0; k < count; k++)
                space->dense[i * width + first + k] -= mean[k];
    }
}

void spine_space_dispose(struct spine_space *space)
{
    spine_words_dispose(&space->words);
    free(space->dense);
    spine_csr_dispose(&space->codes);
    spine_csr_dispose(&space->excess);
    spine_lookup_dispose(&space->lookup);
    *space = (struct spine_space){0};
}
