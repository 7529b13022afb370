/* step.c -- one step of training, on all ranks together. */
#include "spine/train/step.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/math/bfloat16.h"
#include "spine/math/exact.h"
#include "spine/math/tree.h"

/* What ranks tell each other when they meet: requests, by their bits, and a loss that isn't finite. */
enum { NOT_FINITE = 1 << SPINE_REQUESTS, FLAGS = SPINE_REQUESTS + 1 };

/* Columns whose noise is drawn at once (random.h). */
enum { PIECE = 64, ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS };

/* --- Setting up --------------------------------------------------------------------------- */

size_t spine_stepper_most_events(void)
{
    return 16;
}

/* The highest learning rate for the run's batch size: proportional to it for SGD (Goyal et al.,
 * "Accurate, large minibatch SGD", 2017), to its square root for Adam (Malladi et al., "On the SDEs
 * and scaling rules for adaptive gradient algorithms", NeurIPS 2022). The warm-up is a share of
 * all steps, so it lasts as many epochs with any batch. */
static double highest_rate(const struct spine_config *config)
{
    if (config->rate_batch == 0)
        return config->learning_rate;

    const double ratio = (double)config->batch_size / (double)config->rate_batch;
    return config->learning_rate * (config->optimizer == SPINE_ADAM ? sqrt(ratio) : ratio);
}

struct spine_step_settings spine_step_settings(const struct spine_config *config,
                                               const struct spine_dataset *data)
{
    const struct spine_activation activation = spine_config_activation(config);
    const bool is_tied = config->objective == SPINE_OBJECTIVE_KSPARSE;

    return (struct spine_step_settings){
        .dim = data->dim,
        .hidden = (size_t)config->hidden,
        .seed = (uint64_t)config->seed,
        .activation = activation,
        .is_tied = is_tied,
        .first_k = is_tied && config->first_k > config->k ? config->first_k : 0,
        .falling_epochs = config->epochs / 2,
        .weights = spine_config_weights(config),
        .noise = config->noise,
        .kernel = activation.selection == SPINE_ABOVE ? (enum spine_kernel_choice)config->kernel
                                                      : SPINE_KERNEL_SPARSE,
        .optimizer = (enum spine_optimizer_kind)config->optimizer,
        .momentum = config->momentum,
        .wire = (enum spine_wire)config->wire,
        .beta2 = config->beta2,
        .schedule = {.kind = (enum spine_schedule_kind)config->schedule,
                     .rate = highest_rate(config),
                     .warmup = config->warmup,
                     .decay = config->decay,
                     .num_steps = (uint64_t)config->epochs * spine_partition_steps(&data->part)},
    };
}

int spine_stepper_init(struct spine_stepper *stepper, struct spine_grid *grid,
                       const struct spine_step_settings *settings, const struct spine_dataset *data,
                       struct spine_error *err)
{
    const struct spine_step_shape shape = {settings->dim, settings->hidden, settings->optimizer,
                                           settings->momentum, settings->beta2};
    struct spine_step_memory *memory = &stepper->memory;

    *stepper = (struct spine_stepper){.settings = *settings, .grid = grid};
    if (spine_step_memory_init(memory, &shape, grid, &data->part, err))
        return -1;

    stepper->params = memory->params;
    stepper->optimizer = memory->optimizer;
    stepper->h_sum = memory->h_sum;
    stepper->mode = spine_mode_first(settings->kernel);
    for (size_t b = 0; b < memory->num_blocks; b++)
        memory->blocks[b].activation = settings->activation;
    /* Each rank the units that it will work on, so that their memory is near it. */
    spine_params_randomize(&stepper->params, settings->seed, memory->slice.first,
                           memory->slice.end);
    if (settings->is_tied)
        memcpy(stepper->params.W2 + memory->slice.first * stepper->params.stride,
               stepper->params.W1 + memory->slice.first * stepper->params.stride,
               (memory->slice.end - memory->slice.first) * stepper->params.stride * sizeof(float));
    spine_stepper_meet(stepper);
    return 0;
}

