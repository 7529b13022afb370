/* test_dataset.c -- the ranks' rows together are the input, scaled alike on any number of ranks;
 * run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/base/random.h"
#include "spine/config/settings.h"
#include "spine/files/array.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/train/dataset.h"
#include "spine/train/nodedata.h"
#include "spine/train/scalingfit.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { ROWS = 47, DIM = 5, BATCH = 8, SEED = 3 };

static struct path path; /* of the vectors; the same on all ranks */

/* The input, but for where a test changes it. */
static double entry(size_t row, size_t k)
{
    return 3 * (double)k - 1 + (double)((row * 29 + k * k * 17) % 23) / 8;
}

/* An input file as spine-convert would make it, with one entry changed if row isn't NOWHERE. */
enum { NOWHERE = ROWS };
static void write_vectors(size_t rows, size_t words, size_t row, double value, const char *format)
{
    if (world.rank == 0) {
        struct spine_store *store = NULL;
        struct spine_words list = {0};
        float vectors[ROWS * DIM];
        for (size_t i = 0; i < rows; i++)
            for (size_t k = 0; k < DIM; k++)
                vectors[i * DIM + k] = (float)(i == row && k == 2 ? value : entry(i, k));
        for (size_t i = 0; i < words; i++) {
            char word[32];
            const int length = snprintf(word, sizeof word, "word %zu", i);
            TRY(spine_words_add(&list, word, (size_t)length, &err));
        }
        TRY(spine_store_create(&store, path.text, format, &err));
        TRY(spine_array_make(store, "/vectors", SPINE_ARRAY_FLOAT, rows, DIM, &err));
        TRY(spine_array_write(store, "/vectors", SPINE_ARRAY_FLOAT, 0, rows, DIM, vectors, &err));
        TRY(spine_strings_append(store, "/words", &list, &err));
        TRY(spine_store_close(store, &err));
        TRY(spine_outfile_publish(path.text, &err));
        spine_words_dispose(&list);
    }
    spine_comm_barrier(&world);
}

static void write_plain(void)
{
    write_vectors(ROWS, ROWS, NOWHERE, 0, "spine-vectors");
}

/* This rank's share of batches, all ranks being one group. */
static struct spine_sharing share(size_t batch_size)
{
    return (struct spine_sharing){.seed = SEED,
                                  .batch_size = batch_size,
                                  .groups = 1,
                                  .columns = world.size,
                                  .column = world.rank};
}

static int read_input(struct spine_dataset *data, size_t limit, size_t batch_size)
{
    struct spine_input input;

    if (spine_input_open(&input, &world, path.text, limit, &err))
        return -1;
    const struct spine_sharing sharing = share(batch_size);
    const int rc = spine_dataset_init(data, &world, &input, &sharing, &err);
    spine_input_close(&input);
    return rc;
}

static int init(struct spine_dataset *data, size_t limit)
{
    return read_input(data, limit, BATCH);
}

static size_t num_local(const struct spine_dataset *data)
{
    return data->part.end_row - data->part.first_row;
}

static void test_each_rank_reads_its_rows_and_words(void **state)
{
    (void)state;
    struct spine_dataset data;
    write_plain();
    TRY(init(&data, 0));
    int64_t rows = (int64_t)num_local(&data);
    assert_int_equal(data.words.count, num_local(&data));
    for (size_t i = 0; i < num_local(&data); i++) {
        char word[32];
        snprintf(word, sizeof word, "word %zu", data.part.first_row + i);
        assert_string_equal(spine_words_get(&data.words, i), word);
        for (size_t k = 0; k < data.stride; k++)
            assert_true(data.rows[i * data.stride + k] ==
                        (float)(k < DIM ? entry(data.part.first_row + i, k) : 0));
    }
    assert_true(data.scaling.scale == 1);
    spine_comm_sum_counts(&world, &rows, 1);
    assert_int_equal(rows, ROWS);
    spine_dataset_dispose(&data);
    spine_dataset_dispose(&data);
}

