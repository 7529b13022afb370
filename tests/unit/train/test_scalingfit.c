/* test_scalingfit.c -- rows are shortened, and coordinates and components whitened, by the same
 * bits on any number of ranks; run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/train/scalingfit.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { ROWS = 301, DIM = 6, BATCH = 8, LONG_ROW = 77, CONSTANT = 4 };

/* Coordinate 1 has a thousand times the spread of the others, one is constant, one row is long. */
static float entry(size_t row, size_t k)
{
    const double value = (double)((row * (29 + 2 * k) + k * k * 17) % 97) / 97 - 0.4;

    if (k == CONSTANT)
        return 0.1F;
    return (float)(value * (k == 1 ? 1000 : 1) * (row == LONG_ROW ? 2000 : 1));
}

/* The rows of a rank of so many. */
static void fill(struct spine_dataset *data, const struct spine_comm *comm)
{
    const struct spine_sharing sharing = {
        .seed = 1, .batch_size = BATCH, .groups = 1, .columns = comm->size, .column = comm->rank};
    *data = (struct spine_dataset){.dim = DIM, .stride = spine_kernel_stride(DIM)};
    TRY(spine_partition_init(&data->part, ROWS, &sharing, &err));
    const size_t local = data->part.end_row - data->part.first_row;
    TRY(spine_scaling_init(&data->scaling, DIM, SPINE_WHITEN_NO, 0, &err));
    data->rows = spine_kernel_alloc(local * data->stride, "a test", &err);
    for (size_t i = 0; i < local; i++)
        for (size_t k = 0; k < DIM; k++)
            data->rows[i * data->stride + k] = entry(data->part.first_row + i, k);
}

static const struct spine_scaling_options all_options[] = {
    {.clip = 3, .center = true, .rms = 0.4},
    {.clip = 3, .center = true, .rms = 0.4, .whiten = SPINE_WHITEN_COLUMN},
    {.center = false, .whiten = SPINE_WHITEN_COLUMN},
    {.clip = 1, .center = true, .rms = 0.4, .whiten = SPINE_WHITEN_REMOVE, .remove = 2},
};
enum { NUM_OPTIONS = sizeof all_options / sizeof *all_options };

static void test_all_bits_are_those_of_one_rank(void **state)
{
    (void)state;
    struct spine_comm self;
    spine_comm_split(&world, world.rank, &self);

    for (size_t o = 0; o < NUM_OPTIONS; o++) {
        struct spine_dataset data, whole;
        fill(&data, &world);
        fill(&whole, &self);
        TRY(spine_scalingfit(&data, &world, &all_options[o], &err));
        TRY(spine_scalingfit(&whole, &self, &all_options[o], &err));
        const size_t local = data.part.end_row - data.part.first_row;
        assert_memory_equal(data.rows, whole.rows + data.part.first_row * data.stride,
                            local * data.stride * sizeof *data.rows);
        assert_memory_equal(data.scaling.mean, whole.scaling.mean,
                            spine_scaling_len(&data.scaling) * sizeof(float));
        assert_true(data.variance == whole.variance && data.squares == whole.squares);

        /* A row alone comes out the same, as when it is encoded later. */
        float *row = spine_kernel_alloc(data.stride, "a test", &err);
        for (size_t k = 0; k < DIM; k++)
            row[k] = entry(LONG_ROW, k);
        spine_scaling_apply(&whole.scaling, 1, row);
        assert_memory_equal(row, whole.rows + LONG_ROW * whole.stride, whole.stride * sizeof *row);
        free(row);
        spine_dataset_dispose(&data);
        spine_dataset_dispose(&whole);
    }
    spine_comm_dispose(&self);
}

/* All rows, scaled. */
static void scale_whole(struct spine_dataset *whole, const struct spine_scaling_options *options)
{
    struct spine_comm self;

    spine_comm_split(&world, world.rank, &self);
    fill(whole, &self);
    TRY(spine_scalingfit(whole, &self, options, &err));
    spine_comm_dispose(&self);
}

static double spread_of(const struct spine_dataset *whole, size_t k)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < ROWS; i++)
        mean += (double)whole->rows[i * whole->stride + k] / ROWS;
    for (size_t i = 0; i < ROWS; i++)
        squares += pow((double)whole->rows[i * whole->stride + k] - mean, 2);
    return sqrt(squares / ROWS);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_long_rows_are_shortened_to_a_multiple_of_the_median(void **state)
{
    (void)state;
    struct spine_dataset whole;
    double lengths[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        float row[DIM];
        for (size_t k = 0; k < DIM; k++)
            row[k] = entry(i, k);
        lengths[i] = sqrt(spine_scaling_square(row, DIM));
    }
    qsort(lengths, ROWS, sizeof *lengths, compare);

    scale_whole(&whole, &(struct spine_scaling_options){.clip = 1.5});
    assert_true(fabs(whole.scaling.longest / lengths[ROWS / 2] - 1.5) < 1e-6);
    const float *row = whole.rows + LONG_ROW * whole.stride;
    assert_true(fabs(sqrt(spine_scaling_square(row, DIM)) / whole.scaling.longest - 1) < 1e-6);
    assert_true(fabs((double)row[1] / (double)row[0] -
                     (double)entry(LONG_ROW, 1) / (double)entry(LONG_ROW, 0)) < 1e-3);
    for (size_t k = 0; k < DIM; k++)
        assert_true(whole.rows[k] == entry(0, k)); /* a short row stays */
    spine_dataset_dispose(&whole);
}

