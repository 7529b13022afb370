/* step.c -- the time of a training step beside that of the five matrix products that it contains.
 *
 *     bench-step [--dim D] [--hidden H] [--repeat N] [--csv FILE]
 *
 * For batches of 64, 256 and 1024 rows and several shares of active units it times, in turn, five
 * cblas_sgemm calls of the step's shapes, and whole steps on the dense and on the sparse path:
 * noise, forward and backward pass, and the update by SGD or Adam. One rank, one BLAS thread. What
 * counts is the ratio of the medians. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"
#include "spine/base/random.h"
#include "spine/math/kernels.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"

enum { MOST_REPEATS = 1001 };

struct bench {
    size_t rows;
    struct spine_params params, gradient;
    struct spine_optimizer optimizer;
    struct spine_workspace work;
    float *clean, *noisy; /* (rows, stride) */
    uint32_t epoch;
};

static int by_value(const void *a, const void *b)
{
    const double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static void die(const struct spine_error *err)
{
    fprintf(stderr, "bench-step: %s\n", err->text);
    exit(1);
}

/* The bias at which a standard normal z has this share above 0. */
static float bias_for(double share)
{
    double low = -6, high = 6;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (erfc(-middle / sqrt(2.0)) / 2 < share)
            low = middle;
        else
            high = middle;
    }
    return (float)low;
}

static void init(struct bench *bench, size_t rows, size_t dim, size_t hidden,
                 enum spine_optimizer_kind kind)
{
    struct spine_error err;
    const size_t stride = spine_kernel_stride(dim);
    *bench = (struct bench){.rows = rows};
    bench->clean = spine_kernel_alloc(rows * stride, "the benchmark", &err);
    bench->noisy = spine_kernel_alloc(rows * stride, "the benchmark", &err);
    float *zero = spine_kernel_alloc(stride, "the benchmark", &err);
    if (spine_params_init(&bench->params, dim, hidden, &err) ||
        spine_params_init(&bench->gradient, dim, hidden, &err) ||
        spine_optimizer_init(&bench->optimizer, kind, 0.9, 0.999, bench->params.len, &err) ||
        spine_workspace_init(&bench->work, dim, hidden, rows, &err))
        die(&err);
    spine_params_randomize(&bench->params, 1);
    for (size_t i = 0; i < rows; i++)
        spine_random_add_noise(1, 1000000, i, 0.4F, dim, zero, bench->clean + i * stride);
    free(zero);
}

static void dispose(struct bench *bench)
{
    spine_params_dispose(&bench->params);
    spine_params_dispose(&bench->gradient);
    spine_optimizer_dispose(&bench->optimizer);
    spine_workspace_dispose(&bench->work);
    free(bench->clean);
    free(bench->noisy);
}

/* Make about this share of the units active: z is normal with the same spread in every unit. */
static void set_share(struct bench *bench, double share)
{
    /* Entries of x' have variance 2 * 0.16, of W1 1 / (3 D). */
    const float spread = sqrtf(2 * 0.16F / 3);
    for (size_t j = 0; j < bench->params.hidden; j++)
        bench->params.b1[j] = spread * bias_for(share);
}

static void take_step(struct bench *bench, enum spine_mode mode, double *noise_seconds)
{
    const struct spine_loss_weights weights = {0.85, 1, 1};
    const struct spine_params *params = &bench->params;
    const struct spine_batch batch = {bench->rows, bench->clean, bench->noisy};
    const double start = spine_clock_now();
    for (size_t i = 0; i < bench->rows; i++)
        spine_random_add_noise(1, bench->epoch, i, 0.4F, params->dim,
                               bench->clean + i * params->stride,
                               bench->noisy + i * params->stride);
    *noise_seconds = spine_clock_now() - start;
    bench->epoch++;
    spine_model_encode(params, &batch, mode, &bench->work);
    spine_model_decode(params, &batch, bench->rows, &bench->work);
    spine_model_average(params, bench->rows, bench->work.h_sum, &weights, &bench->work);
    spine_model_decoder_gradient(params, &batch, 0, params->hidden, &bench->work, &bench->gradient);
    spine_model_encoder_gradient(params, &batch, 0, params->hidden, &bench->work, &bench->gradient);
    /* A rate too small to change the share of active units. */
    spine_optimizer_begin(&bench->optimizer, 1e-12);
    spine_optimizer_update(&bench->optimizer, 0, params->len, bench->params.data,
                           bench->gradient.data);
}

