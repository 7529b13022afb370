/* spine-eval.c -- measure how good, sparse and readable embeddings are: the command line. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/arguments.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/printable.h"
#include "spine/eval/answers.h"
#include "spine/eval/evaluate.h"
#include "spine/eval/questionnaire.h"
#include "spine/eval/stability.h"

static const char program[] = "spine-eval";

static const char usage[] =
    "Usage: spine-eval [OPTION...] FILE...\n"
    "\n"
    "Measure embeddings, side by side. FILE is the directory of a run, codes in any form that\n"
    "spine-merge writes, but .tsv, or an embedding in any form that spine-convert reads. Without\n"
    "further options, measure how sparse each file is, and how readable its dimensions are.\n"
    "\n"
    "  --space=FILE       the reference space, by which readability is measured [the first\n"
    "                     run's input]\n"
    "  --words-from=FILE  words for files without words, such as .npy: a word a line, an array\n"
    "                     or a dataset of strings [NAME.words.txt beside it, or row numbers]\n"
    "  --categories=DIR   how well dimensions represent categories: files NAME.txt, a word a\n"
    "                     line\n"
    "  --similarity=FILE  word pairs that people scored: word, word, score\n"
    "  --analogies=FILE   questions: word2vec's questions-words.txt and the like\n"
    "  --categorization=FILE\n"
    "                     words to cluster: category, tab, word\n"
    "  --classify=NAME=TRAIN,[VALID,]TEST\n"
    "                     predict the labels of texts from the mean of their words' vectors;\n"
    "                     a text a line, __label__X WORD...\n"
    "  --cross-validate=NAME=FILE | NAME=FOLD,FOLD,FOLD...\n"
    "                     the same by cross-validation: each fold is tested after training on the\n"
    "                     others; one file is divided into ten folds\n"
    "  --features=F       of the following tasks: mean, or concat: vectors side by side [mean]\n"
    "  --classifier=K     logistic regression, svm (linear), or both [logistic]\n"
    "  --probe            for tasks of --classify: accuracy with only the best 1, 2, 5 and 16\n"
    "                     dimensions of each label\n"
    "  --floor            also evaluate baselines of each file of codes: random words of its "
    "input\n"
    "                     as atoms and, for tests of words, principal components\n"
    "  --raw              don't centre dense vectors before tests of words and classifiers\n"
    "  --scale=columns    before tests of words and classifiers, divide each dimension of sparse\n"
    "                     vectors by its standard deviation\n"
    "  --stability        measure only whether these runs find the same dimensions; FILE may be a\n"
    "                     decoder of another program, too: a matrix with a row for each unit\n"
    "  --transposed       files of --stability have a column for each unit [found by comparing\n"
    "                     their sizes]\n"
    "  --questionnaire=FILE.tsv\n"
    "                     measure nothing: write questions for people (which word doesn't belong\n"
    "                     among a dimension's top words?) and the key, FILE.key.tsv\n"
    "  --n=N              number of questions about each file [300]\n"
    "  --answers=FILE.tsv score a questionnaire with answers by --key=FILE.key.tsv, instead of\n"
    "                     FILE...; once for each person\n"
    "  --top=K            number of top words of a dimension [4]\n"
    "  --draws=N          number of intruders drawn for a dimension [5]\n"
    "  --seed=N           seed of all random draws [1]\n"
    "  --json=FILE        also write the figures as JSON; -: to stdout, instead of the table\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or a file is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-eval glove.h5 run\n"
    "  $ spine-eval glove.h5 run --similarity=wordsim.tsv --analogies=questions-words.txt\n"
    "  $ spine-eval glove.h5 run --classify=trec=train.txt,test.txt --json=figures.json\n";

enum {
    SPACE = SPINE_ARGUMENT_OWN,
    WORDS_FROM,
    CATEGORIES,
    SIMILARITY,
    ANALOGIES,
    CATEGORIZATION,
    CLASSIFY,
    FOLDS,
    FEATURES,
    CLASSIFIER,
    PROBE,
    FLOOR,
    RAW,
    SCALE,
    STABILITY,
    TRANSPOSED,
    QUESTIONNAIRE,
    QUESTIONS,
    ANSWERS,
    KEY,
    TOP,
    DRAWS,
    SEED,
    JSON
};

struct request {
    struct spine_evaluate_options options;
    enum spine_features features; /* of the next task */
    const char *json;
    FILE *json_file; /* being written; NULL for the standard output */
    const char *questionnaire, *key;
    size_t num_questions;
    struct spine_paths answers;
    bool is_stability, is_transposed;
    int is_answered; /* --help or --version */
};

