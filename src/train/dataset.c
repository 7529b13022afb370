/* dataset.c -- this rank's rows of the input, scaled, and its part of every batch. */
#include "spine/train/dataset.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"
#include "spine/config/settings.h"
#include "spine/files/outliers.h"
#include "spine/files/runinput.h"
#include "spine/files/vectorsfile.h"
#include "spine/math/bfloat16.h"

/* --- The file ----------------------------------------------------------------------------- */

static int read_extent(struct spine_input *input, size_t limit, struct spine_error *err)
{
    const uint32_t most = UINT32_MAX - 1; /* lists of rows have numbers of 32 bits */
    size_t num_rows = 0;

    if (spine_vectorsfile_extent(input->store, input->path, &num_rows, &input->dim, err))
        return -1;
    if (limit > num_rows)
        return spine_refuse(err, "data.limit: is %zu, but %s has %zu rows", limit, input->path,
                            num_rows);

    input->num_rows = limit > 0 ? limit : num_rows;
    if (input->num_rows > most)
        return spine_refuse(err, "%s: %zu rows are too many, at most %u; data.limit takes fewer",
                            input->path, input->num_rows, most);
    return 0;
}

int spine_input_compare(const char *path, const char *what, const struct spine_comm *comm,
                        uint64_t hash, struct spine_error *err)
{
    uint64_t expected = hash;
    char host[64] = "";

    spine_comm_broadcast(comm, &expected, sizeof expected);
    if (hash == expected)
        return 0;
    gethostname(host, sizeof host - 1);
    return spine_fail(err, "%s is another %s on %s than on rank 0's node", path, what, host);
}

/* Hash some of the rows, spread evenly over the file. Fails on all ranks alike. */
static int hash_sample(const struct spine_input *input, struct spine_comm *comm, uint64_t *hash,
                       struct spine_error *err)
{
    enum { SAMPLE = 32 };
    const size_t count = input->num_rows < SAMPLE ? input->num_rows : SAMPLE;
    float *row = spine_memory_zeroed(input->dim, sizeof *row, "a row of the input", err);
    struct spine_words words = {0};
    int rc = spine_comm_agree(comm, -(row == NULL), err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const size_t at = count == 1 ? 0 : i * (input->num_rows - 1) / (count - 1);
        rc = spine_vectorsfile_read(input->store, at, 1, input->dim, row, err);
        if (rc != 0)
            break;
        rc = spine_vectorsfile_read_words(input->store, at, 1, &words, err);
        rc = spine_comm_agree(comm, rc, err);
        if (rc != 0)
            break;
        const char *word = spine_words_get(&words, i);
        *hash = XXH3_64bits_withSeed(row, input->dim * sizeof *row, *hash);
        *hash = XXH3_64bits_withSeed(word, strlen(word), *hash);
    }

    spine_words_dispose(&words);
    free(row);
    return rc;
}

/* Refuse an input that isn't the same file on all ranks, but on a node's own disk, for example.
 * Collective. */
static int check_same(const struct spine_input *input, struct spine_comm *comm,
                      struct spine_error *err)
{
    uint64_t hash = XXH3_64bits_withSeed(&input->dim, sizeof input->dim, input->num_rows);

    if (comm->size == 1)
        return 0;
    if (spine_comm_agree(comm, spine_input_compare(input->path, "file", comm, hash, err), err) ||
        hash_sample(input, comm, &hash, err))
        return -1;
    return spine_comm_agree(comm, spine_input_compare(input->path, "file", comm, hash, err), err);
}

int spine_input_open(struct spine_input *input, struct spine_comm *comm, const char *path,
                     size_t limit, struct spine_error *err)
{
    *input = (struct spine_input){.path = path};
    if (spine_vectorsfile_open(&input->store, comm, path, err))
        return -1;

    int rc = spine_comm_agree(comm, read_extent(input, limit, err), err);
    if (rc == 0)
        rc = check_same(input, comm, err);
    if (rc != 0)
        spine_input_close(input);
    return rc;
}

void spine_input_close(struct spine_input *input)
{
    struct spine_error ignored; /* nothing was written */

    if (input->store != NULL)
        spine_store_close(input->store, &ignored);
    *input = (struct spine_input){0};
}

