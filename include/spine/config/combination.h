/* combination.h -- which options go together.
 *
 * An option that the chosen objective, optimizer, schedule or residency doesn't use must be at its
 * default, since setting it would have no effect. nnse takes some options without effect, since
 * earlier versions took them and a run must remain resumable. Refusals of options that exclude each
 * other say what to change. */
#ifndef SPINE_CONFIG_COMBINATION_H
#define SPINE_CONFIG_COMBINATION_H

#include "spine/base/error.h"
#include "spine/config/config.h"

/* Refuse missing options and options that don't go together. */
int spine_combination_check(const struct spine_config *config, struct spine_error *err);

/* Log what the user may not expect of a configuration that was checked: the option that is the
 * reason for the objective, which is NULL if there is none, and options without effect. On rank
 * 0. */
void spine_combination_report(const struct spine_config *config, const struct spine_option *reason);

#endif