static int set_seed(const char *text, uint64_t *seed, struct spine_error *err)
{
    size_t value;
    if (spine_arguments_whole("--seed", text, 0, INT64_MAX, &value, err))
        return -1;
    *seed = value;
    return 0;
}

static void add_task(struct request *request, int has_folds)
{
    struct spine_task_requests *tasks = &request->options.tasks;
    tasks->list[tasks->count++] = (struct spine_task_request){optarg, request->features, has_folds};
}

/* The index of a name in a list that ends with NULL. */
static int find_name(const char *option, const char *text, const char *const *names,
                     const char *expected, size_t *index, struct spine_error *err)
{
    for (*index = 0; names[*index] != NULL; ++*index)
        if (strcmp(text, names[*index]) == 0)
            return 0;
    return spine_refuse(err, "%s: '%s' is not %s", option, text, expected);
}

static int set_features(const char *text, enum spine_features *features, struct spine_error *err)
{
    static const char *const names[] = {"mean", "concat", NULL};
    size_t index;
    if (find_name("--features", text, names, "mean or concat", &index, err))
        return -1;
    *features = index == 0 ? SPINE_FEATURES_MEAN : SPINE_FEATURES_CONCAT;
    return 0;
}

static int set_classifier(const char *text, unsigned *kinds, struct spine_error *err)
{
    static const char *const names[] = {"logistic", "svm", "both", NULL};
    static const unsigned masks[] = {1U << SPINE_CLASSIFIER_LOGISTIC, 1U << SPINE_CLASSIFIER_SVM,
                                     1U << SPINE_CLASSIFIER_LOGISTIC | 1U << SPINE_CLASSIFIER_SVM};
    size_t index;
    if (find_name("--classifier", text, names, "logistic, svm or both", &index, err))
        return -1;
    *kinds = masks[index];
    return 0;
}

static int set_scale(const char *text, bool *is_scaled, struct spine_error *err)
{
    static const char *const names[] = {"columns", NULL};
    size_t index;
    *is_scaled = true;
    return find_name("--scale", text, names, "columns", &index, err);
}

/* The options without a value. */
static bool *find_switch(struct request *request, int option)
{
    switch (option) {
    case PROBE:
        return &request->options.has_probes;
    case FLOOR:
        return &request->options.has_floor;
    case RAW:
        return &request->options.is_raw;
    case STABILITY:
        return &request->is_stability;
    case TRANSPOSED:
        return &request->is_transposed;
    default:
        return NULL;
    }
}

/* The options whose value is kept as text. */
static const char **find_text(struct request *request, int option)
{
    switch (option) {
    case SPACE:
        return &request->options.space;
    case WORDS_FROM:
        return &request->options.words;
    case CATEGORIES:
        return &request->options.categories;
    case JSON:
        return &request->json;
    case QUESTIONNAIRE:
        return &request->questionnaire;
    case KEY:
        return &request->key;
    default:
        return NULL;
    }
}

static int set_option(struct request *request, int option, struct spine_error *err)
{
    struct spine_evaluate_options *options = &request->options;
    bool *is_on = find_switch(request, option);
    const char **text = find_text(request, option);

    if (is_on != NULL)
        *is_on = true;
    if (text != NULL)
        *text = optarg;
    if (is_on != NULL || text != NULL)
        return 0;

    switch (option) {
    case SIMILARITY:
        options->similarity.list[options->similarity.count++] = optarg;
        return 0;
    case ANALOGIES:
        options->analogies.list[options->analogies.count++] = optarg;
        return 0;
    case CATEGORIZATION:
        options->categorization.list[options->categorization.count++] = optarg;
        return 0;
    case TOP:
        return spine_arguments_whole("--top", optarg, 2, 20, &options->top, err);
    case DRAWS:
        return spine_arguments_whole("--draws", optarg, 1, 1000, &options->draws, err);
    case SEED:
        return set_seed(optarg, &options->seed, err);
    case CLASSIFY:
    case FOLDS:
        add_task(request, option == FOLDS);
        return 0;
    case FEATURES:
        return set_features(optarg, &request->features, err);
    case SCALE:
        return set_scale(optarg, &options->is_scaled, err);
    case CLASSIFIER:
        return set_classifier(optarg, &options->tasks.kinds, err);
    case QUESTIONS:
        return spine_arguments_whole("--n", optarg, 1, 1000000, &request->num_questions, err);
    case ANSWERS:
        request->answers.list[request->answers.count++] = optarg;
        return 0;
    default:
        request->is_answered = spine_arguments_answer(program, usage, option);
        return 0;
    }
}

