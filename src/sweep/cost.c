/* cost.c -- the time and memory that a sweep needs. */
#include "spine/sweep/cost.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/statistics.h"
#include "spine/train/forecast.h"
#include "spine/train/nodedata.h"
#include "spine/train/pace.h"

enum { MOST_SHAPES = 6 };

/* The work of a trial's step: batch size times units. */
static double work_of(const struct spine_config *config)
{
    return (double)config->batch_size * (double)config->hidden;
}

/* A measured shape, that of a trial. */
struct shape {
    size_t trial;
    double work, seconds; /* of a step */
};

/* Choose up to MOST_SHAPES trials, from the least work to the most. */
static int choose_shapes(const struct spine_trials *trials, struct shape *shapes, size_t *count,
                         struct spine_error *err)
{
    struct spine_config config;
    double *works = spine_memory_get(trials->count, sizeof *works, "the work of all trials", err);
    if (works == NULL)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < trials->count; i++) {
        rc = spine_trials_config(trials, i, &config, err);
        works[i] = work_of(&config);
    }

    spine_statistics_sort(works, trials->count);
    size_t distinct = 0;
    for (size_t i = 0; i < trials->count; i++)
        if (i == 0 || works[i] != works[distinct - 1])
            works[distinct++] = works[i];

    *count = distinct < MOST_SHAPES ? distinct : MOST_SHAPES;
    for (size_t s = 0; s < *count; s++)
        shapes[s].work = works[*count == 1 ? 0 : s * (distinct - 1) / (*count - 1)];

    for (size_t s = 0; rc == 0 && s < *count; s++)
        for (size_t i = trials->count; rc == 0 && i-- > 0;) {
            rc = spine_trials_config(trials, i, &config, err);
            if (work_of(&config) == shapes[s].work)
                shapes[s].trial = i;
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
    return spine_pace_measure(&config, comm, whole, 0, &shape->seconds, err);
}

/* Estimate the seconds of a step of this much work from the nearest measured shape. */
static double step_seconds(const struct shape *shapes, size_t count, double work)
{
    size_t nearest = 0;
    for (size_t s = 1; s < count; s++)
        if (fabs(log(shapes[s].work / work)) < fabs(log(shapes[nearest].work / work)))
            nearest = s;
    return shapes[nearest].seconds * work / shapes[nearest].work;
}

/* The share of all trials' epochs that are trained: each rung's, times the trials promoted to it.
 * */
static double share_trained(const struct spine_trials *trials)
{
    struct spine_halving halving;
    if (trials->method != SPINE_ASHA)
        return 1;
    spine_halving_init(&halving, &trials->goal, trials->min_epochs, trials->reduction,
                       trials->base.epochs);
    double sum = 0, share = 1;
    for (size_t r = 0; r < halving.num_rungs; r++, share /= (double)trials->reduction)
        sum += share * (double)(halving.epochs[r] - (r == 0 ? 0 : halving.epochs[r - 1]));
    return sum / (double)trials->base.epochs;
}

static int add_up(const struct spine_trials *trials, const struct spine_dataset *whole,
                  const struct shape *shapes, size_t num_shapes, struct spine_cost *cost,
                  struct spine_error *err)
{
    for (size_t i = 0; i < trials->count; i++) {
        struct spine_config config;
        uint64_t memory = 0;
        if (spine_trials_config(trials, i, &config, err) ||
            spine_forecast_rank(&config, whole->part.num_rows, whole->dim, 1,
                                (int)trials->ranks_per_trial, &memory, err))
            return -1;
        const double steps = ceil((double)whole->part.num_rows / (double)config.batch_size);
        const double seconds =
            (double)config.epochs * steps * step_seconds(shapes, num_shapes, work_of(&config));
        cost->least = i == 0 || seconds < cost->least ? seconds : cost->least;
        cost->most = seconds > cost->most ? seconds : cost->most;
        cost->total += seconds * share_trained(trials);
        cost->memory = memory > cost->memory ? memory : cost->memory;
    }
    return 0;
}

int spine_cost_measure(const struct spine_trials *trials, struct spine_comm *world,
                       struct spine_cost *cost, struct spine_error *err)
{
    struct shape shapes[MOST_SHAPES] = {{0}};
    struct spine_nodedata nodedata;
    struct spine_comm group;
    struct spine_config first;
    size_t count = 0;

    *cost = (struct spine_cost){0};
    int rc = choose_shapes(trials, shapes, &count, err);
    if (rc == 0)
        rc = spine_trials_config(trials, 0, &first, err);
    if (spine_comm_agree(world, rc, err) || spine_nodedata_init(&nodedata, world, &first, err))
        return -1;

    const int measures = world->rank < trials->ranks_per_trial;
    spine_comm_split(world, measures, &group);
    for (size_t s = 0; rc == 0 && measures && s < count; s++)
        rc = measure_shape(trials, &group, &nodedata.whole, &shapes[s], err);
    rc = spine_comm_agree(world, rc, err);

    if (rc == 0) {
        cost->ranks = group.size;
        rc = world->rank == 0 ? add_up(trials, &nodedata.whole, shapes, count, cost, err) : 0;
        rc = spine_comm_agree(world, rc, err);
        spine_comm_broadcast(world, cost, sizeof *cost);
    }

    spine_comm_dispose(&group);
    spine_nodedata_dispose(&nodedata);
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