static void test_the_extent_is_that_of_the_file_or_the_limit(void **state)
{
    (void)state;
    static const struct {
        size_t limit, rows;
    } cases[] = {{0, ROWS}, {ROWS, ROWS}, {9, 9}};
    write_plain();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_input input;
        TRY(spine_input_open(&input, &world, path.text, cases[i].limit, &err));
        assert_int_equal(input.num_rows, cases[i].rows);
        assert_int_equal(input.dim, DIM);
        spine_input_close(&input);
        spine_input_close(&input);
    }
}

/* --- Scaling ---------------------------------------------------------------------------------- */

/* What scaling must find, computed by one rank from the equations. */
struct scaled {
    double mean[DIM], scale, variance, squares;
};

static struct scaled expect_scaled(size_t rows, int center, double rms)
{
    struct scaled s = {.scale = 1};
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < DIM; k++)
            s.mean[k] += entry(i, k) / (double)rows;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < DIM; k++) {
            s.variance += pow(entry(i, k) - s.mean[k], 2);
            s.squares += pow(entry(i, k) - (center ? s.mean[k] : 0), 2);
        }
    if (rms > 0)
        s.scale = rms / sqrt(s.squares / (double)(rows * DIM));
    s.variance *= s.scale * s.scale;
    s.squares *= s.scale * s.scale;
    for (size_t k = 0; !center && k < DIM; k++)
        s.mean[k] = 0;
    return s;
}

/* The mean square of all ranks' entries, and the greatest column mean. */
static void measure(const struct spine_dataset *data, double *mean_square, double *most)
{
    double sums[DIM + 1] = {0};
    for (size_t i = 0; i < num_local(data); i++)
        for (size_t k = 0; k < DIM; k++) {
            const double x = (double)data->rows[i * data->stride + k];
            sums[k] += x / (double)data->part.num_rows;
            sums[DIM] += x * x / (double)(data->part.num_rows * DIM);
        }
    spine_comm_sum_doubles(&world, sums, DIM + 1);
    *mean_square = sums[DIM];
    *most = 0;
    for (size_t k = 0; k < DIM; k++)
        *most = fmax(*most, fabs(sums[k]));
}

static void test_scaling_is_the_same_on_any_number_of_ranks(void **state)
{
    (void)state;
    static const struct {
        size_t limit;
        int center;
        double rms;
    } cases[] = {{0, 1, 0.4}, {0, 1, 0}, {0, 0, 2}, {0, 0, 0}, {20, 1, 0.4}};
    write_plain();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct spine_dataset data;
        double mean_square, most_mean;
        const size_t rows = cases[c].limit == 0 ? ROWS : cases[c].limit;
        const struct scaled expected = expect_scaled(rows, cases[c].center, cases[c].rms);
        TRY(init(&data, cases[c].limit));
        const struct spine_scaling_options options = {.center = cases[c].center != 0,
                                                      .rms = cases[c].rms};
        TRY(spine_scalingfit(&data, &world, &options, &err));
        assert_int_equal(data.part.num_rows, rows);
        for (size_t k = 0; k < data.stride; k++)
            assert_true(fabs((double)data.scaling.mean[k] - (k < DIM ? expected.mean[k] : 0)) <
                        1e-6);
        assert_true(fabs(data.scaling.scale / expected.scale - 1) < 1e-12);
        assert_true(fabs(data.variance / expected.variance - 1) < 1e-12);
        assert_true(fabs(data.squares / expected.squares - 1) < 1e-12);
        for (size_t i = 0; i < num_local(&data); i++)
            for (size_t k = 0; k < data.stride; k++) {
                const double row =
                    k >= DIM
                        ? 0
                        : (entry(data.part.first_row + i, k) - expected.mean[k]) * expected.scale;
                assert_true(fabs((double)data.rows[i * data.stride + k] - row) < 2e-6);
            }
        measure(&data, &mean_square, &most_mean);
        if (cases[c].center)
            assert_true(most_mean < 1e-6);
        if (cases[c].rms > 0)
            assert_true(fabs(sqrt(mean_square) - cases[c].rms) < 1e-6);
        spine_dataset_dispose(&data);
    }
}