static const struct option known_options[] = {
    {"space", required_argument, NULL, SPACE},
    {"words-from", required_argument, NULL, WORDS_FROM},
    {"categories", required_argument, NULL, CATEGORIES},
    {"similarity", required_argument, NULL, SIMILARITY},
    {"analogies", required_argument, NULL, ANALOGIES},
    {"categorization", required_argument, NULL, CATEGORIZATION},
    {"classify", required_argument, NULL, CLASSIFY},
    {"cross-validate", required_argument, NULL, FOLDS},
    {"features", required_argument, NULL, FEATURES},
    {"classifier", required_argument, NULL, CLASSIFIER},
    {"probe", no_argument, NULL, PROBE},
    {"floor", no_argument, NULL, FLOOR},
    {"raw", no_argument, NULL, RAW},
    {"scale", required_argument, NULL, SCALE},
    {"stability", no_argument, NULL, STABILITY},
    {"transposed", no_argument, NULL, TRANSPOSED},
    {"questionnaire", required_argument, NULL, QUESTIONNAIRE},
    {"n", required_argument, NULL, QUESTIONS},
    {"answers", required_argument, NULL, ANSWERS},
    {"key", required_argument, NULL, KEY},
    {"top", required_argument, NULL, TOP},
    {"draws", required_argument, NULL, DRAWS},
    {"seed", required_argument, NULL, SEED},
    {"json", required_argument, NULL, JSON},
    SPINE_ARGUMENTS_COMMON};

static int parse_arguments(int argc, char **argv, struct request *request, struct spine_error *err)
{
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":", known_options, &option, err)) > 0)
        if (set_option(request, option, err))
            return -1;
        else if (request->is_answered)
            return 0;

    if (rc == 0 && (request->answers.count > 0) != (request->key != NULL))
        return spine_refuse(err, "--answers and --key go together; see spine-eval --help");
    if (rc == 0 && request->questionnaire != NULL &&
        (request->key != NULL || request->json != NULL))
        return spine_refuse(err, "--questionnaire measures nothing and can't be combined with %s",
                            request->key != NULL ? "--answers" : "--json");

    if (rc == 0 && request->is_stability &&
        (request->key != NULL || request->questionnaire != NULL))
        return spine_refuse(err,
                            "--stability compares runs or decoders and can't be combined with %s",
                            request->key != NULL ? "--answers" : "--questionnaire");
    if (rc == 0 && request->is_transposed && !request->is_stability)
        return spine_refuse(err, "--transposed is for --stability only");
    if (rc == 0 && request->options.words != NULL &&
        (request->key != NULL || request->is_stability))
        return spine_refuse(err, "--words-from: %s needs no words",
                            request->key != NULL ? "--answers" : "--stability");
    if (rc == 0 && request->options.has_probes && request->options.tasks.count == 0)
        return spine_refuse(err, "--probe: there is no task; give one with --classify");
    if (rc == 0 && optind < argc && request->key != NULL)
        return spine_refuse(err, "%s: leave it out; answers are scored with their key only",
                            argv[optind]);
    if (rc == 0 && optind == argc && request->key == NULL)
        return spine_refuse(err, "the files to evaluate are missing; see spine-eval --help");
    for (; rc == 0 && optind < argc; optind++)
        request->options.files.list[request->options.files.count++] = argv[optind];

    return rc;
}

static int write_json(struct request *request, const char *json, struct spine_error *err)
{
    if (request->json_file == NULL) {
        fputs(json, stdout);
        return 0;
    }
    FILE *file = request->json_file;
    request->json_file = NULL;
    fputs(json, file); /* errors are noticed at the end */
    return spine_outfile_finish_text(file, request->json, err);
}

/* Write the results as a table, as JSON, or both. */
static int report(struct request *request, const struct spine_evaluation *evaluations, size_t count,
                  struct spine_error *err)
{
    if ((request->json == NULL || strcmp(request->json, "-") != 0) &&
        spine_figures_print(evaluations, count, stdout, err))
        return -1;
    if (request->json == NULL)
        return 0;
    char *json = spine_figures_json(evaluations, count);
    const int rc =
        json == NULL ? spine_memory_fail("the JSON", err) : write_json(request, json, err);
    free(json);
    return rc;
}

