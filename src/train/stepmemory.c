/* stepmemory.c -- the memory of a step: the node's, the team's, and each rank's own. */
#include "spine/train/stepmemory.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/tree.h"

/* Units and columns are divided at multiples of this, the floats of a cache line and of a
 * vector. */
enum { CUT = 16 };

/* Part 'part' of 'parts' of 'count' things. */
static struct spine_range cut(size_t count, int part, int parts)
{
    const size_t cuts = (count + CUT - 1) / CUT;
    const size_t first = cuts * (size_t)part / (size_t)parts * CUT;
    const size_t end = cuts * (size_t)(part + 1) / (size_t)parts * CUT;
    return (struct spine_range){first < count ? first : count, end < count ? end : count};
}

/* --- Layout ------------------------------------------------------------------------------- */

/* Allocate 'bytes' at offset *at, rounded up to a boundary, and advance it. 'base' NULL: only
 * count. */
static void *take(char *base, size_t *at, size_t bytes)
{
    void *taken = base == NULL ? NULL : base + *at;
    *at += (bytes + SPINE_MEMORY_ALIGN - 1) / SPINE_MEMORY_ALIGN * SPINE_MEMORY_ALIGN;
    return taken;
}

/* Sizes of what is shared. */
struct extent {
    size_t dim, hidden, stride, len;
    size_t blocks, slots, widths;
    bool has_silent;
    int team, hosts, host; /* ranks of a group on a host; hosts of a group, and which this is */
    int node_groups, groups, node_ranks;
};

/* The ranks of a group on one of its hosts. */
static int team_size(const struct spine_grid *grid)
{
    return grid->columns / grid->hosts;
}

/* 'blocks' are those of a group's batch. */
static struct extent find_extent(const struct spine_step_shape *shape, size_t blocks,
                                 const struct spine_grid *grid)
{
    return (struct extent){.dim = shape->dim,
                           .hidden = shape->hidden,
                           .stride = spine_kernel_stride(shape->dim),
                           .len = spine_params_len(shape->dim, shape->hidden),
                           .blocks = blocks,
                           .slots = blocks * SPINE_BLOCK_ROWS,
                           .widths = shape->prefixes + 1,
                           .has_silent = shape->has_silent,
                           .team = team_size(grid),
                           .hosts = grid->hosts,
                           .host = grid->host,
                           .node_groups = grid->node_groups,
                           .groups = grid->groups,
                           .node_ranks = grid->node_groups * team_size(grid)};
}

/* Lay out the node's memory from 'base' on, in 'memory', unless base is NULL; return its bytes. */
static size_t place_node(struct spine_step_memory *memory, const struct spine_step_shape *shape,
                         const struct extent *extent, char *base)
{
    const size_t block = extent->len * sizeof(float);
    const size_t hidden = extent->hidden * sizeof(int64_t);
    const bool has_groups = extent->groups > 1;
    size_t at = 0;
    float *params = take(base, &at, block);
    float *moments = take(base, &at, spine_optimizer_bytes(shape->optimizer, extent->len));
    int64_t *h_sum = take(base, &at, hidden);
    int64_t *group_h = h_sum;

    if (has_groups)
        group_h = take(base, &at, (size_t)extent->node_groups * hidden);
    int64_t *active = take(base, &at, (size_t)extent->node_ranks * sizeof *active);
    int64_t *squares = take(base, &at, (size_t)extent->node_ranks * sizeof *squares);
    int64_t *mode = take(base, &at, sizeof *mode);
    int64_t *silence = extent->has_silent ? take(base, &at, hidden) : NULL;
    for (int g = 0; has_groups && g < extent->node_groups; g++) {
        float *gradient = take(base, &at, block);
        if (base != NULL)
            spine_params_place(&memory->gradients[g], extent->dim, extent->hidden, gradient);
    }
    if (base == NULL)
        return at;

    spine_params_place(&memory->params, extent->dim, extent->hidden, params);
    spine_optimizer_place(&memory->optimizer, shape->optimizer, shape->momentum, shape->beta2,
                          extent->len, moments);
    memory->h_sum = h_sum;
    memory->group_h = group_h;
    memory->active = active;
    memory->squares = squares;
    memory->mode = mode;
    memory->silence = silence;
    return at;
}

/* The codes of the rows of a team. */
static void place_codes(struct spine_step_codes *codes, const struct extent *extent, char *base,
                        size_t *at)
{
    for (int c = 0; c < extent->team; c++) {
        const struct spine_range units =
            cut(extent->hidden, extent->host * extent->team + c, extent->hosts * extent->team);
        for (size_t b = 0; b < extent->blocks; b++) {
            void *shared = take(base, at, spine_block_shared_bytes(units.end - units.first));
            if (base == NULL)
                continue;
            struct spine_block *view = &codes->views[(size_t)c * extent->blocks + b];
            spine_block_view(view, units.end - units.first, shared);
            view->first_unit = units.first;
            view->units = units.end - units.first;
        }
    }
}

