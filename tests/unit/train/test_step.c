/* test_step.c -- any grid of ranks takes the same steps as one rank, to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/math/exact.h"
#include "spine/train/step.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { ROWS = 700, DIM = 70, HIDDEN = 45, BATCH = 500, STEPS = 4 };

/* The rows of this rank, made up. */
static void make_data(struct spine_dataset *data, const struct spine_grid *grid, bool reproducible)
{
    const struct spine_sharing sharing = {.seed = 7,
                                          .batch_size = BATCH,
                                          .groups = grid->groups,
                                          .columns = grid->columns,
                                          .group = grid->group,
                                          .column = grid->column,
                                          .is_reproducible = reproducible};
    *data = (struct spine_dataset){.dim = DIM, .stride = spine_kernel_stride(DIM)};
    TRY(spine_partition_init(&data->part, ROWS, &sharing, &err));
    const size_t local = data->part.end_row - data->part.first_row;
    const size_t most = spine_partition_most_rows(&data->part);
    data->rows = spine_kernel_alloc(local * data->stride, "a test", &err);
    data->batch = calloc(most, sizeof *data->batch);
    data->slots = calloc(most, sizeof *data->slots);
    data->quantum = spine_exact_quantum(1, 20);
    for (size_t i = 0; i < local; i++)
        for (size_t k = 0; k < DIM; k++)
            data->rows[i * data->stride + k] =
                (float)(((data->part.first_row + i) * 31 + k * k * 17) % 101) / 100 - 0.5F;
}

/* What a run leaves behind. */
struct outcome {
    float params[2 * HIDDEN * 80 + 48 + 80];
    double threshold;
    struct spine_step_sums sums;
    bool requests[SPINE_REQUESTS];
};

/* A run of both modes over the end of an epoch. */
static enum spine_dtype wire; /* of run() */
static struct spine_activation activation;
static bool is_tied, is_unit_norm;
static struct spine_prefixes prefixes;
static struct spine_silence silence;
static float bound; /* of the candidates of each batch; 0: as the stepper chooses it */

/* Use a bound of the test's. */
static void set_bound(struct spine_stepper *stepper)
{
    if (!(bound > 0))
        return;
    stepper->settings.activation.threshold = bound;
    for (size_t b = 0; b < stepper->memory.num_blocks; b++)
        stepper->memory.codes.blocks[b].activation.threshold = bound;
}

static void run(const struct spine_comm *comm, int groups, int columns, bool reproducible,
                enum spine_kernel_choice kernel, struct outcome *outcome)
{
    const struct spine_grid_wish wish = {.groups = groups, .columns = columns};
    const struct spine_step_settings settings = {.dim = DIM,
                                                 .hidden = HIDDEN,
                                                 .seed = 3,
                                                 .activation = activation,
                                                 .is_tied = is_tied,
                                                 .is_unit_norm = is_unit_norm,
                                                 .first_k = is_tied ? 20 : 0,
                                                 .falling_epochs = 2,
                                                 .weights = {0.85, 3, 1, 0},
                                                 .prefixes = prefixes,
                                                 .silence = silence,
                                                 .noise = 0.3,
                                                 .kernel = kernel,
                                                 .optimizer = SPINE_ADAM,
                                                 .momentum = 0.9,
                                                 .beta2 = 0.99,
                                                 .schedule = {.rate = 0.01, .num_steps = 100},
                                                 .wire = wire};
    struct spine_position position = {0};
    struct spine_stepper stepper;
    struct spine_dataset data;
    struct spine_grid grid;
    TRY(spine_grid_init(&grid, comm, &wish, &err));
    if (!grid.is_idle) {
        make_data(&data, &grid, reproducible);
        TRY(spine_stepper_init(&stepper, &grid, &settings, &data, &err));
        for (int step = 0; step < STEPS; step++) {
            stepper.requests[SPINE_REQUEST_LEAVE] =
                step == STEPS - 1 && grid.ranks.rank == grid.ranks.size - 1;
            set_bound(&stepper);
            TRY(spine_stepper_step(&stepper, &data, &position, &err));
            if (position.step == spine_partition_steps(&data.part)) {
                position.epoch++;
                position.step = 0;
                spine_partition_shuffle(&data.part, (uint32_t)position.epoch);
            }
        }
        spine_stepper_gather(&stepper);
        spine_stepper_meet(&stepper);
        assert_int_equal(stepper.params.len * sizeof(float), sizeof outcome->params);
        memcpy(outcome->params, stepper.params.data, sizeof outcome->params);
        outcome->threshold = stepper.params.threshold;
        memcpy(outcome->requests, stepper.requests, sizeof outcome->requests);
        double sums[] = {position.sums.squares, position.sums.partial, position.sums.penalty,
                         position.sums.active, position.sums.silent};
        spine_comm_sum_doubles(&grid.ranks, sums, 5);
        outcome->sums = (struct spine_step_sums){sums[0], sums[1], sums[2], sums[3], sums[4]};
        spine_stepper_dispose(&stepper);
        spine_dataset_dispose(&data);
    }
    const bool is_idle = grid.is_idle;
    spine_grid_dispose(&grid);
    spine_comm_barrier(comm);
    if (is_idle)
        outcome->requests[SPINE_REQUEST_LEAVE] = true;
}

