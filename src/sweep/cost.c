/* cost.c -- the time and memory that a sweep needs. */
#include "spine/sweep/cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/statistics.h"
#include "spine/sweep/inputs.h"
#include "spine/train/forecast.h"
#include "spine/train/nodedata.h"
#include "spine/train/pace.h"

enum { MOST_SHAPES = 6 };

static bool is_nnse(const struct spine_config *config)
{
    return config->objective == SPINE_OBJECTIVE_NNSE;
}

/* The work of a trial's step, batch size times units; of nnse, whose rows are solved for, that of a
 * row. */
static double work_of(const struct spine_config *config)
{
    return (is_nnse(config) ? config->l0 : (double)config->batch_size) * (double)config->hidden;
}

/* A measured shape, that of a trial. */
struct shape {
    size_t trial;
    double work, hidden;
    struct spine_pace pace;
};

/* The shapes of the trials of one input, with nnse or without, from the least work to the most. */
struct shapes {
    const char *input;
    bool is_nnse;
    size_t count;
    struct shape shape[MOST_SHAPES];
};

/* Read the configuration of a trial; does it belong to these shapes? */
static int read_trial(const struct spine_trials *trials, size_t trial, const struct shapes *shapes,
                      struct spine_config *config, bool *belongs, struct spine_error *err)
{
    if (spine_trials_config(trials, trial, config, err))
        return -1;
    *belongs = strcmp(config->input, shapes->input) == 0 && is_nnse(config) == shapes->is_nnse;
    return 0;
}

/* The work of trials, each once, in order; returns how many. */
static size_t order_works(double *works, size_t count)
{
    size_t distinct = 0;

    spine_statistics_sort(works, count);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || works[i] != works[distinct - 1])
            works[distinct++] = works[i];
    return distinct;
}

/* Choose up to MOST_SHAPES trials. */
static int choose_shapes(const struct spine_trials *trials, struct shapes *shapes,
                         struct spine_error *err)
{
    struct spine_config config;
    bool belongs = false;
    size_t count = 0;
    double *works = spine_memory_get(trials->count, sizeof *works, "the work of all trials", err);
    if (works == NULL)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < trials->count; i++) {
        rc = read_trial(trials, i, shapes, &config, &belongs, err);
        if (rc == 0 && belongs)
            works[count++] = work_of(&config);
    }

    const size_t distinct = order_works(works, count);
    shapes->count = distinct < MOST_SHAPES ? distinct : MOST_SHAPES;
    for (size_t s = 0; s < shapes->count; s++)
        shapes->shape[s].work =
            works[shapes->count == 1 ? 0 : s * (distinct - 1) / (shapes->count - 1)];

    for (size_t i = trials->count; rc == 0 && i-- > 0;) {
        rc = read_trial(trials, i, shapes, &config, &belongs, err);
        for (size_t s = 0; rc == 0 && belongs && s < shapes->count; s++)
            if (work_of(&config) == shapes->shape[s].work) {
                shapes->shape[s].trial = i;
                shapes->shape[s].hidden = (double)config.hidden;
            }
    }

    free(works);
    return rc;
}

/* Collective over the group. */
static int measure_shape(const struct spine_trials *trials, struct spine_comm *comm,
                         const struct spine_dataset *whole, struct shape *shape,
                         struct spine_error *err)
{
    struct spine_config config;

    if (spine_comm_agree(comm, spine_trials_config(trials, shape->trial, &config, err), err))
        return -1;
    return spine_pace_measure(&config, comm, whole, 0, &shape->pace, err);
}

/* Estimate the seconds of a trial's epochs from the nearest measured shape. */
static double trial_seconds(const struct shapes *shapes, const struct spine_config *config,
                            const struct spine_dataset *whole)
{
    const size_t rows = whole->part.num_rows;
    const double work = work_of(config);
    const struct shape *nearest = &shapes->shape[0];

    for (size_t s = 1; s < shapes->count; s++)
        if (fabs(log(shapes->shape[s].work / work)) < fabs(log(nearest->work / work)))
            nearest = &shapes->shape[s];
    return spine_pace_run(&nearest->pace, config, rows) * (double)config->hidden / nearest->hidden;
}

/* The share of all trials' epochs that are trained: those of each rung, times the trials promoted
 * to it; and the share of the trials that are trained to the end, which alone are refitted. */
static double share_trained(const struct spine_trials *trials, double *finished)
{
    struct spine_halving halving;
    *finished = 1;
    if (trials->method != SPINE_ASHA)
        return 1;
    spine_halving_init(&halving, &trials->goal, trials->min_epochs, trials->reduction,
                       trials->base.epochs);
    double sum = 0, share = 1;
    for (size_t r = 0; r < halving.num_rungs; r++, share /= (double)trials->reduction) {
        sum += share * (double)(halving.epochs[r] - (r == 0 ? 0 : halving.epochs[r - 1]));
        *finished = share;
    }
    return sum / (double)trials->base.epochs;
}

