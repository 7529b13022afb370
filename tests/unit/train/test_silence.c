/* test_silence.c -- silent units are trained as the reference program does, and leave all others
 * alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/math/exact.h"
#include "spine/train/silence.h"
#include "spine/train/step.h"
#include "support/expect.h"
#include "support/golden.h"
#include "support/ranks.h"

/* A golden trace under way, on a grid. */
struct trace {
    FILE *file;
    size_t num_rows, dim, hidden, num_steps;
    size_t batch_size;
    struct spine_step_settings settings;
    struct record input;
    struct spine_grid grid;
    struct spine_dataset data;
    struct spine_stepper stepper;
    struct spine_position position;
    struct spine_params before; /* the parameters of the step before */
    struct spine_timeline timeline;
};

static size_t read_size(FILE *file, const char *name)
{
    return (size_t)read_number(file, name);
}

static void pass_over(FILE *file, const char *name)
{
    free(read_record(file, name).values);
}

static void read_settings(struct trace *trace)
{
    static const char *const unused[] = {"sparsity", "asl_weight", "psl_weight", "l1_weight"};
    FILE *file = trace->file;
    struct spine_step_settings *settings = &trace->settings;

    trace->num_rows = read_size(file, "num_rows");
    trace->dim = settings->dim = read_size(file, "dim");
    trace->hidden = settings->hidden = read_size(file, "hidden");
    trace->batch_size = read_size(file, "batch_size");
    settings->seed = (uint64_t)read_number(file, "seed");
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
        pass_over(file, unused[i]);
    settings->activation.selection = SPINE_OF_ROW;
    settings->activation.k = read_size(file, "k");
    pass_over(file, "k_mean");
    pass_over(file, "tied");
    pass_over(file, "unit_norm");
    pass_over(file, "prefixes");
    assert_true(read_number(file, "cap") == 1);
    settings->noise = read_number(file, "noise");
    settings->schedule.rate = read_number(file, "learning_rate");
    trace->num_steps = settings->schedule.num_steps = read_size(file, "num_steps");
    settings->silence.k = read_size(file, "aux_k");
    settings->silence.weight = read_number(file, "aux_weight");
    settings->silence.rows = (int64_t)read_number(file, "silent_rows");
    settings->kernel = SPINE_KERNEL_SPARSE;
    settings->optimizer = SPINE_SGD;
    trace->input = read_record(file, "input");
}

/* This rank's rows of the trace's input. */
static void make_data(struct trace *trace)
{
    const struct spine_grid *grid = &trace->grid;
    struct spine_dataset *data = &trace->data;
    const struct spine_sharing sharing = {.seed = trace->settings.seed,
                                          .batch_size = trace->batch_size,
                                          .groups = grid->groups,
                                          .columns = grid->columns,
                                          .group = grid->group,
                                          .column = grid->column};

    *data = (struct spine_dataset){.dim = trace->dim, .stride = spine_kernel_stride(trace->dim)};
    TRY(spine_partition_init(&data->part, trace->num_rows, &sharing, &err));
    const size_t local = data->part.end_row - data->part.first_row;
    const size_t most = spine_partition_most_rows(&data->part);
    data->rows = spine_kernel_alloc(local * data->stride, "a test", &err);
    data->batch = calloc(most, sizeof *data->batch);
    data->slots = calloc(most, sizeof *data->slots);
    data->quantum = spine_exact_quantum(1, 30);
    for (size_t i = 0; i < local; i++)
        for (size_t k = 0; k < trace->dim; k++)
            data->rows[i * data->stride + k] =
                (float)trace->input.values[(data->part.first_row + i) * trace->dim + k];
}

static void begin(struct trace *trace, int groups, int columns)
{
    static const char *const tensors[] = {"initial_W1", "initial_b1", "initial_W2", "initial_b2"};
    const struct spine_grid_wish wish = {.groups = groups, .columns = columns};

    *trace = (struct trace){.file = open_golden("auxk.txt")};
    read_settings(trace);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        pass_over(trace->file, tensors[i]); /* the stepper draws the same (test_golden.c) */
    TRY(spine_grid_init(&trace->grid, &world, &wish, &err));
    if (trace->grid.is_idle)
        return;
    make_data(trace);
    TRY(spine_stepper_init(&trace->stepper, &trace->grid, &trace->settings, &trace->data, &err));
    TRY(spine_params_init(&trace->before, trace->dim, trace->hidden, &err));
    TRY(spine_timeline_init(&trace->timeline, spine_stepper_most_events() + 1, &err));
    trace->stepper.recording = &trace->timeline;
}

