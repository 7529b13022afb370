/* classifier.c -- linear classifiers, by liblinear.
 *
 * Examples are divided into parts. A trial trains on some parts with one C, and counts the correct
 * predictions in each of the others. Trials are independent, so they run on all threads.
 * liblinear's primal solvers draw no random numbers and share nothing except the function with
 * which they print. */
#include "spine/eval/classifier.h"

#include <assert.h>
#include <limits.h>
#include <linear.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

/* Covers what word vectors and codes were found to need. */
static const double grid[] = {0.1, 1, 10, 100, 1000, 10000};
enum { GRID = sizeof grid / sizeof *grid, PARTS_MOST = SPINE_CLASSIFIER_FOLDS_MOST + 1 };

/* liblinear's features of an example end with the constant and a node of index -1. */
struct spine_examples {
    size_t columns, count, num_nodes;
    struct feature_node *nodes; /* owned; (num_nodes), of all examples */
    size_t *first;              /* owned; (count): node first[i] is the first of example i */
    double *label;              /* owned; (count), as liblinear wants them */
    size_t first_capacity, label_capacity, node_capacity;
};

struct trial {
    uint64_t parts;                   /* a bit for each to train on */
    bool is_test;                     /* one part is left out, to test on it; else two */
    size_t correct[GRID][PARTS_MOST]; /* out: in the parts not trained on */
    bool is_short;                    /* out: out of memory */
};

/* The examples, and each one's part. */
struct parted {
    const struct spine_examples *examples;
    const uint32_t *part; /* borrowed; (examples->count) */
    size_t count[PARTS_MOST];
    int solver;
};

/* --- Examples ------------------------------------------------------------------------------ */

int spine_examples_create(struct spine_examples **examples, size_t columns, struct spine_error *err)
{
    if (columns >= INT_MAX)
        return spine_refuse(err, "%zu features are more than a classifier can take", columns);
    *examples = spine_memory_zeroed(1, sizeof **examples, "a classifier's examples", err);
    if (*examples == NULL)
        return -1;
    (*examples)->columns = columns;
    return 0;
}

static int reserve(struct spine_examples *examples, struct spine_error *err)
{
    if (spine_memory_reserve(&examples->first, &examples->first_capacity, examples->count + 1,
                             sizeof *examples->first, "examples", err) ||
        spine_memory_reserve(&examples->label, &examples->label_capacity, examples->count + 1,
                             sizeof *examples->label, "examples", err) ||
        spine_memory_reserve(&examples->nodes, &examples->node_capacity,
                             examples->num_nodes + examples->columns + 2, sizeof *examples->nodes,
                             "features of examples", err))
        return -1;
    return 0;
}

static void add_node(struct spine_examples *examples, int index, double value)
{
    examples->nodes[examples->num_nodes++] = (struct feature_node){index, value};
}

int spine_examples_add(struct spine_examples *examples, const float *row, uint32_t label,
                       struct spine_error *err)
{
    if (reserve(examples, err))
        return -1;
    if (examples->count + 1 >= INT_MAX)
        return spine_refuse(err, "more examples than a classifier can take");
    examples->first[examples->count] = examples->num_nodes;
    examples->label[examples->count++] = label;

    for (size_t j = 0; j < examples->columns; j++)
        if (row[j] != 0)
            add_node(examples, (int)j + 1, (double)row[j]);

    add_node(examples, (int)examples->columns + 1, 1);
    add_node(examples, -1, 0);

    return 0;
}

void spine_examples_destroy(struct spine_examples *examples)
{
    if (examples == NULL)
        return;
    free(examples->nodes);
    free(examples->first);
    free(examples->label);
    free(examples);
}

size_t spine_examples_columns(const struct spine_examples *examples)
{
    return examples->columns;
}

