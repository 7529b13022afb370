/* task.h -- text classification as a judge of word vectors: what can be told from the words of a
 * text alone, by a linear classifier.
 *
 * A text's features are the mean of the vectors of its tokens, or for texts of equally many tokens
 * their concatenation. A token is looked up as it stands, else in lower case (of ASCII letters);
 * one that isn't found counts for nothing in a mean and is zeros in a concatenation. A text of
 * which no token is found has no features but takes part. So do the published scripts of SPINE;
 * unlike them, C alone is chosen, on what is neither trained nor tested on (classifier.h). Local.
 */
#ifndef SPINE_EVAL_TASK_H
#define SPINE_EVAL_TASK_H

#include "spine/eval/classifier.h"
#include "spine/space/space.h"
#include "spine/text/labelled.h"

enum spine_features { SPINE_FEATURES_MEAN, SPINE_FEATURES_CONCAT };

struct spine_task {
    char *name; /* owned, as are the texts and folds */
    enum spine_features features;
    struct spine_labelled texts;
    size_t num_train, num_valid; /* the first texts; the rest are tested on */
    size_t num_folds;            /* instead, for cross-validation; else 0 */
    uint32_t *fold;              /* (texts.count), if num_folds isn't 0 */
};

/* Read the files of a task NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST. Refuses a label in VALID or
 * TEST that TRAIN doesn't have. To be disposed of, whether it succeeds or not. */
int spine_task_read(struct spine_task *task, const char *description, enum spine_features features,
                    struct spine_error *err);

/* The same for cross-validation: NAME=FILE, dealt out to ten folds, or NAME=FOLD,FOLD,FOLD... */
int spine_task_read_folds(struct spine_task *task, const char *description,
                          enum spine_features features, uint64_t seed, struct spine_error *err);

void spine_task_dispose(struct spine_task *task);

/* How much of the texts a space knows. */
struct spine_coverage {
    size_t tokens, found;
    size_t empty; /* texts of which no token is found */
};

/* The texts as a space sees them; spine_examples_destroy() frees them. */
int spine_task_examples(const struct spine_task *task, const struct spine_space *space,
                        struct spine_examples **examples, struct spine_coverage *coverage,
                        struct spine_error *err);

/* How often a classifier of this kind is right. Examples may be judged more than once. */
int spine_task_judge(const struct spine_task *task, struct spine_examples *examples,
                     enum spine_classifier kind, uint64_t seed, struct spine_verdict *verdict,
                     struct spine_error *err);

#endif
