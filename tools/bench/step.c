/* step.c -- the time of a training step beside that of the five matrix products that it contains.
 *
 *     bench-step [--dim D] [--hidden H] [--repeat N] [--csv FILE]
 *     bench-step --objective topk|batchtopk [--dim D] [--hidden H] [--repeat N]
 *
 * For batches of 64, 256 and 1024 rows and several shares of active units it times, in turn, five
 * cblas_sgemm calls of the step's shapes, and whole steps in dense and in sparse mode: noise,
 * forward and backward pass, and the update by SGD or Adam; and steps of topk and of batchtopk that
 * select as many units, of those above 0, half of all. One rank, one BLAS thread. What counts is
 * the ratio of the medians. Times are the processor's, since others may be at work.
 *
 * With --objective it times only sparse steps of SPINE and of that objective, in turn, with 5 and
 * 2.2 % of the units active, and prints the ratio of the medians and that of the tenths, than which
 * a tenth of the times is less.
 *
 * A step can't be faster than memory: its forward pass reads the weights, and its update reads and
 * writes the parameters and their moments. 'limit' is the time that these bytes take at the rate of
 * a triad, a = b + s c, on arrays of as many numbers, which lie in the same caches, to that of a
 * sparse step. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "spine/base/random.h"
#include "spine/math/exact.h"
#include "spine/math/kernels.h"
#include "spine/ranks/grid.h"
#include "spine/train/step.h"

enum { MOST_REPEATS = 1001 };

static const char usage[] =
    "usage: bench-step [--dim D] [--hidden H] [--repeat N] [--csv FILE]\n"
    "       bench-step --objective topk|batchtopk [--dim D] [--hidden H] [--repeat N]\n"
    "Time a training step beside the five matrix products that it contains; or, with --objective,\n"
    "a step of topk or batchtopk beside one of spine with as many active units.\n";

enum { BATCHES = 3 };
static const size_t batches[BATCHES] = {64, 256, 1024};

static struct spine_comm world; /* one rank */

struct bench {
    size_t rows;
    struct spine_grid grid;
    struct spine_dataset data;                  /* as many rows as a batch has */
    struct spine_stepper stepper, selecting[2]; /* SPINE's; topk's and batchtopk's */
    struct spine_position position;
    float *noisy, *z, *h, *y, *dz, *gradient; /* of the products alone */
    float *triad;                             /* three arrays as long as the parameters */
};

static void die(const struct spine_error *err)
{
    fprintf(stderr, "bench-step: %s\n", err->text);
    exit(1);
}

static void make_data(struct bench *bench, size_t rows, size_t dim)
{
    static const struct spine_grid_wish wish = {.groups = 1, .columns = 1};
    const struct spine_sharing sharing = {
        .seed = 1, .batch_size = rows, .groups = 1, .columns = 1, .is_reproducible = true};
    struct spine_dataset *data = &bench->data;
    struct spine_error err;

    *data = (struct spine_dataset){
        .dim = dim, .stride = spine_kernel_stride(dim), .quantum = spine_exact_quantum(1, 20)};
    data->rows = spine_kernel_alloc(rows * data->stride, "the benchmark", &err);
    data->batch = calloc(rows, sizeof *data->batch);
    data->slots = calloc(rows, sizeof *data->slots);
    float *zero = spine_kernel_alloc(data->stride, "the benchmark", &err);
    if (data->rows == NULL || data->batch == NULL || data->slots == NULL || zero == NULL ||
        spine_partition_init(&data->part, rows, &sharing, &err) ||
        spine_grid_init(&bench->grid, &world, &wish, &err))
        die(&err);
    for (size_t i = 0; i < rows; i++)
        spine_random_add_noise(1, 1000000, i, 0.4F, dim, zero, data->rows + i * data->stride);
    free(zero);
}

static void init_stepper(struct bench *bench, struct spine_stepper *stepper,
                         enum spine_selection selection, size_t hidden,
                         enum spine_optimizer_kind kind)
{
    const bool selects = selection != SPINE_ABOVE;

