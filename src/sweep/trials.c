/* trials.c -- a sweep: many runs described by the section [sweep] of a configuration. */
#include "spine/sweep/trials.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/base/random.h"
#include "spine/base/spelling.h"
#include "spine/base/textstream.h"
#include "spine/config/combination.h"
#include "spine/config/identity.h"
#include "spine/config/option.h"
#include "spine/config/settings.h"
#include "spine/sweep/draws.h"

const char spine_trials_directory[] = "sweep";

static const char *const method_names[SPINE_METHODS] = {
    [SPINE_GRID] = "grid",
    [SPINE_RANDOM] = "random",
    [SPINE_ASHA] = "asha",
};

const char *spine_method_name(enum spine_method method)
{
    return method_names[method];
}

static const char *const draw_names[] = {"distinct", "independent"};

/* The given keys that aren't parameters. */
struct reading {
    struct spine_trials *trials;
    const struct spine_inifile_lines *lines;
    bool method_given, objective_given;
    int64_t count; /* 0: not given */
    int count_line, min_epochs_line, reduction_line, draws_line;
};

/* --- The keys ----------------------------------------------------------------------------- */

static int read_count(const char *text, int64_t least, int64_t most, int64_t *count,
                      struct spine_error *err)
{
    if (!spine_number_is_whole(text))
        return spine_refuse(err, "'%.100s' is not a whole number", text);
    if (spine_number_whole(text, least, most, count))
        return spine_refuse(err, "%.100s is out of bounds, expected %lld to %lld", text,
                            (long long)least, (long long)most);
    return 0;
}

static int set_method(struct reading *reading, const struct spine_inifile_line *line,
                      struct spine_error *err)
{
    for (size_t i = 0; i < SPINE_METHODS; i++)
        if (strcmp(line->value, method_names[i]) == 0) {
            reading->trials->method = (enum spine_method)i;
            reading->method_given = true;
            return 0;
        }
    return spine_refuse(err, "'%.100s' is none of grid|random|asha", line->value);
}

static int set_trials(struct reading *reading, const struct spine_inifile_line *line,
                      struct spine_error *err)
{
    reading->count_line = line->line;
    return read_count(line->value, 1, SPINE_DRAWS_MOST, &reading->count, err);
}

static int set_seed(struct reading *reading, const struct spine_inifile_line *line,
                    struct spine_error *err)
{
    int64_t seed = 0;
    if (read_count(line->value, 0, INT64_C(9000000000000000), &seed, err))
        return -1;
    reading->trials->seed = (uint64_t)seed;
    return 0;
}

static int set_objective(struct reading *reading, const struct spine_inifile_line *line,
                         struct spine_error *err)
{
    reading->objective_given = true;
    return spine_goal_set_objective(&reading->trials->goal, line->value, err);
}

static int set_limits(struct reading *reading, const struct spine_inifile_line *line,
                      struct spine_error *err)
{
    return spine_goal_set_limits(&reading->trials->goal, line->value, err);
}

static int set_ranks(struct reading *reading, const struct spine_inifile_line *line,
                     struct spine_error *err)
{
    return read_count(line->value, 1, 1000000, &reading->trials->ranks_per_trial, err);
}

static int set_min_epochs(struct reading *reading, const struct spine_inifile_line *line,
                          struct spine_error *err)
{
    reading->min_epochs_line = line->line;
    return read_count(line->value, 1, 1000000000, &reading->trials->min_epochs, err);
}

static int set_reduction(struct reading *reading, const struct spine_inifile_line *line,
                         struct spine_error *err)
{
    reading->reduction_line = line->line;
    return read_count(line->value, 2, 1000, &reading->trials->reduction, err);
}

static int set_directory(struct reading *reading, const struct spine_inifile_line *line,
                         struct spine_error *err)
{
    if (line->value[0] == '\0')
        return spine_refuse(err, "is empty");
    if (spine_option_check_path(line->value, err))
        return -1;
    strcpy(reading->trials->directory, line->value); /* both have SPINE_CONFIG_TEXT bytes */
    return 0;
}

