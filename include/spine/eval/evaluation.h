/* evaluation.h -- what was found about several files, side by side: as a table, as JSON. */
#ifndef SPINE_EVAL_EVALUATION_H
#define SPINE_EVAL_EVALUATION_H

#include <stdio.h>

#include "spine/eval/figures.h"

/* What was found about a file. */
struct spine_evaluation {
    const char *path; /* borrowed */
    size_t rows, columns;
    struct spine_figures figures;
};

/* Print a table: measures as rows, grouped, files as columns. An interval stands in brackets behind
 * its number, "-" where the question couldn't be asked; at the right end how many were asked and
 * how many couldn't be, where that is of interest. */
void spine_evaluation_print(const struct spine_evaluation *files, size_t count, FILE *out);

/* The same as one JSON object, ended by a newline; the caller frees. NULL when memory runs out.
 *
 *     {"program": "spine-eval", "version": "0.1.0", "files": [{"path": "run", "rows": 17000,
 *      "columns": 1000, "measures": [{"group": "interpretability", "name": "intrusion",
 *      "value": 0.96, "low": 0.95, "high": 0.97, "count": 985, "missing": 15}, ...]}, ...]}
 *
 * value is null where the question couldn't be asked; the others are left out where they don't
 * apply. Names that aren't valid UTF-8 have such bytes as \xNN. */
char *spine_evaluation_json(const struct spine_evaluation *files, size_t count);

#endif
