/* simulated.c -- the arithmetic of a step, replaced by the time that it takes.
 *
 * Functions of the library, for which simulate.py renames the library's own. Beside what they
 * compute, they charge for what they read that another core of the node has written since they last
 * read it (COST_TRANSFER). Which share that is follows from the grid. */
#include <math.h>
#include <smpi/smpi.h>
#include <stdlib.h>

#include "charge.h"
#include "costs.h"
#include "spine/base/random.h"
#include "spine/math/backward.h"
#include "spine/math/bfloat16.h"
#include "spine/math/decoding.h"
#include "spine/math/encoding.h"
#include "spine/math/tree.h"
#include "spine/ranks/machine.h"
#include "spine/ranks/openmpi.h"
#include "spine/train/chain.h"
#include "spine/train/stepcost.h"
#include "steps.h"

static struct {
    const struct spine_stepper *stepper;
    double density;
    /* Shares that others have written: of what a team shares, of what a node does, and of
     * parameters of this rank's units, which other groups update. */
    double by_team, by_node, by_groups;
    size_t units; /* that this rank updates, about */
    double rows_decoded;
    size_t rows; /* of the group's batch */
    double begun, work_begun;
} self;

void steps_read(const char *costs)
{
    costs_read(costs);
    self.density = costs_of(COST_DENSITY);
}

void steps_prepare(const struct steps_setup *setup)
{
    const struct spine_grid *grid = setup->stepper->grid;

    self.stepper = setup->stepper;
    self.by_team = 1 - 1.0 / grid->team.size;
    self.by_node = 1 - 1.0 / grid->node.size;
    self.by_groups = 1 - 1.0 / grid->node_groups;
    self.units = setup->stepper->params.hidden / (size_t)(grid->node.size * grid->hosts);
    if (self.units == 0)
        self.units = 1;
}

void steps_ended(void)
{
    charge_spend();
    if (self.begun == 0) {
        self.begun = spine_comm_clock();
        self.work_begun = charge_total();
    }
}

/* All ranks meet in every step, so that rank 0's time is everyone's. */
struct steps_times steps_times(struct spine_comm *ranks, size_t steps)
{
    struct steps_times times = {.seconds = (spine_comm_clock() - self.begun) / (double)steps,
                                .work = (charge_total() - self.work_begun) / (double)steps};
    spine_comm_sum_doubles(ranks, &times.work, 1);
    return times;
}

/* The time to read so many floats, of which this share was written by another core. */
static double transfer_time(double floats, double share)
{
    return 4 * floats * share * costs_of(COST_TRANSFER);
}

static void transfer(double floats, double share)
{
    charge_work(transfer_time(floats, share));
}

/* --- The batch's rows --------------------------------------------------------------------- */

size_t spine_dataset_supply(struct spine_dataset *data, size_t step, float *clean, uint64_t *rows)
{
    const size_t count = spine_partition_batch(&data->part, step, data->batch, data->slots);

    (void)clean;
    (void)rows;
    charge_work((double)(count * data->stride) * costs_of(COST_COPY));
    return count;
}

/* The parameters of the library's. */
void spine_random_add_noise_from(uint64_t seed, uint32_t epoch, uint64_t row, float sigma,
                                 size_t first, size_t count, const float *clean, float *noisy)
{
    (void)seed, (void)epoch, (void)row, (void)sigma, (void)first, (void)clean, (void)noisy;
    charge_work((double)count * costs_of(COST_NOISE));
    transfer((double)count, self.by_team);
}

/* The parameters of the library's. */
void spine_block_pack(size_t rows, size_t dim, size_t stride, size_t first, size_t end,
                      const float *x, float *panel)
{
    (void)rows, (void)dim, (void)stride, (void)x, (void)panel;
    charge_work((double)((end - first) * SPINE_PANEL_ROWS) * costs_of(COST_PACK));
}

/* Rows of x are copied with memcpy(), which costs nothing here; they are few. */
void spine_chain_copy(size_t count, const float *from, float *to)
{
    (void)from, (void)to;
    charge_work((double)count * costs_of(COST_COPY));
}

/* --- The products ------------------------------------------------------------------------- */

/* The parameters of the library's. */
void spine_block_encode(struct spine_block *block, struct spine_scratch *scratch,
                        enum spine_mode mode, size_t first_unit, size_t units,
                        const struct spine_params *params, const float *packed,
                        struct spine_block_sums *sums)
{
    const size_t whole = (block->rows + SPINE_PANEL_ROWS - 1) / SPINE_PANEL_ROWS * SPINE_PANEL_ROWS;

