/* classification.c -- several classification tasks, asked of one space after the other. */
#include "spine/eval/classification.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char group[] = "classification";
static const char *const kind_names[] = {
    [SPINE_CLASSIFIER_LOGISTIC] = "logistic",
    [SPINE_CLASSIFIER_SVM] = "svm",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

static int read_task(struct spine_task *task, const struct spine_task_wish *wish, uint64_t seed,
                     struct spine_error *err)
{
    if (wish->has_folds)
        return spine_task_read_folds(task, wish->description, wish->features, seed, err);
    return spine_task_read(task, wish->description, wish->features, err);
}

int spine_classification_read(struct spine_classification *classification,
                              const struct spine_task_wish *wishes, size_t count, uint64_t seed,
                              struct spine_error *err)
{
    struct spine_task *tasks = calloc(count + 1, sizeof *tasks);
    *classification = (struct spine_classification){.tasks = tasks, .seed = seed};
    if (tasks == NULL)
        return spine_fail(err, "out of memory for %zu classification tasks", count);
    for (size_t i = 0; i < count; i++) {
        classification->count++;
        if (read_task(&tasks[i], &wishes[i], seed, err))
            return -1;
        for (size_t k = 0; k < i; k++)
            if (strcmp(tasks[k].name, tasks[i].name) == 0)
                return spine_refuse(err, "two classification tasks are named '%s'", tasks[i].name);
    }
    return 0;
}

static int add_verdict(const struct spine_task *task, size_t kind,
                       const struct spine_verdict *verdict, struct spine_figures *figures,
                       struct spine_error *err)
{
    char name[SPINE_FIGURE_NAME];
    const double share = (double)verdict->correct / (double)verdict->count;
    snprintf(name, sizeof name, "%.64s (%s)", task->name, kind_names[kind]);
    return spine_figures_add(figures, group, name, spine_statistics_wilson(share, verdict->count),
                             (int64_t)verdict->count, -1, 3, err);
}

static int add_coverage(const struct spine_task *task, const struct spine_coverage *coverage,
                        struct spine_figures *figures, struct spine_error *err)
{
    char name[SPINE_FIGURE_NAME];
    snprintf(name, sizeof name, "%.64s tokens found", task->name);
    return spine_figures_add_plain(figures, group, name,
                                   (double)coverage->found / (double)coverage->tokens, 3, err);
}

static int measure_task(const struct spine_classification *classification,
                        const struct spine_task *task, unsigned kinds,
                        const struct spine_space *space, struct spine_figures *figures,
                        struct spine_error *err)
{
    struct spine_examples *examples;
    struct spine_coverage coverage;
    struct spine_verdict verdict;
    if (spine_task_examples(task, space, &examples, &coverage, err))
        return -1;
    int rc = 0;
    for (size_t kind = 0; rc == 0 && kind < KINDS; kind++)
        if ((kinds >> kind & 1) != 0 &&
            (spine_task_judge(task, examples, (enum spine_classifier)kind, classification->seed,
                              &verdict, err) ||
             add_verdict(task, kind, &verdict, figures, err)))
            rc = -1;
    spine_examples_destroy(examples);
    return rc == 0 ? add_coverage(task, &coverage, figures, err) : rc;
}

int spine_classification_measure(const struct spine_classification *classification, unsigned kinds,
                                 const struct spine_space *space, struct spine_figures *figures,
                                 struct spine_error *err)
{
    for (size_t i = 0; i < classification->count; i++)
        if (measure_task(classification, &classification->tasks[i], kinds, space, figures, err))
            return -1;
    return 0;
}

void spine_classification_dispose(struct spine_classification *classification)
{
    for (size_t i = 0; i < classification->count; i++)
        spine_task_dispose(&classification->tasks[i]);
    free(classification->tasks);
    *classification = (struct spine_classification){0};
}
