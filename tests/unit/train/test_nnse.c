/* test_nnse.c -- codes over a dictionary, and its atoms, are those of the reference program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "spine/math/exact.h"
#include "spine/train/lambda.h"
#include "spine/train/nnse.h"
#include "support/expect.h"
#include "support/golden.h"
#include "support/ranks.h"

struct trace {
    FILE *file;
    size_t num_rows, dim, hidden, num_epochs;
    struct spine_nnse_settings settings;
    struct spine_dataset data;
    struct spine_params params; /* the initial atoms */
    struct spine_coder coder;
    struct spine_nnse nnse;
};

/* Rows of this rank, zeros. */
static void init_data(struct spine_dataset *data, size_t num_rows, size_t dim)
{
    const struct spine_sharing sharing = {
        .batch_size = 1, .groups = 1, .columns = world.size, .column = world.rank};

    *data = (struct spine_dataset){
        .dim = dim, .stride = spine_kernel_stride(dim), .quantum = spine_exact_quantum(1, 40)};
    TRY(spine_partition_init(&data->part, num_rows, &sharing, &err));
    const size_t local = data->part.end_row - data->part.first_row;
    data->rows = spine_kernel_alloc((local + 1) * data->stride, "a test", &err);
}

/* This rank's rows of the input. */
static void make_data(struct trace *trace)
{
    struct spine_dataset *data = &trace->data;
    const struct record input = read_record(trace->file, "input");
    init_data(data, trace->num_rows, trace->dim);
    const size_t first = data->part.first_row, local = data->part.end_row - first;
    for (size_t i = 0; i < input.count; i++)
        data->squares += input.values[i] * input.values[i];
    for (size_t i = 0; i < local; i++)
        for (size_t k = 0; k < trace->dim; k++)
            data->rows[i * data->stride + k] = (float)input.values[(first + i) * trace->dim + k];
    free(input.values);
}

static void begin(struct trace *trace)
{
    *trace = (struct trace){.file = open_golden("nnse.txt")};
    trace->num_rows = (size_t)read_number(trace->file, "num_rows");
    trace->dim = (size_t)read_number(trace->file, "dim");
    trace->hidden = (size_t)read_number(trace->file, "hidden");
    trace->settings.seed = (uint64_t)read_number(trace->file, "seed");
    trace->settings.wanted = read_number(trace->file, "l0");
    trace->settings.ridge = read_number(trace->file, "ridge");
    trace->num_epochs = (size_t)read_number(trace->file, "num_epochs");
    make_data(trace);

    TRY(spine_params_init(&trace->params, trace->dim, trace->hidden, &err));
    const struct record atoms = read_record(trace->file, "initial_atoms");
    const double lambda = read_number(trace->file, "initial_lambda");
    for (size_t j = 0; j < trace->hidden; j++) {
        trace->params.b1[j] = -(float)lambda;
        for (size_t k = 0; k < trace->dim; k++)
            trace->params.W1[j * trace->params.stride + k] =
                (float)atoms.values[j * trace->dim + k];
    }
    free(atoms.values);
    TRY(spine_coder_init(&trace->coder, trace->dim, trace->hidden, &err));
    trace->coder.block.activation.is_uncapped = true;
    TRY(spine_nnse_init(&trace->nnse, &trace->settings, &trace->params, &trace->data, &world,
                        &trace->coder, &err));
}

static void end(struct trace *trace)
{
    spine_nnse_dispose(&trace->nnse);
    spine_coder_dispose(&trace->coder);
    spine_params_dispose(&trace->params);
    spine_dataset_dispose(&trace->data);
    fclose(trace->file);
}

static void expect_near(const char *name, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: %.9g, expected %.9g", name, found, expected);
}

static void test_epochs_are_those_of_the_reference(void **state)
{
    (void)state;
    struct trace trace;

    begin(&trace);
    for (size_t epoch = 0; epoch < trace.num_epochs; epoch++) {
        struct spine_nnse_sums sums;
        if (world.rank > 0) /* as other processors may round: rank 0's lambda counts */
            trace.nnse.atoms.b1[0] *= 1.01F;
        spine_nnse_begin_epoch(&trace.nnse);
        spine_nnse_add_rows(&trace.nnse, 0, spine_partition_rows(&trace.nnse.data->part));
        TRY(spine_nnse_improve(&trace.nnse, (int64_t)epoch, &sums, &err));
        TRY(spine_nnse_adjust(&trace.nnse, &sums, &err));

        const double squares = read_number(trace.file, "squares");
        expect_near("squares", sums.squares, squares, 1e-4 * squares);
        expect_near("values", sums.values, read_number(trace.file, "values"), 0);
        const struct record atoms = read_record(trace.file, "atoms");
        for (size_t i = 0; i < atoms.count; i++)
            expect_near(
                "atoms",
                (double)trace.nnse.atoms.W2[i / trace.dim * trace.params.stride + i % trace.dim],
                atoms.values[i], 1e-4);
        free(atoms.values);
        expect_near("lambda", -(double)trace.nnse.atoms.b1[0], read_number(trace.file, "lambda"),
                    1e-6);
    }
    free(read_record(trace.file, "end").values);
    end(&trace);
}

