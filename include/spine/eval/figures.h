/* figures.h -- the results of an evaluation: as a list, as a table, as JSON.
 *
 * Each measure appends to the list of a file; printing doesn't know what the numbers mean. */
#ifndef SPINE_EVAL_FIGURES_H
#define SPINE_EVAL_FIGURES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"
#include "spine/base/statistics.h"

enum { SPINE_FIGURE_NAME = 96 };

/* One number; NaN if it couldn't be measured. */
struct spine_figure {
    char group[SPINE_FIGURE_NAME], name[SPINE_FIGURE_NAME]; /* unique together */
    struct spine_estimate estimate;
    int64_t count, missing; /* items measured, and left out; -1: doesn't apply */
    int decimals;           /* in tables */
};

struct spine_figures {
    struct spine_figure *list; /* owned; (count) */
    size_t count, capacity;
};

/* A zeroed struct is an empty list. */

/* Append a number; names that are too long are cut. Refuses a name that the list has already. */
int spine_figures_add(struct spine_figures *figures, const char *group, const char *name,
                      struct spine_estimate estimate, int64_t count, int64_t missing, int decimals,
                      struct spine_error *err);

/* The same without interval and counts. */
int spine_figures_add_plain(struct spine_figures *figures, const char *group, const char *name,
                            double value, int decimals, struct spine_error *err);

/* The figure of this name, NULL if there is none; borrowed until the list changes. */
const struct spine_figure *spine_figures_find(const struct spine_figures *figures,
                                              const char *group, const char *name);

void spine_figures_dispose(struct spine_figures *figures);

/* The results for a file. */
struct spine_evaluation {
    const char *path; /* borrowed */
    char *made;       /* owned: the path, if it is made up for a baseline; else NULL */
    size_t rows, columns;
    struct spine_figures figures;
};

/* Print a table: measures as rows, grouped, files as columns. An interval follows its number in
 * brackets; "-" marks a measure that doesn't apply; the last columns have the number of items
 * measured and missing, if relevant. Fails when memory runs out. */
int spine_figures_print(const struct spine_evaluation *files, size_t count, FILE *out,
                        struct spine_error *err);

/* The same as one JSON object, ended by a newline; the caller frees. NULL when memory runs out.
 *
 *     {"program": "spine-eval", "version": "0.1.0", "files": [{"path": "run", "rows": 17000,
 *      "columns": 1000, "measures": [{"group": "interpretability", "name": "intrusion",
 *      "value": 0.96, "low": 0.95, "high": 0.97, "count": 985, "missing": 15}, ...]}, ...]}
 *
 * "value" is null if it couldn't be measured; other members are left out if they don't apply. Bytes
 * of names that aren't valid UTF-8 are written as \xNN. */
char *spine_figures_json(const struct spine_evaluation *files, size_t count);

#endif