/* The same for a team's memory. */
static size_t place_team(struct spine_step_memory *memory, const struct extent *extent, char *base)
{
    const size_t matrix = extent->slots * extent->stride * sizeof(float);
    size_t at = 0;

    for (int i = 0; i < 2; i++) {
        const struct spine_step_rows rows = {
            .clean = take(base, &at, matrix),
            .noisy = take(base, &at, matrix),
            .packed =
                take(base, &at, extent->blocks * spine_block_packed(extent->dim) * sizeof(float)),
            .number = take(base, &at, extent->slots * sizeof(uint64_t))};
        if (base != NULL)
            memory->rows[i] = rows;
    }
    float *y = take(base, &at, extent->widths * matrix);
    float *left = extent->has_silent ? take(base, &at, matrix) : NULL;
    struct spine_cut *cuts = take(base, &at, extent->slots * sizeof *cuts);
    if (base != NULL) {
        memory->y = y;
        memory->left = left;
        memory->cuts = cuts;
    }
    place_codes(base == NULL ? NULL : &memory->codes, extent, base, &at);
    if (extent->has_silent)
        place_codes(base == NULL ? NULL : &memory->silent, extent, base, &at);
    return at;
}

/* What the hosts of a group exchange; 'rows' are a rank's. */
static struct spine_chain_extent find_travelling(const struct spine_step_shape *shape,
                                                 const struct extent *extent, size_t rows)
{
    const size_t team = (size_t)extent->team, hosts = (size_t)extent->hosts;
    const size_t chunks = spine_chunks(extent->stride), longest = extent->stride / chunks + CUT;
    const size_t cuts = (extent->hidden + CUT - 1) / CUT;

    return (struct spine_chain_extent){
        .rows = rows,
        .stride = extent->stride,
        .share = extent->widths * (extent->slots * chunks / team + SPINE_STEP_ROWS) * longest,
        .pairs = (extent->slots / team + 1) * shape->most_k,
        .counts = hosts * (cuts / (hosts * team) + 1) * CUT + CUT};
}

/* The floats of a slice of so many units that go to each of 'nodes'. */
static size_t find_piece(const struct extent *extent, size_t units, size_t nodes)
{
    const size_t slice = 2 * units * extent->stride + units + extent->stride;

    return (slice / nodes + 2 * CUT) / CUT * CUT;
}

/* --- Allocating ----------------------------------------------------------------------------- */

/* Refuse sums of gradients between so many nodes in pieces that are too long. */
static int check_piece(size_t piece, size_t nodes, struct spine_error *err)
{
    if (nodes == 1 || piece * sizeof(float) <= SPINE_COMM_MESSAGE)
        return 0;
    return spine_refuse(err,
                        "parallel.grid: the gradients of so many units are too large to be summed "
                        "between %zu hosts with so few ranks; use one row group (1xC), or start "
                        "more ranks on each host",
                        nodes);
}

int spine_step_memory_check(const struct spine_step_shape *shape, size_t num_rows,
                            const struct spine_sharing *sharing, const struct spine_grid *grid,
                            struct spine_error *err)
{
    size_t strata, rows;
    spine_partition_bound(num_rows, sharing, &strata, &rows);
    const struct extent extent = find_extent(shape, spine_block_count(strata), grid);
    const struct spine_chain_extent travelling = find_travelling(shape, &extent, rows);
    const size_t ranks = (size_t)extent.node_ranks * (size_t)extent.hosts;
    const size_t cuts = (extent.hidden + CUT - 1) / CUT, units = (cuts / ranks + 2) * CUT;
    const size_t nodes = (size_t)(grid->num_nodes / grid->hosts);

    if (spine_chain_check(&travelling, grid->hosts, err) ||
        check_piece(find_piece(&extent, units, nodes), nodes, err))
        return -1;
    return 0;
}

/* Allocate the lists of blocks; their memory is found later. */
static int allocate_codes(struct spine_step_codes *codes, size_t num_blocks, size_t team,
                          struct spine_error *err)
{
    static const char what[] = "a step";

    codes->views = spine_memory_zeroed(team * num_blocks, sizeof *codes->views, what, err);
    codes->blocks = spine_memory_zeroed(num_blocks, sizeof *codes->blocks, what, err);
    if (codes->views == NULL || codes->blocks == NULL)
        return -1;
    return 0;
}

