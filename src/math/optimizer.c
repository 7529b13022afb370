/* optimizer.c -- how a gradient changes the parameters, and how fast. */
#include "spine/math/optimizer.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"
#include "spine/math/kernels.h"

const char *const spine_optimizer_names[] = {
    [SPINE_SGD] = "sgd", [SPINE_MOMENTUM] = "momentum", [SPINE_ADAM] = "adam", NULL};

const char *const spine_schedule_names[] = {
    [SPINE_CONSTANT] = "constant", [SPINE_LINEAR] = "linear", [SPINE_COSINE] = "cosine", NULL};

static size_t moments(enum spine_optimizer_kind kind)
{
    return kind == SPINE_ADAM ? 2 : kind == SPINE_MOMENTUM ? 1 : 0;
}

size_t spine_optimizer_bytes(enum spine_optimizer_kind kind, size_t len)
{
    return moments(kind) * len * sizeof(float);
}

int spine_optimizer_init(struct spine_optimizer *optimizer, enum spine_optimizer_kind kind,
                         double momentum, double beta2, size_t len, struct spine_error *err)
{
    *optimizer =
        (struct spine_optimizer){.kind = kind, .momentum = momentum, .beta2 = beta2, .len = len};
    if (moments(kind) >= 1)
        optimizer->first = spine_kernel_alloc(len, "the optimizer's moments", err);
    if (moments(kind) >= 2)
        optimizer->second = spine_kernel_alloc(len, "the optimizer's moments", err);
    if ((moments(kind) >= 1 && optimizer->first == NULL) ||
        (moments(kind) >= 2 && optimizer->second == NULL)) {
        spine_optimizer_dispose(optimizer);
        return -1;
    }
    return 0;
}

void spine_optimizer_place(struct spine_optimizer *optimizer, enum spine_optimizer_kind kind,
                           double momentum, double beta2, size_t len, float *block)
{
    *optimizer = (struct spine_optimizer){
        .kind = kind, .momentum = momentum, .beta2 = beta2, .len = len, .is_placed = true};
    if (moments(kind) >= 1)
        optimizer->first = block;
    if (moments(kind) >= 2)
        optimizer->second = block + len;
}

void spine_optimizer_dispose(struct spine_optimizer *optimizer)
{
    if (!optimizer->is_placed) {
        free(optimizer->first);
        free(optimizer->second);
    }
    *optimizer = (struct spine_optimizer){0};
}

/* p -= rate g */
SPINE_CLONES
static void step_sgd(size_t len, float rate, float *restrict params, const float *restrict gradient)
{
    for (size_t i = 0; i < len; i++)
        params[i] -= rate * gradient[i];
}

/* v = momentum v + g,  p -= rate v */
SPINE_CLONES
static void step_momentum(size_t len, float rate, float momentum, float *restrict velocity,
                          float *restrict params, const float *restrict gradient)
{
    for (size_t i = 0; i < len; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i];
        params[i] -= rate * velocity[i];
    }
}

/* m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,  p -= rate m / (sqrt(v) + epsilon).
 * rate and epsilon have the bias corrections in them: Kingma and Ba, end of section 2. All are
 * parameters, so that the compiler knows that no array overlaps another. */
SPINE_CLONES
static void step_adam(size_t len, float rate, float beta1, float beta2, float epsilon,
                      float *restrict first, float *restrict second, float *restrict params,
                      const float *restrict gradient)
{
    for (size_t i = 0; i < len; i++) {
        const float g = gradient[i];
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        params[i] -= rate * first[i] / (sqrtf(second[i]) + epsilon);
    }
}

void spine_optimizer_begin(struct spine_optimizer *optimizer, double rate)
{
    const double steps = (double)++optimizer->steps;
    const double correction1 = 1 - pow(optimizer->momentum, steps);
    const double correction2 = sqrt(1 - pow(optimizer->beta2, steps));

    optimizer->rate = rate;
    optimizer->corrected_rate = (float)(rate * correction2 / correction1);
    optimizer->corrected_epsilon = (float)(1e-8 * correction2);
}

void spine_optimizer_update(struct spine_optimizer *optimizer, size_t first, size_t count,
                            float *params, const float *gradient)
{
    const float momentum = (float)optimizer->momentum;

    params += first;
    switch (optimizer->kind) {
    case SPINE_SGD:
        step_sgd(count, (float)optimizer->rate, params, gradient);
        break;
    case SPINE_MOMENTUM:
        step_momentum(count, (float)optimizer->rate, momentum, optimizer->first + first, params,
                      gradient);
        break;
    case SPINE_ADAM:
        step_adam(count, optimizer->corrected_rate, momentum, (float)optimizer->beta2,
                  optimizer->corrected_epsilon, optimizer->first + first, optimizer->second + first,
                  params, gradient);
        break;
    }
}

double spine_schedule_rate(const struct spine_schedule *schedule, uint64_t step)
{
    const double total = (double)schedule->num_steps, at = (double)step;
    const double warm = floor(schedule->warmup * total);

    if (at < warm)
        return schedule->rate * (at + 1) / warm;
    if (schedule->kind == SPINE_COSINE)
        return schedule->rate * 0.5 * (1 + cos(acos(-1.0) * (at - warm) / (total - warm)));
    const double falling = schedule->kind == SPINE_LINEAR ? schedule->decay * total : 0;
    const double left = total - at; /* at least 1 */
    return left < falling ? schedule->rate * left / falling : schedule->rate;
}
