/* evaluate.c -- all measures of every file: the work of spine-eval. */
#include "spine/eval/evaluate.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/config/config.h"
#include "spine/eval/analogies.h"
#include "spine/eval/categories.h"
#include "spine/eval/floor.h"
#include "spine/eval/probing.h"
#include "spine/eval/purity.h"
#include "spine/eval/readability.h"
#include "spine/eval/similarity.h"
#include "spine/eval/sparsity.h"
#include "spine/files/run.h"
#include "spine/files/runinput.h"
#include "spine/space/ranking.h"
#include "spine/space/reference.h"
#include "spine/space/space.h"
#include "spine/space/topwords.h"

enum { DISTRATIO_TOP = 5 }; /* as in the paper */

/* The reference space of all files. */
struct reference {
    char path[SPINE_RUNDIR_PATH]; /* "" if there is none: each dense file is its own */
    const char *run;              /* borrowed; the run whose input it is; NULL if it was given */
    struct spine_space space;
};

/* The test sets, read once for all files. */
struct tests {
    struct spine_testset *all; /* owned; (count); what follows points into it */
    struct spine_testset *similarity, *analogies, *categorization;
    size_t count;
};

/* A file and what is known about it. */
struct subject {
    const char *path;
    struct spine_space space;
    double values;           /* that aren't 0, a word */
    const double *explained; /* variance of the input, if that is known; else NULL */
    bool is_listed;          /* options->words are its words */
    bool is_projection;      /* only word tests and classifiers are meaningful */
    const struct reference *reference;
    const struct tests *tests;
    const struct spine_classification *classification;
};

/* --- Runs and their inputs ---------------------------------------------------------------- */

/* Get the path in a run's configuration; "" if 'directory' isn't a run. */
static int recall_input(const char *directory, char input[SPINE_CONFIG_TEXT],
                        struct spine_error *err)
{
    struct spine_run run;

    if (spine_run_read(&run, directory, err))
        return -1;

    strcpy(input, run.config.input);
    spine_run_dispose(&run);
    return 0;
}

/* Use the input of a run as the reference space, if it can be. */
static int read_own(const struct spine_evaluate_options *options, const char *directory,
                    const char *input, struct reference *reference, struct spine_error *err)
{
    enum spine_runinput found;

    reference->run = directory;
    if (spine_runinput_find(directory, input, &found, reference->path, err))
        return -1;
    if (found == SPINE_RUNINPUT_FOUND) {
        spine_log(SPINE_LOG_INFO, "the reference space is %s", reference->path);
        return spine_space_read_listed(&reference->space, reference->path, options->words, err);
    }

    if (found == SPINE_RUNINPUT_MISSING)
        spine_log_warning(
            "%s, the input of the run, can't be read; give a reference space with --space", input);
    else
        spine_log_warning("%s: isn't the input that %s was trained on (its checksum differs), so "
                          "nothing is measured against it; give a reference space with --space",
                          reference->path, directory);
    reference->path[0] = '\0';
    return 0;
}

static int read_reference(const struct spine_evaluate_options *options, struct reference *reference,
                          struct spine_error *err)
{
    *reference = (struct reference){.path = ""};
    if (options->space != NULL) {
        if (strlen(options->space) >= sizeof reference->path)
            return spine_refuse(err, "--space: the path is too long");
        strcpy(reference->path, options->space);
        return spine_keptspace_read(options->kept, &reference->space, reference->path,
                                    options->words, err);
    }

    for (size_t i = 0; i < options->files.count; i++) {
        char input[SPINE_CONFIG_TEXT] = "";
        if (recall_input(options->files.list[i], input, err))
            return -1;
        if (input[0] != '\0')
            return read_own(options, options->files.list[i], input, reference, err);
    }

    return 0;
}

/* --- Test sets ---------------------------------------------------------------------------- */

/* With what follows it, it must fit into a figure's name. */
enum { TEST_NAME = SPINE_FIGURE_NAME - sizeof ", 3CosAdd" + 1 };

/* The name of a file, without directory and extension. */
static void name_file(const char *path, char name[TEST_NAME])
{
    snprintf(name, TEST_NAME, "%s", spine_path_name(path));
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
}