static void check(const struct outcome *found, const struct outcome *expected)
{
    assert_memory_equal(found->params, expected->params, sizeof found->params);
    assert_true(found->threshold == expected->threshold);
    assert_memory_equal(&found->sums, &expected->sums, sizeof found->sums);
    assert_true(found->requests[SPINE_REQUEST_LEAVE]);
    assert_false(found->requests[SPINE_REQUEST_SAVE]);
}

/* Compare the grids of all ranks, and of all but one, with one rank, as one node; if 'as_nodes',
 * also as several. Smaller grids are those of fewer ranks. */
static void check_grids(enum spine_kernel_choice kernel, bool as_nodes)
{
    struct spine_comm self;
    struct outcome alone;
    spine_comm_split(&world, world.rank, &self);
    run(&self, 1, 1, true, kernel, &alone);
    assert_true(alone.sums.squares > 0 && alone.sums.active > 0);
    assert_true((alone.sums.silent > 0) == (silence.k > 0));
    assert_true((alone.threshold > 0) == (activation.selection == SPINE_OF_BATCH));
    assert_true(alone.sums.penalty > 0 || activation.selection != SPINE_ABOVE);
    for (int per_node = 0; per_node <= (as_nodes ? 2 : 0); per_node++) {
        char text[16];
        snprintf(text, sizeof text, "%d", per_node);
        if (per_node > 0)
            setenv("SPINE_RANKS_PER_NODE", text, 1);
        for (int groups = 1; groups <= world.size; groups++)
            for (int columns = 1; groups * columns <= world.size; columns++) {
                if (groups * columns < world.size - 1)
                    continue;
                /* The groups must fit the nodes, or the nodes the groups, evenly. */
                if (per_node > 0 && ((columns > per_node && columns % per_node != 0) ||
                                     world.size % per_node != 0 ||
                                     (groups * columns) % per_node != 0 || groups == 3))
                    continue;
                struct outcome found = alone;
                run(&world, groups, columns, true, kernel, &found);
                check(&found, &alone);
            }
    }
    unsetenv("SPINE_RANKS_PER_NODE");
    spine_comm_dispose(&self);
}

static void test_any_grid_takes_the_same_steps(void **state)
{
    (void)state;
    check_grids(SPINE_KERNEL_DENSE, false);
    check_grids(SPINE_KERNEL_SPARSE, false);
    check_grids(SPINE_KERNEL_AUTO, true);
}

static void test_any_grid_selects_the_same_units(void **state)
{
    (void)state;
    activation = (struct spine_activation){.selection = SPINE_OF_ROW, .k = 7};
    check_grids(SPINE_KERNEL_SPARSE, true);
    activation =
        (struct spine_activation){.selection = SPINE_OF_BATCH, .k = 7, .is_uncapped = true};
    check_grids(SPINE_KERNEL_SPARSE, true);
    activation = (struct spine_activation){0};
}

/* With a bound that leaves too few candidates, or nearly all, or as it is chosen. */
static void test_any_bound_of_candidates_selects_the_same_units(void **state)
{
    static const float bounds[] = {0, 1e-30F, 1e30F};
    enum { BOUNDS = sizeof bounds / sizeof *bounds };
    struct outcome outcomes[BOUNDS];
    (void)state;

    activation =
        (struct spine_activation){.selection = SPINE_OF_BATCH, .k = 7, .is_uncapped = true};
    for (size_t i = 0; i < BOUNDS; i++) {
        bound = bounds[i];
        run(&world, world.size, 1, true, SPINE_KERNEL_SPARSE, &outcomes[i]);
        assert_true(outcomes[i].sums.active > 0);
        check(&outcomes[i], &outcomes[0]);
    }
    bound = 0;
    activation = (struct spine_activation){0};
}

static void test_any_grid_nests_the_same_prefixes(void **state)
{
    (void)state;
    activation = (struct spine_activation){.selection = SPINE_OF_ROW, .k = 7};
    prefixes = (struct spine_prefixes){.count = 2, .width = {5, 30}};
    check_grids(SPINE_KERNEL_SPARSE, true);
    activation.selection = SPINE_OF_BATCH;
    check_grids(SPINE_KERNEL_SPARSE, true);
    prefixes = (struct spine_prefixes){0};
    activation = (struct spine_activation){0};
}

