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

/* --- Setting up --------------------------------------------------------------------------- */

size_t spine_stepper_most_events(void)
{
    return 8 + 6 * (size_t)MOST_SLICES;
}

/* The highest learning rate for the run's batch size: proportional to it for SGD (Goyal et al.,
 * "Accurate, large minibatch SGD", 2017), to its square root for Adam (Malladi et al., "On the SDEs
 * and scaling rules for adaptive gradient algorithms", NeurIPS 2022). The warm-up is a share of
 * all steps, so it lasts as many epochs with any batch. */
static double highest_rate(const struct spine_config *config)
{
    if (config->rate_batch == 0)
        return config->learning_rate;

    const double ratio = (double)config->batch_size / (double)config->rate_batch;
    return config->learning_rate * (config->optimizer == SPINE_ADAM ? sqrt(ratio) : ratio);
}

struct spine_step_settings spine_step_settings(const struct spine_config *config,
                                               const struct spine_dataset *data)
{
    return (struct spine_step_settings){
        .dim = data->dim,
        .hidden = (size_t)config->hidden,
        .most_rows = spine_partition_most_rows(&data->part),
        .seed = (uint64_t)config->seed,
        .weights = {config->sparsity, config->asl_weight, config->psl_weight},
        .noise = config->noise,
        .kernel = (enum spine_kernel_choice)config->kernel,
        .optimizer = (enum spine_optimizer_kind)config->optimizer,
        .momentum = config->momentum,
        .beta2 = config->beta2,
        .schedule = {.kind = (enum spine_schedule_kind)config->schedule,
                     .rate = highest_rate(config),
                     .warmup = config->warmup,
                     .decay = config->decay,
                     .num_steps = (uint64_t)config->epochs * spine_partition_steps(&data->part)},
    };
}

static size_t choose_num_slices(const struct spine_params *params, int size)
{
    size_t slices = params->hidden * params->stride / SLICE_FLOATS;
    slices = slices > MOST_SLICES ? MOST_SLICES : slices;
    slices = slices > params->hidden ? params->hidden : slices;
    return size == 1 || slices == 0 ? 1 : slices;
}

/* What a rank allocates on its own. */
static int allocate(struct spine_stepper *stepper, struct spine_error *err)
{
    const struct spine_step_settings *set = &stepper->settings;
    const size_t dim = set->dim, hidden = set->hidden;

    if (spine_params_init(&stepper->params, dim, hidden, err) ||
        spine_optimizer_init(&stepper->optimizer, set->optimizer, set->momentum, set->beta2,
                             stepper->params.len, err) ||
        spine_workspace_init(&stepper->work, dim, hidden, set->most_rows, err))
        return -1;
    return spine_kernel_prepare(err);
}

int spine_stepper_init(struct spine_stepper *stepper, const struct spine_comm *comm,
                       const struct spine_step_settings *settings, struct spine_error *err)
{
    const size_t dim = settings->dim, hidden = settings->hidden;
    const size_t len = spine_params_len(dim, hidden);

    *stepper = (struct spine_stepper){.settings = *settings};
    if (spine_comm_agree(comm, allocate(stepper, err), err) ||
        spine_sums_init(&stepper->sums, comm, len + FLAGS + hidden, 0, err))
        return -1;

    spine_params_place(&stepper->gradient, dim, hidden, stepper->sums.block);
    stepper->flags = stepper->sums.block + len;
    stepper->h_sum = stepper->flags + FLAGS;
    stepper->num_slices = choose_num_slices(&stepper->params, comm->size);
    stepper->mode = spine_mode_first(settings->kernel);
    spine_params_randomize(&stepper->params, settings->seed);
    return 0;
}

void spine_stepper_dispose(struct spine_stepper *stepper)
{
    spine_workspace_dispose(&stepper->work);
    spine_optimizer_dispose(&stepper->optimizer);
    spine_sums_dispose(&stepper->sums);
    spine_params_dispose(&stepper->params);
}

/* --- Recording ---------------------------------------------------------------------------- */

static double begin_span(const struct spine_stepper *stepper)
{
    return stepper->recording == NULL ? 0 : spine_comm_clock();
}

static void end_span(struct spine_stepper *stepper, const char *name, double begun)
{
    if (stepper->recording != NULL)
        spine_timeline_add(stepper->recording, name, SPINE_LANE_WORK, begun, spine_comm_clock());
}

/* The names of what is recorded of a sum. */
struct sum_names {
    const char *compute, *wait, *sum;
};

static void wait_for(struct spine_stepper *stepper, const struct sum_names *names, int ticket)
{
    const double begun = begin_span(stepper);
    double span[2];

    spine_sums_wait(&stepper->sums, ticket, span);
    spine_timeline_add(stepper->recording, names->sum, SPINE_LANE_SUMS, span[0], span[1]);
    end_span(stepper, names->wait, begun);
}