/* The name of test set i of a kind: that of its file or, if another one's is equal, its path, the
 * end of a long one. */
static void name_test(const struct spine_paths *paths, size_t i, char name[TEST_NAME])
{
    const char *path = paths->list[i];
    const size_t length = strlen(path);
    char others[TEST_NAME];
    bool is_shared = false;

    name_file(path, name);
    for (size_t k = 0; k < paths->count; k++) {
        name_file(paths->list[k], others);
        is_shared = is_shared || (k != i && strcmp(others, name) == 0);
    }
    if (is_shared)
        snprintf(name, TEST_NAME, "%s", path + (length < TEST_NAME ? 0 : length - TEST_NAME + 1));
}

/* Check that each test set of a kind has a name of its own. */
static int check_names(const char *option, const struct spine_paths *paths, struct spine_error *err)
{
    for (size_t i = 0; i < paths->count; i++)
        for (size_t k = 0; k < i; k++) {
            char name[TEST_NAME], others[TEST_NAME];
            if (strcmp(paths->list[i], paths->list[k]) == 0)
                return spine_refuse(err, "%s: %s is given twice", option, paths->list[i]);
            name_test(paths, i, name);
            name_test(paths, k, others);
            if (strcmp(name, others) == 0)
                return spine_refuse(err, "%s: %s and %s would both be called '%s'; rename one",
                                    option, paths->list[k], paths->list[i], name);
        }
    return 0;
}

typedef int read_testset(struct spine_testset *set, const char *path, struct spine_error *err);

/* Append the test sets of one kind. */
static int read_kind(const struct spine_paths *paths, read_testset *read, struct tests *tests,
                     struct spine_testset **kind, struct spine_error *err)
{
    *kind = tests->all + tests->count;
    for (size_t i = 0; i < paths->count; i++)
        if (read(&tests->all[tests->count++], paths->list[i], err))
            return -1;
    return 0;
}

static int read_tests(const struct spine_evaluate_options *options, struct tests *tests,
                      struct spine_error *err)
{
    const size_t count =
        options->similarity.count + options->analogies.count + options->categorization.count;

    *tests = (struct tests){0};
    if (check_names("--similarity", &options->similarity, err) ||
        check_names("--analogies", &options->analogies, err) ||
        check_names("--categorization", &options->categorization, err))
        return -1;
    tests->all = spine_memory_zeroed(count + 1, sizeof *tests->all, "the test sets", err);
    if (tests->all == NULL ||
        read_kind(&options->similarity, spine_testset_read_pairs, tests, &tests->similarity, err) ||
        read_kind(&options->analogies, spine_testset_read_analogies, tests, &tests->analogies,
                  err) ||
        read_kind(&options->categorization, spine_testset_read_sorted, tests,
                  &tests->categorization, err))
        return -1;
    return 0;
}

static void dispose_tests(struct tests *tests)
{
    for (size_t i = 0; i < tests->count; i++)
        spine_testset_dispose(&tests->all[i]);
    free(tests->all);
}

/* Warn if nothing was found, which is probably a mistake. */
static void warn_of_nothing(const struct subject *subject, const struct spine_testset *set,
                            size_t found, const char *what)
{
    if (found == 0)
        spine_log_warning(
            "%s: none of its %s can be measured with %s, which lacks their words; its "
            "first word is '%s', the file's is '%s'",
            set->path, what, subject->path, spine_testset_word(set, 0, 0),
            spine_words_get(&subject->space.words, 0));
}

/* --- What is measured --------------------------------------------------------------------- */

/* Find a file's input, whose path in the run's configuration is 'input'. If it isn't the reference
 * space, which is then *space, read it to 'own'; no rows: it is unknown. */
static int find_input(const struct spine_evaluate_options *options, const struct subject *subject,
                      const char *input, struct spine_space *own, const struct spine_space **space,
                      struct spine_error *err)
{
    const struct reference *reference = subject->reference;
    /* A sweep gives the vectors that it trains on. */
    const bool is_swept = options->kept != NULL && strcmp(input, reference->path) == 0;
    enum spine_runinput found;
    char path[SPINE_RUNDIR_PATH];