    /* A rate too small to change the share of active units. */
    const struct spine_step_settings settings = {
        .dim = bench->data.dim,
        .hidden = hidden,
        .seed = 1,
        .activation = {.selection = selection, .k = 1},
        .weights = {0.85, !selects, !selects},
        .noise = 0.4,
        .kernel = selects ? SPINE_KERNEL_SPARSE : SPINE_KERNEL_AUTO,
        .optimizer = kind,
        .momentum = 0.9,
        .beta2 = 0.999,
        .schedule = {.kind = SPINE_CONSTANT, .rate = 1e-12, .num_steps = UINT32_MAX}};
    struct spine_error err;

    if (spine_stepper_init(stepper, &bench->grid, &settings, &bench->data, &err))
        die(&err);
}

static void init(struct bench *bench, size_t rows, size_t dim, size_t hidden,
                 enum spine_optimizer_kind kind)
{
    const size_t stride = spine_kernel_stride(dim);
    struct spine_error err;

    *bench = (struct bench){.rows = rows};
    make_data(bench, rows, dim);
    init_stepper(bench, &bench->stepper, SPINE_ABOVE, hidden, kind);
    init_stepper(bench, &bench->selecting[0], SPINE_OF_ROW, hidden, kind);
    init_stepper(bench, &bench->selecting[1], SPINE_OF_BATCH, hidden, kind);
    bench->noisy = spine_kernel_alloc(rows * stride, "the benchmark", &err);
    bench->z = spine_kernel_alloc(rows * hidden, "the benchmark", &err);
    bench->h = spine_kernel_alloc(rows * hidden, "the benchmark", &err);
    bench->dz = spine_kernel_alloc(rows * hidden, "the benchmark", &err);
    bench->y = spine_kernel_alloc(rows * stride, "the benchmark", &err);
    bench->gradient = spine_kernel_alloc(hidden * stride, "the benchmark", &err);
    bench->triad = spine_kernel_alloc(3 * bench->stepper.params.len, "the benchmark", &err);
    if (bench->triad == NULL || bench->noisy == NULL || bench->z == NULL || bench->h == NULL ||
        bench->dz == NULL || bench->y == NULL || bench->gradient == NULL)
        die(&err);
    memcpy(bench->noisy, bench->data.rows, rows * stride * sizeof(float));
    spine_random_uniform(1, 99, 0, rows * hidden, 1, bench->h);
}

static void dispose(struct bench *bench)
{
    spine_stepper_dispose(&bench->stepper);
    for (int i = 0; i < 2; i++)
        spine_stepper_dispose(&bench->selecting[i]);
    spine_dataset_dispose(&bench->data);
    spine_grid_dispose(&bench->grid);
    free(bench->noisy);
    free(bench->z);
    free(bench->h);
    free(bench->dz);
    free(bench->y);
    free(bench->gradient);
    free(bench->triad);
}

/* Make about this share of the units active: z is normal with the same spread in every unit. */
static void set_share(struct spine_params *params, double share)
{
    /* Entries of x' have variance 2 * 0.16, of W1 1 / (3 D). */
    const float spread = sqrtf(2 * 0.16F / 3);
    for (size_t j = 0; j < params->hidden; j++)
        params->b1[j] = spread * (float)measure_bias(share);
}

/* The same where units are selected. */
static void set_k(struct spine_stepper *stepper, double share)
{
    const size_t k = (size_t)(share * (double)stepper->params.hidden + 0.5);

    set_share(&stepper->params, 0.5);
    stepper->settings.activation.k = k > 0 ? k : 1;
    for (size_t b = 0; b < stepper->memory.num_blocks; b++)
        stepper->memory.codes.blocks[b].activation.k = stepper->settings.activation.k;
}