/* --- A matrix's gradient, in slices --------------------------------------------------------- */

/* Units [first, end) of the gradient, and, if they are the last, what stands behind the matrix. */
struct slice {
    size_t begin, len; /* in the block of sums */
    int ticket;        /* of the sum over ranks */
};

/* The gradient of W1 and b1, or of W2 and b2 with the flags. */
struct gradient {
    struct sum_names names;
    void (*compute)(const struct spine_params *params, const struct spine_batch *batch,
                    size_t first, size_t end, struct spine_workspace *work,
                    struct spine_params *gradient);
    const float *matrix, *end; /* in the block of sums */
    struct slice slices[MOST_SLICES];
};

static struct gradient gradient_of_W1(const struct spine_stepper *stepper)
{
    return (struct gradient){.names = {"gradient of W1", "wait for dW1", "sum of dW1"},
                             .compute = spine_model_encoder_gradient,
                             .matrix = stepper->gradient.W1,
                             .end = stepper->gradient.W2};
}

static struct gradient gradient_of_W2(const struct spine_stepper *stepper)
{
    return (struct gradient){.names = {"gradient of W2", "wait for dW2", "sum of dW2"},
                             .compute = spine_model_decoder_gradient,
                             .matrix = stepper->gradient.W2,
                             .end = stepper->h_sum};
}

/* Compute the gradient slice by slice; each travels while the next is computed. */
static void begin_gradient(struct spine_stepper *stepper, const struct spine_batch *batch,
                           struct gradient *gradient)
{
    const double begun = begin_span(stepper);
    const size_t hidden = stepper->params.hidden, stride = stepper->params.stride;

    for (size_t s = 0; s < stepper->num_slices; s++) {
        const size_t first = s * hidden / stepper->num_slices;
        const size_t end = (s + 1) * hidden / stepper->num_slices;
        const float *from = gradient->matrix + first * stride;
        const float *to = end == hidden ? gradient->end : gradient->matrix + end * stride;
        struct slice *slice = &gradient->slices[s];

        gradient->compute(&stepper->params, batch, first, end, &stepper->work, &stepper->gradient);
        slice->begin = (size_t)(from - stepper->sums.block);
        slice->len = (size_t)(to - from);
        slice->ticket = spine_sums_begin(&stepper->sums, slice->begin, slice->len);
        spine_sums_progress(&stepper->sums);
    }
    end_span(stepper, gradient->names.compute, begun);
}

/* Change the parameters of a slice, whose gradient is summed over the ranks. */
static void update_slice(struct spine_stepper *stepper, const struct slice *slice)
{
    const double begun = begin_span(stepper);
    /* The flags and the sums of h behind the gradient are no parameters. */
    const size_t len = stepper->params.len;
    const size_t end = slice->begin + slice->len < len ? slice->begin + slice->len : len;

    spine_optimizer_update(&stepper->optimizer, slice->begin, end - slice->begin,
                           stepper->params.data, stepper->gradient.data);
    end_span(stepper, "update", begun);
}

/* --- Flags -------------------------------------------------------------------------------- */

static void raise_flags(struct spine_stepper *stepper)
{
    const struct spine_loss_sums *loss = &stepper->work.loss;

    for (int i = 0; i < SPINE_REQUESTS; i++)
        stepper->flags[i] = stepper->requests[i] ? 1 : 0;
    stepper->flags[NOT_FINITE] = isfinite(loss->squares) && isfinite(loss->partial) ? 0 : 1;
}

/* Returns whether the losses are finite on all ranks. */
static bool read_flags(struct spine_stepper *stepper)
{
    for (int i = 0; i < SPINE_REQUESTS; i++)
        stepper->requests[i] = stepper->flags[i] > 0;
    return stepper->flags[NOT_FINITE] == 0;
}

/* A loss isn't finite on some ranks: say on which, and what. */
static int explain(const struct spine_stepper *stepper, const struct spine_comm *comm,
                   const struct spine_position *position, struct spine_error *err)
{
    const struct spine_loss_sums *loss = &stepper->work.loss;
    const char *what = !isfinite(loss->partial)   ? "a code"
                       : !isfinite(loss->squares) ? "the reconstruction loss"
                                                  : NULL;
    const long long epoch = position->epoch + 1;
    const size_t step = position->step + 1;
    int rc = 0;

    if (what != NULL)
        rc = spine_fail(err,
                        "epoch %lld, step %zu: %s is not finite; a lower train.learning_rate than "
                        "%g may help",
                        epoch, step, what, stepper->settings.schedule.rate);
    if (spine_comm_agree(comm, rc, err) == 0)
        spine_fail(err, "epoch %lld, step %zu: a loss is not finite", epoch, step);
    return -1;
}

