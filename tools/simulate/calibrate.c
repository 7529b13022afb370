/* calibrate.c -- measure what the arithmetic of a step takes on a core of this machine (costs.h).
 *
 *     calibrate [DENSITY] >FILE
 *
 * For D 300 with up to 1,000 units, and D 1,024 with up to 16,384; at this share of active pairs,
 * by default .12, about what the default settings come to. Times are of the processor; of many, a
 * quarter of which are faster, as other work on the machine only adds to them. Takes a minute. */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../bench/measure.h"
#include "costs.h"
#include "spine/base/random.h"
#include "spine/math/backward.h"
#include "spine/math/bfloat16.h"
#include "spine/math/decoding.h"
#include "spine/math/encoding.h"
#include "spine/math/optimizer.h"

enum { ROWS = SPINE_BLOCK_ROWS, FEW = 64, MOST_ROWS = 16384, SAMPLES = 201, COLUMNS = 64 };

static double density = 0.12;

/* --- Timing ----------------------------------------------------------------------------------- */

/* The time of so many calls. */
static double time_calls(void (*work)(void *), void *with, size_t calls)
{
    const double begun = measure_now();

    for (size_t i = 0; i < calls; i++)
        work(with);
    return measure_now() - begun;
}

/* The time of a call, in nanoseconds; samples are of calls that take too little to be interrupted,
 * mostly, and much more than reading the clock. */
static double measure(void (*work)(void *), void *with)
{
    enum { LEAST = 30000, MOST = 200000000 };
    double samples[SAMPLES];
    const double begun = measure_now();
    size_t count = 0, calls = 1;

    while (time_calls(work, with, calls) < LEAST)
        calls *= 2;
    while (count < SAMPLES && (count < 5 || measure_now() - begun < MOST))
        samples[count++] = time_calls(work, with, calls) / (double)calls;
    return measure_quantile(samples, count, 4);
}

static void print(enum cost cost, const char *mode, const size_t *at, double ns)
{
    printf("%s %s %zu %zu %zu %.6g\n", cost_names[cost], mode, at[0], at[1], at[2], ns);
    fflush(stdout);
}

static void print_plain(enum cost cost, double ns)
{
    print(cost, "any", (const size_t[]){0, 1, 1}, ns);
}

static void die(const struct spine_error *err)
{
    fprintf(stderr, "calibrate: %s\n", err->text);
    exit(1);
}

static float *floats(size_t count)
{
    struct spine_error err;
    float *made = spine_kernel_alloc(count, "calibrating", &err);
    if (made == NULL)
        die(&err);
    return made;
}

/* --- A model, and rows ---------------------------------------------------------------------- */

static struct bench {
    size_t dim, stride, hidden;
    struct spine_params params;
    struct spine_optimizer optimizer;
    struct spine_scratch scratch;
    float *x, *dY, *packed; /* (MOST_ROWS, D), and blocks */
    struct spine_block blocks[MOST_ROWS / ROWS];
    const struct spine_block *tiles[COLUMNS];
    size_t num_tiles;
    struct spine_block_sums sums;
    float *dW1, *dW2, *db1, *add;

    /* What is measured next. */
    enum spine_mode mode;
    size_t units, rows, at;
} bench;

/* z is normal with the same spread in every unit: values of x' have variance 2 * .16, W1's are
 * uniform. */
static void fill(void)
{
    const float spread = sqrtf(2 * 0.16F / 3);

    spine_params_randomize(&bench.params, 1, 0, bench.hidden);
    for (size_t j = 0; j < bench.hidden; j++)
        bench.params.b1[j] = spread * (float)measure_bias(density);
    for (size_t i = 0; i < MOST_ROWS; i++)
        spine_random_add_noise(1, 1, i, sqrtf(2) * 0.4F, bench.dim, bench.x + i * bench.stride,
                               bench.x + i * bench.stride);
    memcpy(bench.dY, bench.x, (size_t)MOST_ROWS * bench.stride * sizeof *bench.dY);
    for (size_t i = 0; i < MOST_ROWS; i += SPINE_PANEL_ROWS)
        spine_block_pack(SPINE_PANEL_ROWS, bench.dim, bench.stride, 0, bench.dim,
                         bench.x + i * bench.stride, bench.packed + i * bench.dim);
}

