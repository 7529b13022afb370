/* space.c -- words and their vectors, read from any of the files that hold them. */
#include "spine/space/space.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/memory.h"
#include "spine/files/codes.h"
#include "spine/files/run.h"
#include "spine/files/store.h"
#include "spine/files/vectorsfile.h"
#include "spine/text/layout.h"
#include "spine/text/vectors.h"

/* More rows than anybody has words; memory for them isn't asked for. */
enum { MOST_ROWS = INT32_MAX };

/* --- Codes -------------------------------------------------------------------------------- */

/* Append all rows of open codes, which are closed. */
static int take_codes(struct spine_space *space, struct spine_codes *codes, struct spine_error *err)
{
    int rc = codes->rows > MOST_ROWS ? spine_refuse(err, "%s: has too many rows", codes->path) : 0;
    const size_t block = spine_codes_block_rows(codes);
    for (size_t first = 0; rc == 0 && first < codes->rows; first += block) {
        const size_t count = codes->rows - first < block ? codes->rows - first : block;
        rc = spine_codes_read(codes, first, count, err) ||
             spine_csr_extend(&space->codes, &codes->block, err) ||
             spine_csr_extend(&space->excess, &codes->block_excess, err);
    }
    if (rc == 0)
        rc = spine_store_read_words(codes->store, codes->words, 0, codes->rows, &space->words, err);
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
                                i / space->dimensions);
    return 0;
}

static int read_vectors_store(struct spine_space *space, const char *path,
                              struct spine_store *store, struct spine_error *err)
{
    size_t rows = 0, dimensions = 0;

    if (spine_vectorsfile_extent(store, path, &rows, &dimensions, err))
        return -1;
    if (rows > MOST_ROWS)
        return spine_refuse(err, "%s: has %zu vectors, expected at most %d", path, rows, MOST_ROWS);

    space->dimensions = dimensions;
    space->dense = spine_memory_zeroed(rows, dimensions * sizeof *space->dense, "the vectors", err);
    if (space->dense == NULL)
        return -1;

    if (spine_vectorsfile_read(store, 0, rows, dimensions, space->dense, err) ||
        spine_vectorsfile_read_words(store, 0, rows, &space->words, err))
        return -1;
    return 0;
}

static int read_text(struct spine_space *space, const char *path, struct spine_error *err)
{
    const struct spine_vectors_rules rules = {0};
    struct spine_layout layout;
    struct spine_lines *input = NULL;
    struct spine_vectors vectors = {0};

    if (spine_layout_detect(&layout, path, SPINE_HEADER_AUTO, err) ||
        spine_lines_open(&input, path, err))
        return -1;

    int rc = spine_vectors_parse(&vectors, input, &layout, &rules, err);
    if (rc != 0 && vectors.bad_line > 0)
        spine_lines_locate(path, vectors.bad_line, err);
    if (rc == 0 && layout.has_header && layout.announced != vectors.rows)
        rc = spine_refuse(err, "%s:1: the header announces %llu vectors, the file has %zu", path,
                          (unsigned long long)layout.announced, vectors.rows);

    if (rc == 0) {
        space->dimensions = vectors.dimension;
        space->dense = vectors.values;
        space->words = vectors.words;
        vectors.values = NULL;
        vectors.words = (struct spine_words){0};
    }

    spine_vectors_dispose(&vectors);
    spine_lines_close(input);
    return rc;
}

/* --- Which it is -------------------------------------------------------------------------- */

static bool is_hdf5(const char *path)
{
    static const char signature[8] = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
    char start[sizeof signature];
    FILE *file = fopen(path, "rb");
    const bool is = file != NULL && fread(start, 1, sizeof start, file) == sizeof start &&
                    memcmp(start, signature, sizeof start) == 0;
    if (file != NULL)
        fclose(file);
    return is;
}

static int read_store(struct spine_space *space, const char *path, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error ignored; /* nothing was written */
    if (spine_store_open(&store, path, NULL, err))
        return -1;
    const bool is_vectors = spine_vectorsfile_has_vectors(store);
    const bool is_codes = spine_store_has(store, "/X");
    int rc = 0;
    if (is_vectors)
        rc = read_vectors_store(space, path, store, err);
    else if (!is_codes)
        rc = spine_refuse(err, "%s: holds neither vectors (/vectors) nor codes (/X)", path);
    spine_store_close(store, &ignored);
    return rc == 0 && is_codes && !is_vectors ? read_merged(space, path, err) : rc;
}

static int read_any(struct spine_space *space, const char *path, struct spine_error *err)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return read_run(space, path, err);
    return is_hdf5(path) ? read_store(space, path, err) : read_text(space, path, err);
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

int spine_space_read(struct spine_space *space, const char *path, struct spine_error *err)
{
    *space = (struct spine_space){0};
    int rc = read_any(space, path, err);
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

int64_t spine_space_find(const struct spine_space *space, const char *word)
{
    return spine_lookup_find(&space->lookup, &space->words, word);
}

int64_t spine_space_find_or_lowercase(const struct spine_space *space, const char *word)
{
    enum { LONGEST = 256 }; /* of words that are looked for once more */
    char lower[LONGEST];
    const int64_t row = spine_space_find(space, word);
    const size_t length = strlen(word);
    if (row >= 0 || length >= LONGEST)
        return row;
    for (size_t i = 0; i <= length; i++)
        lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] - 'A' + 'a') : word[i];
    return spine_space_find(space, lower);
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
    if (space->dense != NULL) {
        memcpy(out, space->dense + row * space->dimensions, space->dimensions * sizeof *out);
        return;
    }
    memset(out, 0, space->dimensions * sizeof *out);
    for (int64_t at = space->codes.indptr[row]; at < space->codes.indptr[row + 1]; at++)
        out[space->codes.indices[at]] = space->codes.data[at];
}

float spine_space_direction(const struct spine_space *space, size_t row, float *out)
{
    double squares = 0;
    spine_space_row(space, row, out);
    for (size_t k = 0; k < space->dimensions; k++)
        squares += (double)out[k] * (double)out[k];
    const double length = sqrt(squares);
    for (size_t k = 0; length > 0 && k < space->dimensions; k++)
        out[k] = (float)((double)out[k] / length);
    return (float)length;
}

void spine_space_center(struct spine_space *space)
{
    for (size_t k = 0; space->dense != NULL && k < space->dimensions; k++) {
        double sum = 0;
        for (size_t i = 0; i < space->rows; i++)
            sum += (double)space->dense[i * space->dimensions + k];
        const float mean = (float)(sum / (double)space->rows);
        for (size_t i = 0; i < space->rows; i++)
            space->dense[i * space->dimensions + k] -= mean;
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
