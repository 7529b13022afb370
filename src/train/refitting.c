/* refitting.c -- the refit of a run's decoder. */
#include "spine/train/refitting.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"
#include "spine/base/log.h"
#include "spine/math/kernels.h"
#include "spine/train/pace.h"
#include "spine/train/refit.h"
#include "spine/train/requests.h"
#include "spine/train/rowpass.h"

/* A refit that takes rank 0 so many seconds is announced. */
static const double LONG_REFIT = 2;

/* Nothing is printed during a refit, which is long if units are many. */
static void announce_refit(const struct spine_trainer *run)
{
    const size_t hidden = run->stepper.params.hidden;
    const double seconds = spine_pace_refit(run->config, run->data.dim);
    char duration[32];

    if (seconds < LONG_REFIT)
        return;
    spine_clock_duration(seconds, duration, sizeof duration);
    spine_log(SPINE_LOG_INFO, "refitting the decoder of %zu units, about %s", hidden, duration);
}

static void add_to_refit(void *work, size_t first, size_t count)
{
    spine_refit_add(work, first, count);
}

/* Find the refitted decoder. */
static int solve_refit(struct spine_trainer *run, struct spine_refit_problem *problem,
                       struct spine_error *err)
{
    bool is_done = false;

    if (spine_rowpass_run(run, &(struct spine_rowpass){add_to_refit, problem, "refit"}, NULL,
                          err) ||
        spine_trainer_check_rows(run, 0, err))
        return -1;
    spine_refit_sum(problem);
    while (!is_done) {
        if (spine_requests_poll(run, err))
            return -1;
        if (spine_refit_solve(problem, &is_done, err))
            return -1;
    }
    return 0;
}

/* Copy the decoder to the node's parameters. */
static void publish_decoder(struct spine_trainer *run, const float *decoder)
{
    struct spine_params *params = &run->stepper.params;

    spine_stepper_meet(&run->stepper);
    if (run->parallel.grid.node.rank == 0) {
        memcpy(params->W2, decoder, params->hidden * params->stride * sizeof *decoder);
        memcpy(params->b2, decoder + params->hidden * params->stride,
               params->stride * sizeof *decoder);
    }
    spine_stepper_meet(&run->stepper);
}

static void report_refit(const struct spine_refit *refit)
{
    if (!refit->has_measured)
        spine_log(SPINE_LOG_INFO, "refitted the decoder, ridge %g: no rows to choose it by",
                  refit->ridge);
    else
        spine_log(SPINE_LOG_INFO,
                  "refitted the decoder, ridge %g: explained variance of rows left out %.4f, was "
                  "%.4f",
                  refit->ridge, refit->after, refit->before);
}

int spine_refitting_run(struct spine_trainer *run, struct spine_error *err)
{
    struct spine_params *params = &run->stepper.params;
    struct spine_refit_problem *problem = NULL;
    struct spine_refit result;
    float *decoder = spine_kernel_alloc((params->hidden + 1) * params->stride, "a decoder", err);

    announce_refit(run);
    spine_stepper_meet(&run->stepper);
    int rc = spine_comm_agree(run->comm, -(decoder == NULL), err);
    if (rc == 0)
        rc = spine_refit_begin(&problem, params, &run->data, run->comm, &run->coder, err);
    if (rc == 0)
        rc = solve_refit(run, problem, err);
    if (rc == 0 && decoder != NULL) {
        spine_refit_end(problem, decoder, &result);
        publish_decoder(run, decoder);
        report_refit(&result);
    }

    spine_refit_dispose(problem);
    free(decoder);
    return rc;
}
