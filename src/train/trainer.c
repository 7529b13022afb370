/* trainer.c -- everything that a run has while it trains. */
#include "spine/train/trainer.h"

#include <errno.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/config/settings.h"
#include "spine/files/metrics.h"
#include "spine/train/atoms.h"
#include "spine/train/earlier.h"
#include "spine/train/extremes.h"
#include "spine/train/forecast.h"
#include "spine/train/scalingfit.h"

bool spine_trainer_is_at_end(const struct spine_trainer *run)
{
    const bool is_nnse = run->config->objective == SPINE_OBJECTIVE_NNSE;

    return run->position.step == (is_nnse ? 1 : spine_partition_steps(&run->data.part));
}

struct spine_position spine_trainer_total(const struct spine_trainer *run)
{
    struct spine_position total = run->position;
    struct spine_step_sums *sums = &total.sums;
    double all[] = {sums->squares, sums->partial, sums->penalty,
                    sums->active,  sums->silent,  total.waited};

    spine_comm_sum_doubles(run->comm, all, 6);
    *sums = (struct spine_step_sums){all[0], all[1], all[2], all[3], all[4]};
    total.waited = all[5];
    return total;
}

int spine_trainer_check_rows(const struct spine_trainer *run, int rc, struct spine_error *err)
{
    struct spine_error reason;

    if (run->data.storage == SPINE_IN_MEMORY ||
        spine_comm_agree(run->comm, spine_dataset_check(&run->data, &reason), &reason) == 0)
        return rc;
    *err = reason;
    return -1;
}

static int open_files(struct spine_trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    if (run->comm->rank != 0)
        return 0;
    if (spine_checkpoint_writer_init(&run->writer, config->directory, (int)config->checkpoint_keep,
                                     &run->resume.texts, err) ||
        spine_metrics_path(config->directory, run->metrics_path, err) ||
        spine_rundir_join(run->events_path, config->directory, "events.out.tfevents", err))
        return -1;
    run->writer.scaling = &run->data.scaling;
    if (config->revive_after > 0) {
        run->writer.idle = run->idle.epochs;
        run->writer.num_idle = run->idle.hidden;
    }
    run->writer.silence = run->stepper.memory.silence;
    run->writer.num_silence = run->stepper.params.hidden;
    if (spine_metrics_open(&run->metrics, run->metrics_path, run->position.epoch, err))
        return -1;
    if (config->tensorboard)
        return spine_events_open(&run->events, run->events_path, run->metrics_path,
                                 run->position.epoch, err);
    return 0;
}

/* Make the grid, and check that the run fits into memory and on the disk. A sweep's many runs,
 * whose input is shared, don't measure. Collective over comm. */
static int make_grid(struct spine_trainer *run, struct spine_comm *comm, bool shared,
                     size_t num_rows, size_t dim, struct spine_error *err)
{
    if (spine_parallel_init(&run->parallel, run->config, comm, num_rows, shared ? 0 : dim, err))
        return -1;
    run->comm = &run->parallel.grid.ranks;
    return spine_forecast_check(run->config, comm, &run->parallel, num_rows, dim, err);
}

/* Read this rank's rows. */
static int read_rows(struct spine_trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const struct spine_scaling_options options = spine_settings_scaling(config);
    struct spine_input input;
    struct spine_inspection inspection = {.options = options};

    if (spine_earlier_is_new(config, run->comm, &inspection.is_new, err) ||
        spine_input_open(&input, run->comm, config->input, (size_t)config->limit, err))
        return -1;
    input.storage = spine_settings_storage(config);
    int rc = spine_dataset_init(&run->data, run->comm, &input, &run->parallel.sharing, err);
    if (rc == 0)
        rc = spine_dataset_inspect(&run->data, run->comm, &input, &inspection, err);
    spine_input_close(&input);

    if (rc == 0 && config->start_from[0] == '\0')
        rc = spine_scalingfit(&run->data, run->comm, &options, err);
    if (rc == 0 && config->start_from[0] == '\0' && !run->data.is_extreme)
        /* nnse has neither noise nor a learning rate, and finds its lambda for any scale. */
        rc = spine_extremes_warn(&run->data, run->comm, config->objective != SPINE_OBJECTIVE_NNSE,
                                 &run->data.is_extreme, err);
    return spine_trainer_check_rows(run, rc, err);
}

/* Find the extent of the input, or of 'whole' if it is in memory already. */
static int find_extent(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t *num_rows, size_t *dim,
                       struct spine_error *err)
{
    struct spine_input input = {.num_rows = whole == NULL ? 0 : whole->part.num_rows,
                                .dim = whole == NULL ? 0 : whole->dim};

    if (whole == NULL && spine_input_open(&input, comm, config->input, (size_t)config->limit, err))
        return -1;
    *num_rows = input.num_rows;
    *dim = input.dim;
    spine_input_close(&input);
    return 0;
}

/* Do units begin as words, which have yet to be drawn? nnse draws its own. */
static bool begins_with_words(const struct spine_trainer *run)
{
    const struct spine_config *config = run->config;

    return run->resume.start == SPINE_START_NEW && config->start_from[0] == '\0' &&
           config->start == SPINE_ATOMS_WORDS && config->objective != SPINE_OBJECTIVE_NNSE;
}