void spine_stepper_dispose(struct spine_stepper *stepper)
{
    spine_step_memory_dispose(&stepper->memory);
    *stepper = (struct spine_stepper){0};
}

/* --- Meeting and recording -------------------------------------------------------------------- */

static double begin_span(const struct spine_stepper *stepper)
{
    return stepper->recording == NULL ? 0 : spine_comm_clock();
}

static void end_span(struct spine_stepper *stepper, const char *name, double begun)
{
    if (stepper->recording != NULL)
        spine_timeline_add(stepper->recording, name, SPINE_LANE_WORK, begun, spine_comm_clock());
}

static uint64_t meet(struct spine_stepper *stepper, struct spine_team *team, uint64_t flags)
{
    const double begun = begin_span(stepper), before = team->waited;

    flags = spine_team_meet(team, flags);
    stepper->waited += team->waited - before;
    if (team->size > 1)
        end_span(stepper, "wait", begun);
    return flags;
}

void spine_stepper_meet(struct spine_stepper *stepper)
{
    meet(stepper, &stepper->memory.node, 0);
}

/* --- The batch's rows ------------------------------------------------------------------------- */

static const struct spine_step_rows *current_rows(const struct spine_stepper *stepper)
{
    return &stepper->memory.rows[stepper->memory.current];
}

static bool is_supplied(const struct spine_step_memory *own, int64_t epoch, size_t step)
{
    return own->is_supplied && own->epoch == epoch && own->step == step;
}

static void supply(struct spine_stepper *stepper, struct spine_dataset *data, int which,
                   int64_t epoch, size_t step)
{
    struct spine_step_memory *own = &stepper->memory;

    spine_dataset_supply(data, step, own->rows[which].clean, own->rows[which].number);
    own->is_supplied = true;
    own->epoch = epoch;
    own->step = step;
}

/* Put noise on PIECE columns of the rows of a panel, and pack them. */
static void make_noise(struct spine_stepper *stepper, const struct spine_dataset *data,
                       int64_t epoch, size_t block, size_t panel, size_t column)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_step_rows *rows = current_rows(stepper);
    const size_t dim = data->dim, stride = data->stride, first = block * ROWS + panel * PANEL;
    const size_t end = column + PIECE < dim ? column + PIECE : dim;
    const size_t left = own->blocks[block].rows - panel * PANEL;
    const size_t count = left < PANEL ? left : PANEL;
    const float sigma = (float)stepper->settings.noise;

    for (size_t i = first; i < first + count; i++) {
        const float *clean = rows->clean + i * stride + column;
        float *noisy = rows->noisy + i * stride + column;
        if (sigma > 0)
            spine_random_add_noise_from(data->part.seed, (uint32_t)epoch, rows->number[i], sigma,
                                        column, end - column, clean, noisy);
        else
            memcpy(noisy, clean, (end - column) * sizeof *noisy);
    }
    spine_block_pack(count, dim, stride, column, end, rows->noisy + first * stride,
                     rows->packed + block * spine_block_packed(dim) + panel * PANEL * dim);
}

/* This rank's share of the panels' pieces. */
static void draw_batch(struct spine_stepper *stepper, const struct spine_dataset *data,
                       const struct spine_position *position)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t pieces = (data->dim + PIECE - 1) / PIECE, panels = own->slots / PANEL;
    const size_t count = pieces * panels;
    const size_t rank = (size_t)stepper->memory.team.rank, size = (size_t)stepper->memory.team.size;
    const double begun = begin_span(stepper);

    for (size_t i = count * rank / size; i < count * (rank + 1) / size; i++) {
        const size_t block = i / pieces / (ROWS / PANEL), panel = i / pieces % (ROWS / PANEL);
        if (panel * PANEL < own->blocks[block].rows)
            make_noise(stepper, data, position->epoch, block, panel, i % pieces * PIECE);
    }
    end_span(stepper, "batch", begun);
}

/* --- z and h ------------------------------------------------------------------------------ */