int spine_examples_contrast(const struct spine_examples *examples, size_t count, uint32_t label,
                            double *contrast, struct spine_error *err)
{
    const size_t columns = examples->columns;
    double *sums =
        spine_memory_zeroed(2 * columns, sizeof *sums, "the contrasts of all features", err);
    double *squares = sums + columns, num_same = 0;
    if (sums == NULL)
        return -1;

    memset(contrast, 0, columns * sizeof *contrast);
    for (size_t i = 0; i < count; i++) {
        const bool is_same = examples->label[i] == label;
        num_same += is_same;
        for (const struct feature_node *node = examples->nodes + examples->first[i];
             node->index <= (int)columns && node->index > 0; node++) {
            contrast[node->index - 1] += is_same ? node->value : 0;
            sums[node->index - 1] += node->value;
            squares[node->index - 1] += node->value * node->value;
        }
    }

    const double all = (double)count, others = all - num_same;
    for (size_t j = 0; j < columns; j++) {
        const double variance = squares[j] / all - sums[j] / all * (sums[j] / all);
        const double difference = contrast[j] / num_same - (sums[j] - contrast[j]) / others;
        const bool has_contrast = num_same > 0 && others > 0 && variance > 1e-12 * squares[j] / all;
        contrast[j] = has_contrast ? difference / sqrt(variance) : 0;
    }
    free(sums);
    return 0;
}

int spine_examples_choose(const struct spine_examples *examples, const uint32_t *chosen,
                          size_t count, uint32_t label, struct spine_examples **out,
                          struct spine_error *err)
{
    float *row = spine_memory_get(count, sizeof *row, "the features of a text", err);
    uint32_t *place =
        spine_memory_zeroed(examples->columns, sizeof *place, "the chosen features", err);
    *out = NULL;
    int rc = row == NULL || place == NULL ? -1 : spine_examples_create(out, count, err);
    for (size_t c = 0; rc == 0 && c < count; c++)
        place[chosen[c]] = (uint32_t)c + 1;

    for (size_t i = 0; rc == 0 && i < examples->count; i++) {
        memset(row, 0, count * sizeof *row);
        for (const struct feature_node *node = examples->nodes + examples->first[i];
             node->index <= (int)examples->columns && node->index > 0; node++)
            if (place[node->index - 1] > 0)
                row[place[node->index - 1] - 1] = (float)node->value;
        rc = spine_examples_add(*out, row, examples->label[i] == label, err);
    }

    free(row);
    free(place);
    if (rc != 0) {
        spine_examples_destroy(*out);
        *out = NULL;
    }
    return rc;
}

double spine_examples_majority(const struct spine_examples *examples, size_t num_train,
                               size_t first, uint32_t label)
{
    size_t train = 0, test = 0;
    for (size_t i = 0; i < examples->count; i++) {
        train += i < num_train && examples->label[i] == label;
        test += i >= first && examples->label[i] == label;
    }
    const double share = (double)test / (double)(examples->count - first);
    return 2 * train > num_train ? share : 1 - share;
}

/* Multiply all features so that the mean squared norm of the first 'count' examples is 1. */
static void scale(struct spine_examples *examples, size_t count)
{
    const int constant = (int)examples->columns + 1;
    const size_t end = count < examples->count ? examples->first[count] : examples->num_nodes;
    double sum = 0;

    for (size_t k = 0; k < end; k++)
        if (examples->nodes[k].index != constant)
            sum += examples->nodes[k].value * examples->nodes[k].value;

    if (sum == 0)
        return;
    const double factor = sqrt((double)count / sum);
    for (size_t k = 0; k < examples->num_nodes; k++)
        if (examples->nodes[k].index != constant)
            examples->nodes[k].value *= factor;
}

/* --- Trials -------------------------------------------------------------------------------- */

static void print_nothing(const char *text)
{
    (void)text;
}

static bool trains_on(const struct trial *trial, uint32_t part)
{
    return (trial->parts >> part & 1) != 0;
}

/* Point x and y at the examples on which the trial trains; return their number. */
static size_t gather(const struct parted *parted, const struct trial *trial,
                     struct feature_node **x, double *y)
{
    const struct spine_examples *examples = parted->examples;
    size_t count = 0;
    for (size_t i = 0; i < examples->count; i++)
        if (trains_on(trial, parted->part[i])) {
            x[count] = examples->nodes + examples->first[i];
            y[count++] = examples->label[i];
        }
    return count;
}

static void count_correct(const struct parted *parted, const struct model *model,
                          const struct trial *trial, size_t *correct)
{
    const struct spine_examples *examples = parted->examples;
    for (size_t i = 0; i < examples->count; i++)
        if (!trains_on(trial, parted->part[i]) &&
            predict(model, examples->nodes + examples->first[i]) == examples->label[i])
            correct[parted->part[i]]++;
}

