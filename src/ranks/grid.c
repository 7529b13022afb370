/* grid.c -- ranks in rows and columns. */
#include "spine/ranks/grid.h"

#include <assert.h>
#include <stdio.h>

struct spine_grid_nodes spine_grid_nodes(const struct spine_comm *comm,
                                         const struct spine_comm *node)
{
    int64_t first = node->rank == 0 ? 1 : 0;
    struct spine_grid_nodes nodes = {.ranks = (int)-spine_comm_max(comm, -(int64_t)node->size),
                                     .all = comm->size};

    nodes.mine = (int)spine_comm_sum_before(comm, first);
    spine_comm_broadcast(node, &nodes.mine, sizeof nodes.mine);
    nodes.count = (int)spine_comm_max(comm, nodes.mine) + 1;
    return nodes;
}

/* The groups of each node, at most 'most', such that they divide all groups evenly. */
static int choose_node_groups(int groups, int most)
{
    while (most > 1 && groups % most != 0)
        most--;
    return most;
}

/* The fewest hosts that can share the ranks of a group evenly; 0: none can. */
static int choose_hosts(int columns, const struct spine_grid_nodes *nodes)
{
    for (int hosts = 1; hosts <= nodes->count; hosts++)
        if (columns % hosts == 0 && columns / hosts <= nodes->ranks)
            return hosts;
    return 0;
}

/* Refuse a grid that doesn't fit: 'hosts' of a group, 'num_nodes' of all. */
static int refuse(const struct spine_grid *grid, const struct spine_grid_nodes *nodes, int hosts,
                  int64_t num_nodes, struct spine_error *err)
{
    const int groups = grid->groups, columns = grid->columns, count = nodes->count;
    const int64_t size = (int64_t)groups * columns, usable = (int64_t)count * nodes->ranks;
    const char *are = count == 1 ? "is" : "are";
    char there[96];

    snprintf(there, sizeof there, "%d host%s with %d %srank%s each%s", count, count == 1 ? "" : "s",
             nodes->ranks, usable == nodes->all ? "" : "usable ", nodes->ranks == 1 ? "" : "s",
             usable == nodes->all ? "" : " (the smallest has no more)");
    if (hosts == 0 && size <= usable)
        return spine_refuse(err,
                            "parallel.grid: %dx%d: the %d ranks of a row group can't be divided "
                            "evenly among %s",
                            groups, columns, columns, there);
    if (hosts == 1 && size <= usable)
        return spine_refuse(err,
                            "parallel.grid: %dx%d: %d row groups of %d rank%s can't be divided "
                            "evenly among %s",
                            groups, columns, groups, columns, columns == 1 ? "" : "s", there);
    if (hosts > 1)
        return spine_refuse(err,
                            "parallel.grid: %dx%d needs %lld hosts with %d rank%s each, and there "
                            "%s %s",
                            groups, columns, (long long)num_nodes, columns / hosts,
                            columns == hosts ? "" : "s", are, there);
    return spine_refuse(err, "parallel.grid: %dx%d needs %lld ranks, and there %s %s", groups,
                        columns, (long long)size, are, there);
}

static int choose(struct spine_grid *grid, const struct spine_grid_nodes *nodes,
                  const struct spine_grid_wish *wish, struct spine_error *err)
{
    if (wish->groups > 0) {
        grid->groups = wish->groups;
        grid->columns = wish->columns;
    } else {
        grid->groups = nodes->count < wish->most_groups ? nodes->count : wish->most_groups;
        grid->columns = nodes->ranks < wish->most_columns ? nodes->ranks : wish->most_columns;
        /* Whole nodes of the tree of sums (tree.h), all alike. */
        while (!wish->any_groups && (grid->groups & (grid->groups - 1)) != 0)
            grid->groups &= grid->groups - 1;
    }

    grid->hosts = choose_hosts(grid->columns, nodes);
    grid->node_groups = 1;
    if (grid->hosts == 1 && !wish->is_spread)
        grid->node_groups = choose_node_groups(grid->groups, nodes->ranks / grid->columns);
    const int64_t num_nodes = (int64_t)(grid->groups / grid->node_groups) * grid->hosts;
    if (grid->hosts == 0 || num_nodes > nodes->count)
        return refuse(grid, nodes, grid->hosts, num_nodes, err);
    grid->num_nodes = (int)num_nodes;
    return 0;
}

/* Find this rank's place, 'place' being its number on its node, and its number among all. */
static int find_place(struct spine_grid *grid, int node, int place)
{
    assert(grid->hosts > 0 && grid->columns >= grid->hosts);
    const int ranks = grid->columns / grid->hosts; /* of a group on a node */

    grid->is_idle = node >= grid->num_nodes || place >= grid->node_groups * ranks;
    grid->node_rank = node;
    grid->host = node % grid->hosts;
    grid->first_group = node / grid->hosts * grid->node_groups;
    grid->group = grid->first_group + place / ranks;
    grid->column = grid->host * ranks + place % ranks;
    return grid->group * grid->columns + grid->column;
}

int spine_grid_init(struct spine_grid *grid, const struct spine_comm *comm,
                    const struct spine_grid_wish *wish, struct spine_error *err)
{
    struct spine_comm node, active;

    *grid = (struct spine_grid){0};
    spine_comm_split_nodes(comm, &node);
    const struct spine_grid_nodes nodes = spine_grid_nodes(comm, &node);
    const int place = node.rank;
    spine_comm_dispose(&node);

    if (choose(grid, &nodes, wish, err))
        return -1;

    const int number = find_place(grid, nodes.mine, place);
    spine_comm_split_sorted(comm, grid->is_idle, number, &active);
    if (grid->is_idle) {
        spine_comm_dispose(&active);
        return 0;
    }
    grid->ranks = active;
    spine_comm_split(&grid->ranks, grid->node_rank, &grid->node);
    spine_comm_split(&grid->ranks, grid->group * grid->hosts + grid->host, &grid->team);
    spine_comm_split(&grid->ranks, grid->node.rank, &grid->others);
    spine_comm_split(&grid->others, grid->host, &grid->peers);
    spine_comm_split(&grid->others, grid->hosts == 1 ? grid->node_rank : grid->group, &grid->chain);
    return 0;
}

void spine_grid_dispose(struct spine_grid *grid)
{
    spine_comm_dispose(&grid->chain);
    spine_comm_dispose(&grid->peers);
    spine_comm_dispose(&grid->others);
    spine_comm_dispose(&grid->team);
    spine_comm_dispose(&grid->node);
    spine_comm_dispose(&grid->ranks);
    *grid = (struct spine_grid){0};
}