/* The codes of all units for a block. */
static const struct spine_block *const *tiles_of(struct spine_stepper *stepper, size_t block)
{
    struct spine_step_memory *own = &stepper->memory;

    for (size_t c = 0; c < (size_t)stepper->grid->columns; c++) {
        struct spine_block *view = &own->views[c * own->num_blocks + block];
        view->mode = stepper->mode;
        view->rows = own->blocks[block].rows;
        own->tiles[c] = view;
    }
    return own->tiles;
}

/* The codes of this rank's units, or candidates for them, and what they add to the sums. */
static struct spine_block_sums encode(struct spine_stepper *stepper)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;
    const size_t hidden = stepper->params.hidden, units = own->units.end - own->units.first;
    const size_t packed = spine_block_packed(stepper->params.dim);
    const int node_group = grid->group - grid->node_rank * grid->node_groups;
    struct spine_block_sums sums = {.h = own->group_h + (size_t)node_group * hidden +
                                         own->units.first};
    const double begun = begin_span(stepper);

    memset(sums.h, 0, units * sizeof *sums.h);
    for (size_t b = 0; b < own->num_blocks; b++)
        spine_block_encode(&own->blocks[b], &own->scratch, stepper->mode, own->units.first, units,
                           &stepper->params, current_rows(stepper)->packed + b * packed, &sums);
    end_span(stepper, "encode", begun);
    return sums;
}

/* Find the cuts of the rows of the team, of which this rank takes a share. */
static void find_row_cuts(struct spine_stepper *stepper)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t columns = (size_t)stepper->grid->columns;
    const size_t rank = (size_t)own->team.rank, size = (size_t)own->team.size;
    const size_t first = own->slots * rank / size, end = own->slots * (rank + 1) / size;

    meet(stepper, &own->team, 0);
    const double begun = begin_span(stepper);
    for (size_t b = first / ROWS; b * ROWS < end; b++) {
        const size_t begin = b * ROWS < first ? first - b * ROWS : 0;
        const size_t rows = own->blocks[b].rows, stop = end - b * ROWS;
        spine_block_cut(tiles_of(stepper, b), columns, &own->scratch, own->blocks[b].activation.k,
                        begin, stop < rows ? stop : rows, own->cuts + b * ROWS);
    }
    end_span(stepper, "cut", begun);
    meet(stepper, &own->team, 0);
}

/* The least of the n largest candidates of all ranks; 0 if there are fewer. */
static float find_least(struct spine_stepper *stepper, int64_t n)
{
    struct spine_step_memory *own = &stepper->memory;
    int64_t histogram[SPINE_SEARCH_BINS];
    struct spine_search search;
    const double begun = begin_span(stepper);

    spine_search_begin(&search, n);
    for (int round = 0; round < SPINE_SEARCH_ROUNDS && search.left > 0; round++) {
        memset(histogram, 0, sizeof histogram);
        for (size_t b = 0; b < own->num_blocks; b++)
            spine_search_count(&search, own->blocks[b].unit_begin[own->blocks[b].units],
                               own->blocks[b].unit_value, histogram);
        spine_comm_sum_counts(&stepper->grid->ranks, histogram, SPINE_SEARCH_BINS);
        spine_search_narrow(&search, histogram);
    }
    end_span(stepper, "cut", begun);
    return spine_search_found(&search);
}

/* Set the bound above which pairs are candidates. */
static void set_bound(struct spine_stepper *stepper, float bound)
{
    stepper->settings.activation.threshold = bound;
    for (size_t b = 0; b < stepper->memory.num_blocks; b++)
        stepper->memory.blocks[b].activation.threshold = bound;
}

/* The cut of the batch. The bound of candidates, by the last batch, is only to save work: where it
 * leaves too few, all are listed. */
static struct spine_cut find_batch_cut(struct spine_stepper *stepper, size_t batch_rows)
{
    const double weight = 0.01; /* of a batch in the mean */
    const int64_t wanted = (int64_t)(stepper->settings.activation.k * batch_rows);
    double *threshold = &stepper->params.threshold;
    float least = find_least(stepper, wanted);

    if (least == 0 && stepper->settings.activation.threshold > 0) {
        set_bound(stepper, 0);
        encode(stepper);
        least = find_least(stepper, wanted);
    }
    set_bound(stepper, least / 2);
    if (least > 0)
        *threshold =
            *threshold > 0 ? (1 - weight) * *threshold + weight * (double)least : (double)least;
    return (struct spine_cut){least, least > 0 ? INT32_MAX : -1};
}

