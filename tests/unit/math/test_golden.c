/* test_golden.c -- ten steps of training agree with the reference program, dense and sparse, on one
 * rank and on several (simulated: their sums are made here). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/base/random.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/math/partition.h"
#include "support/expect.h"
#include "support/golden.h"
#include "support/steps.h"

enum { MOST_RANKS = 3 };

/* Whose initial weights and first noise: those of the file, or our own. */
enum numbers { GIVEN, OWN };

struct rank {
    struct spine_partition part;
    struct step_parts parts; /* of the step under way */
    struct step_result result;
    size_t *rows, *slots; /* owned */
    float *clean, *noisy; /* owned */
    size_t count;
};

struct run {
    FILE *file;
    enum numbers numbers;
    enum spine_mode mode;
    size_t num_rows, dim, hidden, batch_size, num_steps, stride;
    uint64_t seed;
    double noise, rate;
    struct spine_loss_weights weights;
    struct spine_activation activation;
    struct spine_prefixes prefixes;
    bool is_tied, is_unit_norm;
    struct record input;
    struct spine_params params, gradient; /* the gradient summed over ranks */
    struct spine_optimizer optimizer;
    int size;
    struct rank ranks[MOST_RANKS];
};

/* Compare to a tolerance relative to the largest expected value. */
static void check_values(const char *name, size_t rows, size_t columns, size_t stride,
                         const float *found, const struct record *expected, double tolerance)
{
    double most = 0;
    assert_int_equal(expected->count, rows * columns);
    for (size_t i = 0; i < expected->count; i++)
        most = fmax(most, fabs(expected->values[i]));
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < columns; k++) {
            const double value = expected->values[i * columns + k];
            if (!(fabs((double)found[i * stride + k] - value) <= tolerance * most))
                fail_msg("%s (%zu, %zu): %.9g, expected %.9g", name, i, k,
                         (double)found[i * stride + k], value);
        }
}

/* The next four records, of parameters or of a gradient, whose names begin with 'prefix'. */
static void check_params(struct run *run, const char *prefix, const struct spine_params *params,
                         double tolerance)
{
    const struct {
        const char *name;
        size_t rows, columns, stride;
        const float *values;
    } tensors[] = {
        {"W1", run->hidden, run->dim, run->stride, params->W1},
        {"b1", 1, run->hidden, run->hidden, params->b1},
        {"W2", run->hidden, run->dim, run->stride, params->W2},
        {"b2", 1, run->dim, run->stride, params->b2},
    };
    for (size_t t = 0; t < sizeof tensors / sizeof *tensors; t++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", prefix, tensors[t].name);
        const struct record record = read_record(run->file, name);
        check_values(name, tensors[t].rows, tensors[t].columns, tensors[t].stride,
                     tensors[t].values, &record, tolerance);
        free(record.values);
    }
}

static void read_matrix(FILE *file, const char *name, size_t rows, size_t columns, size_t stride,
                        float *matrix)
{
    const struct record record = read_record(file, name);
    assert_int_equal(record.count, rows * columns);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < columns; k++)
            matrix[i * stride + k] = (float)record.values[i * columns + k];
    free(record.values);
}

static void init_rank(struct run *run, int number)
{
    struct rank *rank = &run->ranks[number];
    const struct spine_sharing sharing = {.seed = run->seed,
                                          .batch_size = run->batch_size,
                                          .groups = run->size,
                                          .columns = 1,
                                          .group = number};
    TRY(spine_partition_init(&rank->part, run->num_rows, &sharing, &err));
    const size_t most = spine_partition_most_rows(&rank->part);
    rank->rows = calloc(most, sizeof *rank->rows);
    rank->slots = calloc(most, sizeof *rank->slots);
    rank->clean = spine_kernel_alloc(most * run->stride, "a test", &err);
    rank->noisy = spine_kernel_alloc(most * run->stride, "a test", &err);
}

/* Of rows of W2, if they are to have length 1. */
static void set_lengths(struct run *run)
{
    for (size_t j = 0; run->is_unit_norm && j < run->hidden; j++)
        spine_params_set_length(run->stride, run->params.W2 + j * run->stride);
}

static void read_prefixes(struct run *run)
{
    const struct record record = read_record(run->file, "prefixes");
    run->prefixes.count = record.count;
    for (size_t i = 0; i < record.count; i++)
        run->prefixes.width[i] = (size_t)record.values[i];
    free(record.values);
}