/* One row is so long that its square is as that of 10^10 others. */
static void test_a_long_row_leaves_the_sums_of_others(void **state)
{
    (void)state;
    enum { ROWS = 4096, UNITS = 2, DIM = 2 };
    const double lambda = 0.25, length = 0.75;
    const struct spine_nnse_settings settings = {.wanted = 1};
    struct spine_dataset data;
    struct spine_params params;
    struct spine_coder coder;
    struct spine_nnse nnse;
    struct spine_nnse_sums sums;

    init_data(&data, ROWS, DIM);
    for (size_t row = data.part.first_row; row < data.part.end_row; row++)
        data.rows[(row - data.part.first_row) * data.stride + (row > 0)] =
            row > 0 ? (float)length : 1e5F;
    data.squares = 1e10 + (ROWS - 1) * length * length;
    TRY(spine_params_init(&params, DIM, UNITS, &err));
    for (size_t j = 0; j < UNITS; j++) {
        params.W1[j * params.stride + j] = 1;
        params.b1[j] = -(float)lambda;
    }
    TRY(spine_coder_init(&coder, DIM, UNITS, &err));
    coder.block.activation.is_uncapped = true;
    TRY(spine_nnse_init(&nnse, &settings, &params, &data, &world, &coder, &err));

    for (int i = 0; i < 2; i++) { /* an epoch that was begun before is forgotten */
        spine_nnse_begin_epoch(&nnse);
        spine_nnse_add_rows(&nnse, 0, spine_partition_rows(&data.part));
    }
    TRY(spine_nnse_improve(&nnse, 0, &sums, &err));
    const double value = length - lambda;
    expect_near("A'A", nnse.gram[3] / (ROWS - 1), value * value, 0.01);
    expect_near("A'X", nnse.cross[3] / (ROWS - 1), value * length, 0.01);
    expect_near("the atom", (double)nnse.atoms.W2[params.stride + 1], 1, 0);

    spine_nnse_dispose(&nnse);
    spine_coder_dispose(&coder);
    spine_params_dispose(&params);
    spine_dataset_dispose(&data);
}

/* Fail at the second call. */
static int stop_soon(void *work, struct spine_error *error)
{
    int *calls = work;

    return ++*calls < 2 ? 0 : spine_fail(error, "stopped");
}

/* Rows of the sample, every 8th of 2,000, have two values, the others one: lambda is the one that
 * gives all rows the wanted number, whatever the sample has. */
static void test_lambda_is_that_of_all_rows(void **state)
{
    (void)state;
    enum { ROWS = 2000, EVERY = 8, DIM = 2 };
    const struct spine_nnse_settings settings = {.wanted = 0.6};
    struct spine_dataset data;
    struct spine_params params;
    struct spine_coder coder;
    struct spine_nnse nnse;
    int64_t counts[2] = {0}; /* values of all rows, and of the sample */
    double lambda = 0.4;

    init_data(&data, ROWS, DIM);
    const size_t first = data.part.first_row, local = data.part.end_row - first;
    for (size_t i = 0; i < local; i++) {
        const size_t row = first + i;
        const float length = ((float)(row / EVERY) + 0.5F) / (ROWS / EVERY);
        data.rows[i * data.stride] = length;
        data.rows[i * data.stride + 1] = row % EVERY == 0 ? length : 0;
        data.squares += 1;
    }
    TRY(spine_params_init(&params, DIM, DIM, &err));
    for (size_t j = 0; j < DIM; j++) {
        params.W1[j * params.stride + j] = 1;
        params.b1[j] = -(float)lambda;
    }
    TRY(spine_coder_init(&coder, DIM, DIM, &err));
    coder.block.activation.is_uncapped = true;
    TRY(spine_nnse_init(&nnse, &settings, &params, &data, &world, &coder, &err));
    spine_nnse_begin_epoch(&nnse);

    for (struct spine_block_walk at = {0}; spine_block_next(&at, local);) {
        spine_coder_encode(&coder, &params, at.rows, data.rows + at.first * data.stride, true);
        counts[0] += coder.block.row_begin[at.rows];
        counts[1] += spine_lambda_sampled(&data.part, at.first, &coder.block);
    }
    spine_comm_sum_counts(&world, counts, 2);
    assert_int_equal(counts[0], 1350); /* 2,250 of them above 0.4 */
    assert_int_equal(counts[1], 300);
    double waited = 0;
    const struct spine_lambda search = {&world, &data, &coder, settings.wanted, &waited, {0}};
    TRY(spine_lambda_adjust(&search, (double)counts[0], (double)counts[1], &lambda, &err));
    expect_near("lambda", lambda, 1 - 0.6 * ROWS / 2250, 0.01);
    assert_true(waited > 0);

    int calls = 0; /* as many on ranks with fewer blocks */
    struct spine_lambda stopped = search;
    stopped.poll = (struct spine_lambda_poll){stop_soon, &calls};
    const double before = lambda;
    assert_int_equal(
        spine_lambda_adjust(&stopped, (double)counts[0], (double)counts[1], &lambda, &err), -1);
    assert_string_equal(err.text, "stopped");
    assert_int_equal(calls, 2);
    assert_true(lambda == before);
    assert_int_equal(nnse.solver.scratch.most, 0);

    spine_nnse_dispose(&nnse);
    spine_coder_dispose(&coder);
    spine_params_dispose(&params);
    spine_dataset_dispose(&data);
}

static void test_rounding_is_the_same_in_loops(void **state)
{
    (void)state;
    static const double quanta[] = {0, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 3, 0x1p50 + 0.5, 0x1p51 - 1};

    for (int exponent = -60; exponent <= 20; exponent += 40)
        for (size_t i = 0; i < sizeof quanta / sizeof *quanta; i++)
            for (int sign = -1; sign <= 1; sign += 2) {
                const double quantum = ldexp(1, exponent), value = sign * quanta[i] * quantum;
                expect_near("rounded", spine_exact_round_shifted(value, spine_exact_shift(quantum)),
                            spine_exact_round(value, quantum), 0);
            }
}

int run_nnse(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epochs_are_those_of_the_reference),
        cmocka_unit_test(test_a_long_row_leaves_the_sums_of_others),
        cmocka_unit_test(test_lambda_is_that_of_all_rows),
        cmocka_unit_test(test_rounding_is_the_same_in_loops),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
