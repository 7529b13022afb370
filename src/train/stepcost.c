/* stepcost.c -- a model of the time of a training step on a grid of ranks. */
#include "spine/train/stepcost.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "spine/base/random.h"
#include "spine/base/statistics.h"
#include "spine/math/exact.h"
#include "spine/math/kernels.h"
#include "spine/ranks/team.h"
#include "spine/train/step.h"

enum {
    ROUNDS = 3,        /* of timing, at most */
    ROWS = 64,         /* of a step that is timed, and a fourth of them */
    STEPS = 6,         /* timed */
    MEETINGS = 16,     /* timed */
    EXCHANGES = 5,     /* timed */
    FEW = 64,          /* floats of a short exchange, */
    MANY = 1 << 15,    /* and of a long one */
    WEIGHTS = 1 << 17, /* of a small model that is timed: they don't fit the nearest caches */
};

/* No further round begins after this many seconds. */
static const double ENOUGH = 0.25;

/* A grid with fewer ranks is chosen if it is slower by at most this factor. */
static const double NEARLY = 1.03;

static double median(double *values, size_t count)
{
    spine_statistics_sort(values, count);
    return spine_statistics_quantile(values, count, 0.5);
}

/* --- A step on one rank ----------------------------------------------------------------------- */

/* Make rows for timing a step. */
static int make_data(struct spine_dataset *whole, size_t rows, size_t dim, struct spine_error *err)
{
    static size_t no_words[1];

    *whole = (struct spine_dataset){.words = {.start = no_words},
                                    .is_view = true,
                                    .part = {.num_rows = rows, .end_row = rows},
                                    .dim = dim,
                                    .stride = spine_kernel_stride(dim),
                                    .quantum = spine_exact_quantum(1, 20)};
    whole->rows = spine_kernel_alloc(rows * whole->stride, "rows to time a step on", err);
    if (whole->rows == NULL)
        return -1;

    for (size_t i = 0; i < rows; i++)
        spine_random_uniform(1, 0, i, dim, 1, whole->rows + i * whole->stride);
    return 0;
}

/* The ranks that time steps, each by itself: this rank as 'self', at the same time as all of 'with'
 * (NULL: the others sleep). */
struct timer {
    struct spine_comm *self;
    const struct spine_comm *with;
    const struct spine_config *config;
    const struct spine_dataset *whole;
};

/* Measure the seconds of a step of 'rows' rows and 'hidden' units: the median or, with other ranks,
 * the mean, since ranks may run in turns. */
static int time_steps(const struct timer *timer, size_t rows, size_t hidden, double *seconds,
                      struct spine_error *err)
{
    static const struct spine_grid_wish wish = {.groups = 1, .columns = 1};
    const struct spine_sharing sharing = {
        .seed = 1, .batch_size = rows, .groups = 1, .columns = 1, .is_reproducible = true};
    struct spine_position position = {.epoch = 0};
    struct spine_dataset data = {.dim = 0};
    struct spine_stepper stepper = {.grid = NULL};
    struct spine_grid grid;
    double times[STEPS];

    if (spine_grid_init(&grid, timer->self, &wish, err))
        return -1;
    int rc = spine_dataset_view(&data, timer->self, timer->whole, &sharing, err);
    if (rc == 0) {
        struct spine_step_settings settings = spine_step_settings(timer->config, &data);
        settings.hidden = hidden;
        settings.schedule.rate = 1e-12;
        if (settings.activation.k > hidden / 4)
            settings.activation.k = hidden < 4 ? 1 : hidden / 4;
        rc = spine_stepper_init(&stepper, &grid, &settings, &data, err);
    }
    if (timer->with != NULL)
        rc = spine_comm_agree(timer->with, rc, err);
    if (rc == 0)
        spine_partition_shuffle(&data.part, 0);
    double begun = spine_comm_clock();
    const double first = begun;
    for (int i = 0; rc == 0 && i < STEPS; i++) {
        rc = spine_stepper_step(&stepper, &data, &position, err);
        times[i] = spine_comm_clock() - begun;
        begun += times[i];
    }

    if (rc == 0)
        *seconds = timer->with == NULL ? median(times, STEPS) : (begun - first) / STEPS;
    spine_stepper_dispose(&stepper);
    spine_dataset_dispose(&data);
    spine_grid_dispose(&grid);
    return rc;
}

/* --- Ranks together --------------------------------------------------------------------------- */