static void end(struct trace *trace)
{
    spine_timeline_dispose(&trace->timeline);
    spine_params_dispose(&trace->before);
    spine_stepper_dispose(&trace->stepper);
    spine_dataset_dispose(&trace->data);
    spine_grid_dispose(&trace->grid);
    free(trace->input.values);
    fclose(trace->file);
}

/* Compare the next record with (before - after) / rate, or with 'after' if the rate is 0. */
static void check_tensor(struct trace *trace, const char *name, const float *after, size_t rows,
                         size_t columns, double tolerance)
{
    const size_t stride = columns == trace->dim ? trace->stepper.params.stride : columns;
    const float *before = trace->before.data + (after - trace->stepper.params.data);
    const struct record expected = read_record(trace->file, name);
    const double rate = name[0] == 'd' ? trace->settings.schedule.rate : 0;
    double most = 0;

    assert_int_equal(expected.count, rows * columns);
    for (size_t i = 0; i < expected.count; i++)
        most = fmax(most, fabs(expected.values[i]));
    for (size_t i = 0; i < expected.count; i++) {
        const size_t at = i / columns * stride + i % columns;
        const double found =
            rate > 0 ? ((double)before[at] - (double)after[at]) / rate : (double)after[at];
        if (!(fabs(found - expected.values[i]) <= tolerance * most))
            fail_msg("%s, number %zu: %.9g, expected %.9g", name, i, found, expected.values[i]);
    }
    free(expected.values);
}

static void check_params(struct trace *trace, const char *prefix, double tolerance)
{
    const struct spine_params *params = &trace->stepper.params;
    const struct {
        const char *name;
        const float *values;
        size_t rows, columns;
    } tensors[] = {{"W1", params->W1, trace->hidden, trace->dim},
                   {"b1", params->b1, 1, trace->hidden},
                   {"W2", params->W2, trace->hidden, trace->dim},
                   {"b2", params->b2, 1, trace->dim}};

    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", prefix, tensors[i].name);
        check_tensor(trace, name, tensors[i].values, tensors[i].rows, tensors[i].columns,
                     tolerance);
    }
}

/* RL, and all with AUX times its weight; and who is silent. */
static void check_losses(struct trace *trace, size_t rows, const struct spine_step_sums *before)
{
    const struct spine_step_memory *own = &trace->stepper.memory;
    const struct record losses = read_record(trace->file, "losses");
    const struct record silent = read_record(trace->file, "silent");
    double found[] = {trace->position.sums.squares - before->squares,
                      trace->position.sums.silent - before->silent};

    spine_comm_sum_doubles(&trace->grid.ranks, found, 2);
    found[0] /= (double)(rows * trace->dim);
    found[1] = found[0] + trace->settings.silence.weight * found[1] / (double)rows;
    assert_true(fabs(found[0] - losses.values[0]) <= 1e-5 * losses.values[0]);
    assert_true(fabs(found[1] - losses.values[4]) <= 1e-5 * losses.values[4]);
    for (size_t j = own->units.first; j < own->units.end; j++)
        assert_int_equal(own->is_silent[j - own->units.first] != 0, silent.values[j] > 0);
    free(losses.values);
    free(silent.values);
}

static void take_step(struct trace *trace, size_t i)
{
    const struct spine_step_sums before = trace->position.sums;
    struct spine_stepper *stepper = &trace->stepper;

    if (i == 0)
        pass_over(trace->file, "first_noise");
    const size_t epoch = read_size(trace->file, "epoch");
    if (read_size(trace->file, "step") == 0)
        trace->position = (struct spine_position){.epoch = (int64_t)epoch, .sums = before};
    spine_partition_shuffle(&trace->data.part, (uint32_t)epoch);

    memcpy(trace->before.data, stepper->params.data, stepper->params.len * sizeof(float));
    spine_stepper_meet(stepper);
    trace->timeline.count = 0;
    TRY(spine_stepper_step(stepper, &trace->data, &trace->position, &err));
    assert_in_range(trace->timeline.count, 1, spine_stepper_most_events());
    spine_stepper_meet(stepper);

    const struct record rows = read_record(trace->file, "rows");
    check_losses(trace, rows.count, &before);
    check_params(trace, "d", 1e-4);
    free(rows.values);
}