/* Select among the candidates of all units. */
static void select_pairs(struct spine_stepper *stepper, size_t batch_rows,
                         struct spine_block_sums *sums)
{
    struct spine_step_memory *own = &stepper->memory;
    const bool is_of_row = stepper->settings.activation.selection == SPINE_OF_ROW;
    struct spine_cut of_batch[ROWS] = {{0, -1}};

    if (is_of_row)
        find_row_cuts(stepper);
    else
        of_batch[0] = find_batch_cut(stepper, batch_rows);
    for (size_t i = 1; i < ROWS; i++)
        of_batch[i] = of_batch[0];

    const double begun = begin_span(stepper);
    for (size_t b = 0; b < own->num_blocks; b++)
        spine_block_keep(&own->blocks[b], is_of_row ? own->cuts + b * ROWS : of_batch, sums);
    end_span(stepper, "select", begun);
}

/* --- y ------------------------------------------------------------------------------------ */

/* dY of some rows of a block, in some chunks; returns their squares. */
static double decode_rows(struct spine_stepper *stepper, const struct spine_dataset *data,
                          size_t block, struct spine_range rows, struct spine_range chunks,
                          float factor)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t stride = data->stride, first = block * ROWS;
    double squares = 0;

    spine_block_decode(tiles_of(stepper, block), (size_t)stepper->grid->columns, &own->scratch,
                       rows.first, rows.end, chunks.first, chunks.end, &stepper->params,
                       own->y + first * stride);
    for (size_t i = first + rows.first; i < first + rows.end; i++)
        for (size_t c = chunks.first; c < chunks.end; c++)
            squares += spine_exact_round(
                (double)spine_chunk_residual(stride, c, current_rows(stepper)->clean + i * stride,
                                             factor, own->y + i * stride),
                data->quantum);
    return squares;
}

/* This rank's share of the rows' chunks; in dense mode of a few rows' together, whose products are
 * faster so. */
static double decode(struct spine_stepper *stepper, const struct spine_dataset *data,
                     size_t batch_rows)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t few = stepper->mode == SPINE_DENSE ? 4 : 1;
    const size_t chunks = spine_chunks(data->stride), count = own->slots / few * chunks;
    const size_t rank = (size_t)stepper->memory.team.rank, size = (size_t)stepper->memory.team.size;
    const size_t end = count * (rank + 1) / size;
    const float factor = (float)(2 / ((double)batch_rows * (double)data->dim));
    const double begun = begin_span(stepper);
    double squares = 0;

    for (size_t i = count * rank / size; i < end;) {
        const size_t row = i / chunks * few, left = end - i, first = i % chunks;
        const size_t last = left < chunks - first ? first + left : chunks;
        const size_t block = row / ROWS, rows = own->blocks[block].rows;
        const size_t stop = row % ROWS + few < rows ? row % ROWS + few : rows;
        if (row % ROWS < rows)
            squares += decode_rows(stepper, data, block, (struct spine_range){row % ROWS, stop},
                                   (struct spine_range){first, last}, factor);
        i += last - first;
    }
    end_span(stepper, "decode", begun);
    return squares;
}

/* --- What all ranks must know ------------------------------------------------------------------ */

/* Sum over the groups what each has of this rank's units, and pairs and flags. Leaves the sums of h
 * in own->counts, and in stepper->h_sum. */
static uint64_t sum_groups(struct spine_stepper *stepper, uint64_t flags)
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
        const double begun = begin_span(stepper), started = spine_comm_clock();
        extra[0] = own->active[grid->node.rank];
        for (int i = 0; i < FLAGS; i++)
            extra[1 + i] = (int64_t)(flags >> i & 1);
        spine_comm_sum_counts(&grid->others, counts, units + 1 + FLAGS);
        own->active[grid->node.rank] = extra[0];
        for (int i = 0; i < FLAGS; i++)
            flags |= (uint64_t)(extra[1 + i] > 0) << i;
        stepper->waited += spine_comm_clock() - started;
        end_span(stepper, "sum of h", begun);
    }
    if (grid->group == grid->node_rank * grid->node_groups && grid->groups > 1)
        memcpy(stepper->h_sum + own->units.first, counts, units * sizeof *counts);
    return flags;
}