/* Finish the rows once it is known how the run starts: scale them, as in the run that
 * train.start_from names if there is one, unless they are shared and scaled; hold some out; and
 * begin with the others as units. */
static int finish_rows(struct spine_trainer *run, bool is_own, struct spine_error *err)
{
    const struct spine_config *config = run->config;

    if (config->start_from[0] != '\0' && is_own &&
        spine_scalingfit_adopt(&run->data, run->comm, &run->resume.scaling, err))
        return spine_trainer_check_rows(run, -1, err);
    if (config->holdout > 0 &&
        spine_holdout_begin(&run->holdout, &run->data, run->comm, config->holdout, err))
        return spine_trainer_check_rows(run, -1, err);
    if (begins_with_words(run) && spine_atoms_begin(&run->stepper, &run->data, err))
        return spine_trainer_check_rows(run, -1, err);

    const bool packs = run->data.storage == SPINE_IN_HALF_MEMORY;
    const int rc = packs ? spine_dataset_pack(&run->data, err) : 0;
    return spine_trainer_check_rows(run, spine_comm_agree(run->comm, rc, err), err);
}

/* Allocate everything besides the stepper, and check that the timeline's file can be created.
 * Local. */
static int allocate(struct spine_trainer *run, const char *timeline, struct spine_error *err)
{
    const struct spine_step_settings *settings = &run->stepper.settings;

    if (spine_measures_scratch_init(&run->scratch, settings->hidden, err) ||
        spine_idle_init(&run->idle, settings->hidden, run->config->noise, err) ||
        spine_coder_init(&run->coder, settings->dim, settings->hidden, err))
        return -1;
    run->coder.block.activation = settings->activation;
    if (timeline == NULL)
        return 0;

    if (spine_timeline_init(&run->timeline,
                            SPINE_TRAINER_TIMELINE_STEPS * spine_stepper_most_events(), err))
        return -1;
    if (run->comm->rank == 0) {
        if (spine_outfile_check_kind(timeline, "{[", "JSON", err) ||
            spine_outfile_create(timeline, err))
            return -1;
        spine_outfile_discard(timeline); /* it is created again at the end */
    }
    return 0;
}

int spine_trainer_init(struct spine_trainer *run, const struct spine_config *config,
                       struct spine_comm *comm, const struct spine_dataset *whole,
                       const char *timeline, struct spine_error *err)
{
    size_t num_rows, dim;

    *run = (struct spine_trainer){.config = config,
                                  .last_epoch = spine_settings_last_epoch(config),
                                  .resume = {.config = config,
                                             .data = &run->data,
                                             .stepper = &run->stepper,
                                             .idle = config->revive_after > 0 ? &run->idle : NULL,
                                             .lock = -1}};
    if (find_extent(config, comm, whole, &num_rows, &dim, err) ||
        make_grid(run, comm, whole != NULL, num_rows, dim, err))
        return -1;
    if (run->parallel.grid.is_idle)
        return 0;
    run->status = (struct spine_status){.config = config,
                                        .data = &run->data,
                                        .resume = &run->resume,
                                        .rank = run->comm->rank,
                                        .size = run->comm->size};

    int rc = whole != NULL
                 ? spine_dataset_view(&run->data, run->comm, whole, &run->parallel.sharing, err)
                 : read_rows(run, err);
    if (rc != 0)
        return -1;
    comm = run->comm;
    const struct spine_step_settings settings = spine_step_settings(config, &run->data);
    if (spine_stepper_init(&run->stepper, &run->parallel.grid, &settings, &run->data, err))
        return -1;

    rc = allocate(run, timeline, err);
    if (spine_comm_agree(comm, rc, err) || spine_resume_begin(&run->resume, err))
        return -1;
    run->position = run->resume.position;
    run->saved_epoch = run->resume.start == SPINE_START_RESUMED ? run->position.epoch : -1;
    run->saved_step = run->position.step;
    if (run->resume.start == SPINE_START_FINISHED)
        return 0;
    if (finish_rows(run, whole == NULL, err))
        return -1;
    rc = open_files(run, err);
    if (rc == 0 && comm->rank == 0)
        rc = spine_metrics_last_number(run->metrics_path, SPINE_METRIC_RL, &run->last_rl, err);
    spine_comm_broadcast(comm, &run->last_rl, sizeof run->last_rl);
    return spine_comm_agree(comm, rc, err);
}

int spine_trainer_dispose(struct spine_trainer *run, int rc, struct spine_error *err)
{
    struct spine_error later;

    if (run->metrics != NULL && fclose(run->metrics) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", run->metrics_path, strerror(errno));
    if (spine_events_close(&run->events, rc == 0 ? err : &later) && rc == 0)
        rc = -1;
    if (spine_checkpoint_finish(&run->writer, rc == 0 ? err : &later) && rc == 0)
        rc = -1;

    spine_checkpoint_writer_dispose(&run->writer);
    spine_resume_dispose(&run->resume);
    spine_timeline_dispose(&run->timeline);
    spine_idle_dispose(&run->idle);
    spine_measures_scratch_dispose(&run->scratch);
    spine_nnse_dispose(&run->nnse);
    spine_coder_dispose(&run->coder);
    spine_stepper_dispose(&run->stepper);
    spine_holdout_dispose(&run->holdout);
    spine_dataset_dispose(&run->data);
    return rc;
}
