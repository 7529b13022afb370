/* steps.c -- some steps of training, and what they take.
 *
 *     steps COSTS D H BATCH dense|sparse GRID STEPS
 *
 * GRID is RxC, 'auto', or 'rows': every rank a row group of its own. Prints a line of KEY=VALUE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/math/exact.h"
#include "spine/train/parallel.h"
#include "steps.h"

static void die(const struct spine_error *err)
{
    fprintf(stderr, "steps: %s\n", err->text);
    exit(1);
}

static int64_t number(const char *text)
{
    return strtol(text, NULL, 10);
}

static struct spine_config make_config(char **argv, int ranks)
{
    struct spine_config config;

    spine_config_init(&config);
    spine_config_choose(&config, SPINE_OBJECTIVE_SPINE);
    config.hidden = number(argv[3]);
    config.batch_size = number(argv[4]);
    config.kernel = strcmp(argv[5], "dense") == 0 ? SPINE_KERNEL_DENSE : SPINE_KERNEL_SPARSE;
    snprintf(config.grid, sizeof config.grid, "%s", argv[6]);
    if (strcmp(argv[6], "rows") == 0)
        snprintf(config.grid, sizeof config.grid, "%dx1", ranks);
    /* So many groups can't have sums that are the same on any grid. */
    config.reproducible = strcmp(argv[6], "rows") != 0;
    return config;
}

/* A rate too small to change anything. */
static struct spine_step_settings make_settings(const struct spine_config *config, size_t dim)
{
    return (struct spine_step_settings){
        .dim = dim,
        .hidden = (size_t)config->hidden,
        .seed = 1,
        .weights = {0.85, 1, 1, 0},
        .noise = 0.4,
        .kernel = (enum spine_kernel_choice)config->kernel,
        .optimizer = (enum spine_optimizer_kind)config->optimizer,
        .momentum = 0.9,
        .beta2 = 0.999,
        .schedule = {.kind = SPINE_CONSTANT, .rate = 1e-12, .num_steps = UINT32_MAX}};
}

static void make_data(struct spine_dataset *data, size_t dim, size_t num_rows,
                      const struct spine_sharing *sharing)
{
    struct spine_error err;

    *data = (struct spine_dataset){
        .dim = dim, .stride = spine_kernel_stride(dim), .quantum = spine_exact_quantum(1, 20)};
    if (spine_partition_init(&data->part, num_rows, sharing, &err))
        die(&err);
    data->batch = calloc(spine_partition_most_rows(&data->part) + 1, sizeof *data->batch);
    data->slots = calloc(spine_partition_most_rows(&data->part) + 1, sizeof *data->slots);
    data->rows = spine_kernel_alloc((data->part.end_row - data->part.first_row) * data->stride,
                                    "the rows", &err);
    if (data->batch == NULL || data->slots == NULL || data->rows == NULL)
        die(&err);
}

static void take_steps(struct spine_parallel *parallel, const struct spine_config *config,
                       char **argv, size_t num_rows)
{
    const size_t dim = (size_t)number(argv[2]), steps = (size_t)number(argv[7]);
    const struct spine_step_settings settings = make_settings(config, dim);
    struct spine_grid *grid = &parallel->grid;
    struct spine_position position = {0};
    struct spine_stepper stepper;
    struct spine_dataset data;
    struct spine_error err;

    make_data(&data, dim, num_rows, &parallel->sharing);
    if (spine_stepper_init(&stepper, grid, &settings, &data, &err))
        die(&err);
    steps_prepare(&(struct steps_setup){&stepper, &data, argv[1]});
    for (size_t i = 0; i <= steps; i++) {
        if (spine_stepper_step(&stepper, &data, &position, &err))
            die(&err);
        steps_ended();
    }

    const struct steps_times times = steps_times(&grid->ranks, steps);
    if (grid->ranks.rank == 0)
        printf("seconds=%.9g work=%.9g grid=%dx%d idle=%d\n", times.seconds, times.work,
               grid->groups, grid->columns, parallel->num_idle);
}

int main(int argc, char **argv)
{
    struct spine_parallel parallel;
    struct spine_comm world;
    struct spine_error err;

    spine_comm_init(&world, &argc, &argv);
    if (argc != 8) {
        fprintf(stderr, "usage: steps COSTS D H BATCH dense|sparse GRID STEPS\n");
        return 2;
    }
    steps_read(argv[1]);
    const struct spine_config config = make_config(argv, world.size);
    const size_t num_rows = (size_t)config.batch_size * ((size_t)number(argv[7]) + 2);
    setenv("SPINE_MEASURE", "0", 1); /* 'auto' is all ranks of all hosts */
    if (spine_parallel_init(&parallel, &config, &world, num_rows, (size_t)number(argv[2]), &err))
        die(&err);
    if (!parallel.grid.is_idle)
        take_steps(&parallel, &config, argv, num_rows);
    spine_comm_finalize(&world);
    return 0;
}