/* --- The step ------------------------------------------------------------------------------- */

static struct spine_batch draw_batch(struct spine_stepper *stepper, struct spine_dataset *data,
                                     const struct spine_position *position)
{
    const double begun = begin_span(stepper);
    const struct spine_batch batch = spine_dataset_batch(data, (uint32_t)position->epoch,
                                                         position->step, stepper->settings.noise);

    end_span(stepper, "batch", begun);
    return batch;
}

/* z, h, and the sum of h over the batch: this rank's part, whose sum over ranks is begun. */
static int encode(struct spine_stepper *stepper, const struct spine_batch *batch)
{
    const double begun = begin_span(stepper);
    const size_t hidden = stepper->params.hidden;
    const size_t begin = (size_t)(stepper->h_sum - stepper->sums.block);

    spine_model_encode(&stepper->params, batch, stepper->mode, &stepper->work);
    end_span(stepper, "encode", begun);
    memcpy(stepper->h_sum, stepper->work.h_sum, hidden * sizeof *stepper->h_sum);
    return spine_sums_begin(&stepper->sums, begin, hidden);
}

/* y, the losses, and with them what the flags say. */
static void decode(struct spine_stepper *stepper, const struct spine_batch *batch,
                   size_t batch_rows)
{
    const double begun = begin_span(stepper);

    spine_model_decode(&stepper->params, batch, batch_rows, &stepper->work);
    end_span(stepper, "decode", begun);
    raise_flags(stepper);
}

/* The batch's mean of h, when its sum over the ranks is there. */
static void average(struct spine_stepper *stepper, size_t batch_rows, int h_sum)
{
    static const struct sum_names names = {"", "wait for h", "sum of h"};

    wait_for(stepper, &names, h_sum);
    spine_model_average(&stepper->params, batch_rows, stepper->h_sum, &stepper->settings.weights,
                        &stepper->work);
}

/* Wait for the gradient and change the parameters, W1 as far as its slices have arrived. Returns
 * false, and changes nothing, if a loss isn't finite on some rank. */
static bool update(struct spine_stepper *stepper, const struct gradient *dW2,
                   const struct gradient *dW1)
{
    struct spine_optimizer *optimizer = &stepper->optimizer;

    /* The flags come with the last slice of W2. */
    for (size_t s = 0; s < stepper->num_slices; s++)
        wait_for(stepper, &dW2->names, dW2->slices[s].ticket);
    const bool is_finite = read_flags(stepper);
    if (is_finite)
        spine_optimizer_begin(optimizer,
                              spine_schedule_rate(&stepper->settings.schedule, optimizer->steps));

    for (size_t s = 0; is_finite && s < stepper->num_slices; s++)
        update_slice(stepper, &dW2->slices[s]);
    for (size_t s = 0; s < stepper->num_slices; s++) {
        wait_for(stepper, &dW1->names, dW1->slices[s].ticket);
        if (is_finite)
            update_slice(stepper, &dW1->slices[s]);
    }
    return is_finite;
}

/* Add the step's losses to the epoch's. */
static void add_losses(const struct spine_loss_sums *loss, size_t batch_rows,
                       struct spine_step_sums *sums)
{
    sums->squares += loss->squares;
    sums->partial += loss->partial;
    sums->active += (double)loss->active;
    sums->asl += loss->asl * (double)batch_rows;
}

int spine_stepper_step(struct spine_stepper *stepper, const struct spine_comm *comm,
                       struct spine_dataset *data, struct spine_position *position,
                       struct spine_error *err)
{
    const size_t batch_rows = spine_partition_batch_rows(&data->part, position->step);
    const struct spine_batch batch = draw_batch(stepper, data, position);
    struct gradient dW1 = gradient_of_W1(stepper), dW2 = gradient_of_W2(stepper);

    /* The first sum over ranks, of h, travels while y and dW2 are computed; the second one, of the
     * gradient, slice by slice while the next slice is. */
    const int h_sum = encode(stepper, &batch); /* h = clamp(x' W1' + b1, 0, 1) */
    decode(stepper, &batch, batch_rows);       /* y = h W2 + b2,  dY = 2 (y - x) / (B D) */
    begin_gradient(stepper, &batch, &dW2);     /* dW2 = h' dY */
    average(stepper, batch_rows, h_sum);       /* m = sum of h / B */
    begin_gradient(stepper, &batch, &dW1);     /* dW1 = dz' x',  dz = dY W2' + ... of m and h */
    if (!update(stepper, &dW2, &dW1))
        return explain(stepper, comm, position, err);

    stepper->mode = spine_mode_next(stepper->settings.kernel, &stepper->work, batch.rows);
    add_losses(&stepper->work.loss, batch_rows, &position->sums);
    position->step++;
    return 0;
}