    (void)scratch, (void)packed;
    block->mode = mode;
    block->first_unit = first_unit;
    block->units = units;
    if (block->first_row == 0) {
        transfer((double)(units * params->stride), self.by_groups); /* W1 */
        self.rows_decoded = 0;
    }
    if (units == 0 || block->rows == 0)
        return;
    transfer((double)(block->rows * params->dim), self.by_team); /* x' */
    charge_work((double)units * costs_find(COST_ENCODE, mode, params->dim, units, whole));
    sums->active += (int64_t)(self.density * (double)(block->rows * units));
}

/* The floats of rows of W2 that nobody on this rank has read yet in this step, after so many rows:
 * in sparse mode those of units that were not active. */
static double new_of_W2(enum spine_mode mode, double rows, size_t units)
{
    const double all = (double)(units * self.stepper->params.stride), before = self.rows_decoded;
    const double idle = 1 - self.density;

    if (mode == SPINE_DENSE)
        return all * (fmin(1, before + rows) - fmin(1, before));
    return all * (pow(idle, before) - pow(idle, before + rows));
}

/* The parameters of the library's. */
void spine_block_decode(const struct spine_block *const *tiles, size_t num_tiles,
                        struct spine_scratch *scratch, size_t first, size_t end, size_t begin_chunk,
                        size_t end_chunk, const struct spine_params *params, bool continues,
                        float *y)
{
    const enum spine_mode mode = tiles[0]->mode;
    const double rows = (double)(end - first);
    const double share = (double)(spine_chunk_begin(params->stride, end_chunk) -
                                  spine_chunk_begin(params->stride, begin_chunk)) /
                         (double)params->stride;

    size_t units = 0; /* of this host */

    (void)scratch, (void)continues, (void)y;
    for (size_t t = 0; t < num_tiles; t++)
        units += tiles[t]->units;
    const double whole = costs_find(COST_DECODE, mode, params->dim, params->hidden, 1);
    const double part = costs_find(COST_DECODE, mode, params->dim, units, 1);
    /* It was measured with W2 in the nearest cache that is large enough: wherever a row of W2 comes
     * from, it comes once. */
    charge_work(fmax(rows * share * fmin(part, whole * (double)units / (double)params->hidden),
                     transfer_time(new_of_W2(mode, rows * share, units), self.by_node)));
    if (mode == SPINE_SPARSE) {
        charge_work(rows * (double)num_tiles * costs_of(COST_TILE));
        transfer(2 * rows * self.density * (double)units, self.by_team); /* pairs: unit and value */
    } else {
        transfer((double)units * SPINE_PANEL_ROWS, self.by_team); /* a line of each unit's values */
    }
    self.rows_decoded += rows * share;
}

float spine_chunk_residual(size_t stride, size_t chunk, const float *x, float scale, float factor,
                           float *y)
{
    const double columns =
        (double)(spine_chunk_begin(stride, chunk + 1) - spine_chunk_begin(stride, chunk));

    (void)x, (void)factor, (void)y;
    charge_work(columns * costs_of(COST_RESIDUAL));
    transfer(columns, self.by_team);
    return 0;
}

void spine_backward_begin(const struct spine_backward *backward, struct spine_scratch *scratch,
                          const struct spine_params *params)
{
    const struct spine_block *blocks = backward->blocks;

    (void)scratch;
    self.rows = 0;
    for (size_t b = 0; b < backward->num_blocks; b++)
        self.rows += blocks[b].rows;
    if (self.rows == 0 || blocks[0].units == 0)
        return;

    const bool is_dense = blocks[0].mode == SPINE_DENSE;
    const double read = is_dense ? 1 : 1 - pow(1 - self.density, (double)blocks[0].units);
    const double values = (double)(self.rows * params->stride);
    transfer(2 * values * read, self.by_team); /* dY and x' */
    if (is_dense)
        charge_work(values * costs_of(COST_PACK));
}

/* The parameters of the library's. */
void spine_backward_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                          size_t unit, size_t count, const struct spine_params *params,
                          const float *add, float *dW1, float *db1, float *dW2)
{
    (void)scratch, (void)unit, (void)add, (void)dW1, (void)db1, (void)dW2;
    if (self.rows > 0)
        charge_work((double)count *
                    costs_find(COST_BACKWARD, backward->blocks[0].mode, params->dim, 1, self.rows));
}

