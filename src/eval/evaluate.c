/* evaluate.c -- the job of spine-eval. */
#include "spine/eval/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/config/config.h"
#include "spine/eval/analogies.h"
#include "spine/eval/categories.h"
#include "spine/eval/purity.h"
#include "spine/eval/readability.h"
#include "spine/eval/similarity.h"
#include "spine/eval/sparsity.h"
#include "spine/files/run.h"
#include "spine/space/ranking.h"
#include "spine/space/reference.h"
#include "spine/space/space.h"
#include "spine/space/topwords.h"

enum { DISTRATIO_TOP = 5 }; /* as its authors have it */

/* The reference space of all files. */
struct reference {
    char path[SPINE_CONFIG_TEXT]; /* "" if there is none: each dense file is its own */
    struct spine_space space;
};

/* A file and what is known of it. */
struct subject {
    const char *path;
    struct spine_space space;
    const struct reference *reference;
    const struct spine_classification *classification;
};

/* --- Runs and their inputs ---------------------------------------------------------------- */

/* The path of what a run was trained on; "" if 'directory' isn't a run's. */
static int find_input(const char *directory, char *input, struct spine_error *err)
{
    struct spine_run run;

    if (spine_run_read(&run, directory, err))
        return -1;

    strcpy(input, run.input);
    spine_run_dispose(&run);
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
        return spine_space_read(&reference->space, reference->path, err);
    }

    for (size_t i = 0; i < options->files.count && reference->path[0] == '\0'; i++)
        if (find_input(options->files.list[i], reference->path, err))
            return -1;

    if (reference->path[0] == '\0')
        return 0;
    if (access(reference->path, R_OK) == 0) {
        spine_log(SPINE_LOG_INFO, "the reference space is %s", reference->path);
        return spine_space_read(&reference->space, reference->path, err);
    }

    spine_log_warning(
        "%s, the input of the run, can't be read; give a reference space with --space",
        reference->path);
    reference->path[0] = '\0';

    return 0;
}

/* --- What is measured --------------------------------------------------------------------- */

/* The variance that a run's codes explain of its own input, which may not be the reference space.
 */
static int add_explained(const struct subject *subject, const struct spine_modelfile *model,
                         const char *input, struct spine_figures *figures, struct spine_error *err)
{
    struct spine_space own = {0};
    const struct spine_space *space = &subject->reference->space;
    double explained = (double)NAN;

    int rc = 0;
    if (strcmp(input, subject->reference->path) != 0) {
        space = &own;
        rc = access(input, R_OK) == 0 ? spine_space_read(&own, input, err) : 0;
    }

    if (rc == 0 && space->rows > 0)
        rc = spine_sparsity_explained(&subject->space, model, space, &explained, err);
    spine_space_dispose(&own);
    if (rc != 0)
        return -1;

    return spine_figures_add_plain(figures, "sparsity", "explained variance", explained, 4, err);
}

static int measure_explained(const struct subject *subject, struct spine_figures *figures,
                             struct spine_error *err)
{
    struct spine_run run;
    int rc = 0;

    if (spine_run_read(&run, subject->path, err))
        return -1;

    if (run.has_model)
        rc = add_explained(subject, &run.model, run.input, figures, err);

    spine_run_dispose(&run);
    return rc;
}

static int add_readability(struct spine_figures *figures, const char *name,
                           const struct spine_readability *result, struct spine_error *err)
{
    return spine_figures_add(figures, "interpretability", name, result->estimate,
                             (int64_t)result->asked, (int64_t)result->missing, 3, err);
}

static int measure_panel(const struct spine_evaluate_options *options,
                         const struct spine_topwords *topwords,
                         const struct spine_reference *reference, struct spine_figures *figures,
                         struct spine_error *err)
{
    struct spine_readability intrusion, coherence, distratio, diversity;

    if (spine_readability_intrusion(topwords, reference, options->top, options->draws,
                                    options->seed, &intrusion, err) ||
        spine_readability_coherence(topwords, reference, options->top, &coherence, err) ||
        spine_readability_distratio(topwords, reference, DISTRATIO_TOP, options->draws,
                                    options->seed, &distratio, err) ||
        spine_readability_diversity(topwords, options->top, &diversity, err) ||
        add_readability(figures, "intrusion", &intrusion, err) ||
        add_readability(figures, "coherence", &coherence, err) ||
        add_readability(figures, "DistRatio", &distratio, err) ||
        add_readability(figures, "diversity", &diversity, err))
        return -1;

    return 0;
}

