/* doctor.c -- a report on the machine: how ranks are placed, and how fast they are together. */
#include "spine/train/doctor.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/printable.h"
#include "spine/base/statistics.h"
#include "spine/config/settings.h"
#include "spine/math/kernels.h"
#include "spine/math/model.h"
#include "spine/train/dataset.h"
#include "spine/train/earlier.h"
#include "spine/train/forecast.h"
#include "spine/train/parallel.h"
#include "spine/train/preflight.h"
#include "spine/train/stepcost.h"

enum { ROWS = 64, REPEATS = 51, FEW_FLOATS = 256, MOST_HOSTS = 16 };

/* --- Measuring ---------------------------------------------------------------------------- */

static double median(double *values, size_t count)
{
    spine_statistics_sort(values, count);
    return spine_statistics_quantile(values, count, 0.5);
}

/* Gflop/s of y = h W2 + b2 for ROWS rows, h (ROWS, H), y (ROWS, D), while all ranks do the same. */
static double measure_products(const struct spine_comm *comm, const struct spine_params *params,
                               const float *h, float *y)
{
    double seconds[REPEATS];
    for (int i = -1; i < REPEATS; i++) { /* the first one warms up */
        spine_comm_barrier(comm);
        const double start = spine_comm_clock();
        spine_kernel_product_units(ROWS, params->dim, params->hidden, params->stride, h, params->W2,
                                   params->b2, y);
        if (i >= 0)
            seconds[i] = spine_comm_clock() - start;
    }
    return 2e-9 * ROWS * (double)params->dim * (double)params->hidden / median(seconds, REPEATS);
}

/* Seconds of a sum of 'count' floats over all ranks. */
static double measure_sum(struct spine_comm *comm, float *values, size_t count)
{
    double seconds[REPEATS];
    for (int i = -1; i < REPEATS; i++) {
        spine_comm_barrier(comm);
        const double start = spine_comm_clock();
        spine_comm_sum_floats(comm, values, count);
        if (i >= 0)
            seconds[i] = spine_comm_clock() - start;
    }
    return median(seconds, REPEATS);
}

struct rates {
    double *gflops;      /* owned; of each rank, on rank 0 */
    double large, small; /* seconds of a sum of the gradient, and of FEW_FLOATS */
    size_t bytes;        /* of the gradient */
};

static int measure(struct spine_comm *comm, size_t dim, size_t hidden, struct rates *rates,
                   struct spine_error *err)
{
    struct spine_params params = {0};
    float *h = spine_kernel_alloc(ROWS * hidden, "the codes of a batch", err);
    float *y =
        spine_kernel_alloc(ROWS * spine_kernel_stride(dim), "the reconstructions of a batch", err);
    char *all = NULL;
    size_t bytes;

    int rc = spine_params_init(&params, dim, hidden, err);
    if (rc == 0 && (h == NULL || y == NULL || spine_kernel_prepare(err)))
        rc = -1;
    rc = spine_comm_agree(comm, rc, err);

    if (rc == 0) {
        const double gflops = measure_products(comm, &params, h, y);
        rates->small = measure_sum(comm, y, FEW_FLOATS); /* the gradient may be smaller */
        rates->large = measure_sum(comm, params.data, params.len);
        rates->bytes = params.len * sizeof *params.data;
        rc = spine_comm_gather(comm, &gflops, sizeof gflops, &all, &bytes, err);
        rates->gflops = (double *)(void *)all;
    }

    spine_params_dispose(&params);
    free(h);
    free(y);
    return rc;
}

/* --- Printing ----------------------------------------------------------------------------- */

static int by_host(const void *a, const void *b)
{
    const struct spine_rank_facts *first = a, *second = b;
    return strcmp(first->machine.host, second->machine.host);
}

/* Print the ranks of each host: "n1: 4 ranks, each rank bound to 1 core; 16 cores of AMD EPYC;
 * AVX2". Sorts them by host, since numbers may be dealt to hosts in turn. */
static void print_hosts(struct spine_rank_facts *ranks, int size, FILE *out)
{
    qsort(ranks, (size_t)size, sizeof *ranks, by_host);
    int hosts = 0;
    for (int first = 0, end; first < size; first = end) {
        const struct spine_machine *machine = &ranks[first].machine;
        char text[128];
        end = first + 1;
        while (end < size && strcmp(ranks[end].machine.host, machine->host) == 0)
            end++;
        if (++hosts > MOST_HOSTS)
            continue;
        spine_preflight_describe_host(ranks + first, end - first, text, sizeof text);
        fprintf(out, "%-10s %s: %s; %d core%s%s%s; %s\n", hosts == 1 ? "hosts" : "", machine->host,
                text, (int)machine->host_cores, machine->host_cores == 1 ? "" : "s",
                machine->processor[0] == '\0' ? "" : " of ", machine->processor,
                ranks[first].kernels);
    }
    if (hosts > MOST_HOSTS)
        fprintf(out, "           and %d more\n", hosts - MOST_HOSTS);
}