/* --- Outliers ----------------------------------------------------------------------------- */

/* On rank 0, with the word of the longest row. */
static int report_outliers(const struct spine_outlier_report *report, const char *path,
                           const char *word, bool is_new, struct spine_error *err)
{
    char text[SPINE_OUTLIERS_TEXT];

    if (!is_new || !spine_outliers_spoil(report)) {
        spine_outliers_warn(report, path, word);
        return 0;
    }
    spine_outliers_describe(report, word, text);
    return spine_refuse(err,
                        "%s: %s, so nothing could be learned from the others; remove these rows, "
                        "or shorten them with data.clip = 3",
                        path, text);
}

/* Find outliers in what all ranks have added, and warn about them or refuse them, unless the
 * options correct them; rank 0 reads the word. */
static int check_outliers(const struct spine_outliers *outliers, struct spine_comm *comm,
                          const struct spine_input *input, struct spine_inspection *inspection,
                          struct spine_error *err)
{
    const struct spine_scaling_options *options = &inspection->options;
    struct spine_outlier_report report;
    struct spine_words words = {0};
    int rc = 0;

    if (spine_outliers_find(outliers, comm, &report, err))
        return -1;
    const bool is_clipped = options->clip > 0 && options->clip < report.row_ratio;
    report.has_row = report.has_row && !is_clipped;
    report.has_column = report.has_column && options->whiten == SPINE_WHITEN_NO;
    inspection->found = report.has_row || report.has_column;
    if (comm->rank == 0 && report.has_row)
        rc = spine_vectorsfile_read_words(input->store, report.row, 1, &words, err);
    if (comm->rank == 0 && rc == 0)
        rc = report_outliers(&report, input->path,
                             report.has_row ? spine_words_get(&words, 0) : NULL, inspection->is_new,
                             err);
    spine_words_dispose(&words);
    return spine_comm_agree(comm, rc, err);
}

/* Add this rank's share of the rows, from 'first' on, in the same number of rounds on all ranks. */
static int add_blocks(struct spine_outliers *outliers, struct spine_comm *comm,
                      const struct spine_input *input, size_t first, size_t end,
                      struct spine_error *err)
{
    enum { BLOCK_NUMBERS = 1 << 20 };
    const size_t most = BLOCK_NUMBERS / input->dim + 1;
    const int64_t rounds = spine_comm_max(comm, (int64_t)((end - first + most - 1) / most));
    float *block = spine_memory_get(most * input->dim, sizeof *block, "a block of rows", err);
    int rc = spine_comm_agree(comm, -(block == NULL), err);

    for (int64_t round = 0; rc == 0 && round < rounds; round++) {
        const size_t now = end - first < most ? end - first : most;
        rc = spine_vectorsfile_read(input->store, first, now, input->dim, block, err);
        if (rc == 0)
            rc = spine_comm_agree(comm, spine_outliers_add(outliers, block, now, input->dim, err),
                                  err);
        first += now;
    }
    free(block);
    return rc;
}

int spine_input_inspect(const struct spine_input *input, struct spine_comm *comm,
                        struct spine_inspection *inspection, struct spine_error *err)
{
    const size_t size = (size_t)comm->size, rank = (size_t)comm->rank;
    const size_t first = input->num_rows / size * rank + input->num_rows % size * rank / size;
    const size_t end =
        input->num_rows / size * (rank + 1) + input->num_rows % size * (rank + 1) / size;
    struct spine_outliers outliers = {0};

    int rc = spine_comm_agree(comm, spine_outliers_init(&outliers, input->dim, err), err);
    outliers.first_row = first;
    if (rc == 0)
        rc = add_blocks(&outliers, comm, input, first, end, err);
    if (rc == 0)
        rc = check_outliers(&outliers, comm, input, inspection, err);
    spine_outliers_dispose(&outliers);
    return rc;
}

/* Get some of this rank's rows, (count, D), from its row 'first' on, as they are now. Returns their
 * number, 0 at the end. */
static size_t get_block(struct spine_dataset *data, size_t first, const float **rows)
{
    const size_t left = spine_partition_rows(&data->part) - first;

    if (data->rows != NULL) {
        *rows = data->rows + first * data->stride;
        return left;
    }
    const size_t count = left < SPINE_BLOCK_ROWS ? left : SPINE_BLOCK_ROWS;
    *rows = spine_dataset_slice(data, 0, first, count, 0);
    return count;
}

