/* parallel.c -- which grid of ranks a run uses, and each rank's share of the batch. */
#include "spine/train/parallel.h"

#include <limits.h>

static int at_most(size_t count)
{
    return count > INT_MAX ? INT_MAX : (int)count;
}

int spine_parallel_init(struct spine_parallel *parallel, const struct spine_config *config,
                        const struct spine_comm *comm, size_t num_rows, struct spine_error *err)
{
    const size_t batch_size = (size_t)config->batch_size;
    const bool is_reproducible = config->reproducible != 0;
    struct spine_grid_wish wish = {
        .most_groups = at_most(spine_partition_most_groups(batch_size, is_reproducible)),
        .most_columns = at_most(num_rows)};

    *parallel = (struct spine_parallel){0};
    spine_config_grid(config, &wish.groups, &wish.columns);
    if (spine_grid_init(&parallel->grid, comm, &wish, err))
        return -1;
    parallel->num_idle = comm->size - parallel->grid.groups * parallel->grid.columns;
    parallel->sharing = (struct spine_sharing){.seed = (uint64_t)config->seed,
                                               .batch_size = batch_size,
                                               .groups = parallel->grid.groups,
                                               .columns = parallel->grid.columns,
                                               .group = parallel->grid.group,
                                               .column = parallel->grid.column,
                                               .is_reproducible = is_reproducible};
    return 0;
}

void spine_parallel_dispose(struct spine_parallel *parallel)
{
    spine_grid_dispose(&parallel->grid);
    *parallel = (struct spine_parallel){0};
}

void spine_parallel_wait(const struct spine_parallel *parallel, const struct spine_comm *comm)
{
    if (parallel->num_idle > 0)
        spine_comm_sleep(comm);
}
