/* step.c -- one step of training, on all ranks together. */
#include "spine/train/step.h"

#include <math.h>
#include <string.h>

/* A slice of the gradient that is summed on its own has about this many floats: large enough for
 * the network's full speed, small enough that there is something to overlap with. */
enum { SLICE_FLOATS = 1 << 17, MOST_SLICES = 8 };

/* The flags: requests, then whether a loss isn't finite. They travel with the gradient of W2,
 * behind b2, so that all ranks know them before they change a parameter. */
enum { NOT_FINITE = SPINE_REQUESTS, FLAGS = SPINE_ALIGN };

size_t spine_stepper_most_events(void)
{
    return 8 + 6 * (size_t)MOST_SLICES;
}

static size_t choose_num_slices(const struct spine_params *params, int size)
{
    size_t slices = params->hidden * params->stride / SLICE_FLOATS;
    slices = slices > MOST_SLICES ? MOST_SLICES : slices;
    slices = slices > params->hidden ? params->hidden : slices;
    return size == 1 || slices == 0 ? 1 : slices;
}

int spine_stepper_init(struct spine_stepper *stepper, const struct spine_comm *comm, size_t dim,
                       size_t hidden, size_t most_rows, enum spine_optimizer_kind kind,
                       double momentum, double beta2, uint64_t seed, struct spine_error *err)
{
    const size_t len = spine_params_len(dim, hidden);
    int rc = spine_params_init(&stepper->params, dim, hidden, err) ||
             spine_optimizer_init(&stepper->optimizer, kind, momentum, beta2, len, err) ||
             spine_workspace_init(&stepper->work, dim, hidden, most_rows, err);
    if (rc == 0)
        rc = spine_kernel_prepare(err);
    if (spine_comm_agree(comm, rc, err) ||
        spine_sums_init(&stepper->sums, comm, len + FLAGS + hidden, 0, err))
        return -1;
    spine_params_place(&stepper->gradient, dim, hidden, stepper->sums.block);
    stepper->flags = stepper->sums.block + len;
    stepper->h_sum = stepper->flags + FLAGS;
    stepper->num_slices = choose_num_slices(&stepper->params, comm->size);
    stepper->mode = spine_mode_first(stepper->kernel);
    spine_params_randomize(&stepper->params, seed);
    return 0;
}

void spine_stepper_dispose(struct spine_stepper *stepper)
{
    spine_workspace_dispose(&stepper->work);
    spine_optimizer_dispose(&stepper->optimizer);
    spine_sums_dispose(&stepper->sums);
    spine_params_dispose(&stepper->params);
}

/* --- Slices ------------------------------------------------------------------------------- */

/* A part of a matrix's gradient, the units [first, end), with what stands behind the matrix if they
 * are the last; its sum is under way. */
struct slice {
    size_t first, end;
    size_t begin, len; /* in the block */
    int ticket;
};

/* The units of slice number 'number'. */
static struct slice make_slice(const struct spine_stepper *stepper, size_t number)
{
    const size_t hidden = stepper->params.hidden, slices = stepper->num_slices;
    return (struct slice){.first = number * hidden / slices, .end = (number + 1) * hidden / slices};
}

/* Begin to sum a slice of the matrix at 'matrix', which has up to 'behind' behind it. */
static void begin_slice(struct spine_stepper *stepper, struct slice *slice, const float *matrix,
                        const float *behind)
{
    const size_t stride = stepper->params.stride;
    const float *begin = matrix + slice->first * stride, *end = matrix + slice->end * stride;
    if (slice->end == stepper->params.hidden)
        end = behind;
    slice->begin = (size_t)(begin - stepper->sums.block);
    slice->len = (size_t)(end - begin);
    slice->ticket = spine_sums_begin(&stepper->sums, slice->begin, slice->len);
    spine_sums_progress(&stepper->sums);
}

static void update_slice(struct spine_stepper *stepper, const struct slice *slice)
{
    /* The flags and the sums of h behind the gradient are no parameters. */
    const size_t len = stepper->params.len;
    const size_t end = slice->begin + slice->len < len ? slice->begin + slice->len : len;
    spine_optimizer_update(&stepper->optimizer, slice->begin, end - slice->begin,
                           stepper->params.data, stepper->gradient.data);
}

/* --- Recording ---------------------------------------------------------------------------- */

/* Record what was done since *since, and begin anew. */
static void mark(struct spine_stepper *stepper, const char *name, double *since)
{
    if (stepper->recording == NULL)
        return;
    const double time = spine_comm_clock();
    spine_timeline_add(stepper->recording, name, SPINE_LANE_WORK, *since, time);
    *since = time;
}

static void wait_for(struct spine_stepper *stepper, const char *name, int ticket)
{
    double span[2];
    spine_sums_wait(&stepper->sums, ticket, span);
    spine_timeline_add(stepper->recording, name, SPINE_LANE_SUMS, span[0], span[1]);
}

/* --- The step ------------------------------------------------------------------------------- */

