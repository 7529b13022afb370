/* settings.h -- options in the form in which modules take them, which don't know struct spine_config. */
#ifndef SPINE_CONFIG_SETTINGS_H
#define SPINE_CONFIG_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/config/config.h"
#include "spine/math/activation.h"
#include "spine/math/model.h"
#include "spine/math/scaling.h"

/* Where a rank's rows are while it trains, by residency and dtype: in memory, as float or as bfloat16; or in
 * the file. */
enum spine_storage { SPINE_IN_MEMORY, SPINE_IN_HALF_MEMORY, SPINE_IN_FILE };

/* parallel.grid: groups of rows and columns of units; 0 and 0 for auto. Refuses other words. */
int spine_settings_parse_grid(const char *text, int *groups, int *columns, struct spine_error *err);

/* The same of a configuration that spine_combination_check() has passed. */
void spine_settings_grid(const struct spine_config *config, int *groups, int *columns);

/* data.whiten: no, column, or remove:K with K from 1 on. Refuses other words. */
int spine_settings_parse_whiten(const char *text, enum spine_whiten *whiten, size_t *remove,
                                struct spine_error *err);

/* model.prefixes: ascending numbers up to model.hidden, which may be left out. Refuses others. */
int spine_settings_parse_prefixes(const struct spine_config *config,
                                  struct spine_prefixes *prefixes, struct spine_error *err);

/* The same of a configuration that spine_combination_check() has passed. */
struct spine_prefixes spine_settings_prefixes(const struct spine_config *config);

/* How the input is scaled, of a configuration that spine_combination_check() has passed. */
struct spine_scaling_options spine_settings_scaling(const struct spine_config *config);

/* Of a configuration that spine_combination_check() has passed. */
enum spine_storage spine_settings_storage(const struct spine_config *config);

/* The epoch after which training ends for now: train.stop_after, or train.epochs. */
int64_t spine_settings_last_epoch(const struct spine_config *config);

/* The active units of a row that is encoded; of ksparse more than of one that is trained on. */
int64_t spine_settings_encode_k(const struct spine_config *config);

/* How the objective's codes are computed, and the weights of its losses; of those that it doesn't use,
 * 0. */
struct spine_activation spine_settings_activation(const struct spine_config *config);
struct spine_loss_weights spine_settings_weights(const struct spine_config *config);

#endif
