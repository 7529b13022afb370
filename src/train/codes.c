/* codes.c -- the codes of a step: z of its rows, and the active pairs. */
#include "spine/train/codes.h"

#include <math.h>
#include <string.h>

#include "spine/math/decoding.h"
#include "spine/train/minibatch.h"

enum { ROWS = SPINE_BLOCK_ROWS };

/* The margin of batchtopk's candidates (stepper.h): its range, and its factor after a batch with
 * enough candidates, and with too few. About one batch of 50 has too few, if all are alike. */
static const float LEAST_MARGIN = 0.02F, MOST_MARGIN = 0.5F, NARROWER = 0.97F, WIDER = 4;

const struct spine_block *const *
spine_codes_tiles(struct spine_stepper *stepper, const struct spine_step_codes *codes, size_t block)
{
    struct spine_step_memory *own = &stepper->memory;

    for (size_t c = 0; c < (size_t)own->team.size; c++) {
        struct spine_block *view = &codes->views[c * own->num_blocks + block];
        view->mode = stepper->mode;
        view->rows = own->codes.blocks[block].rows;
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
    const int node_group = grid->group - grid->first_group;
    struct spine_block_sums sums = {.h = own->group_h + (size_t)node_group * hidden +
                                         own->units.first};
    const double begun = spine_stepper_begin_span(stepper);

    memset(sums.h, 0, units * sizeof *sums.h);
    for (size_t b = 0; b < own->num_blocks; b++)
        spine_block_encode(&own->codes.blocks[b], &own->scratch, stepper->mode, own->units.first,
                           units, &stepper->params,
                           spine_minibatch_rows(stepper)->packed + b * packed, &sums);
    spine_stepper_end_span(stepper, "encode", begun);
    return sums;
}

/* Find the cuts of some rows on the hosts together, from those of each: the k largest candidates on
 * all hosts are among the k largest of each. Where all that was sent is kept, each host's own cut
 * stays. */
static void cut_over_hosts(struct spine_stepper *stepper, const struct spine_step_codes *codes,
                           size_t k, const struct spine_range *rows)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_chain *chain = &own->chain;
    const size_t count = rows->end - rows->first;
    struct spine_pair *pairs = spine_chain_begin_pairs(chain, count, k);

    for (size_t i = 0; i < count; i++) {
        const size_t row = rows->first + i, block = row / ROWS;
        if (row % ROWS < own->codes.blocks[block].rows)
            spine_block_list_kept(spine_codes_tiles(stepper, codes, block), (size_t)own->team.size,
                                  &own->scratch, row % ROWS, own->cuts[row], pairs + i * k);
    }

    const double started = spine_comm_clock();
    spine_chain_exchange_pairs(chain, count, k);
    stepper->waited += spine_comm_clock() - started;
    spine_chain_cut(chain, count, k, &own->scratch, own->cuts + rows->first);
}

void spine_codes_cut(struct spine_stepper *stepper, const struct spine_step_codes *codes, size_t k)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t rank = (size_t)own->team.rank, size = (size_t)own->team.size;
    const size_t first = own->slots * rank / size, end = own->slots * (rank + 1) / size;

    spine_stepper_meet_team(stepper, &own->team, 0);
    const double begun = spine_stepper_begin_span(stepper);
    for (size_t b = first / ROWS; b * ROWS < end; b++) {
        const size_t begin = b * ROWS < first ? first - b * ROWS : 0;
        const size_t rows = own->codes.blocks[b].rows, stop = end - b * ROWS;
        spine_block_cut(spine_codes_tiles(stepper, codes, b), size, &own->scratch, k, begin,
                        stop < rows ? stop : rows, own->cuts + b * ROWS);
    }
    if (stepper->grid->hosts > 1)
        cut_over_hosts(stepper, codes, k, &(struct spine_range){first, end});
    spine_stepper_end_span(stepper, stepper->grid->hosts > 1 ? "cut with other hosts" : "cut",
                           begun);
    spine_stepper_meet_team(stepper, &own->team, 0);
}

/* Find the least of the n largest candidates of all ranks; 0 if there are fewer. */
static float find_least(struct spine_stepper *stepper, int64_t n)
{
    struct spine_step_memory *own = &stepper->memory;
    int64_t histogram[SPINE_SEARCH_BINS];
    struct spine_search search;
    const double begun = spine_stepper_begin_span(stepper);

    spine_search_begin(&search, n);
    for (int round = 0; round < SPINE_SEARCH_ROUNDS && search.left > 0; round++) {
        memset(histogram, 0, sizeof histogram);
        for (size_t b = 0; b < own->num_blocks; b++)
            spine_search_count(&search, own->codes.blocks[b].unit_begin[own->codes.blocks[b].units],
                               own->codes.blocks[b].unit_value, histogram);
        spine_comm_sum_counts(&stepper->grid->ranks, histogram, SPINE_SEARCH_BINS);
        spine_search_narrow(&search, histogram);
    }
    spine_stepper_end_span(stepper, "cut", begun);
    return spine_search_found(&search);
}

/* Set the bound above which pairs are candidates. */
static void set_bound(struct spine_stepper *stepper, float bound)
{
    stepper->settings.activation.threshold = bound;
    for (size_t b = 0; b < stepper->memory.num_blocks; b++)
        stepper->memory.codes.blocks[b].activation.threshold = bound;
}

/* Find the cut of the batch. The bound of candidates, from the last batch, only saves work: if it
 * leaves too few candidates, all pairs are listed. How far below the last batch's least value it is
 * follows from how often that happens. */
static struct spine_cut find_batch_cut(struct spine_stepper *stepper, size_t batch_rows)
{
    const double weight = 0.01; /* of a batch in the mean */
    const int64_t wanted = (int64_t)(stepper->settings.activation.k * batch_rows);
    double *threshold = &stepper->params.threshold;
    float least = find_least(stepper, wanted);

    stepper->margin = fmaxf(NARROWER * stepper->margin, LEAST_MARGIN);
    if (least == 0 && stepper->settings.activation.threshold > 0) {
        stepper->margin = fminf(WIDER * stepper->margin, MOST_MARGIN);
        set_bound(stepper, 0);
        encode(stepper);
        least = find_least(stepper, wanted);
    }
    set_bound(stepper, least * (1 - stepper->margin));
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
        spine_codes_cut(stepper, &own->codes, own->codes.blocks[0].activation.k);
    else
        of_batch[0] = find_batch_cut(stepper, batch_rows);
    for (size_t i = 1; i < ROWS; i++)
        of_batch[i] = of_batch[0];

    const double begun = spine_stepper_begin_span(stepper);
    for (size_t b = 0; b < own->num_blocks; b++)
        spine_block_keep(&own->codes.blocks[b], is_of_row ? own->cuts + b * ROWS : of_batch, sums);
    spine_stepper_end_span(stepper, "select", begun);
}

struct spine_block_sums spine_codes_find(struct spine_stepper *stepper, size_t batch_rows)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_block_sums sums = encode(stepper);

    if (stepper->settings.activation.selection != SPINE_ABOVE)
        select_pairs(stepper, batch_rows, &sums);
    own->active[stepper->grid->node.rank] = sums.active;
    return sums;
}