/* Train with each C, starting from the weights of the one before. */
static void climb(const struct parted *parted, const struct problem *problem, struct trial *trial)
{
    struct model *model = NULL;

    for (size_t c = 0; c < GRID; c++) {
        struct model *before = model;
        const struct parameter parameter = {.solver_type = parted->solver,
                                            .eps = 0.001,
                                            .C = grid[c],
                                            .init_sol = before == NULL ? NULL : before->w};
        model = train(problem, &parameter);
        if (before != NULL)
            free_and_destroy_model(&before);
        count_correct(parted, model, trial, trial->correct[c]);
    }

    if (model != NULL)
        free_and_destroy_model(&model);
}

static void run_trial(const struct parted *parted, struct trial *trial)
{
    const struct spine_examples *examples = parted->examples;
    struct spine_error unheard; /* run_trials() reports it after all threads have ended */
    struct feature_node **x = spine_memory_get(examples->count, sizeof *x, "a trial", &unheard);
    double *y = spine_memory_get(examples->count, sizeof *y, "a trial", &unheard);
    trial->is_short = x == NULL || y == NULL;
    if (!trial->is_short) {
        const struct problem problem = {.l = (int)gather(parted, trial, x, y),
                                        .n = (int)examples->columns + 1,
                                        .y = y,
                                        .x = x,
                                        .bias = 1};
        climb(parted, &problem, trial);
    }

    free(x);
    free(y);
}

static int run_trials(const struct parted *parted, struct trial *trials, size_t count,
                      struct spine_error *err)
{
    set_print_string_function(print_nothing);
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < count; i++)
        run_trial(parted, &trials[i]);
    for (size_t i = 0; i < count; i++)
        if (trials[i].is_short)
            return spine_memory_fail("the trials of a classifier", err);
    return 0;
}

static int prepare(struct parted *parted, const struct spine_examples *examples,
                   enum spine_classifier kind, const uint32_t *part, size_t num_parts,
                   struct spine_error *err)
{
    *parted = (struct parted){.examples = examples, .part = part};
    parted->solver = kind == SPINE_CLASSIFIER_LOGISTIC ? L2R_LR : L2R_L2LOSS_SVC;
    for (size_t i = 0; i < examples->count; i++)
        parted->count[part[i]]++;
    for (size_t i = 0; i < num_parts; i++)
        if (parted->count[i] == 0)
            return spine_refuse(err, "%zu examples are too few to train and test a classifier",
                                examples->count);
    return 0;
}

/* --- Choosing C ---------------------------------------------------------------------------- */

/* The index in the grid of the greatest number; ties to the first. */
static size_t best_of(const size_t correct[GRID])
{
    size_t best = 0;
    for (size_t c = 1; c < GRID; c++)
        if (correct[c] > correct[best])
            best = c;
    return best;
}

/* Part 0 trains, part 1 chooses, part 2 tests. */
static int test_with_valid(const struct parted *parted, struct spine_accuracy *accuracy,
                           struct spine_error *err)
{
    struct trial trial = {.parts = 1};
    size_t correct[GRID];
    if (run_trials(parted, &trial, 1, err))
        return -1;
    for (size_t c = 0; c < GRID; c++)
        correct[c] = trial.correct[c][1];
    const size_t best = best_of(correct);
    *accuracy = (struct spine_accuracy){trial.correct[best][2], parted->count[2], grid[best]};
    return 0;
}

static uint64_t bit(size_t part)
{
    return (uint64_t)1 << part;
}

/* List the trials for testing on each part of the mask 'tests': training without the part; and, to
 * choose C, training without it and one other part, on which C is evaluated. If both parts are in
 * the mask, one trial serves both. */
static size_t list_trials(size_t num_parts, uint64_t tests, struct trial *trials)
{
    const uint64_t all = bit(num_parts) - 1;
    size_t count = 0;
    for (size_t a = 0; a < num_parts; a++)
        for (size_t b = a; b < num_parts; b++)
            if ((tests & (bit(a) | bit(b))) != 0)
                trials[count++] =
                    (struct trial){.parts = all & ~(bit(a) | bit(b)), .is_test = a == b};
    return count;
}

/* The index in the grid of the C that was right most often on the other parts, without this
 * part. */
static size_t choose(const struct trial *trials, size_t count, size_t part, size_t num_parts)
{
    size_t correct[GRID] = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t other = 0; other < num_parts && (trials[i].parts & bit(part)) == 0; other++)
            for (size_t c = 0; c < GRID && other != part; c++)
                correct[c] += trials[i].correct[c][other];
    return best_of(correct);
}