static int set_draws(struct reading *reading, const struct spine_inifile_line *line,
                     struct spine_error *err)
{
    reading->draws_line = line->line;
    reading->trials->is_independent = strcmp(line->value, draw_names[1]) == 0;
    if (reading->trials->is_independent || strcmp(line->value, draw_names[0]) == 0)
        return 0;
    return spine_refuse(err, "'%.100s' is none of %s|%s", line->value, draw_names[0],
                        draw_names[1]);
}

static const struct key {
    const char *name;
    int (*set)(struct reading *reading, const struct spine_inifile_line *line,
               struct spine_error *err);
} keys[] = {
    {"method", set_method},         {"trials", set_trials},       {"seed", set_seed},
    {"objective", set_objective},   {"subject_to", set_limits},   {"ranks_per_trial", set_ranks},
    {"min_epochs", set_min_epochs}, {"reduction", set_reduction}, {"directory", set_directory},
    {"draws", set_draws},
};
enum { NUM_KEYS = sizeof keys / sizeof *keys };

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < NUM_KEYS; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static int refuse_key(const char *name, struct spine_error *err)
{
    const struct key *nearest = keys;
    for (size_t i = 1; i < NUM_KEYS; i++)
        if (spine_spelling_distance(keys[i].name, name) <
            spine_spelling_distance(nearest->name, name))
            nearest = &keys[i];
    return spine_refuse(err, "unknown option 'sweep.%.60s'; the nearest is sweep.%s", name,
                        nearest->name);
}

static int add_parameter(struct spine_trials *trials, const struct spine_inifile_line *line,
                         struct spine_error *err)
{
    if (spine_memory_reserve(&trials->parameters, &trials->capacity, trials->num_parameters + 1,
                             sizeof *trials->parameters, "the sweep's parameters", err))
        return -1;
    return spine_parameter_read(&trials->parameters[trials->num_parameters++], line->name,
                                line->value, err);
}

static int read_lines(struct reading *reading, struct spine_error *err)
{
    for (size_t i = 0; i < reading->lines->count; i++) {
        const struct spine_inifile_line *line = &reading->lines->line[i];
        const struct key *key = find_key(line->name);
        int rc;
        if (strchr(line->name, '.') != NULL) {
            rc = add_parameter(reading->trials, line, err);
        } else if (key == NULL) {
            rc = refuse_key(line->name, err);
        } else if ((rc = key->set(reading, line, err)) != 0) {
            const struct spine_error inner = *err;
            spine_refuse(err, "sweep.%s: %.900s", line->name, inner.text);
        }
        if (rc != 0)
            return spine_inifile_locate(reading->lines->path, line->line, err);
    }
    return 0;
}

/* --- Checks ------------------------------------------------------------------------------- */

static int refuse_unused(const struct reading *reading, int line, const char *name,
                         const char *reason, struct spine_error *err)
{
    spine_refuse(err, "sweep.%s: isn't used with %s; leave it out", name, reason);
    return spine_inifile_locate(reading->lines->path, line, err);
}

/* Check which keys go with the method; a key that isn't given has line -1. */
static int check_method(const struct reading *reading, struct spine_error *err)
{
    const struct spine_trials *trials = reading->trials;

    if (!reading->method_given)
        return spine_refuse(err, "sweep.method: is not set; set it to grid, random or asha");
    if (!reading->objective_given)
        return spine_refuse(err, "sweep.objective: is not set; for example: maximize "
                                 "explained_variance");
    if (trials->num_parameters == 0)
        return spine_refuse(err,
                            "[sweep] has no parameters; for example: model.hidden = 500, 1000");
    if (trials->method == SPINE_GRID && reading->count_line >= 0)
        return refuse_unused(reading, reading->count_line, "trials", "method = grid", err);
    if (trials->method != SPINE_ASHA && reading->min_epochs_line >= 0)
        return refuse_unused(reading, reading->min_epochs_line, "min_epochs",
                             "this method, only with asha", err);
    if (trials->method != SPINE_ASHA && reading->reduction_line >= 0)
        return refuse_unused(reading, reading->reduction_line, "reduction",
                             "this method, only with asha", err);
    if (reading->count == 0 && reading->draws_line >= 0 && trials->method != SPINE_RANDOM)
        return refuse_unused(reading, reading->draws_line, "draws", "a whole grid", err);
    if (trials->method == SPINE_RANDOM && reading->count == 0)
        return spine_refuse(err,
                            "sweep.trials: is not set; set it to the number of trials to draw");

    if (trials->method == SPINE_ASHA && reading->min_epochs_line < 0)
        return spine_refuse(err,
                            "sweep.min_epochs: is not set; set it to the epochs before the first "
                            "comparison of trials");

    return 0;
}

