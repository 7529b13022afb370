/* groupsum.c -- the sums of a step over groups: on a node, and between nodes. */
#include "spine/train/groupsum.h"

#include <assert.h>
#include <string.h>

#include "spine/math/bfloat16.h"
#include "spine/math/tree.h"

/* Counts beside the sums of h: active pairs, flags, squares. */
enum { EXTRA = 2 + SPINE_STEP_FLAGS };

/* Sum the other counts over the hosts of the group, and get the sums of h of their units. */
static void share_counts(struct spine_stepper *stepper, int64_t *extra)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;
    struct spine_chain *chain = &own->chain;
    const size_t hosts = (size_t)grid->hosts, most = (chain->extent.counts - EXTRA) / hosts;
    int64_t *others = chain->counts + hosts * most;

    memset(chain->counts, 0, chain->extent.counts * sizeof *chain->counts);
    memcpy(chain->counts + (size_t)grid->host * most, own->counts,
           (own->units.end - own->units.first) * sizeof *own->counts);
    memcpy(others, extra, EXTRA * sizeof *extra);
    spine_comm_sum_counts(chain->hosts, chain->counts, hosts * most + EXTRA);
    memcpy(extra, others, EXTRA * sizeof *extra);

    for (int host = 0; host < grid->hosts; host++) {
        const struct spine_range units = spine_step_slice(own, grid, host);
        memcpy(stepper->h_sum + units.first, chain->counts + (size_t)host * most,
               (units.end - units.first) * sizeof *stepper->h_sum);
    }
}

uint64_t spine_groupsum_counts(struct spine_stepper *stepper, uint64_t flags)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_grid *grid = stepper->grid;
    const size_t hidden = stepper->params.hidden, units = own->units.end - own->units.first;
    int64_t *counts = own->counts, *extra = counts + units;

    for (size_t j = 0; j < units; j++) {
        counts[j] = 0;
        for (size_t g = 0; g < (size_t)grid->node_groups; g++)
            counts[j] += own->group_h[g * hidden + own->units.first + j];
    }
    if (grid->num_nodes > 1) {
        const double begun = spine_stepper_begin_span(stepper), started = spine_comm_clock();
        extra[0] = own->active[grid->node.rank];
        for (int i = 0; i < SPINE_STEP_FLAGS; i++)
            extra[1 + i] = (int64_t)(flags >> i & 1);
        extra[1 + SPINE_STEP_FLAGS] = own->squares[grid->node.rank];
        spine_comm_sum_counts(&grid->peers, counts, units + EXTRA);
        if (grid->hosts > 1)
            share_counts(stepper, extra);
        own->active[grid->node.rank] = extra[0];
        own->squares[grid->node.rank] = extra[1 + SPINE_STEP_FLAGS];
        for (int i = 0; i < SPINE_STEP_FLAGS; i++)
            flags |= (uint64_t)(extra[1 + i] > 0) << i;
        stepper->waited += spine_comm_clock() - started;
        spine_stepper_end_span(stepper, "sum of h", begun);
    }
    if (grid->group == grid->first_group && grid->groups > 1)
        memcpy(stepper->h_sum + own->units.first, counts, units * sizeof *counts);
    return flags;
}

bool spine_groupsum_any(struct spine_stepper *stepper, bool own)
{
    struct spine_grid *grid = stepper->grid;
    int64_t count = (int64_t)spine_stepper_meet_team(stepper, &stepper->memory.node, own);

    if (grid->num_nodes > 1) {
        const double started = spine_comm_clock();
        spine_comm_sum_counts(&grid->others, &count, 1);
        stepper->waited += spine_comm_clock() - started;
    }
    return count > 0;
}

void spine_groupsum_node(const struct spine_stepper *stepper, size_t first, size_t count,
                         float *out)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;
    const float *sources[SPINE_TREE_MOST];
    const size_t groups = (size_t)grid->node_groups;

    assert(groups <= SPINE_TREE_MOST);
    for (size_t g = 0; g < groups; g++)
        sources[g] = own->gradients[g].data + first;
    spine_tree_sum(groups, sources, own->leaves + grid->first_group, count, out);
}

/* Exchange slices of 'piece' floats between nodes: block i of own->send goes to node i; or, if
 * 'collects', each node's block of own->received is gathered in own->send on all nodes. */
static void travel(struct spine_stepper *stepper, size_t piece, bool collects)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_comm *peers = &stepper->grid->peers;
    const size_t all = (size_t)peers->size * piece;
    float *from = collects ? own->received : own->send, *to = collects ? own->send : own->received;
    float *send = from, *receive = to;
    size_t count = piece;

    if (stepper->settings.wire == SPINE_DTYPE_BFLOAT16) {
        send = own->wire;
        receive = own->wire + own->piece * (size_t)peers->size / 2;
        count = piece / 2;
        spine_bfloat16_pack(collects ? piece : all, from, (uint16_t *)(void *)send);
    }
    if (collects)
        spine_comm_collect(peers, send, count, receive);
    else
        spine_comm_exchange(peers, send, count, receive);
    if (receive != to)
        spine_bfloat16_unpack(all, (const uint16_t *)(const void *)receive, to);
}

void spine_groupsum_nodes(struct spine_stepper *stepper, size_t piece)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_grid *grid = stepper->grid;
    const size_t nodes = (size_t)grid->peers.size;
    const float *sources[SPINE_TREE_MOST];
    size_t leaves[SPINE_TREE_MOST];
    const double begun = spine_stepper_begin_span(stepper), started = spine_comm_clock();

    assert(nodes <= SPINE_TREE_MOST);
    travel(stepper, piece, false);
    for (size_t n = 0; n < nodes; n++) {
        sources[n] = own->received + n * piece;
        leaves[n] = own->leaves[n * (size_t)grid->node_groups];
    }
    float *sum = own->send + (size_t)grid->peers.rank * piece;
    spine_tree_sum(nodes, sources, leaves, piece, sum);
    memcpy(own->received, sum, piece * sizeof *sum);
    travel(stepper, piece, true);
    stepper->waited += spine_comm_clock() - started;
    spine_stepper_end_span(stepper, "sum between nodes", begun);
}