    *space = &reference->space;
    if (reference->run == subject->path || is_swept)
        return 0;

    if (spine_runinput_find(subject->path, input, &found, path, err))
        return -1;
    if (found == SPINE_RUNINPUT_FOUND && strcmp(path, reference->path) == 0)
        return 0;
    *space = own;
    return found == SPINE_RUNINPUT_FOUND ? spine_space_read(own, path, err) : 0;
}

/* Add the variance that a run's codes explain of its own input, which may differ from the reference
 * space. */
static int add_explained(const struct spine_evaluate_options *options,
                         const struct subject *subject, const struct spine_run *run,
                         struct spine_figures *figures, struct spine_error *err)
{
    struct spine_space own = {0};
    const struct spine_space *space = NULL;
    double explained = (double)NAN;

    int rc = find_input(options, subject, run->config.input, &own, &space, err);
    if (rc == 0 && space == &own && space->rows == 0)
        spine_log_warning("%s: its explained variance is left out: %s, its input, was changed or "
                          "can't be read",
                          subject->path, run->config.input);
    if (rc == 0 && space->rows > 0)
        rc = spine_sparsity_explained(&subject->space, &run->model, space, &explained, err);
    spine_space_dispose(&own);
    if (rc != 0)
        return -1;

    return spine_figures_add_plain(figures, "sparsity", "explained variance", explained, 4, err);
}

static int measure_explained(const struct spine_evaluate_options *options,
                             const struct subject *subject, struct spine_figures *figures,
                             struct spine_error *err)
{
    struct spine_run run;
    int rc = 0;

    if (subject->explained != NULL)
        return spine_figures_add_plain(figures, "sparsity", "explained variance",
                                       *subject->explained, 4, err);
    if (spine_run_read(&run, subject->path, err))
        return -1;

    if (run.has_model)
        rc = add_explained(options, subject, &run, figures, err);

    spine_run_dispose(&run);
    return rc;
}

static int add_readability(struct spine_figures *figures, const char *name,
                           const struct spine_readability *result, struct spine_error *err)
{
    return spine_figures_add(figures, "interpretability", name, result->estimate,
                             (int64_t)result->counted, (int64_t)result->missing, 3, err);
}

/* The second figure only where it may differ from the first. */
static int add_intrusion(struct spine_figures *figures, const struct spine_reference *reference,
                         const struct spine_intrusion *intrusion, struct spine_error *err)
{
    if (add_readability(figures, "intrusion", &intrusion->all, err))
        return -1;
    if (spine_reference_unknown(reference) == 0)
        return 0;
    return add_readability(figures, "intrusion, known", &intrusion->known, err);
}

static int measure_panel(const struct spine_evaluate_options *options,
                         const struct spine_topwords *topwords,
                         const struct spine_reference *reference, struct spine_figures *figures,
                         struct spine_error *err)
{
    struct spine_readability coherence, distratio, diversity;
    struct spine_intrusion intrusion;

    if (spine_readability_intrusion(topwords, reference, options->top, options->draws,
                                    options->seed, &intrusion, err) ||
        spine_readability_coherence(topwords, reference, options->top, &coherence, err) ||
        spine_readability_distratio(topwords, reference, DISTRATIO_TOP, options->draws,
                                    options->seed, &distratio, err) ||
        spine_readability_diversity(topwords, options->top, &diversity, err) ||
        add_intrusion(figures, reference, &intrusion, err) ||
        add_readability(figures, "coherence", &coherence, err) ||
        add_readability(figures, "DistRatio", &distratio, err) ||
        add_readability(figures, "diversity", &diversity, err))
        return -1;

    return 0;
}

static void log_unknown(const struct subject *subject, const struct spine_reference *reference)
{
    const size_t unknown = spine_reference_unknown(reference);

    if (unknown > 0)
        spine_log(SPINE_LOG_INFO,
                  "%s: %zu of %zu words have no vector in the reference space, or one of zeros",
                  subject->path, unknown, reference->rows);
}

static int measure_interpretability(const struct spine_evaluate_options *options,
                                    const struct subject *subject,
                                    const struct spine_ranking *ranking,
                                    struct spine_figures *figures, struct spine_error *err)
{
    const struct spine_space *neutral = &subject->reference->space;