static void test_any_grid_trains_the_same_silent_units(void **state)
{
    (void)state;
    silence = (struct spine_silence){5, 1. / 32, 600}; /* rows: those of two steps */
    activation = (struct spine_activation){.selection = SPINE_OF_ROW, .k = 1};
    check_grids(SPINE_KERNEL_SPARSE, true);
    activation.selection = SPINE_OF_BATCH;
    prefixes = (struct spine_prefixes){.count = 2, .width = {5, 30}};
    is_unit_norm = true;
    check_grids(SPINE_KERNEL_SPARSE, true);
    is_unit_norm = false;
    prefixes = (struct spine_prefixes){0};
    activation = (struct spine_activation){0};
    silence = (struct spine_silence){0};
}

static void test_any_grid_keeps_rows_at_length_one(void **state)
{
    (void)state;
    const size_t begin = (size_t)HIDDEN * 80 + 48; /* of W2 */
    struct outcome found;
    is_unit_norm = true;
    check_grids(SPINE_KERNEL_AUTO, true);
    run(&world, world.size, 1, true, SPINE_KERNEL_SPARSE, &found);
    for (size_t j = 0; j < HIDDEN; j++) {
        double squares = 0;
        for (size_t k = 0; k < DIM; k++) {
            const double value = (double)found.params[begin + j * 80 + k];
            squares += value * value;
        }
        assert_true(squares > 1 - 1e-5 && squares < 1 + 1e-5);
    }
    is_unit_norm = false;
}

static void test_any_grid_keeps_tied_matrices_equal(void **state)
{
    (void)state;
    const size_t weights = (size_t)HIDDEN * 80; /* of a matrix; b1 takes 48 */
    struct outcome found;
    activation = (struct spine_activation){.selection = SPINE_OF_ROW, .k = 5};
    is_tied = true;
    check_grids(SPINE_KERNEL_SPARSE, true);
    run(&world, world.size, 1, true, SPINE_KERNEL_SPARSE, &found);
    assert_memory_equal(found.params, found.params + weights + 48, weights * sizeof(float));
    is_tied = false;
    activation = (struct spine_activation){0};
}

static void test_without_reproducible_sums_the_steps_are_nearly_the_same(void **state)
{
    (void)state;
    struct outcome alone, found;
    struct spine_comm self;
    spine_comm_split(&world, world.rank, &self);
    run(&self, 1, 1, true, SPINE_KERNEL_SPARSE, &alone);
    run(&world, world.size, 1, false, SPINE_KERNEL_SPARSE, &found);
    for (size_t i = 0; i < sizeof alone.params / sizeof *alone.params; i++)
        assert_true(found.params[i] - alone.params[i] < 1e-3F &&
                    alone.params[i] - found.params[i] < 1e-3F);
    spine_comm_dispose(&self);
}

static void test_rounded_gradients_take_nearly_the_same_steps(void **state)
{
    (void)state;
    struct outcome alone, found, again;
    struct spine_comm self;
    size_t differ = 0;
    spine_comm_split(&world, world.rank, &self);
    run(&self, 1, 1, true, SPINE_KERNEL_SPARSE, &alone);
    setenv("SPINE_RANKS_PER_NODE", "1", 1);
    wire = SPINE_DTYPE_BFLOAT16;
    run(&world, world.size, 1, false, SPINE_KERNEL_SPARSE, &found);
    run(&world, world.size, 1, false, SPINE_KERNEL_SPARSE, &again);
    wire = SPINE_DTYPE_FLOAT32;
    unsetenv("SPINE_RANKS_PER_NODE");
    assert_memory_equal(found.params, again.params, sizeof found.params);
    for (size_t i = 0; i < sizeof alone.params / sizeof *alone.params; i++) {
        assert_true(found.params[i] - alone.params[i] < 0.02F &&
                    alone.params[i] - found.params[i] < 0.02F);
        differ += found.params[i] != alone.params[i];
    }
    assert_true(world.size == 1 || differ > 0);
    /* All ranks have the same parameters. */
    struct outcome first = found;
    spine_comm_broadcast(&world, &first, sizeof first);
    assert_memory_equal(found.params, first.params, sizeof found.params);
    spine_comm_dispose(&self);
}

int run_step(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_grid_takes_the_same_steps),
        cmocka_unit_test(test_any_grid_selects_the_same_units),
        cmocka_unit_test(test_any_bound_of_candidates_selects_the_same_units),
        cmocka_unit_test(test_any_grid_nests_the_same_prefixes),
        cmocka_unit_test(test_any_grid_trains_the_same_silent_units),
        cmocka_unit_test(test_any_grid_keeps_rows_at_length_one),
        cmocka_unit_test(test_any_grid_keeps_tied_matrices_equal),
        cmocka_unit_test(test_without_reproducible_sums_the_steps_are_nearly_the_same),
        cmocka_unit_test(test_rounded_gradients_take_nearly_the_same_steps),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