static uint64_t own_flags(const struct spine_stepper *stepper, bool is_finite)
{
    uint64_t flags = is_finite ? 0 : NOT_FINITE;

    for (int i = 0; i < SPINE_REQUESTS; i++)
        flags |= (uint64_t)stepper->requests[i] << i;
    return flags;
}

/* How far a unit's mean is above what it should be at most. */
static double find_excess(const struct spine_stepper *stepper, int64_t h_sum, size_t batch_rows)
{
    const double rho = 1 - stepper->settings.weights.sparsity;
    const double excess = (double)h_sum / SPINE_BLOCK_SCALE / (double)batch_rows - rho;
    return excess > 0 ? excess : 0;
}

/* What PSL, ASL and L1 add to the gradient of h, of this rank's units. */
static void find_add(struct spine_stepper *stepper, size_t batch_rows)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_loss_weights *weights = &stepper->settings.weights;
    const double pairs = (double)batch_rows * (double)stepper->params.hidden;
    const double l1 = weights->l1 / ((double)batch_rows * (double)stepper->params.dim);

    for (size_t j = own->units.first; j < own->units.end; j++) {
        const double over = find_excess(stepper, own->counts[j - own->units.first], batch_rows);
        own->add[j] = (float)((weights->psl + 2 * weights->asl * over) / pairs + l1);
    }
}

/* --- Gradient and update ------------------------------------------------------------------- */

static void update(struct spine_stepper *stepper, const float *at, size_t count,
                   const float *gradient)
{
    spine_optimizer_update(&stepper->optimizer, (size_t)(at - stepper->params.data), count,
                           stepper->params.data, gradient);
}

/* Of tied matrices, both get the sum of their gradients. */
static void tie(size_t count, float *dW1, float *dW2)
{
    for (size_t i = 0; i < count; i++) {
        dW1[i] += dW2[i];
        dW2[i] = dW1[i];
    }
}

/* The gradient of this rank's units, applied at once or, with many groups, kept as the group's. */
static void backward(struct spine_stepper *stepper, size_t batch_rows)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_params *params = &stepper->params;
    const struct spine_grid *grid = stepper->grid;
    const size_t stride = params->stride, first = own->units.first;
    const double slope =
        2 * stepper->settings.weights.psl / ((double)batch_rows * (double)params->hidden);
    const struct spine_backward backward = {own->blocks, own->num_blocks,
                                            current_rows(stepper)->noisy, own->y, (float)slope};
    const bool is_kept = grid->groups > 1;
    const struct spine_params *kept =
        &own->gradients[grid->group - grid->node_rank * grid->node_groups];
    const double begun = begin_span(stepper);

    spine_backward_begin(&backward, &own->scratch, params);
    for (size_t j = first; j < own->units.end; j += SPINE_BLOCK_UNITS) {
        const size_t left = own->units.end - j;
        const size_t count = left < SPINE_BLOCK_UNITS ? left : SPINE_BLOCK_UNITS;
        float *dW1 = is_kept ? kept->W1 + j * stride : own->dW1;
        float *dW2 = is_kept ? kept->W2 + j * stride : own->dW2;
        float *db1 = is_kept ? kept->b1 + j : own->db1 + (j - first);

        spine_backward_units(&backward, &own->scratch, j, count, params, own->add, dW1, db1, dW2);
        if (!is_kept && stepper->settings.is_tied)
            tie(count * stride, dW1, dW2);
        if (!is_kept) {
            update(stepper, params->W1 + j * stride, count * stride, dW1);
            update(stepper, params->W2 + j * stride, count * stride, dW2);
        }
    }

    float *db2 = is_kept ? kept->b2 : own->dW1;
    spine_backward_rows(&backward, &own->scratch, stride, own->chunks.first, own->chunks.end, db2);
    if (!is_kept) {
        const size_t begin = spine_chunk_begin(stride, own->chunks.first);
        update(stepper, params->b2 + begin, spine_chunk_begin(stride, own->chunks.end) - begin,
               db2 + begin);
        update(stepper, params->b1 + first, spine_kernel_stride(own->units.end - first), own->db1);
    }
    end_span(stepper, "gradient", begun);
}