static int evaluate(struct request *request, struct spine_error *err)
{
    size_t count = 0;
    struct spine_evaluation *evaluations = NULL;
    int rc = spine_evaluate(&request->options, &evaluations, &count, err);
    if (rc == 0)
        rc = report(request, evaluations, count, err);
    spine_evaluate_dispose(evaluations, count);
    return rc;
}

static int compare_runs(struct request *request, struct spine_error *err)
{
    const struct spine_paths *runs = &request->options.files;
    struct spine_evaluation *evaluations =
        spine_memory_zeroed(runs->count, sizeof *evaluations, "the results of all runs", err);
    if (evaluations == NULL)
        return -1;
    int rc = spine_stability_measure(runs->list, runs->count, request->is_transposed,
                                     request->options.seed, evaluations, err);
    if (rc == 0)
        rc = report(request, evaluations, runs->count, err);
    spine_evaluate_dispose(evaluations, runs->count);
    return rc;
}

static int write_questionnaire(const struct request *request, struct spine_error *err)
{
    const struct spine_evaluate_options *options = &request->options;
    const struct spine_questionnaire questionnaire = {.files = options->files.list,
                                                      .num_files = options->files.count,
                                                      .words = options->words,
                                                      .shown = options->top,
                                                      .most = request->num_questions,
                                                      .seed = options->seed};
    size_t count = 0;
    if (spine_questionnaire_write(&questionnaire, request->questionnaire, &count, err))
        return -1;
    spine_printable_line(stdout, "%s: %zu question%s", request->questionnaire, count,
                         count == 1 ? "" : "s");
    return 0;
}

static int score_answers(struct request *request, struct spine_error *err)
{
    struct spine_answers answers;
    if (spine_answers_score(&answers, request->key, request->answers.list, request->answers.count,
                            err))
        return -1;
    const int rc = report(request, answers.evaluations, answers.files.count, err);
    spine_answers_dispose(&answers);
    return rc;
}

static int answer(struct request *request, struct spine_error *err)
{
    /* Create the file before the long work, so that a failure is reported at once. */
    if (request->json != NULL && strcmp(request->json, "-") != 0 &&
        (spine_outfile_check_kind(request->json, "{[", "JSON", err) ||
         (request->json_file = spine_outfile_create_text(request->json, err)) == NULL))
        return -1;

    const int rc = request->key != NULL             ? score_answers(request, err)
                   : request->questionnaire != NULL ? write_questionnaire(request, err)
                   : request->is_stability          ? compare_runs(request, err)
                                                    : evaluate(request, err);
    if (request->json_file != NULL) {
        fclose(request->json_file);
        spine_outfile_discard(request->json);
    }

    return rc;
}

/* Each list has space for all arguments. */
static int make_lists(struct request *request, size_t most, struct spine_error *err)
{
    struct spine_evaluate_options *options = &request->options;
    struct spine_paths *const lists[] = {&options->files, &options->similarity, &options->analogies,
                                         &options->categorization, &request->answers};
    const size_t count = sizeof lists / sizeof *lists;
    const char **paths = spine_memory_zeroed(count * most, sizeof *paths, "the command line", err);
    for (size_t i = 0; paths != NULL && i < count; i++)
        lists[i]->list = paths + i * most;
    if (paths == NULL)
        return -1;

    return 0;
}

int main(int argc, char **argv)
{
    struct spine_error err;
    struct request request = {.options = {.top = SPINE_EVALUATE_TOP,
                                          .draws = SPINE_EVALUATE_DRAWS,
                                          .seed = SPINE_EVALUATE_SEED},
                              .num_questions = 300};
    struct spine_task_requests *tasks = &request.options.tasks;

    spine_log_init(program, 0, 1, SPINE_LOG_INFO);
    tasks->kinds = 1U << SPINE_CLASSIFIER_LOGISTIC;
    tasks->list = spine_memory_zeroed((size_t)argc, sizeof *tasks->list, "the command line", &err);
    int rc = make_lists(&request, (size_t)argc, &err);
    if (rc == 0 && tasks->list == NULL)
        rc = -1;
    if (rc == 0)
        rc = parse_arguments(argc, argv, &request, &err);
    if (rc == 0 && !request.is_answered)
        rc = answer(&request, &err);

    free(request.options.files.list); /* of all five */
    free(tasks->list);
    return spine_arguments_finish(program, rc, &err);
}