/* Seconds of a meeting of all ranks of a node. */
static int time_meetings(const struct spine_comm *node, double *seconds, struct spine_error *err)
{
    struct spine_team team;
    double times[MEETINGS];

    if (spine_team_init(&team, node, 64, err))
        return -1;
    for (int i = -1; i < MEETINGS; i++) {
        const double begun = spine_comm_clock();
        spine_team_meet(&team, 0);
        if (i >= 0)
            times[i] = spine_comm_clock() - begun;
    }
    spine_team_dispose(&team);

    *seconds = median(times, MEETINGS);
    return 0;
}

/* Seconds of an exchange of 'count' floats with each of the others. */
static double time_exchange(struct spine_comm *others, float *block, size_t count)
{
    const size_t size = (size_t)others->size;
    double times[EXCHANGES];

    for (int i = -1; i < EXCHANGES; i++) {
        const double begun = spine_comm_clock();
        spine_comm_exchange(others, block, count, block + size * count);
        if (i >= 0)
            times[i] = spine_comm_clock() - begun;
    }
    return median(times, EXCHANGES);
}

/* Find latency and byte: ranks exchange with their counterparts on the other hosts. Ranks beyond
 * those of the smallest host lack counterparts on some hosts, and no grid over hosts has them. */
static int time_exchanges(struct spine_stepcost *cost, const struct spine_comm *comm,
                          const struct spine_comm *node, struct spine_error *err)
{
    struct spine_comm others;

    spine_comm_split(comm, node->rank, &others);
    const size_t size = (size_t)others.size, many = MANY / size + FEW;
    float *block = spine_kernel_alloc(2 * size * many, "an exchange", err);
    const int rc = spine_comm_agree(comm, -(block == NULL), err);
    if (rc == 0 && node->rank < cost->nodes.ranks) {
        const double few = time_exchange(&others, block, FEW);
        const double more = time_exchange(&others, block, many) - few;
        cost->latency = few;
        cost->byte = more > 0 ? more / (double)(sizeof(float) * (size - 1) * (many - FEW)) : 0;
    }

    free(block);
    spine_comm_dispose(&others);
    return rc;
}

/* --- The constants ---------------------------------------------------------------------------- */

/* The times of three shapes, which determine the constants of one rank; and of ranks together. */
struct times {
    double base, wide, low; /* ROWS rows; twice the units; a fourth of the rows */
    double together;        /* base while all ranks are at work */
    double meeting;
};

/* Time the shapes, and keep the least of each time over all rounds. */
static int time_shapes(const struct timer *timer, size_t hidden, struct times *times,
                       struct spine_error *err)
{
    struct times round;

    if (time_steps(timer, ROWS, hidden, &round.base, err) ||
        time_steps(timer, ROWS, 2 * hidden, &round.wide, err) ||
        time_steps(timer, ROWS / 4, hidden, &round.low, err))
        return -1;
    times->base = fmin(times->base, round.base);
    times->wide = fmin(times->wide, round.wide);
    times->low = fmin(times->low, round.low);
    return 0;
}

/* base = ROWS row + hidden (unit + ROWS pair), and so on. */
static void solve(struct spine_stepcost *cost, const struct times *times, size_t hidden)
{
    const double units = (double)hidden;
    const double of_units = fmax(times->wide - times->base, 0.1 * times->base); /* hidden more */
    const double of_rows = fmax(times->base - times->low, 0) / (ROWS - ROWS / 4.0);

    cost->row = fmax(times->base - of_units, 0) / ROWS;
    cost->pair = fmin(fmax(of_rows - cost->row, 0), of_units / ROWS) / units;
    cost->unit = of_units / units - ROWS * cost->pair;
}

/* The largest value of all ranks, which then all have. */
static double largest(const struct spine_comm *comm, double seconds)
{
    return 1e-15 * (double)spine_comm_max(comm, (int64_t)(1e15 * fmin(seconds, 1e3)));
}

static void make_equal(struct spine_stepcost *cost, const struct spine_comm *comm)
{
    cost->row = largest(comm, cost->row);
    cost->unit = largest(comm, cost->unit);
    cost->pair = largest(comm, cost->pair);
    cost->slowdown = fmax(1, largest(comm, cost->slowdown));
    cost->meeting = largest(comm, cost->meeting);
    cost->latency = largest(comm, cost->latency);
    cost->byte = largest(comm, cost->byte);
}

/* A round of timing: one rank of each node alone, then all together. The least time of all rounds
 * is nearest to that of an idle machine. */
static int time_round(const struct timer *alone, const struct spine_comm *comm,
                      const struct spine_comm *node, size_t hidden, struct times *times,
                      struct spine_error *err)
{
    struct timer all = *alone;
    double together = 0, meeting = 0;