/* --- The sum over groups ------------------------------------------------------------------------ */

enum { MOST_PARTS = 4 };
enum { PIECE_FLOATS = 2048 }; /* that stay in the nearest cache */

/* The parts of the parameters that this rank updates: of W1, b1, W2 and b2. */
static int slice_parts(const struct spine_stepper *stepper, struct spine_range *parts)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_params *params = &stepper->params;
    const size_t stride = params->stride, units = own->slice.end - own->slice.first;
    const struct {
        const float *begin;
        size_t count;
    } all[MOST_PARTS] = {
        {params->W1 + own->slice.first * stride, units * stride},
        {params->b1 + own->slice.first, spine_kernel_stride(units)},
        {params->W2 + own->slice.first * stride, units * stride},
        {params->b2 + own->columns.first, own->columns.end - own->columns.first},
    };

    for (int i = 0; i < MOST_PARTS; i++) {
        parts[i].first = (size_t)(all[i].begin - params->data);
        parts[i].end = parts[i].first + all[i].count;
    }
    return MOST_PARTS;
}

/* out (count) = the sum over the groups of the node, from element 'first' on. */
static void sum_on_node(const struct spine_stepper *stepper, size_t first, size_t count, float *out)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;
    const float *sources[SPINE_TREE_MOST];
    const size_t groups = (size_t)grid->node_groups;

    for (size_t g = 0; g < groups; g++)
        sources[g] = own->gradients[g].data + first;
    spine_tree_sum(groups, sources, own->leaves + (size_t)grid->node_rank * groups, count, out);
}

/* Exchange slices between nodes: block i of own->send, of 'piece' floats, goes to node i; or if
 * 'collects', each node's block of own->received to all, which gather them in own->send. */
static void travel(struct spine_stepper *stepper, size_t piece, bool collects)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_comm *others = &stepper->grid->others;
    const size_t all = (size_t)others->size * piece;
    float *from = collects ? own->received : own->send, *to = collects ? own->send : own->received;
    float *send = from, *receive = to;
    size_t count = piece;

    if (stepper->settings.wire == SPINE_WIRE_BFLOAT16) {
        send = own->wire;
        receive = own->wire + own->piece * (size_t)others->size / 2;
        count = piece / 2;
        spine_bfloat16_pack(collects ? piece : all, from, (uint16_t *)(void *)send);
    }
    if (collects)
        spine_comm_collect(others, send, count, receive);
    else
        spine_comm_exchange(others, send, count, receive);
    if (receive != to)
        spine_bfloat16_unpack(all, (const uint16_t *)(const void *)receive, to);
}

/* Sum slices between nodes: own->send, of 'piece' floats a node, becomes the sum over the nodes. */
static void sum_between_nodes(struct spine_stepper *stepper, size_t piece)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_grid *grid = stepper->grid;
    const size_t nodes = (size_t)grid->num_nodes;
    const float *sources[SPINE_TREE_MOST];
    size_t leaves[SPINE_TREE_MOST];
    const double begun = begin_span(stepper), started = spine_comm_clock();

    travel(stepper, piece, false);
    for (size_t n = 0; n < nodes; n++) {
        sources[n] = own->received + n * piece;
        leaves[n] = own->leaves[n * (size_t)grid->node_groups];
    }
    float *sum = own->send + (size_t)grid->node_rank * piece;
    spine_tree_sum(nodes, sources, leaves, piece, sum);
    memcpy(own->received, sum, piece * sizeof *sum);
    travel(stepper, piece, true);
    stepper->waited += spine_comm_clock() - started;
    end_span(stepper, "sum between nodes", begun);
}