/* Allocate the rank's own memory except for the codes of its units. */
static int allocate(struct spine_step_memory *memory, const struct extent *extent,
                    const struct spine_grid *grid, struct spine_error *err)
{
    static const char what[] = "a step";
    const size_t team = (size_t)extent->team, nodes = (size_t)grid->peers.size;
    const size_t gradient = SPINE_BLOCK_UNITS * extent->stride;
    const size_t units = memory->slice.end - memory->slice.first + CUT;

    memory->piece = find_piece(extent, units, nodes);
    if (check_piece(memory->piece, nodes, err))
        return -1;
    const size_t travelling = nodes > 1 ? nodes * memory->piece : 0;
    memory->tiles = spine_memory_zeroed(team, sizeof *memory->tiles, what, err);
    memory->is_silent = spine_memory_zeroed(extent->hidden + CUT, 1, what, err);
    memory->gradients =
        spine_memory_zeroed((size_t)extent->node_groups, sizeof *memory->gradients, what, err);
    memory->leaves = spine_memory_zeroed((size_t)extent->groups, sizeof *memory->leaves, what, err);
    memory->dW1 = spine_kernel_alloc(gradient, what, err);
    memory->dW2 = spine_kernel_alloc(gradient, what, err);
    memory->db1 = spine_kernel_alloc(extent->hidden + CUT, what, err);
    memory->add = spine_kernel_alloc(extent->hidden, what, err);
    memory->counts = spine_memory_zeroed(extent->hidden + CUT, sizeof(int64_t), what, err);
    memory->send = spine_kernel_alloc(travelling, what, err);
    memory->received = spine_kernel_alloc(travelling, what, err);
    memory->wire = spine_kernel_alloc(travelling, what, err);
    if (memory->tiles == NULL || memory->is_silent == NULL || memory->gradients == NULL ||
        memory->leaves == NULL || memory->dW1 == NULL || memory->dW2 == NULL ||
        memory->db1 == NULL || memory->add == NULL || memory->counts == NULL ||
        memory->send == NULL || memory->received == NULL || memory->wire == NULL)
        return -1;
    if (allocate_codes(&memory->codes, memory->num_blocks, team, err) ||
        (extent->has_silent && allocate_codes(&memory->silent, memory->num_blocks, team, err)))
        return -1;
    return spine_scratch_init(&memory->scratch, memory->slots, extent->hidden, extent->dim, err);
}

/* Find the first leaf of each group; refuse groups whose sum over a node isn't a node of the
 * tree. */
static int order_groups(struct spine_step_memory *memory, const struct spine_partition *part,
                        const struct spine_grid *grid, struct spine_error *err)
{
    const size_t leaves = part->leaf == 0 ? 0 : spine_partition_most_groups(part->num_strata, true);
    const size_t together = (size_t)grid->node_groups, groups = (size_t)grid->groups;

    for (size_t g = 0; g < groups; g++) {
        size_t end;
        memory->leaves[g] = g;
        if (leaves > 0)
            spine_tree_group(leaves, groups, g, &memory->leaves[g], &end);
    }
    for (size_t g = together; leaves > 0 && together > 1 && g < groups; g += together) {
        const size_t *first = memory->leaves + g, apart = first[-1] ^ first[0];
        if (apart < (first[0] ^ first[together - 1]) ||
            apart < (first[-1] ^ first[-(ptrdiff_t)together]))
            return spine_refuse(err,
                                "parallel.grid: %zu row groups on each of %d hosts can't be summed "
                                "in the order of all others; use a power of two, or set "
                                "parallel.reproducible = no",
                                together, grid->num_nodes);
    }
    return 0;
}

/* Allocate the codes of this rank's units. */
static int allocate_blocks(const struct spine_step_memory *memory, struct spine_step_codes *codes,
                           const struct spine_partition *part, const struct spine_grid *grid,
                           struct spine_error *err)
{
    for (size_t b = 0; codes->blocks != NULL && b < memory->num_blocks; b++) {
        struct spine_block *block = &codes->blocks[b];
        const struct spine_block *view =
            &codes->views[(size_t)grid->team.rank * memory->num_blocks + b];
        if (spine_block_init(block, memory->units.end - memory->units.first, view->shared, err))
            return -1;
        block->first_row = b * SPINE_BLOCK_ROWS;
        block->leaf = spine_partition_block_leaf(part, b);
    }
    return 0;
}

/* Share memory within nodes and teams, and lay everything out in it. */
static int share(struct spine_step_memory *memory, const struct spine_step_shape *shape,
                 const struct spine_grid *grid, const struct extent *extent,
                 struct spine_error *err)
{
    const size_t of_node = place_node(memory, shape, extent, NULL);
    const size_t of_team = place_team(memory, extent, NULL);

    int rc = spine_team_init(&memory->node, &grid->node, of_node, err);
    if (spine_comm_agree(&grid->ranks, rc, err))
        return -1;
    rc = spine_team_init(&memory->team, &grid->team, of_team, err);
    if (spine_comm_agree(&grid->ranks, rc, err))
        return -1;

