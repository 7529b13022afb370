/* penalty.c -- the losses of a batch that depend on its codes only. */
#include "spine/train/penalty.h"

#include "spine/math/encoding.h"

/* By how much a unit's mean exceeds rho. */
static double find_excess(const struct spine_stepper *stepper, int64_t h_sum, size_t batch_rows)
{
    const double rho = 1 - stepper->settings.weights.sparsity;
    const double excess = (double)h_sum / SPINE_BLOCK_SCALE / (double)batch_rows - rho;
    return excess > 0 ? excess : 0;
}

void spine_penalty_add(struct spine_stepper *stepper, size_t batch_rows)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_loss_weights *weights = &stepper->settings.weights;
    const double pairs = (double)batch_rows * (double)stepper->params.hidden;
    const double l1 = weights->l1 / ((double)batch_rows * (double)stepper->params.dim);

    for (size_t j = own->units.first; j < own->units.end; j++) {
        const double over = find_excess(stepper, own->counts[j - own->units.first], batch_rows);
        own->add[j] = (float)((weights->psl + 2 * weights->asl * over) / pairs + l1);
    }
}

double spine_penalty_loss(const struct spine_stepper *stepper, size_t batch_rows)
{
    const struct spine_params *params = &stepper->params;
    const bool is_l1 = stepper->settings.weights.l1 > 0;
    double sum = 0;

    for (size_t j = 0; j < params->hidden; j++) {
        const double over = find_excess(stepper, stepper->h_sum[j], batch_rows);
        sum += is_l1 ? (double)stepper->h_sum[j] / SPINE_BLOCK_SCALE : over * over;
    }
    return is_l1 ? sum / (double)params->dim : sum / (double)params->hidden * (double)batch_rows;
}