    if (subject->reference->path[0] == '\0')
        neutral = subject->space.dense != NULL ? &subject->space : NULL;
    if (neutral == NULL) {
        spine_log_warning("%s: codes need a reference space; give one with --space", subject->path);
        return 0;
    }

    struct spine_reference reference;
    struct spine_topwords topwords;
    const size_t most = options->top > DISTRATIO_TOP ? options->top : DISTRATIO_TOP;
    if (spine_reference_init(&reference, neutral, &subject->space, err))
        return -1;
    log_unknown(subject, &reference);
    int rc = spine_topwords_init(&topwords, &subject->space, ranking, &reference, most, err);
    if (rc == 0) {
        rc = measure_panel(options, &topwords, &reference, figures, err);
        spine_topwords_dispose(&topwords);
    }

    spine_reference_dispose(&reference);
    return rc;
}

static int measure_similarity(const struct spine_evaluate_options *options,
                              const struct subject *subject, struct spine_figures *figures,
                              struct spine_error *err)
{
    for (size_t i = 0; i < options->similarity.count; i++) {
        struct spine_similarity result;
        char name[TEST_NAME];
        name_test(&options->similarity, i, name);
        if (spine_similarity_measure(&subject->space, &subject->tests->similarity[i], options->seed,
                                     &result, err))
            return -1;
        warn_of_nothing(subject, &subject->tests->similarity[i], result.found, "pairs");
        if (spine_figures_add(figures, "similarity", name, result.rho, (int64_t)result.found,
                              (int64_t)result.missing, 3, err))
            return -1;
    }
    return 0;
}

static int measure_analogies(const struct spine_evaluate_options *options,
                             const struct subject *subject, struct spine_figures *figures,
                             struct spine_error *err)
{
    for (size_t i = 0; i < options->analogies.count; i++) {
        struct spine_analogies result;
        char name[TEST_NAME], add[SPINE_FIGURE_NAME], mul[SPINE_FIGURE_NAME];
        name_test(&options->analogies, i, name);
        snprintf(add, sizeof add, "%s, 3CosAdd", name);
        snprintf(mul, sizeof mul, "%s, 3CosMul", name);
        if (spine_analogies_measure(&subject->space, &subject->tests->analogies[i], &result, err))
            return -1;
        warn_of_nothing(subject, &subject->tests->analogies[i], result.counted, "questions");
        if (spine_figures_add(figures, "analogies", add, result.add, (int64_t)result.counted,
                              (int64_t)result.missing, 3, err) ||
            spine_figures_add(figures, "analogies", mul, result.mul, (int64_t)result.counted,
                              (int64_t)result.missing, 3, err))
            return -1;
    }
    return 0;
}

static int measure_purity(const struct spine_evaluate_options *options,
                          const struct subject *subject, struct spine_figures *figures,
                          struct spine_error *err)
{
    for (size_t i = 0; i < options->categorization.count; i++) {
        struct spine_purity result;
        char name[TEST_NAME];
        name_test(&options->categorization, i, name);
        if (spine_purity_measure(&subject->space, &subject->tests->categorization[i], options->seed,
                                 &result, err))
            return -1;
        warn_of_nothing(subject, &subject->tests->categorization[i], result.found, "rows");
        if (spine_figures_add(figures, "categorization", name,
                              (struct spine_estimate){result.purity, (double)NAN, (double)NAN},
                              (int64_t)result.found, (int64_t)result.missing, 3, err))
            return -1;
    }
    return 0;
}

static int measure_categories(const struct spine_evaluate_options *options,
                              const struct subject *subject, const struct spine_ranking *ranking,
                              struct spine_figures *figures, struct spine_error *err)
{
    struct spine_categories_score result;
    if (options->categories == NULL)
        return 0;
    int rc = spine_categories_measure(&subject->space, ranking, options->categories, &result, err);
    for (int l = 0; rc == 0 && l < SPINE_CATEGORIES_LAMBDAS; l++) {
        char name[SPINE_FIGURE_NAME];
        snprintf(name, sizeof name, "category score, lambda %d", l + 1);
        rc = spine_figures_add(figures, "interpretability", name, result.score[l],
                               (int64_t)result.used, (int64_t)result.left_out, 1, err);
    }
    return rc;
}