    all.with = comm;
    int rc = node->rank == 0 ? time_shapes(alone, hidden, times, err) : 0;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = time_steps(&all, ROWS, hidden, &together, err);
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0 && node->size > 1)
        rc = time_meetings(node, &meeting, err);
    rc = spine_comm_agree(comm, rc, err);

    times->together = fmin(times->together, together);
    times->meeting = fmin(times->meeting, meeting);
    return rc;
}

static int measure(struct spine_stepcost *cost, const struct spine_config *config,
                   const struct spine_comm *comm, struct spine_comm *node, struct spine_comm *self,
                   struct spine_error *err)
{
    const size_t fitting = WEIGHTS / cost->dim;
    const size_t hidden = cost->hidden < fitting ? cost->hidden : fitting > 8 ? fitting : 8;
    const double begun = spine_comm_clock();
    struct spine_dataset whole = {.dim = 0};
    const struct timer timer = {.self = self, .config = config, .whole = &whole};
    struct times times = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};

    int rc = make_data(&whole, (STEPS + 2) * ROWS, cost->dim, err);
    rc = spine_comm_agree(comm, rc, err);
    for (int i = 0; rc == 0 && i < ROUNDS; i++) {
        if (i > 0 && largest(comm, spine_comm_clock() - begun) > ENOUGH)
            break;
        rc = time_round(&timer, comm, node, hidden, &times, err);
    }
    cost->meeting = times.meeting;
    const double together = times.together;
    spine_comm_broadcast(node, &times, sizeof times);
    free(whole.rows);

    if (rc == 0 && cost->nodes.count > 1)
        rc = time_exchanges(cost, comm, node, err);
    if (rc == 0) {
        solve(cost, &times, hidden);
        cost->slowdown = node->size > 1 ? together / (times.base + 1e-12) : 1;
        make_equal(cost, comm);
    }
    return rc;
}

bool spine_stepcost_applies(const struct spine_config *config)
{
    return config->reproducible && config->objective != SPINE_OBJECTIVE_NNSE;
}

int spine_stepcost_measure(struct spine_stepcost *cost, const struct spine_config *config,
                           struct spine_comm *comm, size_t num_rows, size_t dim,
                           struct spine_error *err)
{
    const size_t batch_size = (size_t)config->batch_size;
    const struct spine_dataset data = {.dim = dim,
                                       .part = {.num_rows = num_rows, .num_strata = batch_size}};
    const struct spine_step_settings settings = spine_step_settings(config, &data);
    struct spine_comm node, self;

    *cost = (struct spine_stepcost){.num_rows = num_rows,
                                    .dim = dim,
                                    .hidden = settings.hidden,
                                    .batch_size = batch_size,
                                    .prefixes = settings.prefixes.count,
                                    .most_k = spine_stepper_most_k(&settings),
                                    .number = config->wire == SPINE_DTYPE_BFLOAT16 ? 2 : 4,
                                    .slowdown = 1};
    spine_comm_split_nodes(comm, &node);
    spine_comm_split(comm, comm->rank, &self);
    cost->nodes = spine_grid_nodes(comm, &node);
    const int rc = measure(cost, config, comm, &node, &self, err);
    spine_comm_dispose(&self);
    spine_comm_dispose(&node);
    return rc;
}

/* --- Predicting ------------------------------------------------------------------------------- */

/* The time in which 'groups' hosts with so many units sum their gradients and update these units:
 * each sends and receives its slices of the gradient twice. */
static double predict_sums(const struct spine_stepcost *cost, int groups, double hidden,
                           double update, double meeting)
{
    const double bytes = 2 * 2 * (double)cost->number * hidden * (double)cost->dim;
    const double others = (groups - 1.0) / groups;

    if (groups == 1)
        return 0;
    return update + meeting + (2 + log2(groups)) * cost->latency +
           bytes * others * cost->byte / cost->nodes.ranks;
}

/* The time in which the hosts of a group exchange rows, y and dY, 'decode' being that of y on one
 * of them: the last one begins when all before it have done a piece (reconstruction.c). They meet
 * once more for the rows, and once for the sums of h (minibatch.c, step.c). */
static double predict_chain(const struct spine_stepcost *cost, int hosts, double rows,
                            double decode, double meeting)
{
    enum { MEETINGS_OF_HOSTS = 2 };
    const double matrix = rows * (double)cost->dim * sizeof(float) * cost->byte / cost->nodes.ranks;
    const double others = (hosts - 1.0) / hosts;

    if (hosts == 1)
        return 0;
    return MEETINGS_OF_HOSTS * meeting + (2 * hosts + log2(hosts)) * cost->latency +
           (2 + others) * matrix + others / SPINE_CHAIN_HOST_PIECES * (decode + matrix);
}