static void test_rows_that_are_all_the_same_are_refused(void **state)
{
    (void)state;
    for (int center = 0; center < 2; center++) {
        const struct spine_scaling_options options = {.center = center != 0, .rms = 0.4};
        struct spine_dataset data;
        write_plain();
        TRY(init(&data, 0));
        for (size_t i = 0; i < num_local(&data); i++)
            for (size_t k = 0; k < DIM; k++)
                data.rows[i * data.stride + k] = 0.1F * (float)(k + 1);
        EXPECT_REFUSED(spine_scalingfit(&data, &world, &options, &err),
                       "data.input: all rows are the same; there is nothing to learn");
        spine_dataset_dispose(&data);
    }
}

static void test_rows_that_are_too_small_to_scale_are_refused(void **state)
{
    (void)state;
    const struct spine_scaling_options options = {.center = false, .rms = 0.4};
    struct spine_dataset data;
    write_plain();
    TRY(init(&data, 0));
    for (size_t i = 0; i < num_local(&data); i++)
        for (size_t k = 0; k < DIM; k++)
            data.rows[i * data.stride + k] = i % 2 == k % 2 ? 0x1p-140F : -0x1p-140F;
    EXPECT_REFUSED(
        spine_scalingfit(&data, &world, &options, &err),
        "data.input: the rows have a root mean square of 7.17e-43, which is too small to "
        "be scaled to data.rms = 0.4; multiply the vectors by a constant");
    spine_dataset_dispose(&data);
}

/* --- Batches ---------------------------------------------------------------------------------- */

/* Is 'found' the input's row 'row', with noise of sigma? */
static void check_row(const struct spine_dataset *data, const float *found, size_t row,
                      uint32_t epoch, float sigma)
{
    float clean[DIM], noisy[DIM];
    for (size_t k = 0; k < DIM; k++)
        clean[k] = (float)entry(row, k);
    spine_random_add_noise(SEED, epoch, row, sigma, DIM, clean, noisy);
    assert_memory_equal(found, noisy, sizeof noisy);
    for (size_t k = DIM; k < data->stride; k++)
        assert_true(found[k] == 0);
}

static void test_every_row_is_supplied_once_an_epoch(void **state)
{
    (void)state;
    struct spine_dataset data;
    write_plain();
    TRY(init(&data, 0));
    float *clean = spine_kernel_alloc(SPINE_BLOCK_ROWS * data.stride, "a test", &err);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        int64_t seen[ROWS] = {0}, together;
        spine_partition_shuffle(&data.part, epoch);
        for (size_t step = 0; step < spine_partition_steps(&data.part); step++) {
            uint64_t rows[SPINE_BLOCK_ROWS];
            for (size_t i = 0; i < SPINE_BLOCK_ROWS; i++)
                rows[i] = UINT64_MAX;
            together = (int64_t)spine_dataset_supply(&data, step, clean, rows);
            for (size_t i = 0; i < SPINE_BLOCK_ROWS; i++)
                if (rows[i] != UINT64_MAX) {
                    assert_true(i < spine_partition_block_rows(&data.part, 0, step));
                    seen[rows[i]]++;
                    check_row(&data, clean + i * data.stride, rows[i], epoch, 0);
                }
            spine_comm_sum_counts(&world, &together, 1);
            assert_int_equal(together, spine_partition_batch_rows(&data.part, step));
        }
        spine_comm_sum_counts(&world, seen, ROWS);
        for (size_t row = 0; row < ROWS; row++)
            assert_int_equal(seen[row], 1);
    }
    free(clean);
    spine_dataset_dispose(&data);
}

