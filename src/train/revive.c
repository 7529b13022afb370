/* revive.c -- reviving idle units from badly fitted rows. */
#include "spine/train/revive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

static const double LEAST_RESIDUAL = 2; /* of a row that revives a unit, over the noise */
enum {
    MOST_SHARE = 10, /* at most one unit in 10 is revived at a time, */
    TOGETHER = 64,   /* and 64 by one reduction */
};

int spine_idle_init(struct spine_idle *idle, size_t hidden, double noise, struct spine_error *err)
{
    *idle = (struct spine_idle){.hidden = hidden, .noise = noise};
    idle->epochs =
        spine_memory_zeroed(hidden, sizeof *idle->epochs, "the idle epochs of all units", err);
    if (idle->epochs == NULL)
        return -1;

    return 0;
}

void spine_idle_dispose(struct spine_idle *idle)
{
    free(idle->epochs);
    *idle = (struct spine_idle){0};
}

void spine_idle_note(struct spine_idle *idle, const int64_t *h_sum)
{
    for (size_t j = 0; j < idle->hidden; j++)
        if (h_sum[j] > 0 && idle->epochs[j] >= -1)
            idle->epochs[j] = -1;
}

size_t spine_idle_count(struct spine_idle *idle, int64_t after)
{
    size_t count = 0;
    for (size_t j = 0; j < idle->hidden; j++)
        if (idle->epochs[j] >= -1)
            count += ++idle->epochs[j] >= after; /* from -1 to 0 if it was active */
    return count;
}

/* A row and how badly it is reconstructed. */
struct bad_row {
    double error; /* |x - y|^2 */
    uint64_t row; /* global */
};

static int by_error(const void *a, const void *b)
{
    const struct bad_row *first = a, *second = b;
    if (first->error != second->error)
        return first->error < second->error ? 1 : -1;
    return first->row < second->row ? -1 : 1;
}

/* y - x of 'count' of this rank's rows x into coder->residual. */
static void find_residuals(const struct spine_params *params, struct spine_dataset *data,
                           size_t first, size_t count, struct spine_coder *coder)
{
    const float *x = spine_dataset_slice(data, 0, first, count, 0);
    spine_coder_encode(coder, params, count, x, false);
    spine_coder_decode(coder, params, x, data->quantum);
}

/* All of this rank's rows, worst first. */
static void rank_rows(const struct spine_params *params, struct spine_dataset *data,
                      struct spine_coder *coder, struct bad_row *rows)
{
    const size_t local = spine_partition_rows(&data->part);

    for (struct spine_block_walk at = {0}; spine_block_next(&at, local);) {
        find_residuals(params, data, at.first, at.rows, coder);
        for (size_t i = 0; i < at.rows; i++) {
            double error = 0;
            for (size_t k = 0; k < params->dim; k++) {
                const double residual = (double)coder->residual[i * params->stride + k];
                error += residual * residual;
            }
            rows[at.first + i] = (struct bad_row){error, data->part.first_row + at.first + i};
        }
    }
    qsort(rows, local, sizeof *rows, by_error);
}

/* Find the 'most' worst rows of all ranks, the same on all ranks; *found is their number. Eight
 * parameters: what computing the errors of rows needs, and the results. */
static int find_worst(const struct spine_params *params, struct spine_dataset *data,
                      struct spine_comm *comm, struct spine_coder *coder, size_t most,
                      struct bad_row *worst, size_t *found, struct spine_error *err)
{
    const size_t local = spine_partition_rows(&data->part);
    struct bad_row *rows = spine_memory_zeroed(local, sizeof *rows, "the errors of all rows", err);
    char *all = NULL;
    size_t bytes = 0;
    int rc = 0;

    if (rows == NULL)
        rc = -1;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0) {
        rank_rows(params, data, coder, rows);
        const size_t mine = local < most ? local : most;
        rc = spine_comm_gather(comm, rows, mine * sizeof *rows, &all, &bytes, err);
    }
    if (rc == 0) {
        uint64_t count = bytes / sizeof *rows;
        if (comm->rank == 0)
            qsort(all, count, sizeof *rows, by_error);
        count = count < most ? count : most;
        if (comm->rank == 0)
            memcpy(worst, all, count * sizeof *worst);
        spine_comm_broadcast(comm, &count, sizeof count);
        spine_comm_broadcast(comm, worst, count * sizeof *worst);
        *found = count;
    }
    free(all);
    free(rows);
    return rc;
}