static void begin(size_t dim, size_t hidden)
{
    struct spine_error err;

    bench = (struct bench){.dim = dim, .stride = spine_kernel_stride(dim), .hidden = hidden};
    if (spine_params_init(&bench.params, dim, hidden, &err) ||
        spine_optimizer_init(&bench.optimizer, SPINE_ADAM, 0.9, 0.999, bench.params.len, &err) ||
        spine_scratch_init(&bench.scratch, MOST_ROWS, hidden, dim, &err))
        die(&err);
    bench.x = floats(MOST_ROWS * bench.stride);
    bench.dY = floats(MOST_ROWS * bench.stride);
    bench.packed = floats(MOST_ROWS * dim);
    bench.dW1 = floats(SPINE_BLOCK_UNITS * bench.stride);
    bench.dW2 = floats(SPINE_BLOCK_UNITS * bench.stride);
    bench.db1 = floats(hidden);
    bench.add = floats(hidden);
    bench.sums.h = calloc(hidden, sizeof *bench.sums.h);
    if (bench.sums.h == NULL)
        die(&err);
    fill();
}

static void end(void)
{
    spine_params_dispose(&bench.params);
    spine_optimizer_dispose(&bench.optimizer);
    spine_scratch_dispose(&bench.scratch);
    free(bench.x);
    free(bench.dY);
    free(bench.packed);
    free(bench.dW1);
    free(bench.dW2);
    free(bench.db1);
    free(bench.add);
    free(bench.sums.h);
}

/* Block b, with codes of 'units' units from 'first' on for some of its rows. */
static void make_block(size_t b, size_t first, size_t units, size_t rows)
{
    struct spine_block *block = &bench.blocks[b];
    struct spine_error err;

    if (spine_block_init(block, units, NULL, &err))
        die(&err);
    block->rows = rows;
    block->first_row = b * ROWS;
    spine_block_encode(block, &bench.scratch, bench.mode, first, units, &bench.params,
                       bench.packed + (b * ROWS) * bench.dim, &bench.sums);
}

/* --- The products ------------------------------------------------------------------------- */

static void encode(void *unused)
{
    (void)unused;
    spine_block_encode(&bench.blocks[0], &bench.scratch, bench.mode, 0, bench.units, &bench.params,
                       bench.packed, &bench.sums);
}

static void measure_encode(const char *mode)
{
    for (size_t units = 16; units < 4 * bench.hidden; units *= 4) {
        bench.units = units < bench.hidden ? units : bench.hidden;
        for (size_t rows = 16; rows <= ROWS; rows *= 4) {
            make_block(0, 0, bench.units, rows);
            print(COST_ENCODE, mode, (const size_t[]){bench.dim, bench.units, rows},
                  measure(encode, NULL) / (double)bench.units);
            spine_block_dispose(&bench.blocks[0]);
        }
    }
}

/* A few rows, as a step does; with its loop over the columns of ranks. */
static void decode(void *unused)
{
    const size_t few = bench.mode == SPINE_DENSE ? 4 : 1;

    (void)unused;
    for (size_t t = 0; t < bench.num_tiles; t++) {
        bench.blocks[t].mode = bench.mode;
        bench.blocks[t].rows = ROWS;
        bench.tiles[t] = &bench.blocks[t];
    }
    spine_block_decode(bench.tiles, bench.num_tiles, &bench.scratch, bench.at, bench.at + few, 0,
                       spine_chunks(bench.stride), &bench.params, false, bench.dY);
    bench.at = (bench.at + few) % ROWS;
}

/* The time of a row, from the codes of all units in so many tiles, whose rows are all of block
 * 0. */