static void test_a_slice_has_the_rows_in_order(void **state)
{
    (void)state;
    enum { FEW = 3 };
    struct spine_dataset data;
    write_plain();
    TRY(init(&data, 0));
    const float *slice = spine_dataset_slice(&data, 0, 0, num_local(&data), 0);
    for (size_t i = 0; i < num_local(&data); i++)
        check_row(&data, slice + i * data.stride, data.part.first_row + i, 0, 0);
    for (size_t first = 0; first + FEW <= num_local(&data); first++) {
        slice = spine_dataset_slice(&data, 9, first, FEW, 0.25);
        for (size_t i = 0; i < FEW; i++)
            check_row(&data, slice + i * data.stride, data.part.first_row + first + i, 9, 0.25F);
    }
    spine_dataset_dispose(&data);
}

/* --- Rows that stay in the file --------------------------------------------------------------- */

/* Read and scale the input with orders of small windows. */
static void init_windows(struct spine_dataset *data, enum spine_storage storage)
{
    static const struct spine_scaling_options options = {
        .clip = 1.1, .center = true, .whiten = SPINE_WHITEN_COLUMN, .rms = 0.4};
    struct spine_input input;
    struct spine_sharing sharing = share(BATCH);
    sharing.window = 4;
    sharing.stretch = 2;

    TRY(spine_input_open(&input, &world, path.text, 0, &err));
    input.storage = storage;
    TRY(spine_dataset_init(data, &world, &input, &sharing, &err));
    spine_input_close(&input);
    TRY(spine_scalingfit(data, &world, &options, &err));
    if (storage == SPINE_IN_HALF_MEMORY)
        TRY(spine_dataset_pack(data, &err));
}

/* The largest difference of two rows. */
static double compare(const float *a, const float *b, size_t count)
{
    double most = 0;

    for (size_t k = 0; k < count; k++)
        most = fmax(most, fabs((double)a[k] - (double)b[k]));
    return most;
}

static void test_shared_rows_have_the_same_bits_on_any_number_of_ranks(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {ROWS - 1, 5, 0, 5};
    enum { COUNT = sizeof numbers / sizeof *numbers, MOST_STRIDE = 16 };
    float shared[COUNT * MOST_STRIDE];
    struct spine_dataset data;

    write_vectors(ROWS, ROWS, 5, -0.0, "spine-vectors");
    TRY(init(&data, 0));
    assert_in_range(data.stride, DIM, MOST_STRIDE);
    spine_dataset_share(&data, &world, numbers, COUNT, shared);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < data.stride; k++) {
            const float value = shared[i * data.stride + k];
            const bool is_zero = k >= DIM || (numbers[i] == 5 && k == 2);
            assert_true(value == (float)(is_zero ? 0 : entry(numbers[i], k)));
            assert_false(is_zero && signbit(value));
        }
    spine_dataset_dispose(&data);
}

static void test_rows_of_the_file_are_those_in_memory(void **state)
{
    (void)state;
    static const enum spine_storage others[] = {SPINE_IN_FILE, SPINE_IN_HALF_MEMORY};
    write_plain();
    for (size_t o = 0; o < 2; o++) {
        struct spine_dataset memory, other;
        const double most = others[o] == SPINE_IN_FILE ? 0 : 0.005;
        init_windows(&memory, SPINE_IN_MEMORY);
        init_windows(&other, others[o]);
        assert_null(other.rows);
        assert_true(other.checksum == memory.checksum);
        assert_true(other.variance == memory.variance && other.quantum == memory.quantum);

        float *clean = spine_kernel_alloc(2 * SPINE_BLOCK_ROWS * memory.stride, "a test", &err);
        float *copies = clean + SPINE_BLOCK_ROWS * memory.stride;
        const size_t steps = spine_partition_steps(&memory.part);
        for (size_t t = 0; t < 2 * steps; t++) { /* from the middle of an epoch on */
            const size_t step = (t + steps / 2) % steps;
            uint64_t rows[2][SPINE_BLOCK_ROWS] = {{0}, {0}};
            if (step == 0 || t == 0) {
                spine_partition_shuffle(&memory.part, (uint32_t)t);
                spine_partition_shuffle(&other.part, (uint32_t)t);
            }
            memset(clean, 0, 2 * SPINE_BLOCK_ROWS * memory.stride * sizeof *clean);
            assert_int_equal(spine_dataset_supply(&memory, step, clean, rows[0]),
                             spine_dataset_supply(&other, step, copies, rows[1]));
            assert_memory_equal(rows[0], rows[1], sizeof rows[0]);
            assert_true(compare(clean, copies, SPINE_BLOCK_ROWS * memory.stride) <= most);
        }

        for (size_t i = 0; i < num_local(&memory); i++) {
            const float *row = spine_dataset_slice(&memory, 3, i, 1, 0.25);
            assert_true(compare(row, spine_dataset_slice(&other, 3, i, 1, 0.25), memory.stride) <=
                        most);
        }
        TRY(spine_dataset_check(&other, &err));
        free(clean);
        spine_dataset_dispose(&memory);
        spine_dataset_dispose(&other);
    }
}

