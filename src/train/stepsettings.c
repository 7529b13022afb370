/* stepsettings.c -- the settings of a run's steps. */
#include "spine/train/stepsettings.h"
#include "spine/config/settings.h"

#include <math.h>

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

enum spine_optimizer_kind spine_step_optimizer(const struct spine_config *config)
{
    return config->objective == SPINE_OBJECTIVE_NNSE ? SPINE_SGD
                                                     : (enum spine_optimizer_kind)config->optimizer;
}

struct spine_step_settings spine_step_settings(const struct spine_config *config,
                                               const struct spine_dataset *data)
{
    const struct spine_activation activation = spine_settings_activation(config);
    const bool is_tied = config->objective == SPINE_OBJECTIVE_KSPARSE;

    return (struct spine_step_settings){
        .dim = data->dim,
        .hidden = (size_t)config->hidden,
        .seed = (uint64_t)config->seed,
        .activation = activation,
        .is_tied = is_tied,
        .is_unit_norm = config->unit_norm != 0,
        .first_k = is_tied && config->first_k > config->k ? config->first_k : 0,
        .falling_epochs = config->epochs / 2,
        .weights = spine_settings_weights(config),
        .prefixes = spine_settings_prefixes(config),
        .silence = {(size_t)config->aux_k, config->aux_weight, config->silent_rows},
        .noise = config->noise,
        .kernel = activation.selection == SPINE_ABOVE ? (enum spine_kernel_choice)config->kernel
                                                      : SPINE_KERNEL_SPARSE,
        .optimizer = spine_step_optimizer(config),
        .momentum = config->momentum,
        .wire = (enum spine_dtype)config->wire,
        .beta2 = config->beta2,
        .schedule = {.kind = (enum spine_schedule_kind)config->schedule,
                     .rate = highest_rate(config),
                     .warmup = config->warmup,
                     .decay = config->decay,
                     .num_steps = (uint64_t)config->epochs * spine_partition_steps(&data->part)},
    };
}
