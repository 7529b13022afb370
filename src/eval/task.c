/* task.c -- text classification as a judge of word vectors. */
#include "spine/eval/task.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/text/vectors.h"

enum { DEALT_FOLDS = 10 };

/* --- Reading ------------------------------------------------------------------------------------
 */

/* The files of a description, and where the texts of each begin. */
struct files {
    char *text; /* owned: a copy of what follows NAME=, commas turned to NUL */
    const char *path[SPINE_CLASSIFIER_FOLDS_MOST];
    size_t begin[SPINE_CLASSIFIER_FOLDS_MOST + 1];
    size_t count;
};

static int take_apart(struct spine_task *task, struct files *files, const char *description,
                      struct spine_error *err)
{
    const char *equals = strchr(description, '=');
    if (equals == NULL || equals == description)
        return spine_refuse(err, "'%s': expected NAME=FILE,FILE...", description);
    task->name = strndup(description, (size_t)(equals - description));
    files->text = strdup(equals + 1);
    if (task->name == NULL || files->text == NULL)
        return spine_fail(err, "out of memory for the names of a task");
    for (char *at = files->text; at != NULL;) {
        if (files->count == SPINE_CLASSIFIER_FOLDS_MOST)
            return spine_refuse(err, "%s: more than %d files", task->name,
                                SPINE_CLASSIFIER_FOLDS_MOST);
        files->path[files->count++] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
        if (files->path[files->count - 1][0] == '\0')
            return spine_refuse(err, "'%s': a file's name is missing", description);
    }
    return 0;
}

/* Put the file and the line of a text before a message. */
static int place(const struct files *files, size_t text, struct spine_error *err)
{
    size_t k = 0;
    while (text >= files->begin[k + 1])
        k++;
    return spine_vectors_place(files->path[k], text - files->begin[k] + 1, err);
}