static double time_decode(size_t num_tiles)
{
    bench.num_tiles = num_tiles;
    bench.at = 0;
    for (size_t t = 0; t < num_tiles; t++) {
        const size_t first = bench.units * t / num_tiles, next = bench.units * (t + 1) / num_tiles;
        make_block(t, first, next - first, ROWS);
    }
    const double ns = measure(decode, NULL) / (bench.mode == SPINE_DENSE ? 4 : 1);
    for (size_t t = 0; t < num_tiles; t++)
        spine_block_dispose(&bench.blocks[t]);
    return ns;
}

static void measure_decode(const char *mode)
{
    for (size_t units = 1000; units < 4 * bench.hidden; units *= 4) {
        bench.units = units < bench.hidden ? units : bench.hidden;
        const double one = time_decode(1);
        print(COST_DECODE, mode, (const size_t[]){bench.dim, bench.units, 1}, one);
        if (bench.mode == SPINE_SPARSE && bench.dim == 300)
            print_plain(COST_TILE, fmax(1, (time_decode(COLUMNS) - one) / COLUMNS));
    }
    memcpy(bench.dY, bench.x, (size_t)MOST_ROWS * bench.stride * sizeof *bench.dY);
}

static void backward(void *with)
{
    spine_backward_units(with, &bench.scratch, bench.at, SPINE_BLOCK_UNITS, &bench.params,
                         bench.add, bench.dW1, bench.db1, bench.dW2);
    bench.at = (bench.at + SPINE_BLOCK_UNITS) % FEW;
}

/* Of a few units only: what matters is how many rows their pairs are spread over. */
static void measure_backward(const char *mode)
{
    static const size_t counts[] = {1, 16, 64, 256, 1024, 4096, MOST_ROWS};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t rows = counts[i], blocks = (rows + ROWS - 1) / ROWS;
        const struct spine_backward with = {
            .blocks = bench.blocks, .num_blocks = blocks, .x = bench.x, .dY = bench.dY};
        for (size_t b = 0; b < blocks; b++) {
            make_block(b, 0, FEW, rows < ROWS ? rows : ROWS);
            bench.blocks[b].leaf = b * ROWS / spine_tree_leaf(rows);
        }
        bench.at = 0;
        spine_backward_begin(&with, &bench.scratch, &bench.params);
        print(COST_BACKWARD, mode, (const size_t[]){bench.dim, 1, rows},
              measure(backward, (void *)&with) / SPINE_BLOCK_UNITS);
        for (size_t b = 0; b < blocks; b++)
            spine_block_dispose(&bench.blocks[b]);
    }
}

/* --- The passes ------------------------------------------------------------------------------- */

/* A few units' W1 and W2, as after their gradient. */
static void update(void *unused)
{
    const size_t count = SPINE_BLOCK_UNITS * bench.stride;
    const size_t W2 = (size_t)(bench.params.W2 - bench.params.data);

    (void)unused;
    spine_optimizer_update(&bench.optimizer, bench.at * bench.stride, count, bench.params.data,
                           bench.dW1);
    spine_optimizer_update(&bench.optimizer, W2 + bench.at * bench.stride, count, bench.params.data,
                           bench.dW2);
    bench.at = (bench.at + SPINE_BLOCK_UNITS) % bench.units;
}

static void measure_update(void)
{
    spine_optimizer_begin(&bench.optimizer, 1e-12);
    for (size_t units = 16; units < 4 * bench.hidden; units *= 4) {
        bench.units = units < bench.hidden ? units : bench.hidden;
        bench.at = 0;
        print(COST_UPDATE, "any", (const size_t[]){bench.dim, bench.units, 1},
              measure(update, NULL) / (double)(2 * SPINE_BLOCK_UNITS * bench.stride));
    }
}

static void bias(void *with)
{
    spine_backward_rows(with, &bench.scratch, bench.stride, 0, spine_chunks(bench.stride),
                        bench.dW1);
}

static void noise(void *unused)
{
    (void)unused;
    spine_random_add_noise_from(1, 7, bench.at, 0.4F, 0, ROWS, bench.x, bench.dW1);
    bench.at++;
}