/* Set the objective of a base that doesn't: parameters may imply it, too. Where it is a parameter,
 * that of the base has no effect; it is the one that earlier versions recorded. */
static void choose_objective(struct spine_trials *trials)
{
    struct spine_config with = trials->base;

    if (spine_config_has_objective(&with))
        return;
    if (spine_trials_find(trials, "model.objective") != NULL) {
        spine_config_choose(&trials->base, SPINE_OBJECTIVE_SPINE);
        return;
    }
    for (size_t p = 0; p < trials->num_parameters; p++)
        spine_config_mark(&with, trials->parameters[p].name);
    trials->reason = spine_config_reason(&with);
    spine_config_choose(&trials->base, (enum spine_objective)with.objective);
}

/* Refuse a base that sets what the sweep sets. */
static int check_base(const struct spine_trials *trials, struct spine_error *err)
{
    const struct spine_config *base = &trials->base;
    const char *name = strcmp(base->resume, "auto") != 0 ? "train.resume"
                       : base->stop_after != 0           ? "train.stop_after"
                       : base->overwrite                 ? "output.overwrite"
                                                         : NULL;
    if (name != NULL)
        return spine_refuse(err, "%s: is set by the sweep itself; leave it out", name);

    if (trials->method != SPINE_ASHA)
        return 0;
    if (spine_trials_find(trials, "train.epochs") != NULL)
        return spine_refuse(
            err, "train.epochs: can't be a parameter with method = asha, which trains the "
                 "best trials for train.epochs");

    if (trials->min_epochs > base->epochs)
        return spine_refuse(err, "sweep.min_epochs: is %lld, more than the %lld of train.epochs",
                            (long long)trials->min_epochs, (long long)base->epochs);

    return 0;
}

/* Find the number of trials. */
static int count_trials(struct spine_trials *trials, int64_t count, struct spine_error *err)
{
    trials->drawn = count > 0;
    trials->count = count > 0 ? (size_t)count : 1;

    for (size_t p = 0; !trials->drawn && p < trials->num_parameters; p++) {
        const struct spine_parameter *parameter = &trials->parameters[p];
        if (parameter->kind != SPINE_PARAMETER_LIST)
            return spine_refuse(err, "%s: is a range, but %s", parameter->name,
                                trials->method == SPINE_GRID
                                    ? "a grid needs lists; give a list, or set method = random"
                                    : "sweep.trials, the number of trials to draw, is not set");
        trials->count *= parameter->values.count;
        if (trials->count > SPINE_DRAWS_MOST)
            return spine_refuse(err, "the lists have more than %d combinations", SPINE_DRAWS_MOST);
    }

    return 0;
}

/* Draw the order of the grid's trials. */
static int shuffle(struct spine_trials *trials, struct spine_error *err)
{
    if (trials->drawn || trials->method != SPINE_ASHA)
        return 0;
    trials->order =
        spine_memory_get(trials->count, sizeof *trials->order, "the order of the trials", err);
    if (trials->order == NULL)
        return -1;
    for (size_t i = 0; i < trials->count; i++)
        trials->order[i] = i;

    for (size_t i = trials->count; i-- > 1;) {
        const double u = spine_random_parameter(trials->seed, i, UINT32_MAX);
        const size_t j = (size_t)(u * (double)(i + 1)), swapped = trials->order[i];
        trials->order[i] = trials->order[j];
        trials->order[j] = swapped;
    }

    return 0;
}

