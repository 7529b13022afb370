/* combination.h -- which options go together.
 *
 * An option that the chosen objective, optimizer, schedule or residency doesn't use must be at its default,
 * since setting it would have no effect; of nnse, which has no steps, those of steps may stay set. Options that exclude each other are refused with what to change. */
#ifndef SPINE_CONFIG_COMBINATION_H
#define SPINE_CONFIG_COMBINATION_H

#include "spine/base/error.h"
#include "spine/config/config.h"

/* Refuse what is missing or doesn't go together. */
int spine_combination_check(const struct spine_config *config, struct spine_error *err);

#endif