int spine_dataset_inspect(struct spine_dataset *data, struct spine_comm *comm,
                          const struct spine_input *input, struct spine_inspection *inspection,
                          struct spine_error *err)
{
    struct spine_outliers outliers = {0};
    const float *rows;

    int rc = spine_outliers_init(&outliers, data->dim, err);
    outliers.first_row = data->part.first_row;
    for (size_t first = 0, count; rc == 0 && (count = get_block(data, first, &rows)) > 0;
         first += count)
        rc = spine_outliers_add(&outliers, rows, count, data->stride, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = check_outliers(&outliers, comm, input, inspection, err);
    data->is_extreme = inspection->found;
    spine_outliers_dispose(&outliers);
    return rc;
}

/* --- Reading ------------------------------------------------------------------------------ */

size_t spine_dataset_bytes(const struct spine_partition *part, size_t dim,
                           enum spine_storage storage)
{
    const size_t rows = spine_partition_rows(part), most = spine_partition_most_rows(part);
    const size_t stride = spine_kernel_stride(dim);
    const size_t number = storage == SPINE_IN_MEMORY        ? sizeof(float)
                          : storage == SPINE_IN_HALF_MEMORY ? sizeof(uint16_t)
                                                            : 0;
    const size_t stream =
        storage == SPINE_IN_MEMORY ? 0 : spine_rowstream_bytes(part, dim, storage == SPINE_IN_FILE);

    return rows * stride * number + stream + SPINE_BLOCK_ROWS * stride * sizeof(float) +
           rows * sizeof(uint32_t) + 2 * most * sizeof(size_t);
}

static int allocate_batch(struct spine_dataset *data, struct spine_error *err)
{
    const size_t most = spine_partition_most_rows(&data->part);
    data->block = spine_kernel_alloc(SPINE_BLOCK_ROWS * data->stride, "the rows of a block", err);
    data->batch = spine_memory_zeroed(most, sizeof *data->batch, "the rows of a batch", err);
    data->slots = spine_memory_zeroed(most, sizeof *data->slots, "the rows of a batch", err);
    if (data->block != NULL && data->batch != NULL && data->slots != NULL)
        return 0;
    return -1;
}

static int allocate(struct spine_dataset *data, const struct spine_input *input,
                    struct spine_error *err)
{
    data->stride = spine_kernel_stride(data->dim);
    data->storage = input->storage;
    if (spine_scaling_init(&data->scaling, data->dim, SPINE_WHITEN_NO, 0, err) ||
        allocate_batch(data, err))
        return -1;
    if (data->storage != SPINE_IN_MEMORY) {
        const bool has_windows = data->storage == SPINE_IN_FILE;
        const int rc = spine_rowstream_open(&data->stream, input->store, input->path, &data->part,
                                            data->dim, has_windows, err);
        data->stream.rounds = !has_windows;
        return rc;
    }

    data->rows = spine_kernel_alloc(spine_partition_rows(&data->part) * data->stride,
                                    "this rank's rows", err);
    return -(data->rows == NULL);
}

/* Refuse numbers that aren't finite. Add to *sum, modulo 2^64, a hash of each row, its word and its
 * number, so that the sum over all rows doesn't depend on which rank has which row. */
static int look_at_rows(struct spine_dataset *data, int rank, const char *path, uint64_t *sum,
                        struct spine_error *err)
{
    struct spine_pass pass = {0};

    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;) {
        const size_t local = pass.next - 1, number = data->part.first_row + local;
        const char *word = spine_words_get(&data->words, local);
        for (size_t k = 0; k < data->dim; k++)
            if (!isfinite(row[k]) && spine_dataset_check(data, err) == 0)
                return spine_refuse(err,
                                    "%s: row %zu ('%.40s'), read by rank %d, has a number that is "
                                    "not finite",
                                    path, number + 1, word, rank);
        *sum += spine_runinput_hash(row, data->dim, number, word);
    }
    return spine_dataset_check(data, err);
}