/* Update the parameters of this rank's slice with its gradient, the parts one after the other. */
static void update_parts(struct spine_stepper *stepper, const struct spine_range *parts,
                         float *gradient)
{
    const size_t weights = parts[0].end - parts[0].first, biases = parts[1].end - parts[1].first;

    if (stepper->settings.is_tied)
        tie(weights, gradient, gradient + weights + biases);
    for (int i = 0; i < MOST_PARTS; i++) {
        const size_t count = parts[i].end - parts[i].first;
        update(stepper, stepper->params.data + parts[i].first, count, gradient);
        gradient += count;
    }
}

/* Sum a piece of this rank's slice over the groups of its node, the only one, and update it. */
static void update_piece(struct spine_stepper *stepper, int part, size_t at, size_t count)
{
    float *data = stepper->params.data, sum[PIECE_FLOATS], other[PIECE_FLOATS];
    const size_t to_W2 = (size_t)(stepper->params.W2 - stepper->params.W1);
    const bool is_tied = stepper->settings.is_tied;

    if (is_tied && part == 2)
        return; /* with W1, part 0 */
    sum_on_node(stepper, at, count, sum);
    if (is_tied && part == 0) {
        sum_on_node(stepper, at + to_W2, count, other);
        tie(count, sum, other);
        update(stepper, data + at + to_W2, count, other);
    }
    update(stepper, data + at, count, sum);
}

/* Sum this rank's slice of the gradient over all groups, and update its parameters. */
static void update_slice(struct spine_stepper *stepper)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_range parts[MOST_PARTS];
    const int num_parts = slice_parts(stepper, parts);
    const bool is_alone = stepper->grid->num_nodes == 1;
    const double begun = begin_span(stepper);
    size_t total = 0;

    for (int i = 0; i < num_parts; i++)
        for (size_t at = parts[i].first; at < parts[i].end; at += PIECE_FLOATS) {
            const size_t left = parts[i].end - at, most = PIECE_FLOATS;
            const size_t count = left < most ? left : most;
            if (is_alone)
                update_piece(stepper, i, at, count);
            else
                sum_on_node(stepper, at, count, own->send + total);
            total += count;
        }
    if (!is_alone) {
        const size_t nodes = (size_t)stepper->grid->num_nodes;
        const size_t piece = (total + 2 * nodes - 1) / (2 * nodes) * 2; /* an even number */
        assert(piece <= own->piece);
        sum_between_nodes(stepper, piece);
        update_parts(stepper, parts, own->send);
    }
    end_span(stepper, "update", begun);
}

/* --- The step ------------------------------------------------------------------------------- */

/* A loss isn't finite on some ranks: say on which, and what. */
static int explain(const struct spine_stepper *stepper, bool code_is_finite, double squares,
                   const struct spine_position *position, struct spine_error *err)
{
    const char *what = !code_is_finite      ? "a code"
                       : !isfinite(squares) ? "the reconstruction loss"
                                            : NULL;
    const long long epoch = position->epoch + 1;
    const size_t step = position->step + 1;
    int rc = 0;

    if (what != NULL)
        rc = spine_fail(err,
                        "epoch %lld, step %zu: %s is not finite; a lower train.learning_rate than "
                        "%g may help",
                        epoch, step, what, stepper->settings.schedule.rate);
    if (spine_comm_agree(&stepper->grid->ranks, rc, err) == 0)
        spine_fail(err, "epoch %lld, step %zu: a loss is not finite", epoch, step);
    return -1;
}

/* k falls linearly, epoch by epoch. */
static void lower_k(struct spine_stepper *stepper, int64_t epoch)
{
    const struct spine_step_settings *settings = &stepper->settings;
    const int64_t last = (int64_t)settings->activation.k, epochs = settings->falling_epochs;
    const int64_t above =
        epoch < epochs ? (settings->first_k - last) * (epochs - epoch) / epochs : 0;

    for (size_t b = 0; b < stepper->memory.num_blocks; b++)
        stepper->memory.blocks[b].activation.k = (size_t)(last + above);
}