/* Add the trials of these shapes to the cost. */
static int add_up(const struct spine_trials *trials, const struct spine_dataset *whole,
                  const struct shapes *shapes, struct spine_cost *cost, struct spine_error *err)
{
    const struct spine_grid_wish wish = {.groups = 1, .columns = (int)trials->ranks_per_trial};
    double finished;
    const double trained = share_trained(trials, &finished);

    for (size_t i = 0; i < trials->count; i++) {
        struct spine_config config;
        uint64_t memory = 0;
        bool belongs = false;
        if (read_trial(trials, i, shapes, &config, &belongs, err))
            return -1;
        if (!belongs)
            continue;
        if (spine_forecast_rank(&config, whole->part.num_rows, whole->dim, &wish, 1, &memory, err))
            return -1;
        const double epochs = trial_seconds(shapes, &config, whole);
        const double refit = spine_pace_refit(&config, whole->dim);
        const double seconds = epochs + refit;
        cost->least = cost->total == 0 || seconds < cost->least ? seconds : cost->least;
        cost->most = seconds > cost->most ? seconds : cost->most;
        cost->total += epochs * trained + refit * finished;
        cost->memory = memory > cost->memory ? memory : cost->memory;
    }
    return 0;
}

/* Measure an input's trials on 'group', which has as many ranks as a trial would have, and add them
 * to the cost on rank 0. Collective over world. */
static int measure_input(const struct spine_trials *trials, struct spine_comm *world,
                         struct spine_comm *group, const char *input, struct spine_cost *cost,
                         struct spine_error *err)
{
    const bool measures = world->rank < trials->ranks_per_trial;
    struct shapes both[2] = {{.input = input}, {.input = input, .is_nnse = true}};
    struct spine_nodedata nodedata;
    struct spine_config first = {0};

    int rc = choose_shapes(trials, &both[0], err);
    if (rc == 0)
        rc = choose_shapes(trials, &both[1], err);
    const struct shapes *some = both[0].count > 0 ? &both[0] : &both[1];
    if (rc == 0 && some->count > 0)
        rc = spine_trials_config(trials, some->shape[0].trial, &first, err);
    rc = spine_comm_agree(world, rc, err);
    if (rc != 0 || some->count == 0) /* a random search may have no trial with this input */
        return rc;
    if (spine_nodedata_init(&nodedata, world, &first, err))
        return -1;

    for (struct shapes *shapes = both; shapes < both + 2; shapes++)
        for (size_t s = 0; rc == 0 && measures && s < shapes->count; s++)
            rc = measure_shape(trials, group, &nodedata.whole, &shapes->shape[s], err);
    for (int kind = 0; rc == 0 && world->rank == 0 && kind < 2; kind++)
        rc = add_up(trials, &nodedata.whole, &both[kind], cost, err);
    rc = spine_comm_agree(world, rc, err);

    spine_nodedata_dispose(&nodedata);
    return rc;
}

int spine_cost_measure(const struct spine_trials *trials, struct spine_comm *world,
                       struct spine_cost *cost, struct spine_error *err)
{
    struct spine_comm group;
    int rc = 0;

    *cost = (struct spine_cost){0};
    if (spine_inputs_inspect_all(trials, world, err))
        return -1;

    spine_comm_split(world, world->rank < trials->ranks_per_trial, &group);
    if (trials->inputs.count == 0)
        rc = measure_input(trials, world, &group, trials->base.input, cost, err);
    for (size_t i = 0; rc == 0 && i < trials->inputs.count; i++)
        rc = measure_input(trials, world, &group, spine_words_get(&trials->inputs, i), cost, err);

    cost->ranks = group.size;
    spine_comm_broadcast(world, cost, sizeof *cost);
    spine_comm_dispose(&group);
    return rc;
}

static void print_duration(double seconds, FILE *file)
{
    if (seconds < 100)
        fprintf(file, "%.2g s", seconds);
    else if (seconds < 6000)
        fprintf(file, "%.3g min", seconds / 60);
    else
        fprintf(file, "%.3g h", seconds / 3600);
}

void spine_cost_print(const struct spine_trials *trials, const struct spine_cost *cost, FILE *file)
{
    fprintf(file, "a trial takes about ");
    print_duration(cost->least, file);

    if (cost->most > 1.05 * cost->least) {
        fputs(" to ", file);
        print_duration(cost->most, file);
    }

    fprintf(file, " on %d rank%s, all %zu one after the other ", cost->ranks,
            cost->ranks == 1 ? "" : "s", trials->count);
    print_duration(cost->total, file);
    fprintf(file, "\na rank takes up to about %.0f MiB\n", (double)cost->memory / (1 << 20));
    if (cost->ranks < trials->ranks_per_trial)
        fprintf(file, "sweep.ranks_per_trial is %lld: to estimate times, run this on %lld ranks\n",
                (long long)trials->ranks_per_trial, (long long)trials->ranks_per_trial);
}
