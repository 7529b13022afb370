/* figures.h -- the numbers that an evaluation finds, as a list.
 *
 * Whoever measures appends to it; who prints them, as a table or as JSON, knows nothing of what
 * they mean. */
#ifndef SPINE_EVAL_FIGURES_H
#define SPINE_EVAL_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/base/statistics.h"

enum { SPINE_FIGURE_NAME = 96 };

/* One number. It has no value (NaN) where the question can't be asked. */
struct spine_figure {
    char group[SPINE_FIGURE_NAME], name[SPINE_FIGURE_NAME]; /* unique together */
    struct spine_estimate estimate;
    int64_t count, missing; /* what was asked, and what couldn't be; -1: doesn't apply */
    int decimals;           /* for people */
};

struct spine_figures {
    struct spine_figure *list; /* owned; (count) */
    size_t count, capacity;
};

/* A zeroed struct is an empty list. */

/* Append a number; names that are too long are cut. Refuses one that is there already: two test
 * sets of the same name. */
int spine_figures_add(struct spine_figures *figures, const char *group, const char *name,
                      struct spine_estimate estimate, int64_t count, int64_t missing, int decimals,
                      struct spine_error *err);

/* The same for one without interval and counts. */
int spine_figures_add_plain(struct spine_figures *figures, const char *group, const char *name,
                            double value, int decimals, struct spine_error *err);

/* The figure of this name, NULL if there is none; borrowed until the list changes. */
const struct spine_figure *spine_figures_find(const struct spine_figures *figures,
                                              const char *group, const char *name);

void spine_figures_dispose(struct spine_figures *figures);

#endif
