/* evaluate.h -- the job of spine-eval: everything that is asked, about every file.
 *
 * Dimensions are judged in a reference space: that of options->space; else the input of the first
 * run among the files; else a dense file is judged in itself, and codes can't be. Without further
 * options it finds how sparse the files are and how readable. */
#ifndef SPINE_EVAL_EVALUATE_H
#define SPINE_EVAL_EVALUATE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/eval/classification.h"
#include "spine/eval/figures.h"

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
    const char *space;                                        /* the reference, or NULL */
    struct spine_paths similarity, analogies, categorization; /* test sets */
    const char *categories;                                   /* a directory of lists, or NULL */
    struct spine_task_requests tasks;
    size_t top, draws; /* top words shown of a dimension, intruders drawn to it */
    uint64_t seed;     /* of all that is drawn */
};

/* Evaluate all files. *evaluations gets one of each, in order; the caller frees it with
 * spine_evaluate_dispose(), whether this succeeds or not. */
int spine_evaluate(const struct spine_evaluate_options *options,
                   struct spine_evaluation **evaluations, struct spine_error *err);
void spine_evaluate_dispose(struct spine_evaluation *evaluations, size_t count);

#endif