static void take_step(struct bench *bench, struct spine_stepper *stepper, enum spine_mode mode)
{
    struct spine_error err;

    stepper->mode = mode;
    bench->position.sums = (struct spine_step_sums){0};
    if (spine_stepper_step(stepper, &bench->data, &bench->position, &err))
        die(&err);
    bench->position.epoch++; /* with other noise */
    bench->position.step = 0;
}

/* The part of a step that is noise. */
static void add_noise(struct bench *bench)
{
    const struct spine_dataset *data = &bench->data;

    for (size_t i = 0; i < bench->rows; i++)
        spine_random_add_noise(1, 7, i, 0.4F, data->dim, data->rows + i * data->stride,
                               bench->noisy + i * data->stride);
}

/* The five products, on the same matrices. */
static void multiply(struct bench *bench)
{
    const int rows = (int)bench->rows, dim = (int)bench->stepper.params.dim;
    const int hidden = (int)bench->stepper.params.hidden,
              stride = (int)bench->stepper.params.stride;
    const float *x = bench->noisy, *W1 = bench->stepper.params.W1;
    const float *W2 = bench->stepper.params.W2;
    float *z = bench->z, *h = bench->h, *y = bench->y, *dz = bench->dz;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, hidden, dim, 1, x, stride, W1,
                stride, 0, z, hidden);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dim, hidden, 1, h, hidden, W2,
                stride, 0, y, stride);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, hidden, dim, rows, 1, h, hidden, y, stride,
                0, bench->gradient, stride);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, hidden, dim, 1, y, stride, W2,
                stride, 0, dz, hidden);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, hidden, dim, rows, 1, dz, hidden, x,
                stride, 0, bench->gradient, stride);
}

/* a = b + s c */
static void add_scaled(struct bench *bench)
{
    const size_t len = bench->stepper.params.len;
    float *restrict a = bench->triad;
    const float *restrict b = a + len, *restrict c = b + len;

    for (size_t i = 0; i < len; i++)
        a[i] = b[i] + 0.5F * c[i];
}

/* The bytes that a step moves at least: the weights read by the forward pass, the parameters and
 * their moments read and written by the update. */
static double count_bytes(const struct bench *bench)
{
    const struct spine_params *params = &bench->stepper.params;
    const double weights = 2 * (double)params->hidden * (double)params->stride;
    const double moments = bench->stepper.optimizer.kind == SPINE_ADAM ? 2 : 0;

    return sizeof(float) * (weights + 2 * (1 + moments) * (double)params->len);
}

enum { SGEMM, DENSE, SPARSE, NOISE, TRIAD, TOPK, BATCHTOPK, TIMES };

struct row {
    size_t rows;
    const char *optimizer;
    double density, bytes;
    double seconds[TIMES]; /* medians */
    double limit;          /* seconds that the bytes take at the triad's rate */
};

static void take_dense_step(struct bench *bench)
{
    take_step(bench, &bench->stepper, SPINE_DENSE);
}

static void take_sparse_step(struct bench *bench)
{
    take_step(bench, &bench->stepper, SPINE_SPARSE);
}

static void take_topk_step(struct bench *bench)
{
    take_step(bench, &bench->selecting[0], SPINE_SPARSE);
}

static void take_batchtopk_step(struct bench *bench)
{
    take_step(bench, &bench->selecting[1], SPINE_SPARSE);
}

/* Make about this share of the units active in all steppers. Returns the share. */
static double prepare(struct bench *bench, double share)
{
    const double pairs = (double)bench->rows * (double)bench->stepper.params.hidden;

    set_share(&bench->stepper.params, share);
    take_dense_step(bench);
    const double density = bench->position.sums.active / pairs;
    for (int i = 0; i < 2; i++) {
        set_k(&bench->selecting[i], density);
        take_step(bench, &bench->selecting[i], SPINE_SPARSE); /* finds its bounds */
    }
    return density;
}

static double time_once(struct bench *bench, void (*work)(struct bench *))
{
    const double start = measure_now();

    work(bench);
    return 1e-9 * (measure_now() - start);
}

