/* identity.h -- the options that fix what a run computes: those whose role is SPINE_OPTION_FIXED. A run resumes
 * only with the same ones; checkpoints, models and a sweep's directory have them as a text. */
#ifndef SPINE_CONFIG_IDENTITY_H
#define SPINE_CONFIG_IDENTITY_H

#include <stddef.h>

#include "spine/config/config.h"

/* A "name = value" a line; the caller frees. NULL if there is no memory. */
char *spine_identity_text(const struct spine_config *config);

/* Describe in what two such texts differ, for a message: "model.hidden was 500, is 100; ...".
 * An option that the first text lacks, as an earlier version may have written it, had its default.
 * Returns 0 if they don't. */
int spine_identity_differ(const char *was, const char *is, char *text, size_t size);

#endif