/* Test on each part of the mask 'tests', trained on all others. */
static int test_parts(const struct parted *parted, size_t num_parts, uint64_t tests,
                      struct spine_accuracy *accuracy, struct spine_error *err)
{
    struct trial *trials = spine_memory_zeroed(num_parts * (num_parts + 1) / 2, sizeof *trials,
                                               "the trials of a classifier", err);
    if (trials == NULL)
        return -1;
    const size_t count = list_trials(num_parts, tests, trials);
    const int rc = run_trials(parted, trials, count, err);
    *accuracy = (struct spine_accuracy){0};

    for (size_t i = 0; i < count; i++)
        for (size_t part = 0; part < num_parts && trials[i].is_test; part++)
            if ((trials[i].parts & bit(part)) == 0) {
                const size_t c = choose(trials, count, part, num_parts);
                accuracy->C = grid[c];
                accuracy->correct += trials[i].correct[c][part];
                accuracy->count += parted->count[part];
            }

    free(trials);
    return rc;
}

/* --- Tests -------------------------------------------------------------------------------- */

/* Seven parameters: the split of the examples is three plain numbers. */
int spine_classifier_test(struct spine_examples *examples, enum spine_classifier kind,
                          size_t num_train, size_t num_valid, uint64_t seed,
                          struct spine_accuracy *accuracy, struct spine_error *err)
{
    struct parted parted;
    const uint32_t num_parts = num_valid > 0 ? 3 : SPINE_CLASSIFIER_FOLDS + 1;
    uint32_t *part = spine_memory_zeroed(examples->count + 1, sizeof *part,
                                         "the parts of a classifier's examples", err);
    uint32_t *label = spine_memory_zeroed(num_train + 1, sizeof *label,
                                          "the labels of a classifier's examples", err);
    int rc = 0;

    if (part == NULL || label == NULL)
        rc = -1;
    if (rc == 0 && num_valid == 0) {
        for (size_t i = 0; i < num_train; i++)
            label[i] = (uint32_t)examples->label[i];
        rc = spine_classifier_deal(label, num_train, SPINE_CLASSIFIER_FOLDS, seed, part, err);
    }

    if (rc == 0) {
        for (size_t i = num_train; i < examples->count; i++)
            part[i] = i < num_train + num_valid ? 1 : num_parts - 1;
        scale(examples, num_train);
        rc = prepare(&parted, examples, kind, part, num_parts, err);
    }

    if (rc == 0 && num_valid > 0)
        rc = test_with_valid(&parted, accuracy, err);
    else if (rc == 0)
        rc = test_parts(&parted, num_parts, bit(num_parts - 1), accuracy, err);

    free(part);
    free(label);
    return rc;
}

int spine_classifier_cross_validate(struct spine_examples *examples, enum spine_classifier kind,
                                    const uint32_t *fold, size_t num_folds,
                                    struct spine_accuracy *accuracy, struct spine_error *err)
{
    struct parted parted;
    if (num_folds < 3 || num_folds > SPINE_CLASSIFIER_FOLDS_MOST)
        return spine_refuse(err, "%zu folds for cross-validation: 3 to %d are possible", num_folds,
                            SPINE_CLASSIFIER_FOLDS_MOST);
    scale(examples, examples->count);
    if (prepare(&parted, examples, kind, fold, num_folds, err))
        return -1;
    return test_parts(&parted, num_folds, bit(num_folds) - 1, accuracy, err);
}

int spine_classifier_deal(const uint32_t *label, size_t count, size_t num_folds, uint64_t seed,
                          uint32_t *fold, struct spine_error *err)
{
    size_t *order =
        spine_memory_get(count + 1, sizeof *order, "the order of a classifier's examples", err);
    size_t num_dealt = 0;

    if (order == NULL)
        return -1;
    for (uint32_t at = 0, num_labels = 1; at < num_labels; at++) {
        uint32_t num_same = 0;
        for (size_t i = 0; i < count; i++) {
            num_labels = label[i] >= num_labels ? label[i] + 1 : num_labels;
            if (label[i] == at)
                order[num_same++] = i;
        }
        for (; num_same > 0; num_same--) {
            const uint32_t drawn = spine_random_below(seed, 0, at, num_same, num_same);
            fold[order[drawn]] = (uint32_t)(num_dealt++ % num_folds);
            order[drawn] = order[num_same - 1];
        }
    }

    free(order);
    return 0;
}