static struct spine_draws draws_of(const struct spine_trials *trials)
{
    return (struct spine_draws){trials->parameters, trials->num_parameters, trials->seed};
}

/* Say that there are fewer trials than were asked for. */
static void say_fewer(size_t wanted, size_t found, size_t combinations)
{
    spine_log(SPINE_LOG_INFO,
              "sweep.trials: is %zu, but %s %zu different combinations%s: the sweep has %zu trials",
              wanted, found == combinations ? "there are only" : "only", found,
              found == combinations ? "" : " were found", found);
}

/* Draw trials that differ from one another, or only count those that don't. */
static int draw(struct spine_trials *trials, struct spine_error *err)
{
    const struct spine_draws draws = draws_of(trials);
    const size_t combinations = spine_draws_combinations(&draws), wanted = trials->count;
    size_t count = combinations < wanted ? combinations : wanted;
    if (!trials->drawn)
        return 0;

    trials->draws = spine_memory_get(count, sizeof *trials->draws, "the draws of the trials", err);
    if (trials->draws == NULL ||
        spine_draws_find(&draws, trials->draws, &count, &trials->num_repeats, err))
        return -1;
    trials->num_repeats += count < wanted;
    if (trials->is_independent) {
        free(trials->draws);
        trials->draws = NULL;
        return 0;
    }

    if (count < wanted)
        say_fewer(wanted, count, combinations);
    trials->count = count;
    return 0;
}

/* Check a trial's options with those of the sweep. */
static int check_trial(const struct spine_trials *trials, size_t i,
                       const struct spine_config *config, struct spine_error *err)
{
    const char *held_out = spine_goal_with(&trials->goal, "data.holdout");
    const char *silent = spine_goal_with(&trials->goal, "model.aux_k");

    if (held_out != NULL && config->holdout <= 0)
        return spine_refuse(err, "trial %zu: %s needs rows held out: set data.holdout", i,
                            held_out);
    if (silent != NULL && config->aux_k == 0)
        return spine_refuse(err, "trial %zu: %s needs silent units to train: set model.aux_k", i,
                            silent);

    if (trials->method == SPINE_ASHA && config->epochs != trials->base.epochs)
        return spine_refuse(err,
                            "trial %zu: train.epochs is %lld by default with this "
                            "model.objective; set it: with method = asha all trials have the "
                            "same",
                            i, (long long)config->epochs);

    if (spine_settings_storage(config) != SPINE_IN_MEMORY)
        return spine_refuse(err,
                            "%s: the trials of a sweep share the input in memory; leave "
                            "it out",
                            config->residency == SPINE_RESIDENCY_STREAM ? "data.residency"
                                                                        : "data.dtype");
    return 0;
}

/* Refuse a parameter that has no effect, since none of these objectives uses it: a set of bits. */
static int check_effects(const struct spine_trials *trials, unsigned objectives,
                         struct spine_error *err)
{
    for (size_t p = 0; p < trials->num_parameters; p++) {
        const char *name = trials->parameters[p].name;
        bool is_used = false;
        int last = 0;
        for (int i = 0; spine_objective_names[i] != NULL; i++)
            if ((objectives >> i & 1) != 0) {
                is_used = is_used || spine_objective_uses((enum spine_objective)i, name);
                last = i;
            }
        if (!is_used)
            return spine_refuse(err, "%s: has no effect with model.objective = %s; leave it out",
                                name, spine_objective_names[last]);
    }
    return 0;
}

static int check_trials(const struct spine_trials *trials, struct spine_error *err)
{
    struct spine_config config;
    unsigned objectives = 0;

    for (size_t i = 0; i < trials->count; i++) {
        if (spine_trials_config(trials, i, &config, err) || spine_combination_check(&config, err)) {
            const struct spine_error inner = *err;
            return spine_refuse(err, "trial %zu: %.900s", i, inner.text);
        }
        if (check_trial(trials, i, &config, err))
            return -1;
        objectives |= 1U << config.objective;
    }
    return check_effects(trials, objectives, err);
}