static void log_unknown(const struct subject *subject, const struct spine_reference *reference)
{
    size_t unknown = 0;
    for (size_t i = 0; i < reference->rows; i++)
        unknown += !spine_reference_knows(reference, i);
    if (unknown > 0)
        spine_log(SPINE_LOG_INFO, "%s: %zu of %zu words have no vector in the reference space",
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

/* The name of a test set: that of its file, without directory and extension. */
static void name_of(const char *path, char name[SPINE_FIGURE_NAME])
{
    const char *slash = strrchr(path, '/');
    snprintf(name, SPINE_FIGURE_NAME, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
}

static int measure_similarity(const struct spine_evaluate_options *options,
                              const struct subject *subject, struct spine_figures *figures,
                              struct spine_error *err)
{
    for (size_t i = 0; i < options->similarity.count; i++) {
        struct spine_similarity result;
        char name[SPINE_FIGURE_NAME];
        name_of(options->similarity.list[i], name);
        if (spine_similarity_measure(&subject->space, options->similarity.list[i], options->seed,
                                     &result, err) ||
            spine_figures_add(figures, "similarity", name, result.rho, (int64_t)result.found,
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
        char name[SPINE_FIGURE_NAME], add[SPINE_FIGURE_NAME + 16], mul[SPINE_FIGURE_NAME + 16];
        name_of(options->analogies.list[i], name);
        snprintf(add, sizeof add, "%s, 3CosAdd", name);
        snprintf(mul, sizeof mul, "%s, 3CosMul", name);
        if (spine_analogies_measure(&subject->space, options->analogies.list[i], &result, err) ||
            spine_figures_add(figures, "analogies", add, result.add, (int64_t)result.asked,
                              (int64_t)result.missing, 3, err) ||
            spine_figures_add(figures, "analogies", mul, result.mul, (int64_t)result.asked,
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
        char name[SPINE_FIGURE_NAME];
        name_of(options->categorization.list[i], name);
        if (spine_purity_measure(&subject->space, options->categorization.list[i], options->seed,
                                 &result, err) ||
            spine_figures_add(figures, "categorization", name,
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

static int measure(const struct spine_evaluate_options *options, const struct subject *subject,
                   struct spine_figures *figures, struct spine_error *err)
{
    struct spine_ranking ranking;
    if (spine_ranking_init(&ranking, &subject->space, err))
        return -1;
    const int rc = spine_sparsity_measure(&subject->space, figures, err) ||
                   measure_explained(subject, figures, err) ||
                   measure_interpretability(options, subject, &ranking, figures, err) ||
                   measure_categories(options, subject, &ranking, figures, err) ||
                   measure_similarity(options, subject, figures, err) ||
                   measure_analogies(options, subject, figures, err) ||
                   measure_purity(options, subject, figures, err) ||
                   spine_classification_measure(subject->classification, options->tasks.kinds,
                                                &subject->space, figures, err);
    spine_ranking_dispose(&ranking);
    if (rc)
        return -1;

    return 0;
}

/* --- The job ------------------------------------------------------------------------------ */

static int evaluate_file(const struct spine_evaluate_options *options,
                         const struct reference *reference,
                         const struct spine_classification *classification, const char *path,
                         struct spine_evaluation *evaluation, struct spine_error *err)
{
    struct subject subject = {
        .path = path, .reference = reference, .classification = classification};

    if (spine_space_read(&subject.space, path, err))
        return -1;
    if (subject.space.num_repeated > 0)
        spine_log_warning("%s: %zu words occur more than once; the first vector is used", path,
                          subject.space.num_repeated);
    evaluation->path = path;
    evaluation->rows = subject.space.rows;
    evaluation->columns = subject.space.dimensions;
    const int rc = measure(options, &subject, &evaluation->figures, err);

    spine_space_dispose(&subject.space);
    return rc;
}

int spine_evaluate(const struct spine_evaluate_options *options,
                   struct spine_evaluation **evaluations, struct spine_error *err)
{
    struct reference reference = {0};
    struct spine_classification classification;
    *evaluations = spine_memory_zeroed(options->files.count, sizeof **evaluations,
                                       "the results of all files", err);
    if (*evaluations == NULL)
        return -1;
    int rc = spine_classification_read(&classification, options->tasks.list, options->tasks.count,
                                       options->seed, err);
    if (rc == 0)
        rc = read_reference(options, &reference, err);

    for (size_t i = 0; rc == 0 && i < options->files.count; i++)
        rc = evaluate_file(options, &reference, &classification, options->files.list[i],
                           &(*evaluations)[i], err);

    spine_classification_dispose(&classification);
    spine_space_dispose(&reference.space);
    return rc;
}

void spine_evaluate_dispose(struct spine_evaluation *evaluations, size_t count)
{
    for (size_t i = 0; evaluations != NULL && i < count; i++)
        spine_figures_dispose(&evaluations[i].figures);
    free(evaluations);
}