/* Time all in turn, so that a slow moment hits them alike. */
static struct row measure(struct bench *bench, double share, size_t repeat)
{
    static void (*const work[TIMES])(struct bench *) = {[SGEMM] = multiply,
                                                        [DENSE] = take_dense_step,
                                                        [SPARSE] = take_sparse_step,
                                                        [NOISE] = add_noise,
                                                        [TRIAD] = add_scaled,
                                                        [TOPK] = take_topk_step,
                                                        [BATCHTOPK] = take_batchtopk_step};
    static double times[TIMES][MOST_REPEATS];
    const double density = prepare(bench, share);

    for (size_t i = 0; i < repeat; i++)
        for (int k = 0; k < TIMES; k++)
            times[k][i] = time_once(bench, work[k]);

    struct row row = {.rows = bench->rows,
                      .optimizer = bench->stepper.optimizer.kind == SPINE_ADAM ? "adam" : "sgd",
                      .density = density,
                      .bytes = count_bytes(bench)};
    for (int k = 0; k < TIMES; k++)
        row.seconds[k] = measure_quantile(times[k], repeat, 2);
    const double triad_bytes = 3 * sizeof(float) * (double)bench->stepper.params.len;
    row.limit = row.bytes / triad_bytes * row.seconds[TRIAD];
    return row;
}

static void print_row(const struct row *row, FILE *csv)
{
    const double *seconds = row->seconds;
    const double dense = seconds[DENSE] / seconds[SGEMM], sparse = seconds[SPARSE] / seconds[SGEMM];
    const double noise = seconds[NOISE] / seconds[SPARSE], limit = row->limit / seconds[SPARSE];

    const double topk = seconds[TOPK] / seconds[SPARSE];
    const double batchtopk = seconds[BATCHTOPK] / seconds[SPARSE];

    printf("%5zu  %-4s  %6.1f %%  %9.3f  %9.3f  %9.3f  %6.2f  %6.2f  %5.1f %%  %6.1f  %5.1f %%  "
           "%6.2f  "
           "%6.2f\n",
           row->rows, row->optimizer, 100 * row->density, 1e3 * seconds[SGEMM],
           1e3 * seconds[DENSE], 1e3 * seconds[SPARSE], dense, sparse, 100 * noise,
           row->bytes / 1e6, 100 * limit, topk, batchtopk);
    if (csv != NULL)
        fprintf(csv, "%zu,%s,%.4f,%.6g,%.6g,%.6g,%.4f,%.4f,%.4f,%.0f,%.4f,%.4f,%.4f\n", row->rows,
                row->optimizer, row->density, seconds[SGEMM], seconds[DENSE], seconds[SPARSE],
                dense, sparse, noise, row->bytes, limit, topk, batchtopk);
}

/* Time steps of topk (0) or batchtopk (1) beside SPINE's, and print a row. */
static void compare(struct bench *bench, int which, double share, size_t repeat)
{
    static double times[2][MOST_REPEATS];
    const double density = prepare(bench, share);
    double median[2], tenth[2];

    for (size_t i = 0; i < repeat; i++) {
        times[0][i] = time_once(bench, take_sparse_step);
        times[1][i] = time_once(bench, which == 0 ? take_topk_step : take_batchtopk_step);
    }
    for (int i = 0; i < 2; i++) {
        median[i] = measure_quantile(times[i], repeat, 2);
        tenth[i] = measure_quantile(times[i], repeat, 10);
    }
    printf("%5zu  %-4s  %6.1f %%  %9.3f  %9.3f  %7.2f  %7.2f\n", bench->rows,
           bench->stepper.optimizer.kind == SPINE_ADAM ? "adam" : "sgd", 100 * density,
           1e3 * median[0], 1e3 * median[1], median[1] / median[0], tenth[1] / tenth[0]);
    fflush(stdout);
}

