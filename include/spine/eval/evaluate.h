/* evaluate.h -- the job of spine-eval: all measures of every file.
 *
 * Dimensions are judged in a reference space: that of options->space; else the input of the first
 * run among the files; else a dense file is judged in itself, and codes can't be. Without further
 * options it finds how sparse the files are and how readable.
 *
 * Of a dense file (at least half of its values aren't 0) the mean row is subtracted before word
 * tests and classifiers: it is the same in all words, and only hides how they differ. Codes, whose
 * zeros mean something, and readability are measured as they are. */
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
    struct spine_keptspace *kept; /* the reference stays here for the next evaluation; or NULL */
    const char *words;            /* the words of files that have none, or NULL (space.h) */
    struct spine_paths similarity, analogies, categorization; /* test sets */
    const char *categories;                                   /* a directory of lists, or NULL */
    struct spine_task_requests tasks;
    size_t top, draws; /* top words shown of a dimension, intruders drawn to it */
    uint64_t seed;     /* of all that is drawn */
    bool has_floor;    /* also what needs no learning (floor.h) */
    bool has_probes;   /* also of the tasks (probing.h) */
    bool is_raw;       /* dense files aren't centred */
    bool is_scaled;    /* dimensions of sparse files are divided by their standard deviations */
};

/* Evaluate all files. *evaluations gets one of each, in order; with a floor, those of a file's
 * follow it: "FILE: random words" and, if there are word tests or classifiers, "FILE: PCA". A file
 * that isn't sparse, or whose input isn't known, has none. The input of a run is its own, of other
 * files the reference space. *count is their number; the caller frees them with
 * spine_evaluate_dispose(), whether this succeeds or not. */
int spine_evaluate(const struct spine_evaluate_options *options,
                   struct spine_evaluation **evaluations, size_t *count, struct spine_error *err);
void spine_evaluate_dispose(struct spine_evaluation *evaluations, size_t count);

#endif