/* Set unit j's moments to zero. */
static void clear_moments(const struct spine_params *params, struct spine_optimizer *optimizer,
                          size_t j)
{
    const size_t stride = params->stride;

    float *const blocks[] = {optimizer->first, optimizer->second};
    for (size_t b = 0; b < 2; b++)
        if (blocks[b] != NULL) {
            struct spine_params moments;
            spine_params_place(&moments, params->dim, params->hidden, blocks[b]);
            memset(moments.W1 + j * stride, 0, stride * sizeof(float));
            memset(moments.W2 + j * stride, 0, stride * sizeof(float));
            moments.b1[j] = 0;
        }
}

/* Restart unit j from a row x whose residual is e. 'most' bounds |W1_j|. */
static void restart_unit(struct spine_params *params, size_t j, const float *x, const float *e,
                         double most)
{
    const size_t stride = params->stride;
    double square = 1e-12, product = 0;

    for (size_t k = 0; k < params->dim; k++) {
        square += (double)e[k] * (double)e[k];
        product += (double)e[k] * (double)x[k];
    }
    const double norm = sqrt(square), factor = fmin(1 / norm, most) / norm;

    for (size_t k = 0; k < params->dim; k++) {
        params->W2[j * stride + k] = e[k];
        params->W1[j * stride + k] = (float)(factor * (double)e[k]);
    }
    params->b1[j] = (float)(0.5 - factor * product);
}

/* The mean |W1| of the units that were active in the last epoch; Inf if none was. */
static double mean_norm(const struct spine_idle *idle, const struct spine_params *params)
{
    double sum = 0;
    size_t count = 0;

    for (size_t j = 0; j < params->hidden; j++) {
        double square = 0;
        if (idle->epochs[j] != 0)
            continue;
        for (size_t k = 0; k < params->dim; k++)
            square += (double)params->W1[j * params->stride + k] *
                      (double)params->W1[j * params->stride + k];
        sum += sqrt(square);
        count++;
    }
    return count == 0 ? HUGE_VAL : sum / (double)count;
}

static void silence_unit(struct spine_params *params, struct spine_optimizer *optimizer, size_t j)
{
    memset(params->W1 + j * params->stride, 0, params->stride * sizeof(float));
    memset(params->W2 + j * params->stride, 0, params->stride * sizeof(float));
    params->b1[j] = -1;
    clear_moments(params, optimizer, j);
}

size_t spine_idle_settle(struct spine_idle *idle, bool rose, struct spine_stepper *stepper)
{
    const bool writes = stepper->grid->node.rank == 0; /* the parameters of its node */
    size_t silenced = 0;

    spine_stepper_meet(stepper);
    for (size_t j = 0; j < idle->hidden; j++)
        if (idle->epochs[j] == SPINE_IDLE_REVIVED && rose) {
            if (writes)
                silence_unit(&stepper->params, &stepper->optimizer, j);
            idle->epochs[j] = SPINE_IDLE_GIVEN_UP;
            silenced++;
        } else if (idle->epochs[j] == SPINE_IDLE_REVIVED) {
            idle->epochs[j] = 0;
        }
    spine_stepper_meet(stepper);

    for (size_t j = 0; silenced > 0 && j < idle->hidden; j++)
        if (idle->epochs[j] > 0)
            idle->epochs[j] = SPINE_IDLE_GIVEN_UP;
    return silenced;
}

/* List the units to revive, at most 'most'; return their number. */
static size_t list_idle(const struct spine_idle *idle, int64_t after, size_t most, size_t *units)
{
    size_t count = 0;

    for (size_t j = 0; j < idle->hidden && count < most; j++)
        if (idle->epochs[j] >= after)
            units[count++] = j;
    return count;
}

