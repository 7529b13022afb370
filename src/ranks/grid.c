/* grid.c -- ranks in rows and columns. */
#include "spine/ranks/grid.h"

struct spine_grid_nodes spine_grid_nodes(const struct spine_comm *comm,
                                         const struct spine_comm *node)
{
    int64_t first = node->rank == 0 ? 1 : 0;
    struct spine_grid_nodes nodes = {.ranks = (int)-spine_comm_max(comm, -(int64_t)node->size)};

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
        while ((grid->groups & (grid->groups - 1)) != 0)
            grid->groups &= grid->groups - 1;
    }

    if (grid->columns > nodes->ranks)
        return spine_refuse(err,
                            "parallel.grid: %dx%d puts %d ranks into a row group, which must be of "
                            "one host; a host has %d",
                            grid->groups, grid->columns, grid->columns, nodes->ranks);

    grid->node_groups = choose_node_groups(grid->groups, nodes->ranks / grid->columns);
    grid->num_nodes = grid->groups / grid->node_groups;
    if (grid->num_nodes <= nodes->count)
        return 0;
    return spine_refuse(
        err, "parallel.grid: %dx%d needs %d ranks, and there %s %d host%s with %d rank%s each",
        grid->groups, grid->columns, grid->groups * grid->columns, nodes->count == 1 ? "is" : "are",
        nodes->count, nodes->count == 1 ? "" : "s", nodes->ranks, nodes->ranks == 1 ? "" : "s");
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

    grid->is_idle = nodes.mine >= grid->num_nodes || place >= grid->node_groups * grid->columns;
    grid->node_rank = nodes.mine;
    grid->group = nodes.mine * grid->node_groups + place / grid->columns;
    grid->column = place % grid->columns;
    const int number = grid->group * grid->columns + grid->column;
    spine_comm_split_sorted(comm, grid->is_idle, number, &active);
    if (grid->is_idle) {
        spine_comm_dispose(&active);
        return 0;
    }
    grid->ranks = active;
    spine_comm_split(&grid->ranks, grid->node_rank, &grid->node);
    spine_comm_split(&grid->ranks, grid->group, &grid->team);
    spine_comm_split(&grid->ranks, grid->node.rank, &grid->others);
    return 0;
}

void spine_grid_dispose(struct spine_grid *grid)
{
    spine_comm_dispose(&grid->others);
    spine_comm_dispose(&grid->team);
    spine_comm_dispose(&grid->node);
    spine_comm_dispose(&grid->ranks);
    *grid = (struct spine_grid){0};
}