static int read_rows(struct spine_dataset *data, struct spine_comm *comm,
                     const struct spine_input *input, struct spine_error *err)
{
    const size_t first = data->part.first_row, count = spine_partition_rows(&data->part);

    int rc = allocate(data, input, err);
    if (rc == 0)
        rc = spine_vectorsfile_read_words(input->store, first, count, &data->words, err);
    if (spine_comm_agree(comm, rc, err))
        return -1;

    if (data->rows != NULL)
        rc = spine_vectorsfile_read(input->store, first, count, data->stride, data->rows, err);
    if (rc != 0 || spine_store_check_unchanged(input->store, err))
        return -1;

    uint64_t sum = 0;
    rc = look_at_rows(data, comm->rank, input->path, &sum, err);
    if (spine_comm_agree(comm, rc, err))
        return -1;
    int64_t signed_sum;
    memcpy(&signed_sum, &sum, sizeof sum);
    spine_comm_sum_counts(comm, &signed_sum, 1);
    memcpy(&data->checksum, &signed_sum, sizeof sum);
    return 0;
}

int spine_dataset_init(struct spine_dataset *data, struct spine_comm *comm,
                       const struct spine_input *input, const struct spine_sharing *sharing,
                       struct spine_error *err)
{
    *data = (struct spine_dataset){.dim = input->dim};

    int rc = spine_partition_init(&data->part, input->num_rows, sharing, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = read_rows(data, comm, input, err);

    if (rc != 0)
        spine_dataset_dispose(data);
    return rc;
}

int spine_dataset_view(struct spine_dataset *data, const struct spine_comm *comm,
                       const struct spine_dataset *whole, const struct spine_sharing *sharing,
                       struct spine_error *err)
{
    assert(spine_partition_rows(&whole->part) == whole->part.num_rows);
    *data = (struct spine_dataset){.dim = whole->dim,
                                   .stride = whole->stride,
                                   .scaling = whole->scaling,
                                   .checksum = whole->checksum,
                                   .variance = whole->variance,
                                   .squares = whole->squares,
                                   .quantum = whole->quantum,
                                   .is_extreme = whole->is_extreme,
                                   .is_view = true};
    int rc = spine_partition_init(&data->part, whole->part.num_rows, sharing, err);