int spine_trials_init(struct spine_trials *trials, const struct spine_config *base,
                      const struct spine_inifile_lines *lines, struct spine_error *err)
{
    struct reading reading = {.trials = trials,
                              .lines = lines,
                              .count_line = -1,
                              .min_epochs_line = -1,
                              .reduction_line = -1,
                              .draws_line = -1};

    *trials = (struct spine_trials){.seed = 1, .ranks_per_trial = 1, .reduction = 3, .base = *base};
    strcpy(trials->directory, spine_trials_directory);
    int rc = read_lines(&reading, err);
    if (rc == 0)
        rc = check_method(&reading, err);
    if (rc == 0)
        choose_objective(trials);
    if (rc == 0 && (check_base(trials, err) || count_trials(trials, reading.count, err) ||
                    shuffle(trials, err) || draw(trials, err) || check_trials(trials, err)))
        rc = -1;

    if (rc != 0)
        spine_trials_dispose(trials);
    return rc;
}

void spine_trials_dispose(struct spine_trials *trials)
{
    for (size_t p = 0; p < trials->num_parameters; p++)
        spine_parameter_dispose(&trials->parameters[p]);
    free(trials->parameters);
    free(trials->order);
    free(trials->draws);
    spine_words_dispose(&trials->inputs);
    *trials = (struct spine_trials){0};
}

/* --- A trial ------------------------------------------------------------------------------ */

/* The index in list p of trial i's value in the grid: the digit of i for p; the last list's digit
 * changes fastest. */
static size_t grid_index(const struct spine_trials *trials, size_t i, size_t p)
{
    if (trials->order != NULL)
        i = trials->order[i];
    for (size_t q = trials->num_parameters - 1; q > p; q--)
        i /= trials->parameters[q].values.count;
    return i % trials->parameters[p].values.count;
}

void spine_trials_value(const struct spine_trials *trials, size_t i, size_t p, char *text)
{
    const struct spine_draws draws = draws_of(trials);

    if (trials->drawn)
        spine_draws_value(&draws, trials->draws != NULL ? trials->draws[i] : i, p, text);
    else
        snprintf(text, SPINE_PARAMETER_VALUE, "%s",
                 spine_words_get(&trials->parameters[p].values, grid_index(trials, i, p)));
}

/* Replace this value of data.input by the file that it was converted to. */
static void replace_input(const struct spine_trials *trials, struct spine_config *config)
{
    const struct spine_parameter *inputs = spine_trials_find(trials, "data.input");

    for (size_t v = 0; v < trials->inputs.count; v++)
        if (strcmp(spine_words_get(&inputs->values, v), config->input) == 0) {
            snprintf(config->input, sizeof config->input, "%s",
                     spine_words_get(&trials->inputs, v));
            config->words[0] = '\0';
            return;
        }
}

int spine_trials_config(const struct spine_trials *trials, size_t i, struct spine_config *config,
                        struct spine_error *err)
{
    char value[SPINE_PARAMETER_VALUE];
    struct spine_config_given given = {{false}};
    *config = trials->base;
    for (size_t p = 0; p < trials->num_parameters; p++) {
        spine_trials_value(trials, i, p, value);
        if (spine_config_set(config, &given, trials->parameters[p].name, value, err))
            return -1;
    }
    replace_input(trials, config);
    if (config->index == SPINE_INDEX_AUTO) /* spine-top works without, and few trials need it */
        config->index = SPINE_INDEX_NO;
    return 0;
}

const struct spine_parameter *spine_trials_find(const struct spine_trials *trials, const char *name)
{
    for (size_t p = 0; p < trials->num_parameters; p++)
        if (strcmp(trials->parameters[p].name, name) == 0)
            return &trials->parameters[p];
    return NULL;
}

/* --- As text ------------------------------------------------------------------------------ */