static void raise_flags(struct spine_stepper *stepper)
{
    const struct spine_loss_sums *loss = &stepper->work.loss;
    for (int i = 0; i < SPINE_REQUESTS; i++)
        stepper->flags[i] = (float)(stepper->requests[i] != 0);
    stepper->flags[NOT_FINITE] = (float)(!isfinite(loss->squares) || !isfinite(loss->partial));
}

static int read_flags(struct spine_stepper *stepper)
{
    for (int i = 0; i < SPINE_REQUESTS; i++)
        stepper->requests[i] = stepper->flags[i] > 0;
    return stepper->flags[NOT_FINITE] > 0 ? -1 : 0;
}

/* A loss isn't finite on some ranks: say on which, and what. */
static int explain(const struct spine_stepper *stepper, const struct spine_comm *comm,
                   uint32_t epoch, size_t step, struct spine_error *err)
{
    const struct spine_loss_sums *loss = &stepper->work.loss;
    const char *what = !isfinite(loss->partial)   ? "a code"
                       : !isfinite(loss->squares) ? "the reconstruction loss"
                                                  : NULL;
    const int rc = what == NULL ? 0
                                : spine_fail(err,
                                             "epoch %u, step %zu: %s is not finite; a lower "
                                             "train.learning_rate than %g may help",
                                             epoch + 1, step + 1, what, stepper->schedule.rate);
    if (spine_comm_agree(comm, rc, err) == 0)
        spine_fail(err, "epoch %u, step %zu: a loss is not finite", epoch + 1, step + 1);
    return -1;
}

int spine_stepper_take(struct spine_stepper *stepper, const struct spine_comm *comm,
                       struct spine_dataset *data, uint32_t epoch, size_t step,
                       struct spine_step_sums *sums, struct spine_error *err)
{
    struct spine_workspace *work = &stepper->work;
    struct spine_params *params = &stepper->params, *gradient = &stepper->gradient;
    struct slice W1[MOST_SLICES], W2[MOST_SLICES];
    const size_t num_slices = stepper->num_slices;
    const size_t batch_rows = spine_partition_batch_rows(&data->part, step);
    double since = spine_comm_clock();
    const struct spine_batch batch = spine_dataset_batch(data, epoch, step, stepper->noise);
    mark(stepper, "batch", &since);

    spine_model_encode(params, &batch, stepper->mode, work);
    mark(stepper, "encode", &since);
    /* The sums of h travel while y is computed... */
    memcpy(stepper->h_sum, work->h_sum, work->hidden * sizeof *stepper->h_sum);
    const int h_sum = spine_sums_begin(
        &stepper->sums, (size_t)(stepper->h_sum - stepper->sums.block), work->hidden);
    spine_model_decode(params, &batch, batch_rows, work);
    mark(stepper, "decode", &since);
    /* ... and each slice of the gradient while the next ones are computed. */
    raise_flags(stepper);
    for (size_t s = 0; s < num_slices; s++) {
        W2[s] = make_slice(stepper, s);
        spine_model_decoder_gradient(params, &batch, W2[s].first, W2[s].end, work, gradient);
        begin_slice(stepper, &W2[s], gradient->W2, stepper->h_sum);
    }
    mark(stepper, "gradient of W2", &since);
    wait_for(stepper, "sum of h", h_sum);
    mark(stepper, "wait for h", &since);
    spine_model_average(params, batch_rows, stepper->h_sum, &stepper->weights, work);
    for (size_t s = 0; s < num_slices; s++) {
        W1[s] = make_slice(stepper, s);
        spine_model_encoder_gradient(params, &batch, W1[s].first, W1[s].end, work, gradient);
        begin_slice(stepper, &W1[s], gradient->W1, gradient->W2);
    }
    mark(stepper, "gradient of W1", &since);

    for (size_t s = 0; s < num_slices; s++)
        wait_for(stepper, "sum of dW2", W2[s].ticket);
    mark(stepper, "wait for dW2", &since);
    const int rc = read_flags(stepper);
    if (rc == 0)
        spine_optimizer_begin(&stepper->optimizer,
                              spine_schedule_rate(&stepper->schedule, stepper->optimizer.steps));
    for (size_t s = 0; rc == 0 && s < num_slices; s++)
        update_slice(stepper, &W2[s]);
    mark(stepper, "update", &since);
    /* The update of W1 works on what has arrived. */
    for (size_t s = 0; s < num_slices; s++) {
        wait_for(stepper, "sum of dW1", W1[s].ticket);
        mark(stepper, "wait for dW1", &since);
        if (rc == 0)
            update_slice(stepper, &W1[s]);
        mark(stepper, "update", &since);
    }
    if (rc != 0)
        return explain(stepper, comm, epoch, step, err);

    stepper->mode = spine_mode_next(stepper->kernel, work, batch.rows);
    sums->squares += work->loss.squares;
    sums->partial += work->loss.partial;
    sums->active += (double)work->loss.active;
    sums->asl += work->loss.asl * (double)batch_rows;
    return 0;
}