static void compare_all(size_t dim, size_t hidden, size_t repeat, const char *objective)
{
    static const double shares[] = {0.05, 0.022};

    printf("batch  update  active      spine  %9s    ratio  of tenths\n", objective);
    for (size_t b = 0; b < BATCHES; b++)
        for (int kind = 0; kind < 2; kind++) {
            struct bench bench;
            init(&bench, batches[b], dim, hidden, kind == 0 ? SPINE_SGD : SPINE_ADAM);
            for (size_t s = 0; s < sizeof shares / sizeof *shares; s++)
                compare(&bench, strcmp(objective, "topk") != 0, shares[s], repeat);
            dispose(&bench);
        }
}

static void measure_all(size_t dim, size_t hidden, size_t repeat, FILE *csv)
{
    static const double shares[] = {0.5, 0.25, 0.12, 0.05, 0.02};

    printf("batch  update  active  5 sgemm      dense     sparse  dense/  sparse/  noise    MB  "
           "limit    topk/  batchtopk/\n");
    printf("                                                       sgemm    sgemm        moved     "
           "     sparse  sparse\n");
    if (csv != NULL)
        fprintf(csv, "rows,optimizer,density,sgemm_s,dense_s,sparse_s,dense_ratio,sparse_ratio,"
                     "noise_share,bytes,limit_share,topk_ratio,batchtopk_ratio\n");

    for (size_t b = 0; b < BATCHES; b++)
        for (int kind = 0; kind < 2; kind++) {
            struct bench bench;
            init(&bench, batches[b], dim, hidden, kind == 0 ? SPINE_SGD : SPINE_ADAM);
            for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
                const struct row row =
                    measure(&bench, shares[s], batches[b] > 256 ? (repeat + 3) / 4 : repeat);
                print_row(&row, csv);
            }
            dispose(&bench);
        }
}

struct options {
    size_t dim, hidden, repeat;
    const char *csv;       /* NULL: none */
    const char *objective; /* to compare with SPINE's alone; NULL: none */
};

/* Ends the program if there is anything else. */
static struct options parse_options(int argc, char **argv)
{
    struct options options = {.dim = 300, .hidden = 1000, .repeat = 101};

    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        const size_t number = strtoul(value, NULL, 10);
        if (strcmp(argv[i], "--csv") == 0 && value[0] != '\0')
            options.csv = value;
        else if (strcmp(argv[i], "--objective") == 0 &&
                 (strcmp(value, "topk") == 0 || strcmp(value, "batchtopk") == 0))
            options.objective = value;
        else if (strcmp(argv[i], "--dim") == 0 && number > 0)
            options.dim = number;
        else if (strcmp(argv[i], "--hidden") == 0 && number > 0)
            options.hidden = number;
        else if (strcmp(argv[i], "--repeat") == 0 && number > 0)
            options.repeat = number < MOST_REPEATS ? number : MOST_REPEATS;
        else {
            fprintf(stderr, "bench-step: %s %s: expected an option and its value\n%s", argv[i],
                    value, usage);
            exit(2);
        }
    }
    if (options.objective != NULL && options.csv != NULL) {
        fprintf(stderr, "bench-step: --csv: isn't used with --objective\n%s", usage);
        exit(2);
    }
    return options;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return fputs(usage, stdout) == EOF;
    const struct options options = parse_options(argc, argv);
    const size_t dim = options.dim, hidden = options.hidden, repeat = options.repeat;

    FILE *csv = options.csv == NULL ? NULL : fopen(options.csv, "w");
    if (options.csv != NULL && csv == NULL) {
        perror(options.csv);
        return 1;
    }
    spine_comm_init(&world, &argc, &argv);

    char blas[256];
    spine_kernel_library(blas, sizeof blas);
    printf("D %zu, H %zu, medians of %zu, milliseconds; %s\n\n", dim, hidden, repeat, blas);
    if (options.objective != NULL)
        compare_all(dim, hidden, repeat, options.objective);
    else
        measure_all(dim, hidden, repeat, csv);
    spine_comm_finalize(&world);
    return csv != NULL && fclose(csv) != 0;
}
