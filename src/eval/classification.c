/* classification.c -- accuracy of linear classifiers of texts, trained on word vectors. */
#include "spine/eval/classification.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/text/lines.h"

enum { DEALT_FOLDS = 10 };

/* --- Reading a task ----------------------------------------------------------------------- */

/* The files of a description, and where each file's texts begin. */
struct files {
    char *text; /* owned: a copy of what follows NAME=, commas turned to NUL */
    const char *path[SPINE_CLASSIFIER_FOLDS_MOST];
    size_t begin[SPINE_CLASSIFIER_FOLDS_MOST + 1];
    size_t count;
};

/* Split "NAME=FILE,FILE..." at the equals sign and the commas. */
static int split_description(struct spine_task *task, struct files *files, const char *description,
                             struct spine_error *err)
{
    const char *equals = strchr(description, '=');
    if (equals == NULL || equals == description)
        return spine_refuse(err, "'%s': expected NAME=FILE,FILE...", description);

    task->name = spine_memory_copy_part(description, (size_t)(equals - description),
                                        "the name of a classification task", err);
    files->text = spine_memory_copy(equals + 1, "the file names of a classification task", err);
    if (task->name == NULL || files->text == NULL)
        return -1;

    for (char *at = files->text; at != NULL;) {
        if (files->count == SPINE_CLASSIFIER_FOLDS_MOST)
            return spine_refuse(err, "%s: more than %d files", task->name,
                                SPINE_CLASSIFIER_FOLDS_MOST);
        files->path[files->count++] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
        if (files->path[files->count - 1][0] == '\0')
            return spine_refuse(err, "'%s': a file name is missing", description);
    }
    return 0;
}

/* Prefix a message with the file and the line of a text. */
static int locate(const struct files *files, size_t text, struct spine_error *err)
{
    size_t k = 0;
    while (text >= files->begin[k + 1])
        k++;
    return spine_lines_locate(files->path[k], text - files->begin[k] + 1, err);
}

/* Concatenation needs the same number of tokens in all texts. */
static int check_widths(const struct spine_labelled *texts, const struct files *files,
                        struct spine_error *err)
{
    for (size_t i = 1; i < texts->count; i++) {
        const size_t tokens = texts->first[i + 1] - texts->first[i];
        if (tokens != texts->first[1]) {
            spine_refuse(
                err, "%zu words, but the first text has %zu: concatenation needs the same number",
                tokens, texts->first[1]);
            return locate(files, i, err);
        }
    }
    return 0;
}

static int read_files(struct spine_task *task, struct files *files, struct spine_error *err)
{
    for (size_t k = 0; k < files->count; k++) {
        if (spine_labelled_add(&task->texts, files->path[k], err))
            return -1;
        files->begin[k + 1] = task->texts.count;
    }
    if (task->features == SPINE_FEATURES_CONCAT && check_widths(&task->texts, files, err))
        return -1;
    if (task->texts.labels.count < 2)
        return spine_refuse(err, "%s: all texts have the same label", task->name);
    return 0;
}

/* A classifier can't learn a label that only the later files have. Labels are numbered in the order
 * in which they first occur. */
static int check_labels(const struct spine_task *task, const struct files *files,
                        struct spine_error *err)
{
    const struct spine_labelled *texts = &task->texts;
    uint32_t known = 0;

    for (size_t i = 0; i < texts->count; i++) {
        if (i < task->num_train) {
            known = texts->label[i] > known ? texts->label[i] : known;
        } else if (texts->label[i] > known) {
            char quoted[SPINE_LINES_QUOTE];
            const char *label = spine_words_get(&texts->labels, texts->label[i]);
            spine_lines_quote(quoted, label, strlen(label));
            spine_refuse(err, "label %s doesn't occur in %s", quoted, files->path[0]);
            return locate(files, i, err);
        }
    }

    return 0;
}

/* The first file is TRAIN, the last TEST, one between them VALID. */
static int split_texts(struct spine_task *task, const struct files *files, struct spine_error *err)
{
    task->num_train = files->begin[1];
    task->num_valid = files->count == 3 ? files->begin[2] - files->begin[1] : 0;
    if (check_labels(task, files, err))
        return -1;
    if (task->num_valid == 0 && task->num_train < SPINE_CLASSIFIER_FOLDS)
        return spine_refuse(err, "%s: %zu texts are too few to train on without VALID",
                            files->path[0], task->num_train);
    return 0;
}

int spine_task_read(struct spine_task *task, const char *description, enum spine_features features,
                    struct spine_error *err)
{
    struct files files = {0};
    *task = (struct spine_task){.features = features};