/* --- Views ------------------------------------------------------------------------------------ */

static void test_a_view_of_the_node_data_is_what_reading_gives(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 20, 0};
    static const char *const whitened[] = {"no", "column", "remove:2"};
    struct spine_config config;
    spine_config_init(&config);
    strcpy(config.input, path.text);
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        struct spine_nodedata nodedata;
        struct spine_dataset view, read;
        write_plain();
        config.limit = (int64_t)limits[l];
        strcpy(config.whiten, whitened[l]);
        config.clip = l > 0 ? 1.1 : 0;
        const struct spine_scaling_options options = spine_settings_scaling(&config);
        TRY(spine_nodedata_init(&nodedata, &world, &config, &err));
        const struct spine_sharing sharing = share(BATCH);
        TRY(spine_dataset_view(&view, &world, &nodedata.whole, &sharing, &err));
        TRY(init(&read, limits[l]));
        TRY(spine_scalingfit(&read, &world, &options, &err));
        assert_int_equal(view.part.first_row, read.part.first_row);
        assert_int_equal(view.words.count, num_local(&read));
        assert_true(view.checksum == read.checksum);
        assert_true(view.variance == read.variance && view.scaling.scale == read.scaling.scale);
        assert_true(view.quantum == read.quantum && view.squares == read.squares);
        for (size_t i = 0; i < num_local(&read); i++) {
            assert_string_equal(spine_words_get(&view.words, i), spine_words_get(&read.words, i));
            assert_memory_equal(view.rows + i * view.stride, read.rows + i * read.stride,
                                read.stride * sizeof(float));
        }
        spine_dataset_dispose(&read);
        spine_dataset_dispose(&view);
        spine_nodedata_dispose(&nodedata);
    }
    struct spine_nodedata nodedata;
    struct spine_dataset view;
    config.limit = 0;
    TRY(spine_nodedata_init(&nodedata, &world, &config, &err));
    const struct spine_sharing sharing = share(ROWS + 1);
    EXPECT_REFUSED(spine_dataset_view(&view, &world, &nodedata.whole, &sharing, &err),
                   "train.batch_size: a batch of 48 rows is more than the input's 47; set it to 47 "
                   "or less");
    spine_nodedata_dispose(&nodedata);
    config.limit = ROWS + 1;
    EXPECT_REFUSED(spine_nodedata_init(&nodedata, &world, &config, &err),
                   "data.limit: is 48, but %s has 47 rows", path.text);
}

static void test_nodes_with_different_files_fail(void **state)
{
    (void)state;
    struct spine_nodedata nodedata;
    struct spine_config config;
    const struct path first = path;
    char host[64] = "", expected[sizeof err.text];

    write_plain();
    path = join_path(&directory, "other.h5");
    write_vectors(ROWS, ROWS, 13, 0.5, "spine-vectors");
    spine_config_init(&config);
    strcpy(config.input, world.rank < 2 ? first.text : path.text);
    setenv("SPINE_RANKS_PER_NODE", "2", 1);
    const int rc = spine_nodedata_init(&nodedata, &world, &config, &err);
    unsetenv("SPINE_RANKS_PER_NODE");

    assert_int_equal(rc, -(world.size > 2));
    if (rc != 0) {
        gethostname(host, sizeof host - 1);
        snprintf(expected, sizeof expected, ": %s is another file on %s than on rank 0's node",
                 path.text, host);
        assert_non_null(strstr(err.text, expected));
    } else {
        spine_nodedata_dispose(&nodedata);
    }
    path = first;
}

