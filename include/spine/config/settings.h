/* settings.h -- options in the form that modules need, which don't know struct spine_config.
 *
 * Functions without err expect a configuration that spine_combination_check() has accepted. */
#ifndef SPINE_CONFIG_SETTINGS_H
#define SPINE_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/config/config.h"
#include "spine/math/activation.h"
#include "spine/math/model.h"
#include "spine/math/scaling.h"

/* Where a rank's rows are during training (data.residency, data.dtype): in memory, as float or as
 * bfloat16; or in the file. */
enum spine_storage { SPINE_IN_MEMORY, SPINE_IN_HALF_MEMORY, SPINE_IN_FILE };

/* Parse parallel.grid: groups of rows and columns of units; 0 and 0 for auto. */
int spine_settings_parse_grid(const char *text, int *groups, int *columns, struct spine_error *err);

/* The parsed parallel.grid. */
void spine_settings_grid(const struct spine_config *config, int *groups, int *columns);

/* Parse data.whiten: no, column, or remove:K with K from 1 on. */
int spine_settings_parse_whiten(const char *text, enum spine_whiten *whiten, size_t *remove,
                                struct spine_error *err);

/* Parse model.prefixes: ascending numbers up to model.hidden, which may be left out. */
int spine_settings_parse_prefixes(const struct spine_config *config,
                                  struct spine_prefixes *prefixes, struct spine_error *err);

/* The parsed model.prefixes. */
struct spine_prefixes spine_settings_prefixes(const struct spine_config *config);

/* How the input is scaled. */
struct spine_scaling_options spine_settings_scaling(const struct spine_config *config);

enum spine_storage spine_settings_storage(const struct spine_config *config);

/* The epoch after which training ends for now: train.stop_after, or train.epochs. */
int64_t spine_settings_last_epoch(const struct spine_config *config);

/* What is done at the end of an epoch, counted from 1: is clean input measured, and is the decoder
 * refitted? (With nnse and train.epochs = 0 it is refitted at the end of epoch 0, the start.) */
bool spine_settings_measures(const struct spine_config *config, int64_t epoch);
bool spine_settings_refits(const struct spine_config *config, int64_t epoch);

/* The active units of a row that is encoded outside of training; ksparse has more than in
 * training. */
int64_t spine_settings_encode_k(const struct spine_config *config);

/* How the objective computes codes; the weights of its losses, 0 for those that it doesn't use. */
struct spine_activation spine_settings_activation(const struct spine_config *config);
struct spine_loss_weights spine_settings_weights(const struct spine_config *config);

#endif