    if (rc == 0) {
        data->rows = whole->rows + data->part.first_row * whole->stride;
        data->words = (struct spine_words){.count = spine_partition_rows(&data->part),
                                           .bytes = whole->words.bytes,
                                           .text = whole->words.text,
                                           .start = whole->words.start + data->part.first_row};
        rc = allocate_batch(data, err);
    }
    rc = spine_comm_agree(comm, rc, err);
    if (rc != 0)
        spine_dataset_dispose(data);
    return rc;
}

/* --- Passes over the rows ------------------------------------------------------------------ */

void spine_dataset_scale(struct spine_dataset *data, enum spine_scaled stage)
{
    const enum spine_scaled from = data->stream.stage;
    const size_t count = spine_partition_rows(&data->part);

    data->stream.stage = stage;
    if (data->rows == NULL)
        return;
    if (from < SPINE_CLIPPED && stage >= SPINE_CLIPPED)
        spine_scaling_clip(&data->scaling, count, data->rows);
    if (from < SPINE_WHITENED && stage >= SPINE_WHITENED)
        spine_scaling_whiten(&data->scaling, count, data->rows);
    if (from < SPINE_SCALED && stage >= SPINE_SCALED)
        spine_scaling_multiply(&data->scaling, count, data->rows);
}

/* Copy 'count' of this rank's rows from its row 'first' on to values, (count, D). */
static void copy_rows(struct spine_dataset *data, size_t first, size_t count, float *values)
{
    if (data->packed != NULL && data->listed == NULL)
        spine_bfloat16_unpack(count * data->stride, data->packed + first * data->stride, values);
    else if (data->listed == NULL)
        spine_rowstream_read(&data->stream, &data->scaling, data->part.first_row + first, count,
                             values);
    else
        for (size_t i = 0; i < count; i++)
            spine_rowstream_read(&data->stream, &data->scaling, data->listed[first + i].row, 1,
                                 values + i * data->stride);
}

int spine_dataset_pack(struct spine_dataset *data, struct spine_error *err)
{
    const size_t rows = spine_partition_rows(&data->part), stride = data->stride;

    if (data->packed == NULL)
        data->packed =
            spine_memory_get(rows * stride, sizeof *data->packed, "this rank's rows", err);
    if (data->packed == NULL)
        return -1;

    for (struct spine_block_walk at = {0}; spine_block_next(&at, rows);) {
        spine_rowstream_read(&data->stream, &data->scaling, data->part.first_row + at.first,
                             at.rows, data->block);
        spine_bfloat16_pack(at.rows * stride, data->block, data->packed + at.first * stride);
    }
    return spine_rowfile_check(data->stream.file, err);
}

const float *spine_dataset_next(struct spine_dataset *data, struct spine_pass *pass)
{
    if (pass->next == pass->end) {
        pass->first = pass->end;
        pass->end += get_block(data, pass->first, &pass->block);
        if (pass->next == pass->end)
            return NULL;
    }
    return pass->block + (pass->next++ - pass->first) * data->stride;
}

int spine_dataset_check(const struct spine_dataset *data, struct spine_error *err)
{
    if (data->storage == SPINE_IN_MEMORY)
        return 0;
    /* Once all rows are packed and none is held out, the file isn't read again and may change. */
    if (data->packed != NULL && data->listed == NULL && data->stream.num_substitutes == 0)
        return 0;
    return spine_rowfile_check(data->stream.file, err);
}

const float *spine_dataset_slice(struct spine_dataset *data, uint32_t epoch, size_t first,
                                 size_t count, double sigma)
{
    const float *rows = data->rows == NULL ? data->block : data->rows + first * data->stride;

    assert(first + count <= spine_partition_rows(&data->part));
    if (data->rows == NULL) {
        assert(count <= SPINE_BLOCK_ROWS);
        copy_rows(data, first, count, data->block);
    }
    if (!(sigma > 0))
        return rows;

    assert(count <= SPINE_BLOCK_ROWS);
    for (size_t i = 0; i < count; i++)
        spine_random_add_noise(data->part.seed, epoch, data->part.first_row + first + i,
                               (float)sigma, data->dim, rows + i * data->stride,
                               data->block + i * data->stride);
    return data->block;
}

/* By a sum to which only a row's owner adds. */
void spine_dataset_share(struct spine_dataset *data, struct spine_comm *comm,
                         const uint64_t *numbers, size_t count, float *shared)
{
    const struct spine_partition *part = &data->part;
    const size_t stride = data->stride;

    memset(shared, 0, count * stride * sizeof *shared);
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] < part->first_row || numbers[i] >= part->end_row)
            continue;
        const float *row = spine_dataset_slice(data, 0, numbers[i] - part->first_row, 1, 0);
        for (size_t k = 0; k < data->dim; k++)
            shared[i * stride + k] += row[k];
    }
    spine_comm_sum_floats(comm, shared, count * stride);
}

/* --- Batches ------------------------------------------------------------------------------ */

size_t spine_dataset_supply(struct spine_dataset *data, size_t step, float *clean, uint64_t *rows)
{
    const size_t count = spine_partition_batch(&data->part, step, data->batch, data->slots);
    const size_t stride = data->stride;
    const float *upcoming =
        data->storage == SPINE_IN_FILE
            ? spine_rowstream_step(&data->stream, &data->scaling, &data->part, step)
            : NULL;

    for (size_t i = 0; i < count; i++) {
        const size_t local = data->batch[i] - data->part.first_row;
        float *row = clean + data->slots[i] * stride;
        if (data->rows != NULL)
            memcpy(row, data->rows + local * stride, stride * sizeof *row);
        else if (upcoming != NULL)
            memcpy(row, upcoming + i * stride, stride * sizeof *row);
        else
            spine_bfloat16_unpack(stride, data->packed + local * stride, row);
        rows[data->slots[i]] = data->batch[i];
    }
    return count;
}

void spine_dataset_dispose(struct spine_dataset *data)
{
    spine_partition_dispose(&data->part);
    if (!data->is_view) {
        spine_words_dispose(&data->words);
        free(data->rows);
        free(data->packed);
        spine_rowstream_close(&data->stream);
        spine_scaling_dispose(&data->scaling);
    }
    free(data->block);
    free(data->batch);
    free(data->slots);
    *data = (struct spine_dataset){0};
}