static void init(struct run *run, const char *name, enum numbers numbers, enum spine_mode mode,
                 int size)
{
    *run = (struct run){.file = open_golden(name), .numbers = numbers, .mode = mode, .size = size};
    run->num_rows = (size_t)read_number(run->file, "num_rows");
    run->dim = (size_t)read_number(run->file, "dim");
    run->hidden = (size_t)read_number(run->file, "hidden");
    run->batch_size = (size_t)read_number(run->file, "batch_size");
    run->seed = (uint64_t)read_number(run->file, "seed");
    run->weights.sparsity = read_number(run->file, "sparsity");
    run->weights.asl = read_number(run->file, "asl_weight");
    run->weights.psl = read_number(run->file, "psl_weight");
    run->weights.l1 = read_number(run->file, "l1_weight");
    run->activation.k = (size_t)read_number(run->file, "k");
    run->activation.selection = run->activation.k > 0 ? SPINE_OF_ROW : SPINE_ABOVE;
    const size_t k_mean = (size_t)read_number(run->file, "k_mean");
    if (k_mean > 0)
        run->activation = (struct spine_activation){.selection = SPINE_OF_BATCH, .k = k_mean};
    run->is_tied = read_number(run->file, "tied") > 0;
    run->is_unit_norm = read_number(run->file, "unit_norm") > 0;
    read_prefixes(run);
    run->activation.is_uncapped = read_number(run->file, "cap") == 0;
    run->noise = read_number(run->file, "noise");
    run->rate = read_number(run->file, "learning_rate");
    run->num_steps = (size_t)read_number(run->file, "num_steps");
    run->stride = spine_kernel_stride(run->dim);
    run->input = read_record(run->file, "input");
    TRY(spine_params_init(&run->params, run->dim, run->hidden, &err));
    TRY(spine_params_init(&run->gradient, run->dim, run->hidden, &err));
    TRY(spine_optimizer_init(&run->optimizer, SPINE_SGD, 0, 0, run->params.len, &err));
    if (numbers == OWN) {
        spine_params_randomize(&run->params, run->seed, 0, run->hidden);
        set_lengths(run);
        if (run->is_tied)
            memcpy(run->params.W2, run->params.W1, run->hidden * run->stride * sizeof(float));
        check_params(run, "initial_", &run->params, 1e-6);
    } else {
        read_matrix(run->file, "initial_W1", run->hidden, run->dim, run->stride, run->params.W1);
        read_matrix(run->file, "initial_b1", 1, run->hidden, 1, run->params.b1);
        read_matrix(run->file, "initial_W2", run->hidden, run->dim, run->stride, run->params.W2);
        read_matrix(run->file, "initial_b2", 1, run->dim, 1, run->params.b2);
    }
    for (int rank = 0; rank < size; rank++)
        init_rank(run, rank);
}

static void dispose(struct run *run)
{
    for (int i = 0; i < run->size; i++) {
        struct rank *rank = &run->ranks[i];
        spine_partition_dispose(&rank->part);
        free(rank->rows);
        free(rank->slots);
        free(rank->clean);
        free(rank->noisy);
    }
    spine_params_dispose(&run->params);
    spine_params_dispose(&run->gradient);
    spine_optimizer_dispose(&run->optimizer);
    free(run->input.values);
    fclose(run->file);
}

/* The ranks' parts of a batch, whose rows together must be those of the next record. The noise is
 * ours, or 'noise' where it is given. */
static size_t take_batch(struct run *run, uint32_t epoch, size_t step, const struct record *noise)
{
    const struct record expected = read_record(run->file, "rows");
    size_t at = 0;
    for (int i = 0; i < run->size; i++) {
        struct rank *rank = &run->ranks[i];
        spine_partition_shuffle(&rank->part, epoch);
        rank->count = spine_partition_batch(&rank->part, step, rank->rows, rank->slots);
        for (size_t r = 0; r < rank->count; r++, at++) {
            float *clean = rank->clean + r * run->stride, *noisy = rank->noisy + r * run->stride;
            assert_true(at < expected.count);
            assert_int_equal(rank->slots[r], r);
            assert_true((double)rank->rows[r] == expected.values[at]);
            for (size_t k = 0; k < run->dim; k++)
                clean[k] = (float)run->input.values[rank->rows[r] * run->dim + k];
            spine_random_add_noise(run->seed, epoch, rank->rows[r], (float)run->noise, run->dim,
                                   clean, noisy);
            for (size_t k = 0; noise != NULL && k < run->dim; k++) {
                const float given =
                    (float)((double)clean[k] + run->noise * noise->values[at * run->dim + k]);
                assert_true(fabsf(given - noisy[k]) < 2e-6F);
                if (run->numbers == GIVEN)
                    noisy[k] = given;
            }
        }
    }
    assert_int_equal(at, expected.count);
    assert_int_equal(at, spine_partition_batch_rows(&run->ranks[0].part, step));
    free(expected.values);
    return at;
}

/* A step on all ranks, each with two ranges of units, as in step.c; the two sums over ranks are
 * made here. */
