/* identity.h -- the options that fix what a run computes: those with the role SPINE_OPTION_FIXED.
 *
 * A run resumes only if they are the same. Checkpoints, models and a sweep's directory record them
 * as text. */
#ifndef SPINE_CONFIG_IDENTITY_H
#define SPINE_CONFIG_IDENTITY_H

#include <stddef.h>

#include "spine/config/config.h"

/* Lines "name = value"; the caller frees them. NULL when out of memory. */
char *spine_identity_text(const struct spine_config *config, struct spine_error *err);

/* Describe how two such texts differ, for a message: "model.hidden was 500, is 100; ...". If the
 * first text lacks an option, since an earlier version wrote it, the option had its default.
 * Returns 0 if the texts don't differ. */
int spine_identity_differ(const char *was, const char *is, char *text, size_t size);

#endif