static void test_columns_get_unit_variance_and_constant_ones_stay(void **state)
{
    (void)state;
    struct spine_dataset whole;
    scale_whole(&whole, &all_options[2]);
    for (size_t k = 0; k < DIM; k++)
        assert_true(fabs(spread_of(&whole, k) - (k == CONSTANT ? 0 : 1)) < 1e-5);
    assert_true(whole.scaling.factors[CONSTANT] == 1);
    assert_true(fabs(whole.variance / (ROWS * (DIM - 1)) - 1) < 1e-5);
    assert_true(fabs(spine_scaling_factor(&whole.scaling, 1) * 1000 /
                     spine_scaling_factor(&whole.scaling, 0)) < 3);
    spine_dataset_dispose(&whole);
}

/* The power of the rows along the first component by 20 rounds of power iteration. */
static void test_the_first_components_are_removed(void **state)
{
    (void)state;
    struct spine_dataset whole, plain;
    scale_whole(&plain, &(struct spine_scaling_options){.clip = 3, .center = true});
    scale_whole(&whole, &(struct spine_scaling_options){
                            .clip = 3, .center = true, .whiten = SPINE_WHITEN_REMOVE, .remove = 1});

    double axis[DIM] = {1, 1, 1, 1, 1, 1};
    for (int round = 0; round < 20; round++) {
        double next[DIM] = {0}, square = 0;
        for (size_t i = 0; i < ROWS; i++) {
            double product = 0;
            for (size_t k = 0; k < DIM; k++)
                product += axis[k] * (double)plain.rows[i * plain.stride + k];
            for (size_t k = 0; k < DIM; k++)
                next[k] += product * (double)plain.rows[i * plain.stride + k];
        }
        for (size_t k = 0; k < DIM; k++)
            square += next[k] * next[k];
        for (size_t k = 0; k < DIM; k++)
            axis[k] = next[k] / sqrt(square);
    }

    double cosine = 0;
    for (size_t k = 0; k < DIM; k++)
        cosine += axis[k] * (double)whole.scaling.components[k];
    assert_true(fabs(cosine) > 1 - 1e-6);
    for (size_t i = 0; i < ROWS; i++) {
        const float *row = whole.rows + i * whole.stride, *before = plain.rows + i * plain.stride;
        double left = 0, part = 0;
        for (size_t k = 0; k < DIM; k++) {
            left += (double)row[k] * (double)whole.scaling.components[k];
            part += (double)before[k] * (double)whole.scaling.components[k];
        }
        assert_true(fabs(left) < 1e-3);
        assert_true(
            fabs((double)(before[0] - row[0]) - part * (double)whole.scaling.components[0]) < 1e-3);
    }
    assert_true(whole.variance < plain.variance / 1000);
    spine_dataset_dispose(&plain);
    spine_dataset_dispose(&whole);
}

/* As if they couldn't be read (rowstream.h); their reader reports it later. */
static void test_rows_of_nan_add_nothing_to_sums(void **state)
{
    (void)state;
    for (size_t o = 0; o < NUM_OPTIONS; o++) {
        struct spine_dataset data;
        fill(&data, &world);
        for (size_t i = 1; world.rank == 0 && i < 4; i++)
            for (size_t k = 0; k < DIM; k++)
                data.rows[i * data.stride + k] = NAN;
        TRY(spine_scalingfit(&data, &world, &all_options[o], &err));
        assert_true(isfinite(data.variance) && data.variance > 0);
        for (size_t k = 0; k < DIM; k++)
            assert_true(isfinite(data.scaling.mean[k]));
        spine_dataset_dispose(&data);
    }
}

static void test_what_leaves_nothing_is_refused(void **state)
{
    (void)state;
    struct spine_dataset data;
    const struct spine_scaling_options everything = {.whiten = SPINE_WHITEN_REMOVE, .remove = DIM};
    fill(&data, &world);
    EXPECT_REFUSED(spine_scalingfit(&data, &world, &everything, &err),
                   "data.whiten: remove:6 of rows of 6 numbers leaves nothing");
    const size_t local = data.part.end_row - data.part.first_row;
    for (size_t i = 0; i < local; i++)
        if (data.part.first_row + i < ROWS - 100)
            memset(data.rows + i * data.stride, 0, DIM * sizeof *data.rows);
    EXPECT_REFUSED(spine_scalingfit(&data, &world, &all_options[0], &err),
                   "data.clip: half of the rows are zeros, so the median of their lengths can't be "
                   "used; leave it out");
    spine_dataset_dispose(&data);
}

int run_scalingfit(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_bits_are_those_of_one_rank),
        cmocka_unit_test(test_long_rows_are_shortened_to_a_multiple_of_the_median),
        cmocka_unit_test(test_columns_get_unit_variance_and_constant_ones_stay),
        cmocka_unit_test(test_the_first_components_are_removed),
        cmocka_unit_test(test_rows_of_nan_add_nothing_to_sums),
        cmocka_unit_test(test_what_leaves_nothing_is_refused),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