/* Measure the uncentred vectors. */
static int measure_dimensions(const struct spine_evaluate_options *options,
                              const struct subject *subject, struct spine_figures *figures,
                              struct spine_error *err)
{
    struct spine_ranking ranking;

    if (spine_ranking_init(&ranking, &subject->space, err))
        return -1;

    const int rc = spine_sparsity_measure(&subject->space, figures, err) ||
                   measure_explained(options, subject, figures, err) ||
                   measure_interpretability(options, subject, &ranking, figures, err) ||
                   measure_categories(options, subject, &ranking, figures, err);

    spine_ranking_dispose(&ranking);
    if (rc)
        return -1;
    return 0;
}

/* Are the vectors dense (evaluate.h)? */
static bool is_dense(const struct subject *subject)
{
    return subject->space.dense != NULL && 2 * subject->values >= (double)subject->space.dimensions;
}

/* Is anything measured for which vectors are centred or scaled? */
static bool has_word_tests(const struct spine_evaluate_options *options)
{
    return options->similarity.count + options->analogies.count + options->categorization.count +
               options->tasks.count >
           0;
}

static int measure(const struct spine_evaluate_options *options, struct subject *subject,
                   struct spine_figures *figures, struct spine_error *err)
{
    if (!subject->is_projection && measure_dimensions(options, subject, figures, err))
        return -1;
    if (!has_word_tests(options)) /* the space may be the reference, which must stay as it is */
        return 0;

    if (is_dense(subject) && !options->is_raw)
        spine_space_center(&subject->space);
    else if (options->is_scaled && spine_space_scale_columns(&subject->space, err))
        return -1;

    if (measure_similarity(options, subject, figures, err) ||
        measure_analogies(options, subject, figures, err) ||
        measure_purity(options, subject, figures, err) ||
        spine_classification_measure(subject->classification, options->tasks.kinds, &subject->space,
                                     figures, err))
        return -1;
    if (!options->has_probes)
        return 0;
    return spine_probing_measure(subject->classification, &subject->space, figures, err);
}

/* --- Baselines without learning ----------------------------------------------------------- */

/* Log why a file has no baselines. */
static int refuse_floor(const struct subject *subject, const char *reason)
{
    spine_log(SPINE_LOG_INFO, "%s: has no baseline: %s", subject->path, reason);
    return 0;
}

/* Evaluate a baseline's space as "FILE: NAME", and dispose of it. */
static int evaluate_made(const struct spine_evaluate_options *options, struct subject *made,
                         const char *name, struct spine_evaluation *evaluation,
                         struct spine_error *err)
{
    const size_t size = strlen(made->path) + strlen(name) + 3;
    int rc = -1;

    evaluation->made = spine_memory_get(size, 1, "the name of a baseline", err);
    if (evaluation->made != NULL) {
        snprintf(evaluation->made, size, "%s: %s", made->path, name);
        evaluation->path = made->path = evaluation->made;
        evaluation->rows = made->space.rows;
        evaluation->columns = made->space.dimensions;
        made->values = spine_sparsity_values(&made->space);
        rc = measure(options, made, &evaluation->figures, err);
    }

    spine_space_dispose(&made->space);
    return rc;
}

/* Evaluate the baselines of a file, and count them. */
static int measure_floors(const struct spine_evaluate_options *options,
                          const struct subject *subject, const struct spine_space *input,
                          struct spine_evaluation *evaluations, size_t *count,
                          struct spine_error *err)
{
    const struct spine_floor floor = {&subject->space, input, subject->values, options->seed};
    struct subject made = *subject;
    double explained;

    if (input->rows == 0 || input->dense == NULL)
        return refuse_floor(subject, "its input isn't known; give a dense one with --space");
    if (2 * subject->values >= (double)input->dimensions)
        return refuse_floor(subject, "it isn't sparser than its input");

    made.explained = &explained;
    if (spine_floor_words(&floor, &made.space, &explained, err) ||
        evaluate_made(options, &made, "random words", &evaluations[(*count)++], err))
        return -1;
    if (!has_word_tests(options))
        return 0;

