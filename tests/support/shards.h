/* shards.h -- shards to test with: those of a small made-up run, and those put together by hand.
 * After cmocka.h.
 *
 * The run's input and parameters are small multiples of 1/8, so that its codes are exact, in
 * whatever order the products are summed. */
#ifndef SPINE_SHARDS_H
#define SPINE_SHARDS_H

#include <stdlib.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/codes.h"
#include "spine/files/object.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/train/results.h"
#include "support/expect.h"
#include "support/temporary.h"

enum { RUN_ROWS = 23, RUN_DIM = 5, RUN_HIDDEN = 9, RUN_BATCH = 6 };

static inline float run_input(size_t row, size_t k)
{
    return (float)((row * 7 + k * k * 13) % 9) / 4 - 0.75F;
}

static inline float run_weight(size_t unit, size_t k)
{
    return (float)((unit * 5 + k * 3) % 7) / 4 - 0.75F;
}

static inline float run_bias(size_t unit)
{
    return (float)(unit % 3) / 4 - 0.25F;
}

/* What unit 'unit' of a row has before the clamp. */
static inline float run_z(size_t row, size_t unit)
{
    float z = run_bias(unit);
    for (size_t k = 0; k < RUN_DIM; k++)
        z += run_input(row, k) * run_weight(unit, k);
    return z;
}

static inline float run_code(size_t row, size_t unit)
{
    const float z = run_z(row, unit);
    return z < 0 ? 0 : z > 1 ? 1 : z;
}

/* Words of all kinds: with a space, not UTF-8, with another alphabet, plain. */
static inline const char *run_word(size_t row, char word[32])
{
    static const char *const odd[] = {"the", "New York", "caf\xE9", "na\xC3\xAFve"};
    if (row < 4)
        return odd[row];
    snprintf(word, 32, "word%zu", row);
    return word;
}

static inline void fill_params(struct spine_params *params)
{
    TRY(spine_params_init(params, RUN_DIM, RUN_HIDDEN, &err));
    for (size_t j = 0; j < RUN_HIDDEN; j++) {
        params->b1[j] = run_bias(j);
        for (size_t k = 0; k < RUN_DIM; k++)
            params->W1[j * params->stride + k] = run_weight(j, k);
    }
}

/* The rows of rank 'rank' of 'size', as spine_dataset_init() would read them. */
static inline void fill_dataset(struct spine_dataset *data, int rank, int size)
{
    *data = (struct spine_dataset){.dim = RUN_DIM};
    const struct spine_sharing sharing = {
        .seed = 1, .batch_size = RUN_BATCH, .groups = 1, .columns = size, .column = rank};
    TRY(spine_partition_init(&data->part, RUN_ROWS, &sharing, &err));
    const size_t local = data->part.end_row - data->part.first_row;
    data->stride = spine_kernel_stride(RUN_DIM);
    data->rows = spine_kernel_alloc(local * data->stride, "a test", &err);
    TRY(spine_scaling_init(&data->scaling, RUN_DIM, SPINE_WHITEN_NO, 0, &err));
    data->block = spine_kernel_alloc(SPINE_BLOCK_ROWS * data->stride, "a test", &err);
    for (size_t i = 0; i < local; i++) {
        char buffer[32];
        const char *word = run_word(data->part.first_row + i, buffer);
        TRY(spine_words_add(&data->words, word, strlen(word), &err));
        for (size_t k = 0; k < RUN_DIM; k++)
            data->rows[i * data->stride + k] = run_input(data->part.first_row + i, k);
    }
}

static inline struct path shard_path(const struct path *run, int64_t shard)
{
    char name[64];
    snprintf(name, sizeof name, "shards/codes-%05lld.h5", (long long)shard);
    return join_path(run, name);
}

