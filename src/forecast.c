/* forecast.c -- what a run would take. */
#include "spine/forecast.h"

#include "spine/dataset.h"
#include "spine/model.h"
#include "spine/optimizer.h"
#include "spine/partition.h"
#include "spine/resume.h"

#include <stdlib.h>
#include <sys/resource.h>

/* What a rank takes, by what it is for; bytes. */
struct memory {
    size_t program, rows, parameters, optimizer, batch, files;
};

/* The memory of a rank with the rows of 'part', on one node with all the others. */
static struct memory predict(const struct spine_config *config, const struct spine_partition *part,
                             size_t dim, int size)
{
    const size_t hidden = (size_t)config->hidden, most = spine_partition_most_rows(part);
    const size_t rows = part->end_row - part->first_row;
    const size_t word = 24; /* a word, its NUL, its place in the list; an average */
    const size_t params = spine_params_len(dim, hidden) * sizeof(float);
    const double density = config->kernel == SPINE_KERNEL_DENSE    ? 0
                           : config->kernel == SPINE_KERNEL_SPARSE ? 0.6 /* at first, or so */
                                                                   : SPINE_SPARSE_MOST;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (struct memory){
        .program = (size_t)usage.ru_maxrss * 1024,
        .rows = spine_dataset_bytes(rows, dim, most) + rows * word,
        /* Parameters, gradient, and this rank's share of all others' gradients (sums.h). */
        .parameters = 2 * params + params / (size_t)size * (size_t)(size - 1),
        .optimizer = spine_optimizer_bytes((enum spine_optimizer_kind)config->optimizer,
                                           spine_params_len(dim, hidden)),
        .batch = spine_workspace_bytes(dim, hidden, most, density),
        /* HDF5's caches, and a block of rows being read or of codes being merged; measured. */
        .files = 12 << 20,
    };
}

static double mib(size_t bytes)
{
    return (double)bytes / (1 << 20);
}

static void print_memory(const struct memory *memory, FILE *out)
{
    fprintf(out,
            "memory of a rank  %.1f MiB: program %.1f, rows %.1f, parameters and gradient %.1f, "
            "optimizer %.1f, batch %.1f, files %.1f\n",
            mib(memory->program + memory->rows + memory->parameters + memory->optimizer +
                memory->batch + memory->files),
            mib(memory->program), mib(memory->rows), mib(memory->parameters),
            mib(memory->optimizer), mib(memory->batch), mib(memory->files));
}

int spine_forecast(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                   struct spine_error *err)
{
    size_t num_rows = 0, dim = 0;
    struct spine_partition part = {0};
    int rc = comm->rank == 0 ? spine_resume_check(config, err) : 0;
    if (spine_comm_agree(comm, rc, err) ||
        spine_dataset_extent(comm, config->input, (size_t)config->limit, &num_rows, &dim, err))
        return -1;
    rc = spine_partition_init(&part, (uint64_t)config->seed, num_rows, (size_t)config->batch_size,
                              comm->rank, comm->size, err);
    if (spine_comm_agree(comm, rc, err))
        return -1;
    const int64_t rows = (int64_t)(part.end_row - part.first_row);
    const int64_t most = spine_comm_max(comm, rows), least = -spine_comm_max(comm, -rows);
    const struct memory memory = predict(config, &part, dim, comm->size);
    const size_t steps = spine_partition_steps(&part);
    if (comm->rank == 0) {
        char *text = spine_config_text(config);
        fprintf(out, "%s\n", text == NULL ? "" : text);
        free(text);
        fprintf(out, "input             %zu rows of %zu numbers\n", num_rows, dim);
        if (least == most)
            fprintf(out, "ranks             %d, each with %lld rows\n", comm->size,
                    (long long)most);
        else
            fprintf(out, "ranks             %d, with %lld to %lld rows\n", comm->size,
                    (long long)least, (long long)most);
        fprintf(out, "steps             %zu an epoch, %lld in all\n", steps,
                (long long)steps * (long long)config->epochs);
        print_memory(&memory, out);
    }
    spine_partition_dispose(&part);
    return 0;
}