void spine_backward_rows(const struct spine_backward *backward, struct spine_scratch *scratch,
                         size_t stride, size_t first, size_t end, float *db2)
{
    const size_t columns = spine_chunk_begin(stride, end) - spine_chunk_begin(stride, first);

    (void)backward, (void)scratch, (void)db2;
    charge_work((double)(self.rows * columns) * costs_of(COST_BIAS));
}

/* --- The update ------------------------------------------------------------------------------ */

/* A step begins its update when it has the sums of h, which it adds up itself. */
void spine_optimizer_begin(struct spine_optimizer *optimizer, double rate)
{
    const struct spine_step_memory *own = &self.stepper->memory;
    const double units = (double)(own->units.end - own->units.first);

    optimizer->steps++;
    optimizer->rate = rate;
    charge_work(units * costs_of(COST_UNIT));
    transfer(2 * units * self.stepper->grid->node_groups, self.by_groups);
}

void spine_optimizer_update(struct spine_optimizer *optimizer, size_t first, size_t count,
                            float *params, const float *gradient)
{
    (void)optimizer, (void)first, (void)params, (void)gradient;
    charge_work((double)count * costs_find(COST_UPDATE, self.stepper->mode,
                                           self.stepper->params.dim, self.units, 1));
}

void spine_tree_sum(size_t num_sources, const float *const *sources, const size_t *leaves,
                    size_t count, float *out)
{
    const double values = (double)(num_sources * count);

    const bool is_here = sources[0] == self.stepper->memory.received;

    (void)leaves, (void)out;
    charge_work(
        fmax(values * costs_of(COST_SUM), transfer_time(values, is_here ? 0 : self.by_groups)));
}

void spine_bfloat16_pack(size_t count, const float *values, uint16_t *packed)
{
    (void)values, (void)packed;
    charge_work((double)count * costs_of(COST_WIRE));
}

void spine_bfloat16_unpack(size_t count, const uint16_t *packed, float *values)
{
    (void)packed, (void)values;
    charge_work((double)count * costs_of(COST_WIRE));
}

/* The first rank of every node finds the next mode, and rank 0 then the penalty. */
enum spine_mode spine_mode_next(enum spine_kernel_choice choice, enum spine_mode mode,
                                double density)
{
    const struct spine_stepper *stepper = self.stepper;

    (void)mode, (void)density;
    if (stepper->grid->ranks.rank == 0)
        charge_work((double)stepper->params.hidden * costs_of(COST_PENALTY));
    return spine_mode_first(choice);
}

/* --- What measures a real machine ------------------------------------------------------------- */

/* Nothing here can be measured, so the grid isn't chosen by it. */
bool spine_stepcost_applies(const struct spine_config *config)
{
    (void)config;
    return false;
}

int spine_stepcost_measure(struct spine_stepcost *cost, const struct spine_config *config,
                           struct spine_comm *comm, size_t num_rows, size_t dim,
                           struct spine_error *err)
{
    (void)cost, (void)config, (void)comm, (void)num_rows, (void)dim;
    return spine_fail(err, "the ranks are simulated");
}

void spine_stepcost_choose(const struct spine_stepcost *cost, int most_groups, int most_columns,
                           int *groups, int *columns)
{
    (void)cost;
    *groups = most_groups;
    *columns = most_columns;
}

/* --- Memory and machine ----------------------------------------------------------------------- */

void spine_params_randomize(struct spine_params *params, uint64_t seed, size_t first, size_t end)
{
    (void)params, (void)seed, (void)first, (void)end;
}

/* What is large is never looked at: all ranks get the same few pages, again and again. */
float *spine_kernel_alloc(size_t count, const char *what, struct spine_error *err)
{
    enum { LARGE = 1 << 20 };
    const size_t bytes = (count + SPINE_ALIGN) * sizeof(float);
    void *memory = bytes < LARGE ? calloc(1, bytes) : SMPI_SHARED_MALLOC(bytes);

    if (memory == NULL)
        spine_fail(err, "out of memory for %s", what);
    return memory;
}

/* No simulated rank fails alone; nobody needs to be asked. */
int spine_comm_agree(const struct spine_comm *comm, int rc, struct spine_error *err)
{
    (void)comm;
    (void)err;
    return rc;
}

double spine_comm_clock(void)
{
    return MPI_Wtime();
}

void spine_openmpi_prepare(void)
{
}

bool spine_openmpi_is_alone(void)
{
    return false;
}

int spine_openmpi_terminal(void)
{
    return -1;
}

const char *spine_openmpi_shared_directory(void)
{
    return NULL;
}

uint64_t spine_machine_disk_left(const char *path)
{
    (void)path;
    return UINT64_MAX;
}