/* Can the hosts of a grid, whose groups span so many, send each other what a step needs? */
static bool can_send(const struct spine_stepcost *cost, int groups, int columns, int hosts)
{
    const struct spine_step_shape shape = {.dim = cost->dim,
                                           .hidden = cost->hidden,
                                           .prefixes = cost->prefixes,
                                           .most_k = cost->most_k};
    const struct spine_sharing sharing = {.batch_size = cost->batch_size,
                                          .groups = groups,
                                          .columns = columns,
                                          .is_reproducible = true};
    const struct spine_grid grid = {.groups = groups,
                                    .columns = columns,
                                    .hosts = hosts,
                                    .node_groups = 1,
                                    .num_nodes = groups * hosts};
    const size_t least = cost->batch_size; /* more rows than in the input are refused later */
    const size_t num_rows = cost->num_rows > least ? cost->num_rows : least;
    struct spine_error ignored;

    return spine_step_memory_check(&shape, num_rows, &sharing, &grid, &ignored) == 0;
}

double spine_stepcost_predict(const struct spine_stepcost *cost, int groups, int columns)
{
    enum { MEETINGS_A_STEP = 3 };
    /* Of what pairs take: 0.15 (sparse) to 0.22 (dense) by tools/simulate/costs.txt for D = 300,
     * and more where W2 doesn't fit the cache. */
    const double decode_share = 0.25;
    const int hosts = spine_stepcost_hosts(cost, columns), team = columns / hosts;
    const double share = (double)team / cost->nodes.ranks;
    const double slowdown = team == 1 ? 1 : fmax(1, cost->slowdown * share);
    const double rows = (double)cost->batch_size / groups, hidden = (double)cost->hidden;
    const double units = ceil(hidden / columns), pairs = units * rows * cost->pair;
    const double work = rows * cost->row / team + units * cost->unit + pairs;
    const double meeting = team == 1 ? 0 : cost->meeting * share;

    if (!can_send(cost, groups, columns, hosts))
        return INFINITY;
    return slowdown * work + MEETINGS_A_STEP * meeting +
           predict_sums(cost, groups, hidden / hosts, slowdown * units * cost->unit / 2, meeting) +
           predict_chain(cost, hosts, rows, slowdown * decode_share * pairs, meeting);
}

int spine_stepcost_hosts(const struct spine_stepcost *cost, int columns)
{
    return columns <= cost->nodes.ranks ? 1 : columns / cost->nodes.ranks;
}

int spine_stepcost_next(int columns, int most)
{
    if (columns >= most)
        return 0;
    const int power = 1 << (31 - __builtin_clz((unsigned)columns));
    const int next = columns < 2 ? columns + 1 : columns == power ? power + power / 2 : 2 * power;
    return next < most ? next : most;
}

/* The next number of columns of so many groups, up to 'most'; 0: there is none. */
static int next_columns(const struct spine_stepcost *cost, int groups, int columns, int most)
{
    const int host = cost->nodes.ranks, ranks = host < most ? host : most;
    const int there = cost->nodes.count / groups, fitting = most / host;
    const int hosts = there < fitting ? there : fitting, spanned = columns / host;

    if (columns < ranks)
        return spine_stepcost_next(columns, ranks);
    if (spanned >= hosts)
        return 0;
    return (2 * spanned < hosts ? 2 * spanned : hosts) * host;
}

bool spine_stepcost_next_grid(const struct spine_stepcost *cost, int most_groups, int most_columns,
                              int *groups, int *columns)
{
    const int count = cost->nodes.count, most = count < most_groups ? count : most_groups;

    if (*groups == 0) {
        *groups = *columns = 1;
        return true;
    }
    *columns = next_columns(cost, *groups, *columns, most_columns);
    if (*columns > 0)
        return true;
    if (2 * *groups > most)
        return false;
    *groups *= 2;
    *columns = 1;
    return true;
}

void spine_stepcost_choose(const struct spine_stepcost *cost, int most_groups, int most_columns,
                           int *groups, int *columns)
{
    double least = INFINITY, best = INFINITY;
    int64_t fewest = INT64_MAX;
    int r = 0, c = 0;

    while (spine_stepcost_next_grid(cost, most_groups, most_columns, &r, &c))
        least = fmin(least, spine_stepcost_predict(cost, r, c));

    *groups = *columns = 1;
    for (r = 0, c = 0; spine_stepcost_next_grid(cost, most_groups, most_columns, &r, &c);) {
        const double seconds = spine_stepcost_predict(cost, r, c);
        const int64_t ranks = (int64_t)r * c;
        if (seconds > NEARLY * least || ranks > fewest || (ranks == fewest && seconds > best))
            continue;
        *groups = r;
        *columns = c;
        fewest = ranks;
        best = seconds;
    }
}