/* Restart unit j from what the model leaves of a row x. Overwrites coder. */
static void restart_from(struct spine_params *params, struct spine_coder *coder, double quantum,
                         size_t j, const float *x, double most)
{
    spine_coder_encode(coder, params, 1, x, false);
    spine_coder_decode(coder, params, x, quantum);
    for (size_t k = 0; k < params->dim; k++)
        coder->residual[k] = -coder->residual[k];
    restart_unit(params, j, x, coder->residual, most);
}

/* Copy the rows of 'count' units of a matrix (H, width) from rank 0. scratch is (count, width). */
static void share_rows(const struct spine_comm *comm, float *matrix, size_t width,
                       const size_t *units, size_t count, float *scratch)
{
    for (size_t i = 0; i < count; i++)
        memcpy(scratch + i * width, matrix + units[i] * width, width * sizeof *scratch);
    spine_comm_broadcast(comm, scratch, count * width * sizeof *scratch);
    for (size_t i = 0; i < count; i++)
        memcpy(matrix + units[i] * width, scratch + i * width, width * sizeof *scratch);
}

/* Restart 'count' units from as many rows, some rows at a time, which one reduction shares. They
 * are restarted one after the other, since each explains a part of the next one's residual, by rank
 * 0 for all nodes: another processor may round differently, and their parameters must be the same.
 * Eight parameters: reviving touches everything that a run learns. */
static void restart_units(struct spine_stepper *stepper, struct spine_dataset *data,
                          struct spine_coder *coder, const size_t *units,
                          const struct bad_row *rows, size_t count, double norm, float *shared)
{
    struct spine_params *params = &stepper->params;
    const struct spine_comm *others = &stepper->grid->others;
    const size_t stride = params->stride;
    uint64_t numbers[TOGETHER] = {0};

    for (size_t done = 0; done < count; done += TOGETHER) {
        const size_t now = count - done < TOGETHER ? count - done : TOGETHER;
        for (size_t i = 0; i < now; i++)
            numbers[i] = rows[done + i].row;
        spine_dataset_share(data, &stepper->grid->ranks, numbers, now, shared);
        for (size_t i = 0; stepper->grid->ranks.rank == 0 && i < now; i++)
            restart_from(params, coder, data->quantum, units[done + i], shared + i * stride, norm);
        if (stepper->grid->node.rank != 0)
            continue;
        share_rows(others, params->W1, stride, units + done, now, shared);
        share_rows(others, params->W2, stride, units + done, now, shared);
        share_rows(others, params->b1, 1, units + done, now, shared);
        for (size_t i = 0; i < now; i++)
            clear_moments(params, &stepper->optimizer, units[done + i]);
    }
}

/* Seven parameters: reviving touches everything that a run learns, which only the trainer has. */
int spine_revive(struct spine_idle *idle, int64_t after, struct spine_stepper *stepper,
                 struct spine_dataset *data, struct spine_coder *coder, size_t *revived,
                 struct spine_error *err)
{
    static const char what[] = "the rows that revive units";
    struct spine_params *params = &stepper->params;
    struct spine_comm *comm = &stepper->grid->ranks;
    const size_t most = (params->hidden + MOST_SHARE - 1) / MOST_SHARE;
    struct bad_row *worst = spine_memory_zeroed(most, sizeof *worst, what, err);
    size_t *units = spine_memory_zeroed(most, sizeof *units, what, err);
    float *shared = spine_kernel_alloc(TOGETHER * params->stride, what, err);
    const double norm = mean_norm(idle, params);
    const double least = LEAST_RESIDUAL * idle->noise; /* |e| */
    size_t found = 0, bad = 0, count = 0;

    int rc = -(worst == NULL || units == NULL || shared == NULL);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = find_worst(params, data, comm, coder, most, worst, &found, err);
    if (rc == 0) {
        while (bad < found && worst[bad].error >= least * least)
            bad++;
        count = list_idle(idle, after, bad, units);
        spine_stepper_meet(stepper);
        restart_units(stepper, data, coder, units, worst, count, norm, shared);
        spine_stepper_meet(stepper);
        for (size_t i = 0; i < count; i++)
            idle->epochs[units[i]] = SPINE_IDLE_REVIVED;
    }

    *revived = count;
    free(worst);
    free(units);
    free(shared);
    return rc;
}