static void pack(void *unused)
{
    (void)unused;
    spine_block_pack(SPINE_PANEL_ROWS, bench.dim, bench.stride, 0, ROWS, bench.x, bench.packed);
}

static void copy(void *unused)
{
    (void)unused;
    bench.at = (bench.at + 7919) % (MOST_ROWS - 1);
    memcpy(bench.dW1, bench.x + bench.at * bench.stride, bench.stride * sizeof *bench.x);
}

static void residual(void *unused)
{
    static volatile float sum;

    (void)unused;
    for (size_t c = 0; c < spine_chunks(bench.stride); c++)
        sum = spine_chunk_residual(bench.stride, c, bench.x, 1, 1, bench.dW1);
    (void)sum;
}

enum { SOURCES = 8, PIECE = 2048, PIECES = 64 };

static void sum(void *unused)
{
    static const size_t leaves[SOURCES] = {0, 1, 2, 3, 4, 5, 6, 7};
    const float *sources[SOURCES];

    (void)unused;
    for (size_t i = 0; i < SOURCES; i++)
        sources[i] = bench.x + (i * PIECES + bench.at) * PIECE;
    spine_tree_sum(SOURCES, sources, leaves, PIECE, bench.packed);
    bench.at = (bench.at + 1) % PIECES;
}

static void wire(void *unused)
{
    (void)unused;
    spine_bfloat16_pack(PIECE, bench.x, (uint16_t *)(void *)bench.packed);
    spine_bfloat16_unpack(PIECE, (const uint16_t *)(const void *)bench.packed, bench.dY);
}

/* What a step does with the sums of h, and with the penalty. */
static void unit(void *unused)
{
    static const volatile double rows = 64;

    (void)unused;
    for (size_t j = 0; j < bench.hidden; j++) {
        const double over = (double)bench.sums.h[j] / SPINE_BLOCK_SCALE / rows - 0.15;
        bench.add[j] = (float)((1 + 2 * (over > 0 ? over : 0)) / (rows * 1000));
    }
}

static void penalty(void *unused)
{
    static const volatile double rows = 64;
    static volatile double kept;
    double total = 0;

    (void)unused;
    for (size_t j = 0; j < bench.hidden; j++) {
        const double over = (double)bench.sums.h[j] / SPINE_BLOCK_SCALE / rows - 0.15;
        total += over > 0 ? over * over : 0;
    }
    kept = total;
    (void)kept;
}

static void measure_passes(void)
{
    const struct spine_backward with = {
        .blocks = bench.blocks, .num_blocks = 1, .x = bench.x, .dY = bench.dY};
    const double values = (double)bench.stride, hidden = (double)bench.hidden;

    make_block(0, 0, FEW, ROWS);
    print_plain(COST_BIAS, measure(bias, (void *)&with) / (ROWS * values));
    spine_block_dispose(&bench.blocks[0]);
    bench.at = 0;
    print_plain(COST_NOISE, measure(noise, NULL) / ROWS);
    print_plain(COST_PACK, measure(pack, NULL) / (ROWS * SPINE_PANEL_ROWS));
    print_plain(COST_COPY, measure(copy, NULL) / values);
    print_plain(COST_RESIDUAL, measure(residual, NULL) / values);
    bench.at = 0;
    print_plain(COST_SUM, measure(sum, NULL) / (SOURCES * PIECE));
    print_plain(COST_WIRE, measure(wire, NULL) / (2 * PIECE));
    print_plain(COST_UNIT, measure(unit, NULL) / hidden);
    print_plain(COST_PENALTY, measure(penalty, NULL) / hidden);
}

/* --- Between two cores ------------------------------------------------------------------------ */

enum { BYTES = 128 << 10, ROUNDS = 200, PINGS = 20000 };

static struct {
    float *data;
    cpu_set_t mine, its;
    _Atomic unsigned turn; /* even: the other thread's */
} both;

