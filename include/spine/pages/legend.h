/* legend.h -- names that people or programs gave to dimensions.
 *
 * A file of labels is a table with tabs, plain or compressed (tabular.h): a dimension, counted from
 * 0, its label, and an optional note. A first line "dimension label note" is skipped. */
#ifndef SPINE_PAGES_LEGEND_H
#define SPINE_PAGES_LEGEND_H

#include <stddef.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* Add the labels in a file to an object as "labels", a list of {"dimension", "label", "note"},
 * without "note" if there is none. Refuses lines not of this form, dimensions that don't exist, and
 * two labels for one dimension. */
int spine_legend_add(const char *path, size_t dimensions, struct cJSON *object,
                     struct spine_error *err);

#endif