static void test_silent_units_learn_as_the_reference_does(void **state)
{
    (void)state;
    for (int groups = 1; groups <= world.size; groups++)
        for (int columns = 1; groups * columns <= world.size; columns++) {
            struct trace trace;
            begin(&trace, groups, columns);
            for (size_t i = 0; !trace.grid.is_idle && i < trace.num_steps; i++)
                take_step(&trace, i);
            if (!trace.grid.is_idle) {
                check_params(&trace, "final_", 1e-5);
                pass_over(trace.file, "end");
            }
            end(&trace);
            spine_comm_barrier(&world);
        }
}

/* The parameters after some steps; with k 0, without training silent units. The caller disposes. */
static struct spine_params take_steps(size_t steps, size_t k)
{
    struct spine_params copy;
    struct trace trace;

    begin(&trace, 1, world.size);
    trace.stepper.settings.silence.k = k;
    while (trace.position.step < steps)
        TRY(spine_stepper_step(&trace.stepper, &trace.data, &trace.position, &err));
    spine_stepper_meet(&trace.stepper);
    TRY(spine_params_init(&copy, trace.dim, trace.hidden, &err));
    memcpy(copy.data, trace.stepper.params.data, copy.len * sizeof *copy.data);
    spine_stepper_meet(&trace.stepper);
    end(&trace);
    return copy;
}

/* The error that they learn is a target: what the other units get is the same to the bit. */
static void test_silent_units_leave_the_others_alone(void **state)
{
    (void)state;
    struct spine_params before = take_steps(1, 2); /* no unit is silent yet */
    struct spine_params without = take_steps(2, 0), with = take_steps(2, 2);
    const size_t bytes = before.dim * sizeof(float);
    size_t others = 0, silent = 0;

    assert_memory_equal(with.b2, without.b2, bytes);
    for (size_t j = 0; j < before.hidden; j++) {
        const size_t at = j * before.stride;
        if (memcmp(without.W2 + at, before.W2 + at, bytes) == 0) {
            silent += memcmp(with.W2 + at, before.W2 + at, bytes) != 0;
            continue;
        }
        assert_memory_equal(with.W1 + at, without.W1 + at, bytes);
        assert_memory_equal(with.W2 + at, without.W2 + at, bytes);
        assert_true(with.b1[j] == without.b1[j]);
        others++;
    }
    assert_true(others > 10 && silent > 2);

    spine_params_dispose(&before);
    spine_params_dispose(&without);
    spine_params_dispose(&with);
}

/* A step whose AUX isn't finite fails on all ranks, and changes nothing. */
static void test_a_loss_that_is_not_finite_fails_first(void **state)
{
    (void)state;
    struct spine_params before = take_steps(1, 2), without = take_steps(2, 0);
    struct trace trace;
    struct spine_params *params = &trace.stepper.params;

    begin(&trace, 1, world.size);
    TRY(spine_stepper_step(&trace.stepper, &trace.data, &trace.position, &err));
    spine_stepper_meet(&trace.stepper);
    for (size_t j = 0; world.rank == 0 && j < before.hidden; j++) {
        const size_t at = j * before.stride;
        if (memcmp(without.W2 + at, before.W2 + at, before.dim * sizeof(float)) == 0)
            params->W2[at] = 1e30F; /* silent in the second step */
    }
    spine_stepper_meet(&trace.stepper);
    memcpy(trace.before.data, params->data, params->len * sizeof(float));
    assert_int_equal(spine_stepper_step(&trace.stepper, &trace.data, &trace.position, &err), -1);
    assert_non_null(strstr(err.text, "step 2: the loss of silent units is not finite"));
    assert_memory_equal(params->data, trace.before.data, params->len * sizeof(float));
    assert_int_equal(trace.position.step, 1);

    end(&trace);
    spine_params_dispose(&before);
    spine_params_dispose(&without);
}

int run_silence(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent_units_learn_as_the_reference_does),
        cmocka_unit_test(test_silent_units_leave_the_others_alone),
        cmocka_unit_test(test_a_loss_that_is_not_finite_fails_first),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
