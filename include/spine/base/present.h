/* present.h -- is there a file of this name? */
#ifndef SPINE_BASE_PRESENT_H
#define SPINE_BASE_PRESENT_H

#include <stdbool.h>

#include "spine/base/error.h"

/* Set *is to whether something exists at the path. Fails if that can't be determined: after a read
 * error, "no" would be a guess. */
int spine_present(const char *path, bool *is, struct spine_error *err);

/* Set *is to whether something exists at the path and we may read it. */
int spine_present_readable(const char *path, bool *is, struct spine_error *err);

#endif