    int rc = split_description(task, &files, description, err);
    if (rc == 0 && files.count != 2 && files.count != 3)
        rc = spine_refuse(err, "'%s': expected NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST",
                          description);
    if (rc == 0 && (read_files(task, &files, err) || split_texts(task, &files, err)))
        rc = -1;

    free(files.text);
    return rc;
}

/* A single file is divided into ten folds; of several files, each is a fold. */
static int number_folds(struct spine_task *task, const struct files *files, uint64_t seed,
                        struct spine_error *err)
{
    const size_t count = task->texts.count;
    task->num_folds = files->count == 1 ? DEALT_FOLDS : files->count;
    if (count < task->num_folds)
        return spine_refuse(err, "%s: %zu texts are too few for %d folds", files->path[0], count,
                            DEALT_FOLDS);

    task->fold = spine_memory_zeroed(count, sizeof *task->fold, "the folds of the texts", err);
    if (task->fold == NULL)
        return -1;

    if (files->count == 1)
        return spine_classifier_deal(task->texts.label, count, DEALT_FOLDS, seed, task->fold, err);
    for (size_t k = 0; k < files->count; k++)
        for (size_t i = files->begin[k]; i < files->begin[k + 1]; i++)
            task->fold[i] = (uint32_t)k;
    return 0;
}

int spine_task_read_folds(struct spine_task *task, const char *description,
                          enum spine_features features, uint64_t seed, struct spine_error *err)
{
    struct files files = {0};
    *task = (struct spine_task){.features = features};

    int rc = split_description(task, &files, description, err);
    if (rc == 0 && files.count == 2)
        rc = spine_refuse(err, "'%s': expected one file, or three folds or more", description);
    if (rc == 0 && (read_files(task, &files, err) || number_folds(task, &files, seed, err)))
        rc = -1;

    free(files.text);
    return rc;
}

void spine_task_dispose(struct spine_task *task)
{
    free(task->name);
    spine_labelled_dispose(&task->texts);
    free(task->fold);
    *task = (struct spine_task){0};
}

/* --- Features ----------------------------------------------------------------------------- */

/* sum += a row, skipping its zeros. */
static void add_row(const struct spine_space *space, size_t row, double *sum)
{
    const struct spine_csr *codes = &space->codes;
    if (space->dense != NULL) {
        const float *values = space->dense + row * space->dimensions;
        for (size_t j = 0; j < space->dimensions; j++)
            sum[j] += (double)values[j];
    } else {
        for (int64_t k = codes->indptr[row]; k < codes->indptr[row + 1]; k++)
            sum[codes->indices[k]] += (double)codes->data[k];
    }
}

/* The features of one text, and the sum from which they are computed. */
struct example {
    size_t width; /* number of features */
    double *sum;  /* owned, as is the other; (width) */
    float *row;   /* (width) */
};

static int init_example(struct example *example, const struct spine_task *task,
                        const struct spine_space *space, struct spine_error *err)
{
    const size_t tokens = task->features == SPINE_FEATURES_CONCAT ? task->texts.first[1] : 1;
    if (space->dimensions > INT_MAX / tokens)
        return spine_refuse(err, "%s: %zu vectors of %zu numbers are too many to concatenate",
                            task->name, tokens, space->dimensions);

    example->width = tokens * space->dimensions;
    example->sum =
        spine_memory_get(example->width, sizeof *example->sum, "the features of a text", err);
    example->row =
        spine_memory_get(example->width, sizeof *example->row, "the features of a text", err);
    if (example->sum == NULL || example->row == NULL)
        return -1;
    return 0;
}

/* Compute the features of text i: the mean of the vectors of its tokens, or the vectors one after
 * another. */
static void make_example(const struct spine_task *task, const struct spine_space *space, size_t i,
                         struct example *example, struct spine_coverage *coverage)
{
    const struct spine_labelled *texts = &task->texts;
    const size_t first = texts->first[i], end = texts->first[i + 1];
    const bool is_mean = task->features == SPINE_FEATURES_MEAN;
    size_t num_found = 0;

    memset(example->sum, 0, example->width * sizeof *example->sum);
    for (size_t k = first; k < end; k++) {
        const int64_t row = spine_space_find_any_case(space, spine_words_get(&texts->tokens, k));
        if (row < 0)
            continue;
        num_found++;
        add_row(space, (size_t)row, example->sum + (is_mean ? 0 : (k - first) * space->dimensions));
    }

    const double divisor = is_mean && num_found > 0 ? (double)num_found : 1;
    for (size_t j = 0; j < example->width; j++)
        example->row[j] = (float)(example->sum[j] / divisor);