/* --- What is refused -------------------------------------------------------------------------- */

static void test_an_input_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct spine_dataset data;
    write_plain();
    EXPECT_REFUSED(init(&data, ROWS + 1), "data.limit: is 48, but %s has 47 rows", path.text);
    EXPECT_REFUSED(init(&data, BATCH - 1),
                   "train.batch_size: a batch of 8 rows is more than the input's 7; set it to 7 or "
                   "less");
    write_vectors(ROWS, ROWS - 1, NOWHERE, 0, "spine-vectors");
    EXPECT_REFUSED(init(&data, 0), "%s: has 46 words for 47 vectors", path.text);
    write_vectors(0, 0, NOWHERE, 0, "spine-vectors");
    EXPECT_REFUSED(init(&data, 0), "%s: has no vectors", path.text);
    write_vectors(ROWS, ROWS, NOWHERE, 0, "spine-codes");
    EXPECT_REFUSED(init(&data, 0), "%s: holds 'spine-codes', expected 'spine-vectors'", path.text);
    assert_null(data.rows);
}

/* The rank that has a row. */
static int owner(size_t row)
{
    for (int rank = 0;; rank++) {
        struct spine_partition part;
        struct spine_sharing sharing = share(BATCH);
        sharing.column = rank;
        TRY(spine_partition_init(&part, ROWS, &sharing, &err));
        const int is_there_row = row < part.end_row;
        spine_partition_dispose(&part);
        if (is_there_row)
            return rank;
    }
}

static void test_a_number_that_is_not_finite_is_refused_with_its_row(void **state)
{
    (void)state;
    static const size_t rows[] = {0, 13, 30, ROWS - 1};
    static const char *const values[] = {"nan", "inf", "-inf"};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct spine_dataset data;
        const int rank = owner(rows[r]);
        write_vectors(ROWS, ROWS, rows[r], strtod(values[r % 3], NULL), "spine-vectors");
        EXPECT_REFUSED(init(&data, 0),
                       "%s: row %zu ('word %zu'), read by rank %d, has a number that is not finite",
                       path.text, rows[r] + 1, rows[r], rank);
        assert_null(data.rows);
        if (rows[r] >= 20) { /* what isn't read doesn't matter */
            TRY(init(&data, 20));
            spine_dataset_dispose(&data);
        }
    }
}

static int setup(void **state)
{
    make_shared_directory(state);
    path = join_path(&directory, "vectors.h5");
    return 0;
}

int run_dataset(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rank_reads_its_rows_and_words),
        cmocka_unit_test(test_the_extent_is_that_of_the_file_or_the_limit),
        cmocka_unit_test(test_scaling_is_the_same_on_any_number_of_ranks),
        cmocka_unit_test(test_rows_that_are_all_the_same_are_refused),
        cmocka_unit_test(test_rows_that_are_too_small_to_scale_are_refused),
        cmocka_unit_test(test_every_row_is_supplied_once_an_epoch),
        cmocka_unit_test(test_a_slice_has_the_rows_in_order),
        cmocka_unit_test(test_shared_rows_have_the_same_bits_on_any_number_of_ranks),
        cmocka_unit_test(test_rows_of_the_file_are_those_in_memory),
        cmocka_unit_test(test_a_view_of_the_node_data_is_what_reading_gives),
        cmocka_unit_test(test_nodes_with_different_files_fail),
        cmocka_unit_test(test_an_input_that_does_not_fit_is_refused),
        cmocka_unit_test(test_a_number_that_is_not_finite_is_refused_with_its_row),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, setup, remove_shared_directory);
}