    place_node(memory, shape, extent, memory->node.memory);
    place_team(memory, extent, memory->team.memory);
    return 0;
}

int spine_step_memory_init(struct spine_step_memory *memory, const struct spine_step_shape *shape,
                           struct spine_grid *grid, const struct spine_partition *part,
                           struct spine_error *err)
{
    const struct extent extent = find_extent(shape, spine_partition_blocks(part), grid);
    const size_t chunks = spine_chunks(extent.stride);
    const size_t rank = (size_t)grid->team.rank, team = (size_t)extent.team;
    const size_t rows = spine_partition_most_rows(part);
    const struct spine_chain_extent travelling =
        find_travelling(shape, &extent, (size_t)spine_comm_max(&grid->chain, (int64_t)rows));

    *memory = (struct spine_step_memory){
        .num_blocks = extent.blocks,
        .slots = extent.slots,
        .units = cut(extent.hidden, grid->column, grid->columns),
        .slice = grid->hosts > 1 ? cut(extent.hidden, grid->column, grid->columns)
                                 : cut(extent.hidden, grid->node.rank, grid->node.size),
        .chunks = {chunks * rank / team, chunks * (rank + 1) / team},
        .columns = cut(extent.stride, grid->node.rank, grid->node.size)};
    int rc = allocate(memory, &extent, grid, err);
    if (rc == 0)
        rc = spine_chain_init(&memory->chain, grid, &travelling, err);
    if (rc == 0)
        rc = order_groups(memory, part, grid, err);
    if (spine_comm_agree(&grid->ranks, rc, err) || share(memory, shape, grid, &extent, err))
        return -1;
    rc = allocate_blocks(memory, &memory->codes, part, grid, err);
    if (rc == 0)
        rc = allocate_blocks(memory, &memory->silent, part, grid, err);
    return spine_comm_agree(&grid->ranks, rc, err);
}

static void dispose_codes(struct spine_step_codes *codes, size_t num_blocks)
{
    for (size_t b = 0; codes->blocks != NULL && b < num_blocks; b++)
        spine_block_dispose(&codes->blocks[b]);
    free(codes->blocks);
    free(codes->views);
}

struct spine_range spine_step_slice(const struct spine_step_memory *memory,
                                    const struct spine_grid *grid, int host)
{
    if (grid->hosts == 1)
        return memory->slice;
    return cut(memory->params.hidden, host * team_size(grid) + grid->team.rank, grid->columns);
}

void spine_step_memory_dispose(struct spine_step_memory *memory)
{
    spine_chain_dispose(&memory->chain);
    spine_team_dispose(&memory->team);
    spine_team_dispose(&memory->node);
    dispose_codes(&memory->codes, memory->num_blocks);
    dispose_codes(&memory->silent, memory->num_blocks);
    spine_scratch_dispose(&memory->scratch);
    free(memory->tiles);
    free(memory->is_silent);
    free(memory->gradients);
    free(memory->leaves);
    free(memory->dW1);
    free(memory->dW2);
    free(memory->db1);
    free(memory->add);
    free(memory->counts);
    free(memory->send);
    free(memory->received);
    free(memory->wire);
    *memory = (struct spine_step_memory){0};
}

struct spine_step_bytes spine_step_bytes(const struct spine_step_shape *shape,
                                         const struct spine_partition *part,
                                         const struct spine_grid *grid,
                                         const struct spine_block_use *active,
                                         const struct spine_block_use *silent)
{
    const struct extent extent = find_extent(shape, spine_partition_blocks(part), grid);
    const size_t team_units = (extent.hidden + (size_t)extent.hosts - 1) / (size_t)extent.hosts;
    size_t pairs = spine_block_bytes(extent.slots, team_units, active);
    const size_t units = extent.hidden / ((size_t)extent.node_ranks * (size_t)extent.hosts) + CUT;
    const size_t travelling = grid->groups > grid->node_groups ? 6 * units * extent.stride : 0;
    const struct spine_chain_extent chain =
        find_travelling(shape, &extent, spine_partition_most_rows(part));
    const size_t kinds = extent.has_silent ? 2 : 1; /* of codes */
    size_t room = 0;                                /* for pairs; unused memory is never touched */

    if (extent.has_silent)
        pairs += spine_block_bytes(extent.slots, team_units, silent);
    place_codes(NULL, &extent, NULL, &room);
    const size_t team = place_team(NULL, &extent, NULL) - kinds * room + pairs;
    return (struct spine_step_bytes){
        .node = place_node(NULL, shape, &extent, NULL) + (size_t)extent.node_groups * team,
        .rank = (travelling + extent.slots * extent.dim + 3 * extent.hidden) * sizeof(float) +
                spine_chain_bytes(&chain, grid->hosts)};
}