    coverage->tokens += end - first;
    coverage->found += num_found;
    coverage->empty += num_found == 0;
}

int spine_task_examples(const struct spine_task *task, const struct spine_space *space,
                        struct spine_examples **examples, struct spine_coverage *coverage,
                        struct spine_error *err)
{
    struct example example = {0};
    *examples = NULL;
    *coverage = (struct spine_coverage){0};

    int rc = init_example(&example, task, space, err);
    if (rc == 0)
        rc = spine_examples_create(examples, example.width, err);
    for (size_t i = 0; rc == 0 && i < task->texts.count; i++) {
        make_example(task, space, i, &example, coverage);
        rc = spine_examples_add(*examples, example.row, task->texts.label[i], err);
    }

    free(example.sum);
    free(example.row);
    if (rc != 0) {
        spine_examples_destroy(*examples);
        *examples = NULL;
    }
    return rc;
}

int spine_task_measure(const struct spine_task *task, struct spine_examples *examples,
                       enum spine_classifier kind, uint64_t seed, struct spine_accuracy *accuracy,
                       struct spine_error *err)
{
    if (task->num_folds > 0)
        return spine_classifier_cross_validate(examples, kind, task->fold, task->num_folds,
                                               accuracy, err);
    return spine_classifier_test(examples, kind, task->num_train, task->num_valid, seed, accuracy,
                                 err);
}

/* --- All tasks, of one space -------------------------------------------------------------- */

static const char group[] = "classification";
static const char *const kind_names[] = {
    [SPINE_CLASSIFIER_LOGISTIC] = "logistic",
    [SPINE_CLASSIFIER_SVM] = "svm",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

static int read_task(struct spine_task *task, const struct spine_task_request *request,
                     uint64_t seed, struct spine_error *err)
{
    if (request->has_folds)
        return spine_task_read_folds(task, request->description, request->features, seed, err);
    return spine_task_read(task, request->description, request->features, err);
}

int spine_classification_read(struct spine_classification *classification,
                              const struct spine_task_request *requests, size_t count,
                              uint64_t seed, struct spine_error *err)
{
    struct spine_task *tasks =
        spine_memory_zeroed(count, sizeof *tasks, "the classification tasks", err);
    *classification = (struct spine_classification){.tasks = tasks, .seed = seed};
    if (tasks == NULL)
        return -1;

    for (size_t i = 0; i < count; i++) {
        classification->count++;
        if (read_task(&tasks[i], &requests[i], seed, err))
            return -1;
        for (size_t k = 0; k < i; k++)
            if (strcmp(tasks[k].name, tasks[i].name) == 0)
                return spine_refuse(err, "two classification tasks are named '%s'", tasks[i].name);
    }
    return 0;
}

static int add_accuracy(const struct spine_task *task, size_t kind,
                        const struct spine_accuracy *accuracy, struct spine_figures *figures,
                        struct spine_error *err)
{
    char name[SPINE_FIGURE_NAME];
    const double share = (double)accuracy->correct / (double)accuracy->count;
    snprintf(name, sizeof name, "%.64s (%s)", task->name, kind_names[kind]);
    return spine_figures_add(figures, group, name, spine_statistics_wilson(share, accuracy->count),
                             (int64_t)accuracy->count, -1, 3, err);
}

static int add_coverage(const struct spine_task *task, const struct spine_coverage *coverage,
                        struct spine_figures *figures, struct spine_error *err)
{
    char name[SPINE_FIGURE_NAME];
    const double share = (double)coverage->found / (double)coverage->tokens;
    snprintf(name, sizeof name, "%.64s tokens found", task->name);
    return spine_figures_add_plain(figures, group, name, share, 3, err);
}

static int measure_task(const struct spine_classification *classification,
                        const struct spine_task *task, unsigned kinds,
                        const struct spine_space *space, struct spine_figures *figures,
                        struct spine_error *err)
{
    struct spine_examples *examples;
    struct spine_coverage coverage;
    if (spine_task_examples(task, space, &examples, &coverage, err))
        return -1;

    int rc = 0;
    for (size_t kind = 0; rc == 0 && kind < KINDS; kind++) {
        struct spine_accuracy accuracy;
        if ((kinds >> kind & 1) == 0)
            continue;
        rc = spine_task_measure(task, examples, (enum spine_classifier)kind, classification->seed,
                                &accuracy, err);
        if (rc == 0)
            rc = add_accuracy(task, kind, &accuracy, figures, err);
    }
    if (rc == 0)
        rc = add_coverage(task, &coverage, figures, err);

    spine_examples_destroy(examples);
    return rc;
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