static void keep_to(const cpu_set_t *cpus)
{
    if (pthread_setaffinity_np(pthread_self(), sizeof *cpus, cpus) != 0) {
        fprintf(stderr, "calibrate: a thread can't be bound to a core\n");
        exit(1);
    }
}

static void wait_for(unsigned turn)
{
    for (unsigned looks = 1; atomic_load(&both.turn) != turn; looks++)
        if (looks % (1 << 15) == 0)
            sched_yield();
}

static void *other(void *unused)
{
    keep_to(&both.its);
    for (unsigned round = 0; round < ROUNDS; round++) {
        wait_for(2 * round);
        for (size_t i = 0; i < BYTES / sizeof(float); i++)
            both.data[i] = (float)round;
        atomic_store(&both.turn, 2 * round + 1);
    }
    for (unsigned ping = 0; ping < PINGS; ping++) {
        wait_for(2 * (ROUNDS + ping));
        atomic_store(&both.turn, 2 * (ROUNDS + ping) + 1);
    }
    return unused;
}

static double time_reading(void)
{
    static volatile float kept;
    const double begun = measure_now();
    float total = 0;

    /* A value of each cache line: only the way there counts. */
    for (size_t i = 0; i < BYTES / sizeof(float); i += SPINE_ALIGN)
        total += both.data[i];
    kept = total;
    (void)kept;
    return measure_now() - begun;
}

/* Two of the CPUs that this process may use. */
static void choose_cpus(void)
{
    cpu_set_t allowed;
    int found = 0;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) {
        fprintf(stderr, "calibrate: two cores are needed\n");
        exit(1);
    }
    CPU_ZERO(&both.mine);
    CPU_ZERO(&both.its);
    for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
        if (CPU_ISSET(cpu, &allowed))
            CPU_SET(cpu, found++ == 0 ? &both.mine : &both.its);
}

/* The messages' times are of a wall clock: of many, the tenth of the fastest wasn't disturbed. */
static void measure_cores(void)
{
    double read[ROUNDS], pings[PINGS];
    struct timespec begun, now;
    pthread_t thread;

    choose_cpus();
    both.data = floats(BYTES / sizeof(float));
    keep_to(&both.mine);
    if (pthread_create(&thread, NULL, other, NULL) != 0)
        exit(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        wait_for(2 * round + 1);
        read[round] = time_reading();
        read[round] -= time_reading(); /* what is here already */
        atomic_store(&both.turn, 2 * round + 2);
    }
    for (unsigned ping = 0; ping < PINGS; ping++) {
        clock_gettime(CLOCK_MONOTONIC, &begun);
        wait_for(2 * (ROUNDS + ping) + 1);
        clock_gettime(CLOCK_MONOTONIC, &now);
        pings[ping] =
            (double)(now.tv_sec - begun.tv_sec) * 1e9 + (double)(now.tv_nsec - begun.tv_nsec);
        atomic_store(&both.turn, 2 * (ROUNDS + ping) + 2);
    }
    pthread_join(thread, NULL);
    free(both.data);
    print_plain(COST_TRANSFER, measure_quantile(read, ROUNDS, 4) / BYTES);
    print_plain(COST_LINE, measure_quantile(pings, PINGS, 10) / 2);
}

int main(int argc, char **argv)
{
    static const struct {
        size_t dim, hidden;
    } shapes[] = {{300, 1000}, {1024, 16384}};
    static const char *const modes[] = {[SPINE_DENSE] = "dense", [SPINE_SPARSE] = "sparse"};

    if (argc > 1)
        density = strtod(argv[1], NULL);
    print_plain(COST_DENSITY, density);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        begin(shapes[i].dim, shapes[i].hidden);
        for (int mode = 0; mode < 2; mode++) {
            bench.mode = (enum spine_mode)mode;
            measure_encode(modes[mode]);
            measure_decode(modes[mode]);
            measure_backward(modes[mode]);
        }
        measure_update();
        if (i == 0)
            measure_passes();
        end();
    }
    measure_cores();
    return 0;
}
