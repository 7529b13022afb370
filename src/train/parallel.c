/* parallel.c -- which grid of ranks a run uses, and each rank's share of the batch. */
#include "spine/train/parallel.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/config/settings.h"
#include "spine/math/tree.h"
#include "spine/train/rowstream.h"

static int at_most(size_t count)
{
    return count > INT_MAX ? INT_MAX : (int)count;
}

struct spine_grid_wish spine_parallel_limits(const struct spine_config *config, size_t num_rows)
{
    const size_t groups =
        spine_partition_most_groups((size_t)config->batch_size, config->reproducible != 0);

    return (struct spine_grid_wish){.most_groups =
                                        groups < SPINE_TREE_MOST ? (int)groups : SPINE_TREE_MOST,
                                    .most_columns = num_rows == 0 ? INT_MAX : at_most(num_rows)};
}

/* With SPINE_MEASURE=0, in rank 0's environment, the number of working ranks doesn't depend on the
 * machine's load. */
static bool may_measure(const struct spine_comm *comm)
{
    const char *value = getenv("SPINE_MEASURE");
    bool may = value == NULL || strcmp(value, "0") != 0;

    spine_comm_broadcast(comm, &may, sizeof may);
    return may;
}

/* Find the fastest grid. Seven parameters: the input's extent, and a result. Collective. */
static int choose(struct spine_parallel *parallel, const struct spine_config *config,
                  struct spine_comm *comm, size_t num_rows, size_t dim,
                  struct spine_grid_wish *wish, struct spine_error *err)
{
    if (wish->groups > 0 || comm->size == 1 || dim == 0 || !spine_stepcost_applies(config) ||
        !may_measure(comm))
        return 0;

    const double begun = spine_comm_clock();
    if (spine_stepcost_measure(&parallel->cost, config, comm, num_rows, dim, err))
        return -1;
    parallel->measured_seconds = spine_comm_clock() - begun;
    spine_stepcost_choose(&parallel->cost, wish->most_groups, wish->most_columns, &wish->groups,
                          &wish->columns);
    wish->is_spread = true; /* as predicted */
    /* Logarithms may be rounded in other ways on other processors. */
    spine_comm_broadcast(comm, wish, sizeof *wish);
    parallel->is_measured = true;
    return 0;
}

struct spine_sharing spine_parallel_sharing(const struct spine_config *config, size_t num_rows,
                                            size_t dim, int groups, int columns)
{
    const size_t ranks = (size_t)groups * (size_t)columns;
    const bool is_nnse = config->objective == SPINE_OBJECTIVE_NNSE;
    struct spine_sharing sharing = {.seed = (uint64_t)config->seed,
                                    .batch_size = (size_t)config->batch_size,
                                    .groups = groups,
                                    .columns = columns,
                                    .is_reproducible = config->reproducible != 0};

    if (is_nnse) { /* a stratum a rank; its sums don't need the tree */
        sharing.batch_size = num_rows > 0 && num_rows < ranks ? num_rows : ranks;
        sharing.is_reproducible = false;
    }
    if (config->residency == SPINE_RESIDENCY_STREAM && is_nnse)
        sharing.window = sharing.stretch = 1; /* there are no steps to read ahead for */
    else if (config->residency == SPINE_RESIDENCY_STREAM)
        spine_rowstream_share(&sharing, dim, config->window);
    return sharing;
}

int spine_parallel_init(struct spine_parallel *parallel, const struct spine_config *config,
                        struct spine_comm *comm, size_t num_rows, size_t dim,
                        struct spine_error *err)
{
    struct spine_grid_wish wish = spine_parallel_limits(config, num_rows);

    *parallel = (struct spine_parallel){.is_by_rows = config->objective == SPINE_OBJECTIVE_NNSE};
    if (parallel->is_by_rows) {
        wish.most_groups = wish.most_columns;
        wish.any_groups = true;
    }
    spine_settings_grid(config, &wish.groups, &wish.columns);
    if (!parallel->is_by_rows && wish.groups > SPINE_TREE_MOST)
        return spine_refuse(err, "parallel.grid: %dx%d: at most %d row groups are possible",
                            wish.groups, wish.columns, SPINE_TREE_MOST);
    if (choose(parallel, config, comm, num_rows, dim, &wish, err) ||
        spine_grid_init(&parallel->grid, comm, &wish, err))
        return -1;
    parallel->num_idle = comm->size - parallel->grid.groups * parallel->grid.columns;
    parallel->sharing = spine_parallel_sharing(config, num_rows, dim, parallel->grid.groups,
                                               parallel->grid.columns);
    parallel->sharing.group = parallel->grid.group;
    parallel->sharing.column = parallel->grid.column;
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
        spine_comm_barrier_sleeping(comm);
}

/* "; measured in 0.05 s, a step is expected to take 0.41 ms, and 0.92 ms with one rank" */
static void describe_cost(const struct spine_parallel *parallel, char *text, size_t size)
{
    const struct spine_stepcost *cost = &parallel->cost;
    const struct spine_grid *grid = &parallel->grid;
    const double chosen = spine_stepcost_predict(cost, grid->groups, grid->columns);
    const double whole = spine_stepcost_predict(cost, grid->groups, cost->nodes.ranks);
    const bool has_whole = parallel->num_idle > 0 && grid->hosts == 1 && isfinite(whole);
    const double other = has_whole ? whole : spine_stepcost_predict(cost, 1, 1);

    snprintf(text, size,
             "; measured in %.2f s, a step is expected to take %.2f ms, and %.2f ms with %s",
             parallel->measured_seconds, 1e3 * chosen, 1e3 * other,
             has_whole ? "all ranks of a host" : "one rank");
}

void spine_parallel_log(const struct spine_parallel *parallel)
{
    const struct spine_grid *grid = &parallel->grid;
    const int idle = parallel->num_idle;
    char groups[64] = "", hosts[32] = "", idlers[64] = "", cost[160] = "";

    if (idle > 0)
        snprintf(idlers, sizeof idlers, "; %d rank%s idle", idle, idle == 1 ? " is" : "s are");
    if (parallel->is_by_rows) {
        const int size = grid->groups * grid->columns;
        spine_log(SPINE_LOG_INFO, "%d rank%s the rows%s", size, size == 1 ? " has" : "s share",
                  idlers);
        return;
    }

    if (grid->groups > 1)
        snprintf(groups, sizeof groups, "%d groups share the rows of a batch, ", grid->groups);
    if (grid->hosts > 1)
        snprintf(hosts, sizeof hosts, ", on %d hosts", grid->hosts);
    if (parallel->is_measured)
        describe_cost(parallel, cost, sizeof cost);
    spine_log(SPINE_LOG_INFO, "grid %dx%d: %s%d rank%s%s%s the units%s%s%s", grid->groups,
              grid->columns, groups, grid->columns, grid->columns == 1 ? "" : "s",
              grid->groups > 1 ? " of each" : "", grid->columns == 1 ? " has" : " share", hosts,
              idlers, cost);
}