/* Write the shards of the run on 'size' ranks; sigma and epoch as in codes.h. */
static inline void write_noisy_shards(const struct path *run, int size, double sigma,
                                      uint32_t epoch)
{
    const struct path shards = join_path(run, "shards");
    mkdir(run->text, 0777);
    mkdir(shards.text, 0777);
    struct spine_params params;
    fill_params(&params);
    for (int rank = 0; rank < size; rank++) {
        struct spine_dataset data;
        struct spine_coder coder;
        fill_dataset(&data, rank, size);
        TRY(spine_coder_init(&coder, RUN_DIM, RUN_HIDDEN, &err));
        struct spine_shard shard = {.shard = rank,
                                    .shards = size,
                                    .first_row = (int64_t)data.part.first_row,
                                    .rows = (int64_t)(data.part.end_row - data.part.first_row),
                                    .total_rows = RUN_ROWS,
                                    .hidden = RUN_HIDDEN};
        spine_modelfile_fingerprint(&params, &data.scaling, shard.fingerprint);
        TRY(spine_results_write_shard(run->text, &shard, &params, &data, &coder, epoch, sigma,
                                      &err));
        spine_coder_dispose(&coder);
        spine_dataset_dispose(&data);
    }
    spine_params_dispose(&params);
}

static inline void write_shards(const struct path *run, int size)
{
    write_noisy_shards(run, size, 0, 0);
}

/* A matrix put together by hand, sound or not. */
struct hand_matrix {
    size_t num_data, num_indices, num_ends;
    float data[16];
    int32_t indices[16];
    int64_t indptr[16];
};

/* The same for a shard, or for the merged file. */
struct hand_shard {
    struct spine_shard facts;
    struct hand_matrix codes, excess;
    size_t num_words;
    const char *words[8];
};

static inline void write_hand_matrix(struct spine_store *store, const char *name,
                                     const struct hand_matrix *matrix)
{
    char part[64];
    TRY(spine_object_make_group(store, name, &err));
    snprintf(part, sizeof part, "%s/data", name);
    TRY(spine_array_make_growing(store, part, SPINE_ARRAY_FLOAT, SPINE_ARRAY_MANY, &err));
    TRY(spine_array_append(store, part, SPINE_ARRAY_FLOAT, matrix->num_data, matrix->data, &err));
    snprintf(part, sizeof part, "%s/indices", name);
    TRY(spine_array_make_growing(store, part, SPINE_ARRAY_INT32, SPINE_ARRAY_MANY, &err));
    TRY(spine_array_append(store, part, SPINE_ARRAY_INT32, matrix->num_indices, matrix->indices,
                           &err));
    snprintf(part, sizeof part, "%s/indptr", name);
    TRY(spine_array_make_growing(store, part, SPINE_ARRAY_INT64, SPINE_ARRAY_MANY, &err));
    TRY(spine_array_append(store, part, SPINE_ARRAY_INT64, matrix->num_ends, matrix->indptr, &err));
}

static inline void write_hand_shard(const struct path *path, const struct hand_shard *shard)
{
    struct spine_store *store = NULL;
    struct spine_words words = {0};
    const struct spine_shard *facts = &shard->facts;
    for (size_t i = 0; i < shard->num_words; i++)
        TRY(spine_words_add(&words, shard->words[i], strlen(shard->words[i]), &err));
    TRY(spine_store_create(&store, path->text, "spine-codes", &err));
    TRY(spine_attribute_set_integers(store, "/", "shard", &facts->shard, 1, &err));
    TRY(spine_attribute_set_integers(store, "/", "shards", &facts->shards, 1, &err));
    TRY(spine_attribute_set_integers(store, "/", "first_row", &facts->first_row, 1, &err));
    TRY(spine_attribute_set_integers(store, "/", "rows", &facts->rows, 1, &err));
    TRY(spine_attribute_set_integers(store, "/", "total_rows", &facts->total_rows, 1, &err));
    TRY(spine_attribute_set_integers(store, "/", "hidden", &facts->hidden, 1, &err));
    TRY(spine_attribute_set_text(store, "/", "fingerprint", facts->fingerprint, &err));
    TRY(spine_strings_append(store, "/words", &words, &err));
    write_hand_matrix(store, "/codes", &shard->codes);
    write_hand_matrix(store, "/excess", &shard->excess);
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path->text, &err));
    spine_words_dispose(&words);
}

#endif
