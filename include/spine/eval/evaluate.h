/* evaluate.h -- all measures of every file: the work of spine-eval.
 *
 * The readability of dimensions is measured in a reference space: options->space, or else the input
 * of the first run among the files, or else the file itself if it is dense. Without further
 * options, sparsity and readability are measured.
 *
 * For word tests and classifiers, the mean row of a dense file (at least half of its values aren't
 * 0) is subtracted: it is common to all words and hides how they differ. Codes aren't centred,
 * since their zeros mean something; nor is anything centred for readability. */
#ifndef SPINE_EVAL_EVALUATE_H
#define SPINE_EVAL_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/eval/classification.h"
#include "spine/eval/figures.h"
#include "spine/space/keptspace.h"

/* Paths from the command line, borrowed. */
struct spine_paths {
    const char **list; /* (count) */
    size_t count;
};

/* Classification tasks. */
struct spine_task_requests {
    struct spine_task_request *list; /* owned; (count) */
    size_t count;
    unsigned kinds; /* of classifiers: 1 << SPINE_CLASSIFIER_SVM, ... */
};

/* What spine-eval does without options. */
enum { SPINE_EVALUATE_TOP = 4, SPINE_EVALUATE_DRAWS = 5, SPINE_EVALUATE_SEED = 1 };

struct spine_evaluate_options {
    struct spine_paths files;
    const char *space;            /* the reference, or NULL */
    struct spine_keptspace *kept; /* keeps the reference for the next evaluation; or NULL */
    const char *words;            /* a list of words for files that have none, or NULL (space.h) */
    struct spine_paths similarity, analogies, categorization; /* test sets */
    const char *categories;                                   /* a directory of lists, or NULL */
    struct spine_task_requests tasks;
    size_t top, draws; /* top words shown and intruders drawn, for each dimension */
    uint64_t seed;     /* of everything random */
    bool has_floor;    /* also evaluate baselines without learning (floor.h) */
    bool has_probes;   /* also probe the tasks (probing.h) */
    bool is_raw;       /* don't centre dense files */
    bool is_scaled;    /* divide dimensions of sparse files by their standard deviations */
};

/* Evaluate all files. *evaluations gets one evaluation for each file, in order, and *count is their
 * number. With has_floor, those of a sparse file's baselines follow it: "FILE: random words" and,
 * if there are word tests or classifiers, "FILE: PCA". Baselines need the input: a run's own, for
 * other files the reference space; without it there are none. The caller frees the evaluations with
 * spine_evaluate_dispose(), even after a failure. */
int spine_evaluate(const struct spine_evaluate_options *options,
                   struct spine_evaluation **evaluations, size_t *count, struct spine_error *err);
void spine_evaluate_dispose(struct spine_evaluation *evaluations, size_t count);

#endif
