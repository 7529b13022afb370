/* stepsettings.h -- the settings of a run's steps. */
#ifndef SPINE_TRAIN_STEPSETTINGS_H
#define SPINE_TRAIN_STEPSETTINGS_H

#include "spine/config/config.h"
#include "spine/math/optimizer.h"
#include "spine/train/dataset.h"

/* How silent units are trained (silence.h). */
struct spine_silence {
    size_t k; /* silent units of a row; 0: they aren't trained */
    double weight;
    int64_t rows; /* after which a unit is silent */
};

struct spine_step_settings {
    size_t dim, hidden; /* D, H */
    uint64_t seed;      /* of the initial parameters */
    struct spine_activation activation;
    bool is_tied;      /* W2 is W1 */
    bool is_unit_norm; /* rows of W2 have length 1 */
    int64_t first_k,
        falling_epochs; /* epochs in which k falls from first_k to the activation's k */
    struct spine_loss_weights weights;
    struct spine_prefixes prefixes;
    struct spine_silence silence;
    double noise; /* standard deviation */
    enum spine_kernel_choice kernel;
    enum spine_optimizer_kind optimizer;
    double momentum, beta2;
    struct spine_schedule schedule;
    enum spine_dtype wire; /* of gradients between nodes */
};

/* The optimizer of a run: SGD, which has no moments, for nnse, which has no gradient. Local. */
enum spine_optimizer_kind spine_step_optimizer(const struct spine_config *config);

/* The settings of a configuration for these data. Local. */
struct spine_step_settings spine_step_settings(const struct spine_config *config,
                                               const struct spine_dataset *data);

#endif
