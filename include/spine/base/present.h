/* present.h -- is there a file of this name? */
#ifndef SPINE_BASE_PRESENT_H
#define SPINE_BASE_PRESENT_H

#include <stdbool.h>

#include "spine/base/error.h"

/* Set *is to whether the path leads to something. Fails if that can't be found out: a read error is
 * no answer. */
int spine_present(const char *path, bool *is, struct spine_error *err);

/* The same, of whether it may be read, too. */
int spine_present_readable(const char *path, bool *is, struct spine_error *err);

#endif
