/* forecast.c -- what a run needs, checked before it begins. */
#include "spine/train/forecast.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "spine/base/clock.h"
#include "spine/config/settings.h"
#include "spine/files/checkpoint.h"
#include "spine/files/codeindex.h"
#include "spine/files/output.h"
#include "spine/files/rundir.h"
#include "spine/files/startmodel.h"
#include "spine/math/coder.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/math/partition.h"
#include "spine/ranks/machine.h"
#include "spine/train/dataset.h"
#include "spine/train/earlier.h"
#include "spine/train/nnse.h"
#include "spine/train/pace.h"
#include "spine/train/parallel.h"
#include "spine/train/refit.h"
#include "spine/train/stepmemory.h"
#include "spine/train/stepper.h"
#include "spine/train/stepsettings.h"

/* The memory of a rank by purpose, in bytes. */
struct memory {
    size_t program, rows, parameters, optimizer, batch, refit, files;
    size_t saving; /* rank 0's copy, while a checkpoint is written in the background */
};

struct forecast {
    size_t num_rows, dim, steps;
    int64_t least_rows, most_rows; /* of a rank */
    struct memory memory;          /* of this rank */
    /* Of this rank's node: the bytes that its ranks will need beyond those in use, and those
     * free. */
    int node_ranks;
    uint64_t node_needed, node_room;
    uint64_t node_refit; /* of those needed, for a refit */
    /* The bytes that the run's files will need beyond those in use, and those free. */
    uint64_t disk_needed, disk_room;
};

static size_t checkpoint_bytes(const struct spine_config *config, size_t dim)
{
    const size_t len = spine_params_len(dim, (size_t)config->hidden);
    return len * sizeof(float) + spine_optimizer_bytes(spine_step_optimizer(config), len);
}

/* The density of a run that begins. */
static const double AT_FIRST = 0.6;

/* Predict the candidates where k units are selected: each of a group's ranks lists the k largest of
 * its own units, and up to an eighth more (activation.c). */
static struct spine_block_use forecast_candidates(const struct spine_config *config, int columns,
                                                  double k)
{
    const double candidates = columns * (k + k / 8 + 4);

    return (struct spine_block_use){.has_candidates = true,
                                    .density = fmin(1, candidates / (double)config->hidden)};
}

/* Predict the pairs that a step lists. */
static struct spine_block_use forecast_pairs(const struct spine_config *config, int columns)
{
    const struct spine_activation activation = spine_settings_activation(config);

    if (activation.selection != SPINE_ABOVE)
        return forecast_candidates(config, columns, (double)activation.k);
    const double density = config->kernel == SPINE_KERNEL_DENSE    ? 0
                           : config->kernel == SPINE_KERNEL_SPARSE ? AT_FIRST
                                                                   : SPINE_SPARSE_MOST;
    return (struct spine_block_use){.has_dense = config->kernel != SPINE_KERNEL_SPARSE,
                                    .density = density};
}

/* Predict the number of values in all codes. */
static uint64_t forecast_values(const struct spine_config *config, size_t num_rows)
{
    const double rows = (double)num_rows;

    if (spine_settings_activation(config).selection != SPINE_ABOVE)
        return (uint64_t)(rows * (double)spine_settings_encode_k(config));
    if (config->objective == SPINE_OBJECTIVE_NNSE)
        return (uint64_t)(rows * config->l0);
    /* Trained codes have 4 to 7 % of their units active where sparsity is 0.85. */
    return (uint64_t)(rows * (double)config->hidden * (1 - config->sparsity) / 2);
}

/* Is codes.h5ad written, with its index? */
static bool has_index(const struct spine_config *config)
{
    return config->merge && config->index != SPINE_INDEX_NO &&
           spine_config_has_format(config, SPINE_FORMAT_H5AD);
}

/* The bytes of a refit's equations (refit.h). */
static size_t refit_bytes(const struct spine_config *config, size_t dim, bool is_first)
{
    const size_t size = (size_t)config->hidden + 1;

    return config->refit ? (is_first ? 24 : 16) * size * (size + dim) : 0;
}

/* HDF5's caches and a block of rows being read, or of codes that the first rank merges; measured.
 */
static size_t buffer_bytes(const struct spine_config *config, size_t num_rows, bool is_first)
{
    enum { READING = 4 << 20, MERGING = 12 << 20 };

    if (!is_first)
        return READING;
    if (!has_index(config))
        return MERGING;
    return MERGING + spine_codeindex_bytes(num_rows, forecast_values(config, num_rows));
}