static struct step_result step_on_ranks(struct run *run, size_t batch_rows)
{
    const struct cuts cuts = {
        .mode = run->mode, .tiles = 2, .activation = run->activation, .prefixes = run->prefixes};
    struct step_result total = {0};
    int64_t *h_sum = calloc(run->hidden, sizeof *h_sum);
    memset(run->gradient.data, 0, run->gradient.len * sizeof(float));
    for (int i = 0; i < run->size; i++) {
        struct rank *rank = &run->ranks[i];
        rank->parts = make_parts(&run->params, rank->count, &cuts);
        rank->result = (struct step_result){.h_sum = calloc(run->hidden, sizeof *h_sum)};
        TRY(spine_params_init(&rank->result.gradient, run->dim, run->hidden, &err));
        go_forward(&rank->parts, &run->params, batch_rows, rank->clean, rank->noisy, &cuts,
                   &rank->result);
        for (size_t j = 0; j < run->hidden; j++)
            h_sum[j] += rank->result.h_sum[j];
    }
    for (int i = 0; i < run->size; i++) {
        struct rank *rank = &run->ranks[i];
        go_backward(&rank->parts, &run->params, batch_rows, rank->noisy, &run->weights, h_sum,
                    &cuts, &rank->result);
        for (size_t p = 0; p < run->gradient.len; p++)
            run->gradient.data[p] += rank->result.gradient.data[p];
        total.squares += rank->result.squares;
        total.nested += rank->result.nested;
        total.partial += rank->result.partial;
        total.asl = rank->result.asl;
        total.l1 = rank->result.l1;
        dispose_parts(&rank->parts);
        dispose_result(&rank->result);
    }
    free(h_sum);
    for (size_t i = 0; run->is_tied && i < run->hidden * run->stride; i++) {
        run->gradient.W1[i] += run->gradient.W2[i];
        run->gradient.W2[i] = run->gradient.W1[i];
    }
    return total;
}

static void check_losses(struct run *run, const struct step_result *loss, size_t batch_rows)
{
    static const char *const names[] = {"RL", "ASL", "PSL", "L1", "total"};
    const struct record expected = read_record(run->file, "losses");
    const struct spine_loss_weights *weights = &run->weights;
    double found[] = {loss->squares / (double)(batch_rows * run->dim), loss->asl,
                      loss->partial / (double)(batch_rows * run->hidden),
                      loss->l1 / (double)(batch_rows * run->dim), 0};
    found[4] = found[0] + weights->asl * found[1] + weights->psl * found[2] +
               weights->l1 * found[3] + loss->nested / (double)(batch_rows * run->dim);
    assert_int_equal(expected.count, 5);
    for (size_t i = 0; i < 5; i++)
        if (!(fabs(found[i] - expected.values[i]) <= 1e-5 * expected.values[i]))
            fail_msg("%s: %.9g, expected %.9g", names[i], found[i], expected.values[i]);
    free(expected.values);
}

static void check_file(const char *name, enum numbers numbers, enum spine_mode mode, int size)
{
    struct run run;
    init(&run, name, numbers, mode, size);
    for (size_t i = 0; i < run.num_steps; i++) {
        struct record noise = {.values = NULL};
        if (i == 0)
            noise = read_record(run.file, "first_noise");
        const uint32_t epoch = (uint32_t)read_number(run.file, "epoch");
        const size_t step = (size_t)read_number(run.file, "step");
        const size_t rows = take_batch(&run, epoch, step, i == 0 ? &noise : NULL);
        const struct step_result loss = step_on_ranks(&run, rows);
        check_losses(&run, &loss, rows);
        check_params(&run, "d", &run.gradient, 1e-4);
        for (size_t j = 0; run.is_unit_norm && j < run.hidden; j++)
            spine_params_remove_parallel(run.stride, run.params.W2 + j * run.stride,
                                         run.gradient.W2 + j * run.stride);
        spine_optimizer_begin(&run.optimizer, run.rate);
        spine_optimizer_update(&run.optimizer, 0, run.params.len, run.params.data,
                               run.gradient.data);
        set_lengths(&run);
        free(noise.values);
    }
    check_params(&run, "final_", &run.params, 1e-5);
    free(read_record(run.file, "end").values);
    dispose(&run);
}

static void check_all(enum numbers numbers, enum spine_mode mode)
{
    for (int size = 1; size <= MOST_RANKS; size++) {
        check_file("plain.txt", numbers, mode, size);
        check_file("saturated.txt", numbers, mode, size);
        check_file("relu.txt", numbers, mode, size);
        if (mode == SPINE_SPARSE) {
            check_file("topk.txt", numbers, mode, size);
            check_file("ksparse.txt", numbers, mode, size);
            check_file("matryoshka.txt", numbers, mode, size);
        }
        if (mode == SPINE_SPARSE && size == 1) /* the ranks here don't select together */
            check_file("batchtopk.txt", numbers, mode, size);
    }
}

static void test_dense_steps_from_given_numbers_are_the_references(void **state)
{
    (void)state;
    check_all(GIVEN, SPINE_DENSE);
}

static void test_dense_steps_from_our_own_numbers_are_the_references(void **state)
{
    (void)state;
    check_all(OWN, SPINE_DENSE);
}

static void test_sparse_steps_from_given_numbers_are_the_references(void **state)
{
    (void)state;
    check_all(GIVEN, SPINE_SPARSE);
}

static void test_sparse_steps_from_our_own_numbers_are_the_references(void **state)
{
    (void)state;
    check_all(OWN, SPINE_SPARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense_steps_from_given_numbers_are_the_references),
        cmocka_unit_test(test_dense_steps_from_our_own_numbers_are_the_references),
        cmocka_unit_test(test_sparse_steps_from_given_numbers_are_the_references),
        cmocka_unit_test(test_sparse_steps_from_our_own_numbers_are_the_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
