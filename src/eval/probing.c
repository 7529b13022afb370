/* probing.c -- k-sparse probing: can a label be predicted from a few dimensions? */
#include "spine/eval/probing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/space/ranking.h"

static const char group[] = "probing";

/* The numbers of dimensions that probes use, ascending. */
static const size_t sizes[] = {1, 2, 5, 16};
enum { SIZES = sizeof sizes / sizeof *sizes, MOST = 16 };

/* A task, its texts, and the results so far: sums over labels. */
struct probe {
    const struct spine_task *task;
    uint64_t seed;
    struct spine_examples *examples; /* owned, as are the others */
    double *contrast;                /* (columns) */
    struct spine_ranked *order;      /* (columns) */
    double correct[SIZES], none;
    size_t num_labels;
};

/* Choose the dimensions that separate a label best from the others, best first. */
static int choose(struct probe *probe, uint32_t label, uint32_t chosen[MOST],
                  struct spine_error *err)
{
    const size_t columns = spine_examples_columns(probe->examples);
    if (spine_examples_contrast(probe->examples, probe->task->num_train, label, probe->contrast,
                                err))
        return -1;

    for (size_t j = 0; j < columns; j++)
        probe->order[j] = (struct spine_ranked){(float)fabs(probe->contrast[j]), (uint32_t)j};
    spine_ranked_sort(probe->order, columns);
    for (size_t i = 0; i < MOST && i < columns; i++)
        chosen[i] = probe->order[i].index;
    return 0;
}

static int probe_label(struct probe *probe, uint32_t label, struct spine_error *err)
{
    const struct spine_task *task = probe->task;
    uint32_t chosen[MOST];
    if (choose(probe, label, chosen, err))
        return -1;

    probe->none += spine_examples_majority(probe->examples, task->num_train,
                                           task->num_train + task->num_valid, label);
    for (size_t s = 0; s < SIZES && sizes[s] <= spine_examples_columns(probe->examples); s++) {
        struct spine_examples *few;
        struct spine_accuracy accuracy;
        if (spine_examples_choose(probe->examples, chosen, sizes[s], label, &few, err))
            return -1;
        const int rc = spine_classifier_test(few, SPINE_CLASSIFIER_LOGISTIC, task->num_train,
                                             task->num_valid, probe->seed, &accuracy, err);
        spine_examples_destroy(few);
        if (rc != 0)
            return -1;
        probe->correct[s] += (double)accuracy.correct / (double)accuracy.count;
    }
    return 0;
}

static int add_figures(const struct probe *probe, size_t columns, struct spine_figures *figures,
                       struct spine_error *err)
{
    const struct spine_task *task = probe->task;
    const size_t tested = task->texts.count - task->num_train - task->num_valid;
    char name[SPINE_FIGURE_NAME];

    for (size_t s = 0; s < SIZES; s++) {
        const size_t trials = task->num_folds == 0 && sizes[s] <= columns ? tested : 0;
        const double share = probe->correct[s] / (double)probe->num_labels;
        snprintf(name, sizeof name, "%.64s by %zu dimension%s", task->name, sizes[s],
                 sizes[s] == 1 ? "" : "s");
        if (spine_figures_add(figures, group, name, spine_statistics_wilson(share, trials),
                              (int64_t)trials, (int64_t)(tested - trials), 3, err))
            return -1;
    }
    snprintf(name, sizeof name, "%.64s by none", task->name);
    const double none = probe->none / (double)probe->num_labels;
    return spine_figures_add_plain(figures, group, name, task->num_folds == 0 ? none : (double)NAN,
                                   3, err);
}

static int probe_task(struct probe *probe, const struct spine_space *space,
                      struct spine_figures *figures, struct spine_error *err)
{
    const size_t labels = probe->task->texts.labels.count;
    struct spine_coverage ignored;
    if (spine_task_examples(probe->task, space, &probe->examples, &ignored, err))
        return -1;

    const size_t columns = spine_examples_columns(probe->examples);
    probe->contrast =
        spine_memory_get(columns, sizeof *probe->contrast, "the contrasts of all features", err);
    probe->order =
        spine_memory_get(columns, sizeof *probe->order, "the order of all features", err);
    if (probe->contrast == NULL || probe->order == NULL)
        return -1;

    probe->num_labels = labels > 2 ? labels : 1;
    for (uint32_t label = 0; probe->task->num_folds == 0 && label < probe->num_labels; label++)
        if (probe_label(probe, label, err))
            return -1;
    return add_figures(probe, columns, figures, err);
}

int spine_probing_measure(const struct spine_classification *classification,
                          const struct spine_space *space, struct spine_figures *figures,
                          struct spine_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < classification->count; i++) {
        struct probe probe = {.task = &classification->tasks[i], .seed = classification->seed};
        rc = probe_task(&probe, space, figures, err);
        spine_examples_destroy(probe.examples);
        free(probe.contrast);
        free(probe.order);
    }
    return rc;
}