    made = *subject;
    made.is_projection = true;
    if (spine_floor_pca(&floor, &made.space, err) ||
        evaluate_made(options, &made, "PCA", &evaluations[(*count)++], err))
        return -1;
    return 0;
}

static int evaluate_floors(const struct spine_evaluate_options *options,
                           const struct subject *subject, struct spine_evaluation *evaluations,
                           size_t *count, struct spine_error *err)
{
    const struct spine_space *space = &subject->reference->space;
    struct spine_space own = {0};
    char input[SPINE_CONFIG_TEXT] = "";

    if (is_dense(subject))
        return refuse_floor(subject, "it isn't sparse");
    if (recall_input(subject->path, input, err))
        return -1;

    int rc = 0;
    if (input[0] != '\0')
        rc = find_input(options, subject, input, &own, &space, err);
    if (rc == 0)
        rc = measure_floors(options, subject, space, evaluations, count, err);
    spine_space_dispose(&own);
    return rc;
}

/* --- All files ---------------------------------------------------------------------------- */

/* Evaluate a file and its baselines; adds their number to *count. */
static int evaluate_file(const struct spine_evaluate_options *options, struct subject *subject,
                         struct spine_evaluation *evaluations, size_t *count,
                         struct spine_error *err)
{
    struct spine_evaluation *evaluation = &evaluations[(*count)++];
    evaluation->path = subject->path;

    /* The reference space is read once, unless its vectors will be changed. */
    const bool is_shared =
        strcmp(subject->path, subject->reference->path) == 0 && !has_word_tests(options);
    if (is_shared)
        subject->space = subject->reference->space;
    else if (spine_space_read_listed(&subject->space, subject->path, options->words, err))
        return -1;
    subject->is_listed = subject->space.is_listed;
    if (subject->space.num_repeated > 0)
        spine_log_warning("%s: %zu words occur more than once; the first vector is used",
                          subject->path, subject->space.num_repeated);
    evaluation->rows = subject->space.rows;
    evaluation->columns = subject->space.dimensions;
    subject->values = spine_sparsity_values(&subject->space);

    int rc = measure(options, subject, &evaluation->figures, err);
    if (rc == 0 && options->has_floor)
        rc = evaluate_floors(options, subject, evaluations, count, err);

    if (!is_shared)
        spine_space_dispose(&subject->space);
    return rc;
}

int spine_evaluate(const struct spine_evaluate_options *options,
                   struct spine_evaluation **evaluations, size_t *count, struct spine_error *err)
{
    enum { OF_A_FILE = 3 }; /* itself and two baselines */
    struct reference reference = {0};
    struct spine_classification classification = {0};
    struct tests tests = {0};
    *count = 0;
    *evaluations = spine_memory_zeroed(OF_A_FILE * options->files.count, sizeof **evaluations,
                                       "the results of all files", err);
    if (*evaluations == NULL)
        return -1;

    int rc = read_tests(options, &tests, err);
    if (rc == 0)
        rc = spine_classification_read(&classification, options->tasks.list, options->tasks.count,
                                       options->seed, err);
    if (rc == 0)
        rc = read_reference(options, &reference, err);
    bool is_used = reference.space.is_listed;
    for (size_t i = 0; rc == 0 && i < options->files.count; i++) {
        struct subject subject = {.path = options->files.list[i],
                                  .reference = &reference,
                                  .tests = &tests,
                                  .classification = &classification};
        rc = evaluate_file(options, &subject, *evaluations, count, err);
        is_used = is_used || subject.is_listed;
    }

    if (rc == 0 && options->words != NULL && !is_used)
        spine_log_warning("--words-from: %s isn't used: all files have words of their own",
                          options->words);
    dispose_tests(&tests);
    spine_classification_dispose(&classification);
    spine_keptspace_end(options->space != NULL ? options->kept : NULL, &reference.space,
                        reference.path);
    return rc;
}

void spine_evaluate_dispose(struct spine_evaluation *evaluations, size_t count)
{
    for (size_t i = 0; evaluations != NULL && i < count; i++) {
        spine_figures_dispose(&evaluations[i].figures);
        free(evaluations[i].made);
    }
    free(evaluations);
}