/* 'host' is the host of the slowest rank. */
static void print_rates(const struct rates *rates, int slowest, const char *host, int size,
                        FILE *out)
{
    double fastest = 0;
    for (int rank = 0; rank < size; rank++)
        fastest = rates->gflops[rank] > fastest ? rates->gflops[rank] : fastest;
    fprintf(out, "sgemm      %.1f Gflop/s", fastest);
    if (size == 1) {
        fputc('\n', out);
        return;
    }
    fprintf(out, " on the fastest rank, %.1f on the slowest (rank %d on %s), all at once\n",
            rates->gflops[slowest], slowest, host);
    fprintf(out, "allreduce  %.2f ms for a gradient of %.2f MB; %.3f ms for 1 KB\n",
            1e3 * rates->large, 1e-6 * (double)rates->bytes, 1e3 * rates->small);
}

/* Print a grid's predicted time of a step and, if there is an input, a rank's memory. */
static void print_grid(const struct spine_config *config, const struct spine_stepcost *cost,
                       const struct spine_grid_wish *wish, bool is_chosen, FILE *out)
{
    const int groups = wish->groups, columns = wish->columns;
    const int hosts = spine_stepcost_hosts(cost, columns);
    const double seconds = spine_stepcost_predict(cost, groups, columns);
    struct spine_error ignored;
    uint64_t bytes = 0;

    if (isinf(seconds)) {
        fprintf(out, "grid       %dx%d: not possible, messages between hosts would be too long\n",
                groups, columns);
        return;
    }
    fprintf(out, "grid       %dx%d: about %.2f ms a step", groups, columns, 1e3 * seconds);
    if (cost->num_rows > 0 &&
        spine_forecast_rank(config, cost->num_rows, cost->dim, wish, hosts, &bytes, &ignored) == 0)
        fprintf(out, ", %.0f MiB a rank", (double)bytes / (1 << 20));
    fprintf(out, "%s\n", is_chosen ? "; auto chooses it" : "");
}

/* Print the grids from which parallel.grid = auto chooses. */
static void print_grids(const struct spine_config *config, const struct spine_stepcost *cost,
                        FILE *out)
{
    struct spine_grid_wish wish = spine_parallel_limits(config, cost->num_rows);
    int groups, columns;

    spine_stepcost_choose(cost, wish.most_groups, wish.most_columns, &groups, &columns);
    while (spine_stepcost_next_grid(cost, wish.most_groups, wish.most_columns, &wish.groups,
                                    &wish.columns))
        print_grid(config, cost, &wish, wish.groups == groups && wish.columns == columns, out);
}

static void print(const struct spine_preflight *preflight, const struct rates *rates, int size,
                  FILE *out)
{
    const struct spine_run_facts *run = &preflight->run;
    char host[SPINE_MACHINE_NAME];
    int slowest = 0;

    for (int rank = 1; rank < size; rank++)
        slowest = rates->gflops[rank] < rates->gflops[slowest] ? rank : slowest;
    strcpy(host, preflight->ranks[slowest].machine.host);

    print_hosts(preflight->ranks, size, out);
    fprintf(out, "BLAS       %s\n", preflight->ranks->blas);
    fprintf(out, "MPI        %s\n", preflight->mpi);
    spine_printable_line(out, "output     %s: %s file system, %s", run->directory,
                         run->filesystem.name,
                         !run->filesystem.is_writable ? "can't be written to"
                         : run->filesystem.locks      ? "can lock files"
                                                      : "can't lock files");

    print_rates(rates, slowest, host, size, out);
}

static void print_warnings(const struct spine_preflight *preflight, FILE *out)
{
    const struct spine_words *warnings = &preflight->warnings;

    for (size_t i = 0; i < warnings->count; i++)
        spine_printable_line(out, "warning    %s", spine_words_get(warnings, i));
    if (warnings->count == 0)
        fprintf(out, "no warnings\n");
}

/* Read the extent of the input, and search its rows for outliers. Collective. */
static int read_extent(const struct spine_config *config, struct spine_comm *comm, size_t *num_rows,
                       size_t *dim, struct spine_error *err)
{
    struct spine_inspection inspection = {.options = spine_settings_scaling(config)};
    struct spine_input input;

    if (spine_input_open(&input, comm, config->input, (size_t)config->limit, err))
        return -1;
    *num_rows = input.num_rows;
    *dim = input.dim;
    int rc = spine_earlier_is_new(config, comm, &inspection.is_new, err);
    if (rc == 0)
        rc = spine_input_inspect(&input, comm, &inspection, err);
    spine_input_close(&input);
    return rc;
}

int spine_doctor(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                 struct spine_error *err)
{
    struct spine_preflight preflight = {0};
    struct rates rates = {0};
    struct spine_stepcost cost = {.dim = 0};
    size_t num_rows = 0, dim = 300;
    int rc = 0;

    if (config->input[0] != '\0')
        rc = read_extent(config, comm, &num_rows, &dim, err);
    if (rc == 0)
        rc = spine_preflight_init(&preflight, comm, config->directory, err);
    if (rc == 0)
        rc = measure(comm, dim, (size_t)config->hidden, &rates, err);
    const bool has_choice = comm->size > 1 && spine_stepcost_applies(config);
    if (rc == 0 && has_choice)
        rc = spine_stepcost_measure(&cost, config, comm, num_rows, dim, err);
    if (rc == 0 && comm->rank == 0) {
        print(&preflight, &rates, comm->size, out);
        if (has_choice)
            print_grids(config, &cost, out);
        print_warnings(&preflight, out);
    }

    free(rates.gflops);
    spine_preflight_dispose(&preflight);
    return rc;
}