/* Is a checkpoint written in the background? Before a refit and an epoch of nnse, which may be long
 * ends (epochend.h), also without checkpoint_every and checkpoint_minutes. */
static bool saves_behind(const struct spine_config *config)
{
    return config->checkpoint_every > 0 || config->checkpoint_minutes > 0 || config->refit ||
           config->objective == SPINE_OBJECTIVE_NNSE;
}

/* Predict the memory of a rank with the rows of 'part', in a grid, including its share of the
 * node's. */
static struct memory predict(const struct spine_config *config, const struct spine_partition *part,
                             size_t dim, const struct spine_grid *grid, bool is_first)
{
    const size_t hidden = (size_t)config->hidden;
    const size_t rows = spine_partition_rows(part);
    const size_t word = 24; /* a word, its NUL, its offset in the list; an average */
    const size_t params = spine_params_len(dim, hidden) * sizeof(float);
    const struct spine_block_use active = forecast_pairs(config, grid->columns);
    const struct spine_block_use silent =
        forecast_candidates(config, grid->columns, (double)config->aux_k);
    const struct spine_dataset data = {.dim = dim, .part = *part};
    const struct spine_step_settings settings = spine_step_settings(config, &data);
    const struct spine_step_shape shape = {.dim = dim,
                                           .hidden = hidden,
                                           .optimizer = settings.optimizer,
                                           .prefixes = settings.prefixes.count,
                                           .has_silent = settings.silence.k > 0,
                                           .most_k = spine_stepper_most_k(&settings)};
    const bool is_nnse = config->objective == SPINE_OBJECTIVE_NNSE;
    const struct spine_step_bytes step = spine_step_bytes(&shape, part, grid, &active, &silent);
    const size_t ranks = (size_t)grid->node_groups * (size_t)(grid->columns / grid->hosts);
    const size_t copies = grid->groups > 1 ? 1 + (size_t)grid->node_groups : 1;
    const size_t moments = spine_optimizer_bytes(shape.optimizer, spine_params_len(dim, hidden));
    const bool keeps = spine_settings_storage(config) != SPINE_IN_FILE;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (struct memory){
        .program = (size_t)usage.ru_maxrss * 1024,
        .rows = spine_dataset_bytes(part, dim, spine_settings_storage(config)) + rows * word,
        .parameters = copies * params / ranks,
        .optimizer = moments / ranks,
        .batch = (step.node - copies * params - moments) / ranks + step.rank +
                 spine_coder_bytes(dim, hidden, AT_FIRST) +
                 (is_nnse ? spine_nnse_bytes(part, dim, hidden, config->l0, keeps) : 0),
        .refit = refit_bytes(config, dim, is_first),
        .files = buffer_bytes(config, part->num_rows, is_first),
        .saving = is_first && saves_behind(config) ? checkpoint_bytes(config, dim) : 0,
    };
}

/* The bytes that the rank will still allocate. */
static size_t bytes_to_come(const struct memory *memory)
{
    return memory->rows + memory->parameters + memory->optimizer + memory->batch + memory->refit +
           memory->files + memory->saving;
}