/* The five products, on the same matrices. */
static void multiply(struct bench *bench)
{
    const int rows = (int)bench->rows, dim = (int)bench->params.dim;
    const int hidden = (int)bench->params.hidden, stride = (int)bench->params.stride;
    const float *x = bench->noisy, *W1 = bench->params.W1, *W2 = bench->params.W2;
    float *z = bench->work.z, *h = bench->work.h, *y = bench->work.y, *dz = bench->work.dz;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, hidden, dim, 1, x, stride, W1,
                stride, 0, z, hidden);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dim, hidden, 1, h, hidden, W2,
                stride, 0, y, stride);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, hidden, dim, rows, 1, h, hidden, y, stride,
                0, bench->gradient.W2, stride);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, hidden, dim, 1, y, stride, W2,
                stride, 0, dz, hidden);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, hidden, dim, rows, 1, dz, hidden, x,
                stride, 0, bench->gradient.W1, stride);
}

struct row {
    size_t rows;
    const char *optimizer;
    double density;
    double sgemm, dense, sparse, noise; /* seconds */
};

/* Time the three in turn, so that a slow moment hits them alike. */
static struct row measure(struct bench *bench, double share, size_t repeat)
{
    static double sgemm[MOST_REPEATS], dense[MOST_REPEATS], sparse[MOST_REPEATS],
        noise[MOST_REPEATS];
    double ignored;

    set_share(bench, share);
    /* The step leaves behind the matrices that the products are timed on. */
    take_step(bench, SPINE_DENSE, &ignored);

    for (size_t i = 0; i < repeat; i++) {
        double start = spine_clock_now();
        multiply(bench);
        sgemm[i] = spine_clock_now() - start;
        start = spine_clock_now();
        take_step(bench, SPINE_DENSE, &ignored);
        dense[i] = spine_clock_now() - start;
        start = spine_clock_now();
        take_step(bench, SPINE_SPARSE, &noise[i]);
        sparse[i] = spine_clock_now() - start;
    }

    const double pairs = (double)bench->rows * (double)bench->params.hidden;
    return (struct row){.rows = bench->rows,
                        .optimizer = bench->optimizer.kind == SPINE_ADAM ? "adam" : "sgd",
                        .density = (double)bench->work.loss.active / pairs,
                        .sgemm = median(sgemm, repeat),
                        .dense = median(dense, repeat),
                        .sparse = median(sparse, repeat),
                        .noise = median(noise, repeat)};
}

static void print_row(const struct row *row, FILE *csv)
{
    printf("%5zu  %-4s  %6.1f %%  %9.3f  %9.3f  %9.3f  %6.2f  %6.2f  %5.1f %%\n", row->rows,
           row->optimizer, 100 * row->density, 1e3 * row->sgemm, 1e3 * row->dense,
           1e3 * row->sparse, row->dense / row->sgemm, row->sparse / row->sgemm,
           100 * row->noise / row->sparse);
    if (csv != NULL)
        fprintf(csv, "%zu,%s,%.4f,%.6g,%.6g,%.6g,%.4f,%.4f,%.4f\n", row->rows, row->optimizer,
                row->density, row->sgemm, row->dense, row->sparse, row->dense / row->sgemm,
                row->sparse / row->sgemm, row->noise / row->sparse);
}

static size_t option(int argc, char **argv, const char *name, size_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return (size_t)strtoul(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    static const size_t batches[] = {64, 256, 1024};
    static const double shares[] = {0.5, 0.25, 0.12, 0.05, 0.02};
    const size_t dim = option(argc, argv, "--dim", 300),
                 hidden = option(argc, argv, "--hidden", 1000);
    size_t repeat = option(argc, argv, "--repeat", 101);
    repeat = repeat < 1 ? 1 : repeat > MOST_REPEATS ? MOST_REPEATS : repeat;

    FILE *csv = NULL;
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--csv") == 0 && (csv = fopen(argv[i + 1], "w")) == NULL)
            perror(argv[i + 1]);

    char blas[256];
    spine_kernel_library(blas, sizeof blas);
    printf("D %zu, H %zu, medians of %zu, milliseconds; %s\n\n", dim, hidden, repeat, blas);
    printf("batch  update  active  5 sgemm      dense     sparse  dense/  sparse/  noise\n");
    printf("                                                       sgemm    sgemm\n");
    if (csv != NULL)
        fprintf(csv, "rows,optimizer,density,sgemm_s,dense_s,sparse_s,dense_ratio,sparse_ratio,"
                     "noise_share\n");

    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
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

    return csv != NULL && fclose(csv) != 0;
}
