/* combination.h -- which options go together.
 *
 * An option that the chosen objective, optimizer, schedule or residency doesn't use must be at its
 * default, since setting it would have no effect. Options of steps may be set with nnse, although
 * it has no steps. Refusals of options that exclude each other say what to change. */
#ifndef SPINE_CONFIG_COMBINATION_H
#define SPINE_CONFIG_COMBINATION_H

#include "spine/base/error.h"
#include "spine/config/config.h"

/* Refuse missing options and options that don't go together. */
int spine_combination_check(const struct spine_config *config, struct spine_error *err);

#endif
