/* legend.h -- names that people or programs gave to dimensions.
 *
 * A file of labels is a table with tabs, plain or compressed (tabular.h): a dimension, counted from 0, its
 * label, and a note, which may be left out. A first line "dimension label note" is skipped. */
#ifndef SPINE_PAGES_LEGEND_H
#define SPINE_PAGES_LEGEND_H

#include <stddef.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* Add the labels in a file to an object as "labels", a list of {"dimension", "label", "note"}, the note
 * only where there is one. Refused are lines that aren't of this form, dimensions from 'dimensions' on,
 * and two labels of one dimension. */
int spine_legend_add(const char *path, size_t dimensions, struct cJSON *object,
                     struct spine_error *err);

#endif