/* Estimate the most space that a run's files occupy at one time. */
static uint64_t files_bytes(const struct spine_config *config, size_t num_rows, size_t dim)
{
    const uint64_t hidden = (uint64_t)config->hidden, units = num_rows * hidden;
    const uint64_t values = forecast_values(config, num_rows);
    const uint64_t words = num_rows * 60; /* a word, and where it and its row begin; measured */
    const uint64_t codes = values * 8 + words;     /* a float and an index */
    const uint64_t text = units * 2 + values * 10; /* " 0" or " 0.123456789" */
    const uint64_t params = spine_params_len(dim, (size_t)config->hidden) * sizeof(float);
    uint64_t bytes = checkpoint_bytes(config, dim) * (uint64_t)(config->checkpoint_keep + 1);

    bytes += params + codes; /* the model, the shards */
    if (config->merge)
        bytes += codes - words; /* temporary files of merging */
    if (has_index(config))
        bytes += codes;
    if (config->merge)
        for (enum spine_format i = 0; i < SPINE_FORMATS; i++)
            if (spine_config_has_format(config, i))
                bytes += spine_output_is_dense(i) ? text : codes;
    return bytes;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static void print_memory(const struct memory *memory, FILE *out)
{
    fprintf(out,
            "memory of a rank  %.1f MiB: program %.1f, rows %.1f, parameters and gradient %.1f, "
            "optimizer %.1f, batch %.1f, ",
            mib(memory->program + bytes_to_come(memory) - memory->saving), mib(memory->program),
            mib(memory->rows), mib(memory->parameters), mib(memory->optimizer), mib(memory->batch));
    if (memory->refit > 0)
        fprintf(out, "refit %.1f, ", mib(memory->refit));
    fprintf(out, "files %.1f", mib(memory->files));
    if (memory->saving > 0)
        fprintf(out, "; of the first one %.1f more while a checkpoint is written",
                mib(memory->saving));
    fputc('\n', out);
}

/* Sum what the node's ranks need, and find what is free. Collective. */
static void measure_node(struct spine_comm *comm, struct forecast *forecast)
{
    struct spine_comm node;
    spine_comm_split_nodes(comm, &node);
    int64_t needed[] = {(int64_t)bytes_to_come(&forecast->memory), (int64_t)forecast->memory.refit};
    const uint64_t room = spine_machine_memory_left("");
    spine_comm_sum_counts(&node, needed, 2);
    /* Ranks may be in different control groups: use the least that any of them has left. */
    forecast->node_room =
        (uint64_t)-spine_comm_max(&node, room > INT64_MAX ? -INT64_MAX : -(int64_t)room);
    forecast->node_needed = (uint64_t)needed[0];
    forecast->node_refit = (uint64_t)needed[1];
    forecast->node_ranks = node.size;
    spine_comm_dispose(&node);
}

/* --- The directory ------------------------------------------------------------------------ */

/* Refuse a train.resume that names no checkpoint, and a directory with a run that may be neither
 * resumed nor replaced. */
static int check_directory(const struct spine_config *config, enum spine_rundir_state state,
                           struct spine_error *err)
{
    const bool never = strcmp(config->resume, "never") == 0;

    if (!never && strcmp(config->resume, "auto") != 0) {
        struct spine_checkpoint_texts texts;
        if (spine_checkpoint_read_texts(config->resume, &texts, err))
            return -1;
        spine_checkpoint_texts_dispose(&texts);
    }

    if (state == SPINE_RUNDIR_EMPTY || config->overwrite || !never)
        return 0;
    return spine_refuse(err,
                        "output.directory: %s holds a run already; name another directory, resume "
                        "the run with train.resume = auto, or replace it with output.overwrite = "
                        "yes",
                        config->directory);
}

/* Check the directory, and find the disk space that the run's files need. On rank 0. */
static int measure_disk(const struct spine_config *config, struct forecast *forecast,
                        struct spine_error *err)
{
    const uint64_t bytes = files_bytes(config, forecast->num_rows, forecast->dim);
    enum spine_rundir_state state;
    uint64_t held = 0;

    if (spine_rundir_inspect(config->directory, &state, &held, err) ||
        check_directory(config, state, err))
        return -1;

    /* A finished run needs no more space; one that is replaced stays until the new one is done. */
    if (state == SPINE_RUNDIR_FINISHED)
        forecast->disk_needed = config->overwrite ? bytes : 0;
    else
        forecast->disk_needed = bytes < held ? 0 : bytes - held;
    forecast->disk_room = spine_machine_disk_left(config->directory);
    return 0;
}

/* --- The forecast ------------------------------------------------------------------------- */

/* Collective. Seven parameters: what determines a run, and the results. */
static int make_forecast(const struct spine_config *config, struct spine_comm *comm,
                         const struct spine_parallel *parallel, size_t num_rows, size_t dim,
                         struct forecast *forecast, struct spine_error *err)
{
    struct spine_partition part = {0};

    *forecast = (struct forecast){.num_rows = num_rows, .dim = dim};
    int rc = comm->rank == 0 ? measure_disk(config, forecast, err) : 0;
    if (rc == 0 && !parallel->grid.is_idle)
        rc = spine_partition_init(&part, num_rows, &parallel->sharing, err);
    rc = spine_comm_agree(comm, rc, err);

    if (rc == 0) {
        const int64_t rows = (int64_t)spine_partition_rows(&part);
        forecast->most_rows = spine_comm_max(comm, rows);
        forecast->least_rows = -spine_comm_max(comm, parallel->grid.is_idle ? -INT64_MAX : -rows);
        if (!parallel->grid.is_idle) {
            forecast->memory = predict(config, &part, dim, &parallel->grid, comm->rank == 0);
            forecast->steps = spine_partition_steps(&part);
        }
        spine_comm_broadcast(comm, &forecast->disk_needed, sizeof forecast->disk_needed);
        spine_comm_broadcast(comm, &forecast->disk_room, sizeof forecast->disk_room);
        measure_node(comm, forecast);
    }

    spine_partition_dispose(&part);
    return rc;
}

/* Local. */
static int check(const struct spine_config *config, const struct forecast *forecast,
                 struct spine_error *err)
{
    const uint64_t needed_without_refit = forecast->node_needed - forecast->node_refit;
    /* A small run's files on a full disk may differ from its room by less than a MiB. */
    const bool is_small = forecast->disk_needed < (uint64_t)10 << 20;
    const double unit = is_small ? 1 << 10 : 1 << 20;
    const char *name = is_small ? "KiB" : "MiB";
    char host[64] = "";
    gethostname(host, sizeof host - 1);

    if (!config->check_room)
        return 0;
    if (forecast->node_needed > forecast->node_room)
        return spine_fail(err,
                          "%s has too little memory for its %d rank%s: about %.0f MiB more needed, "
                          "%.0f MiB free; use %sfewer ranks per node or a smaller model.hidden, or "
                          "set train.check_room = no to start anyway",
                          host, forecast->node_ranks, forecast->node_ranks == 1 ? "" : "s",
                          mib(forecast->node_needed), mib(forecast->node_room),
                          needed_without_refit <= forecast->node_room ? "train.refit = no, " : "");
    if (forecast->disk_needed > forecast->disk_room)
        return spine_fail(err,
                          "output.directory: %s has too little disk space for the run's files: "
                          "about %.0f %s more "
                          "needed, %.0f %s free; set train.check_room = no to start anyway",
                          config->directory, (double)forecast->disk_needed / unit, name,
                          (double)forecast->disk_room / unit, name);
    return 0;
}

/* Seven parameters: a run, and its grid. */
int spine_forecast_rank(const struct spine_config *config, size_t num_rows, size_t dim,
                        const struct spine_grid_wish *wish, int hosts, uint64_t *bytes,
                        struct spine_error *err)
{
    const int groups = wish->groups, columns = wish->columns;
    const struct spine_grid grid = {.groups = groups,
                                    .columns = columns,
                                    .hosts = hosts,
                                    .node_groups = 1,
                                    .num_nodes = groups * hosts};
    const struct spine_sharing sharing =
        spine_parallel_sharing(config, num_rows, dim, groups, columns);
    struct spine_partition part = {0};

    if (spine_partition_init(&part, num_rows, &sharing, err))
        return -1;
    const struct memory memory = predict(config, &part, dim, &grid, true);
    *bytes = memory.program + bytes_to_come(&memory);
    spine_partition_dispose(&part);
    return 0;
}

int spine_forecast_check(const struct spine_config *config, struct spine_comm *comm,
                         const struct spine_parallel *parallel, size_t num_rows, size_t dim,
                         struct spine_error *err)
{
    struct forecast forecast;

    if (make_forecast(config, comm, parallel, num_rows, dim, &forecast, err))
        return -1;
    return spine_comm_agree(comm, check(config, &forecast, err), err);
}

static void print_room(const char *what, uint64_t needed, uint64_t room, FILE *out)
{
    fprintf(out, "%s  %.1f MiB more", what, mib(needed));
    if (room != UINT64_MAX && room < INT64_MAX)
        fprintf(out, ", of %.1f MiB free", mib(room));
    fputc('\n', out);
}

static void print_objective(const struct spine_config *config, FILE *out)
{
    const struct spine_option *reason = spine_config_reason(config);

    fprintf(out, "objective         %s", spine_objective_names[config->objective]);
    if (reason != NULL)
        fprintf(out, ", since %s is set", reason->name);
    fputc('\n', out);
}

static int print(const struct spine_config *config, int size, const struct spine_grid *grid,
                 const struct forecast *forecast, FILE *out, struct spine_error *err)
{
    char *text = spine_config_used_text(config, err);

    if (text == NULL)
        return -1;
    fprintf(out, "%s\n", text);
    free(text);

    print_objective(config, out);
    fprintf(out, "input             %zu rows of %zu numbers\n", forecast->num_rows, forecast->dim);
    if (forecast->least_rows == forecast->most_rows)
        fprintf(out, "ranks             %d, each with %lld rows\n", size,
                (long long)forecast->most_rows);
    else
        fprintf(out, "ranks             %d, with %lld to %lld rows\n", size,
                (long long)forecast->least_rows, (long long)forecast->most_rows);
    fprintf(out, "grid              %dx%d: %d group%s of rows, each of %d rank%s", grid->groups,
            grid->columns, grid->groups, grid->groups == 1 ? "" : "s", grid->columns,
            grid->columns == 1 ? "" : "s");
    if (grid->hosts > 1)
        fprintf(out, " on %d hosts", grid->hosts);
    fputc('\n', out);
    if (config->objective == SPINE_OBJECTIVE_NNSE)
        fprintf(out, "epochs            %lld\n", (long long)spine_settings_last_epoch(config));
    else
        fprintf(out, "steps             %zu an epoch, %lld in all\n", forecast->steps,
                (long long)forecast->steps * (long long)config->epochs);
    print_memory(&forecast->memory, out);
    print_room("memory of a node", forecast->node_needed, forecast->node_room, out);
    print_room("disk            ", forecast->disk_needed, forecast->disk_room, out);
    return 0;
}

/* Refuse a train.start_from that doesn't fit, unless this run has already started from it.
 * Local. */
static int check_start(const struct spine_config *config, size_t dim, struct spine_error *err)
{
    char newest[SPINE_CHECKPOINT_PATH];
    struct spine_modelfile model;
    int64_t steps = 0;

    if (config->start_from[0] == '\0' ||
        (spine_checkpoint_newest(config->directory, INT64_MAX, newest, &steps, err) == 0 &&
         steps >= 0))
        return 0;
    if (spine_startmodel_read(&model, config, dim, err))
        return -1;
    spine_modelfile_dispose(&model);
    return 0;
}

/* A duration for people, in tenths of a second or less where it is short. */
static void describe_seconds(double seconds, char *text, size_t size)
{
    if (seconds < 9.95)
        snprintf(text, size, "%.2g s", seconds);
    else
        spine_clock_duration(seconds, text, size);
}

/* Measure some steps or rows if they fit into memory, and print an estimate for all. Collective. */
static int forecast_time(const struct spine_config *config, struct spine_comm *comm,
                         const struct forecast *forecast, FILE *out, struct spine_error *err)
{
    const int64_t epochs = spine_settings_last_epoch(config);
    const size_t rows = forecast->num_rows;
    char text[32], epoch[32];
    struct spine_pace pace;

    const int64_t is_short = forecast->node_needed > forecast->node_room;
    if (spine_comm_max(comm, is_short) > 0)
        return 0;
    if (spine_pace_estimate(config, comm, rows, &pace, err))
        return -1;

    const double refit = spine_pace_refit(config, forecast->dim);
    describe_seconds(spine_pace_run(&pace, config, rows) + refit, text, sizeof text);
    describe_seconds(spine_pace_epoch(&pace, rows), epoch, sizeof epoch);
    const char *plural = epochs == 1 ? "" : "s";
    if (comm->rank == 0 && config->objective == SPINE_OBJECTIVE_NNSE)
        fprintf(out, "time              about %s for %lld epoch%s, %s each now, and the codes\n",
                text, (long long)epochs, plural, epoch);
    else if (comm->rank == 0)
        fprintf(
            out, "time              about %s for the steps of %lld epoch%s%s: %.3g ms each now\n",
            text, (long long)epochs, plural, refit > 0 ? " and the refit" : "", 1000 * pace.step);
    return 0;
}

int spine_forecast(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                   struct spine_error *err)
{
    struct spine_inspection inspection = {.options = spine_settings_scaling(config)};
    struct spine_input input;
    struct forecast forecast;

    if (spine_input_open(&input, comm, config->input, (size_t)config->limit, err))
        return -1;
    const size_t num_rows = input.num_rows, dim = input.dim;
    int rc = spine_earlier_is_new(config, comm, &inspection.is_new, err);
    if (rc == 0)
        rc = spine_input_inspect(&input, comm, &inspection, err);
    spine_input_close(&input);

    struct spine_parallel parallel;
    if (rc != 0 || spine_parallel_init(&parallel, config, comm, num_rows, dim, err))
        return -1;
    rc = make_forecast(config, comm, &parallel, num_rows, dim, &forecast, err);
    if (rc == 0)
        rc = spine_comm_agree(comm, comm->rank == 0 ? check_start(config, dim, err) : 0, err);
    if (rc == 0 && comm->rank == 0)
        rc = print(config, comm->size, &parallel.grid, &forecast, out, err);
    spine_parallel_dispose(&parallel);
    rc = spine_comm_agree(comm, rc == 0 ? check(config, &forecast, err) : -1, err);
    return rc == 0 ? forecast_time(config, comm, &forecast, out, err) : -1;
}