/* What concatenation asks: as many tokens in every text. */
static int check_widths(const struct spine_labelled *texts, const struct files *files,
                        struct spine_error *err)
{
    for (size_t i = 1; i < texts->count; i++) {
        const size_t tokens = texts->first[i + 1] - texts->first[i];
        if (tokens != texts->first[1]) {
            spine_refuse(err, "%zu words, but the first text has %zu: concatenation needs the same",
                         tokens, texts->first[1]);
            return place(files, i, err);
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

/* A classifier can't learn a label that only the later files have. Labels are numbered as they
 * come.
 */
static int check_labels(const struct spine_task *task, const struct files *files,
                        struct spine_error *err)
{
    const struct spine_labelled *texts = &task->texts;
    uint32_t known = 0;
    for (size_t i = 0; i < texts->count; i++) {
        if (i < task->num_train) {
            known = texts->label[i] > known ? texts->label[i] : known;
        } else if (texts->label[i] > known) {
            char quoted[SPINE_QUOTE_SIZE];
            const char *label = spine_words_get(&texts->labels, texts->label[i]);
            spine_vectors_quote(quoted, label, strlen(label));
            spine_refuse(err, "label %s doesn't occur in %s", quoted, files->path[0]);
            return place(files, i, err);
        }
    }
    return 0;
}

int spine_task_read(struct spine_task *task, const char *description, enum spine_features features,
                    struct spine_error *err)
{
    struct files files = {0};
    *task = (struct spine_task){.features = features};
    int rc = take_apart(task, &files, description, err);
    if (rc == 0 && files.count != 2 && files.count != 3)
        rc = spine_refuse(err, "'%s': expected NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST",
                          description);
    if (rc == 0)
        rc = read_files(task, &files, err);
    if (rc == 0) {
        task->num_train = files.begin[1];
        task->num_valid = files.count == 3 ? files.begin[2] - files.begin[1] : 0;
        rc = check_labels(task, &files, err);
        if (rc == 0 && task->num_valid == 0 && task->num_train < SPINE_CLASSIFIER_FOLDS)
            rc = spine_refuse(err, "%s: %zu texts are too few to train on without VALID",
                              files.path[0], task->num_train);
    }
    free(files.text);
    return rc;
}

/* One file is dealt out, several are a fold each. */
static int number_folds(struct spine_task *task, const struct files *files, uint64_t seed,
                        struct spine_error *err)
{
    const size_t count = task->texts.count;
    task->fold = calloc(count, sizeof *task->fold);
    if (task->fold == NULL)
        return spine_fail(err, "out of memory for the folds of %zu texts", count);
    task->num_folds = files->count == 1 ? DEALT_FOLDS : files->count;
    if (count < task->num_folds)
        return spine_refuse(err, "%s: %zu texts are too few for %d folds", files->path[0], count,
                            DEALT_FOLDS);
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
    int rc = take_apart(task, &files, description, err);
    if (rc == 0 && files.count == 2)
        rc = spine_refuse(err, "'%s': expected one file or three folds and more", description);
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

/* --- Features -----------------------------------------------------------------------------------
 */

/* sum += a row; as sparse as the row is. */
static void add_row(const struct spine_space *space, size_t row, double *sum)
{
    const struct spine_csr *codes = &space->codes;
    if (space->dense != NULL) {
        const float *values = space->dense + row * space->columns;
        for (size_t j = 0; j < space->columns; j++)
            sum[j] += (double)values[j];
    } else {
        for (int64_t k = codes->indptr[row]; k < codes->indptr[row + 1]; k++)
            sum[codes->indices[k]] += (double)codes->data[k];
    }
}

/* Room for one text. */
struct sight {
    size_t columns; /* of an example */
    double *sum;    /* owned, as is the other; (columns) */
    float *row;     /* (columns) */
};

static int make_sight(struct sight *sight, const struct spine_task *task,
                      const struct spine_space *space, struct spine_error *err)
{
    const size_t width = task->features == SPINE_FEATURES_CONCAT ? task->texts.first[1] : 1;
    if (space->columns > INT_MAX / width)
        return spine_refuse(err, "%s: %zu vectors of %zu numbers are too much to concatenate",
                            task->name, width, space->columns);
    sight->columns = width * space->columns;
    sight->sum = malloc(sight->columns * sizeof *sight->sum);
    sight->row = malloc(sight->columns * sizeof *sight->row);
    if (sight->sum == NULL || sight->row == NULL)
        return spine_fail(err, "out of memory for the features of a text");
    return 0;
}

/* The features of text i go to sight->row. */
static void look_at(const struct spine_task *task, const struct spine_space *space, size_t i,
                    struct sight *sight, struct spine_coverage *coverage)
{
    const struct spine_labelled *texts = &task->texts;
    const bool is_mean = task->features == SPINE_FEATURES_MEAN;
    size_t num_found = 0;
    memset(sight->sum, 0, sight->columns * sizeof *sight->sum);
    for (size_t k = texts->first[i]; k < texts->first[i + 1]; k++) {
        const int64_t row = spine_space_find_any_case(space, spine_words_get(&texts->tokens, k));
        if (row < 0)
            continue;
        num_found++;
        add_row(space, (size_t)row,
                sight->sum + (is_mean ? 0 : (k - texts->first[i]) * space->columns));
    }
    for (size_t j = 0; j < sight->columns; j++)
        sight->row[j] =
            (float)(is_mean && num_found > 0 ? sight->sum[j] / (double)num_found : sight->sum[j]);
    coverage->tokens += texts->first[i + 1] - texts->first[i];
    coverage->found += num_found;
    coverage->empty += num_found == 0;
}

int spine_task_examples(const struct spine_task *task, const struct spine_space *space,
                        struct spine_examples **examples, struct spine_coverage *coverage,
                        struct spine_error *err)
{
    struct sight sight = {0};
    *examples = NULL;
    *coverage = (struct spine_coverage){0};
    int rc = make_sight(&sight, task, space, err);
    if (rc == 0)
        rc = spine_examples_create(examples, sight.columns, err);
    for (size_t i = 0; rc == 0 && i < task->texts.count; i++) {
        look_at(task, space, i, &sight, coverage);
        rc = spine_examples_add(*examples, sight.row, task->texts.label[i], err);
    }
    free(sight.sum);
    free(sight.row);
    if (rc != 0) {
        spine_examples_destroy(*examples);
        *examples = NULL;
    }
    return rc;
}

int spine_task_judge(const struct spine_task *task, struct spine_examples *examples,
                     enum spine_classifier kind, uint64_t seed, struct spine_verdict *verdict,
                     struct spine_error *err)
{
    if (task->num_folds > 0)
        return spine_classifier_cross_validate(examples, kind, task->fold, task->num_folds, verdict,
                                               err);
    return spine_classifier_test(examples, kind, task->num_train, task->num_valid, seed, verdict,
                                 err);
}