/* Print a line "name = values" for each parameter, after 'prefix'. */
static void print_parameters(FILE *file, const char *prefix, const struct spine_trials *trials)
{
    for (size_t p = 0; p < trials->num_parameters; p++) {
        fputs(prefix, file);
        spine_parameter_print(&trials->parameters[p], file);
        fputc('\n', file);
    }
}

static void print_method(FILE *file, const char *prefix, const struct spine_trials *trials)
{
    fprintf(file, "%smethod = %s\n", prefix, spine_method_name(trials->method));
    if (trials->drawn || trials->order != NULL)
        fprintf(file, "%sseed = %llu\n", prefix, (unsigned long long)trials->seed);
    if (trials->drawn)
        fprintf(file, "%sdraws = %s\n", prefix, draw_names[trials->is_independent]);
    if (trials->method == SPINE_ASHA)
        fprintf(file, "%smin_epochs = %lld\n%sreduction = %lld\n", prefix,
                (long long)trials->min_epochs, prefix, (long long)trials->reduction);
}

/* Print the defaults of each objective that is a parameter, "train.epochs(nnse) = 5". */
static int print_recipes(FILE *file, const struct spine_trials *trials, struct spine_error *err)
{
    const struct spine_parameter *objectives = spine_trials_find(trials, "model.objective");

    for (size_t v = 0; objectives != NULL && v < objectives->values.count; v++) {
        const char *objective = spine_words_get(&objectives->values, v);
        struct spine_config config = trials->base;
        struct spine_config_given given = {{false}};
        const struct spine_option *option;
        if (spine_config_set(&config, &given, objectives->name, objective, err))
            return -1;
        for (size_t i = 0; (option = spine_config_option(i)) != NULL; i++)
            if (spine_config_has_recipe(option)) {
                fprintf(file, "%s(%s) = ", option->name, objective);
                spine_option_print(option, &config, file);
                fputc('\n', file);
            }
    }
    return 0;
}

/* Open the text of a sweep over 'base', which is NULL if it couldn't be made. Frees it on
 * failure. */
static int open_text(struct spine_textstream *stream, char *base, struct spine_error *err)
{
    if (base != NULL && spine_textstream_open(stream, "the sweep's text", err) == 0)
        return 0;
    free(base);
    return -1;
}

char *spine_trials_identity(const struct spine_trials *trials, struct spine_error *err)
{
    char *base = spine_identity_text(&trials->base, err);
    struct spine_textstream stream;
    if (open_text(&stream, base, err))
        return NULL;

    print_method(stream.file, "sweep.", trials);
    print_parameters(stream.file, "sweep.", trials);
    fprintf(stream.file, "train.epochs = %lld\n%s", (long long)trials->base.epochs, base);
    const int rc = print_recipes(stream.file, trials, err);

    free(base);
    char *text = spine_textstream_close(&stream, err);
    if (rc == 0)
        return text;
    free(text);
    return NULL;
}

char *spine_trials_text(const struct spine_trials *trials, struct spine_error *err)
{
    /* Trials' defaults may depend on the parameters, so they aren't set. */
    char *base = spine_config_base_text(&trials->base, err);
    struct spine_textstream stream;
    if (open_text(&stream, base, err))
        return NULL;

    fprintf(stream.file, "%s\n[sweep]\n", base);
    print_method(stream.file, "", trials);
    if (trials->drawn)
        fprintf(stream.file, "trials = %zu\n", trials->count);
    fputs("objective = ", stream.file);
    spine_goal_print_objective(&trials->goal, stream.file);
    if (trials->goal.num_limits > 0) {
        fputs("\nsubject_to = ", stream.file);
        spine_goal_print_limits(&trials->goal, stream.file);
    }
    fprintf(stream.file, "\nranks_per_trial = %lld\ndirectory = %s\n",
            (long long)trials->ranks_per_trial, trials->directory);
    print_parameters(stream.file, "", trials);

    free(base);
    return spine_textstream_close(&stream, err);
}