/* Make ready for a step: its rows, the mode that all ranks use. */
static void begin(struct spine_stepper *stepper, struct spine_dataset *data,
                  const struct spine_position *position)
{
    struct spine_step_memory *own = &stepper->memory;

    if (!is_supplied(own, position->epoch, position->step)) {
        supply(stepper, data, own->current, position->epoch, position->step);
        meet(stepper, &stepper->memory.team, 0);
    }
    for (size_t b = 0; b < own->num_blocks; b++)
        own->blocks[b].rows = spine_partition_block_rows(&data->part, b, position->step);
    if (stepper->settings.first_k > 0)
        lower_k(stepper, position->epoch);
    if (stepper->memory.node.rank == 0)
        *own->mode = stepper->mode;
    draw_batch(stepper, data, position);
    meet(stepper, &stepper->memory.node, 0);
    stepper->mode = (enum spine_mode) * own->mode;
}

/* L1 of a batch, or ASL, times its rows. */
static double find_penalty(const struct spine_stepper *stepper, size_t batch_rows)
{
    const struct spine_params *params = &stepper->params;
    const bool is_l1 = stepper->settings.weights.l1 > 0;
    double sum = 0;

    for (size_t j = 0; j < params->hidden; j++) {
        const double over = find_excess(stepper, stepper->h_sum[j], batch_rows);
        sum += is_l1 ? (double)stepper->h_sum[j] / SPINE_BLOCK_SCALE : over * over;
    }
    return is_l1 ? sum / (double)params->dim : sum / (double)params->hidden * (double)batch_rows;
}

/* The next step's mode, which the first rank of a node finds for the others; and the penalty. */
static void finish(struct spine_stepper *stepper, size_t batch_rows,
                   struct spine_position *position)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;
    int64_t active = 0;

    if (grid->node.rank != 0)
        return;
    for (int rank = 0; rank < grid->node.size; rank++)
        active += own->active[rank];
    stepper->mode =
        spine_mode_next(stepper->settings.kernel, stepper->mode,
                        (double)active / ((double)batch_rows * (double)stepper->params.hidden));
    if (grid->ranks.rank == 0)
        position->sums.penalty += find_penalty(stepper, batch_rows);
}

int spine_stepper_step(struct spine_stepper *stepper, struct spine_dataset *data,
                       struct spine_position *position, struct spine_error *err)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t batch_rows = spine_partition_batch_rows(&data->part, position->step);
    const bool is_last = position->step + 1 == spine_partition_steps(&data->part);

    begin(stepper, data, position);                 /* x' */
    struct spine_block_sums sums = encode(stepper); /* z = x' W1' + b1, and h of it */
    if (stepper->settings.activation.selection != SPINE_ABOVE)
        select_pairs(stepper, batch_rows, &sums);
    own->active[stepper->grid->node.rank] = sums.active;
    own->is_supplied = false;
    if (!is_last)
        supply(stepper, data, 1 - own->current, position->epoch, position->step + 1);
    meet(stepper, &stepper->memory.team, 0);
    const double squares = decode(stepper, data, batch_rows); /* dY, of y = h W2 + b2 */

    const bool is_finite = !sums.not_finite && isfinite(squares);
    const uint64_t flags =
        sum_groups(stepper, meet(stepper, &stepper->memory.node, own_flags(stepper, is_finite)));
    if (flags & NOT_FINITE)
        return explain(stepper, !sums.not_finite, squares, position, err);
    for (int i = 0; i < SPINE_REQUESTS; i++)
        stepper->requests[i] = (flags >> i & 1) != 0;

    find_add(stepper, batch_rows); /* of the mean of h */
    spine_optimizer_begin(&stepper->optimizer, spine_schedule_rate(&stepper->settings.schedule,
                                                                   stepper->optimizer.steps));
    backward(stepper, batch_rows); /* dW2 = h' dY, dW1 = dz' x',  dz = dY W2' + ... */
    if (stepper->grid->groups > 1) {
        meet(stepper, &stepper->memory.node, 0);
        update_slice(stepper);
    }

    finish(stepper, batch_rows, position);
    own->current = 1 - own->current;
    position->sums.squares += squares;
    position->sums.partial += (double)sums.partial / SPINE_BLOCK_SCALE;
    position->sums.active += (double)sums.active;
    position->step++;
    return 0;
}
