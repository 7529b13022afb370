/* summary.c -- the results of a sweep. */
#include "spine/sweep/summary.h"

#include <cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/json.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/present.h"
#include "spine/base/printable.h"
#include "spine/base/statistics.h"
#include "spine/base/textstream.h"
#include "spine/pages/page.h"
#include "spine/pages/report.h"

const char *spine_summary_state_name(enum spine_trial_state state)
{
    static const char *const names[] = {"open",   "running",  "begun",    "not evaluated",
                                        "halted", "finished", "diverged", "failed"};
    return names[state];
}

enum spine_trial_state spine_summary_state(const struct spine_summary *summary, size_t trial)
{
    const struct spine_contender *contender = &summary->ledger->contenders[trial];
    const struct spine_account *account = &summary->ledger->accounts[trial];
    const size_t rungs = summary->ledger->halving.num_rungs;

    if (account->reason != NULL)
        return SPINE_TRIAL_FAILED;
    if (contender->done == rungs)
        return account->diverged ? SPINE_TRIAL_DIVERGED : SPINE_TRIAL_FINISHED;
    if (contender->state == SPINE_CONTENDER_BUSY)
        return SPINE_TRIAL_RUNNING;
    if (account->not_evaluated != NULL)
        return SPINE_TRIAL_NOT_EVALUATED;
    if (contender->sent > contender->done)
        return SPINE_TRIAL_BEGUN;
    return contender->done > 0 ? SPINE_TRIAL_HALTED : SPINE_TRIAL_OPEN;
}

/* The scores on the highest rung that the trial has finished; NULL if it has none. */
static const struct spine_scores *scores_of(const struct spine_summary *summary, size_t trial)
{
    const struct spine_contender *contender = &summary->ledger->contenders[trial];
    return contender->done == 0 ? NULL : &contender->scores[contender->done - 1];
}

static const struct spine_goal *goal_of(const struct spine_summary *summary)
{
    return &summary->ledger->trials->goal;
}

static size_t count_trials(const struct spine_summary *summary)
{
    return summary->ledger->trials->count;
}

static bool is_finished(const struct spine_summary *summary, size_t trial)
{
    return spine_summary_state(summary, trial) == SPINE_TRIAL_FINISHED;
}

/* --- The best trial and the Pareto front -------------------------------------------------- */

static void find_best(struct spine_summary *summary)
{
    const struct spine_goal *goal = goal_of(summary);
    summary->best = count_trials(summary);
    for (size_t i = 0; i < count_trials(summary); i++) {
        const struct spine_scores *scores = scores_of(summary, i);
        if (!is_finished(summary, i) || !spine_goal_allows(goal, scores) ||
            isnan(scores->value[goal->objective]))
            continue;
        if (summary->best == count_trials(summary) ||
            spine_goal_compare(goal, scores, scores_of(summary, summary->best)) < 0)
            summary->best = i;
    }
}

/* The two scores of the Pareto front. */
struct point {
    double explained, readable;
};

static struct point point_of(const struct spine_summary *summary, size_t trial)
{
    const struct spine_scores *scores = scores_of(summary, trial);
    return (struct point){scores->value[SPINE_GOAL_EXPLAINED], scores->value[SPINE_GOAL_INTRUSION]};
}

static bool is_beaten(const struct spine_summary *summary, size_t trial)
{
    const struct point mine = point_of(summary, trial);
    for (size_t i = 0; i < count_trials(summary); i++) {
        if (!is_finished(summary, i))
            continue;
        const struct point other = point_of(summary, i);
        if (other.explained >= mine.explained && other.readable >= mine.readable &&
            (other.explained > mine.explained || other.readable > mine.readable))
            return true;
    }
    return false;
}

static void find_front(struct spine_summary *summary)
{
    for (size_t i = 0; i < count_trials(summary); i++) {
        if (!is_finished(summary, i))
            continue;
        const struct point point = point_of(summary, i);
        summary->on_front[i] =
            !isnan(point.explained) && !isnan(point.readable) && !is_beaten(summary, i);
    }
}

static int find_epochs(struct spine_summary *summary, struct spine_error *err)
{
    const struct spine_ledger *ledger = summary->ledger;

    for (size_t i = 0; i < count_trials(summary); i++) {
        const size_t done = ledger->contenders[i].done; /* rungs */
        if (done > 0 && spine_ledger_epochs(ledger, i, done - 1, &summary->epochs[i], err))
            return -1;
    }
    return 0;
}

int spine_summary_init(struct spine_summary *summary, const struct spine_ledger *ledger,
                       struct spine_error *err)
{
    static const char what[] = "the summary";
    const size_t count = ledger->trials->count;

    *summary = (struct spine_summary){.ledger = ledger};
    summary->on_front = spine_memory_zeroed(count, 1, what, err);
    summary->epochs = spine_memory_zeroed(count, sizeof *summary->epochs, what, err);
    if (summary->on_front == NULL || summary->epochs == NULL || find_epochs(summary, err)) {
        spine_summary_dispose(summary);
        return -1;
    }

    for (size_t i = 0; i < count; i++)
        summary->count[spine_summary_state(summary, i)]++;
    find_best(summary);
    find_front(summary);
    return 0;
}

void spine_summary_dispose(struct spine_summary *summary)
{
    free(summary->on_front);
    free(summary->epochs);
    *summary = (struct spine_summary){0};
}

/* --- The table ---------------------------------------------------------------------------- */

/* Why a trial failed or could not be evaluated, or NULL. */
static const char *reason_of(const struct spine_summary *summary, size_t trial)
{
    const struct spine_account *account = &summary->ledger->accounts[trial];
    return account->reason != NULL ? account->reason : account->not_evaluated;
}

/* A reason may contain tabs and newlines. */
static void print_cell(const char *text, FILE *file)
{
    char piece[16];

    while (*text != '\0') {
        const bool is_space = *text == '\t' || *text == '\n' || *text == '\r';
        spine_printable_next(&text, piece);
        fputs(is_space ? " " : piece, file);
    }
}

static void print_trial(const struct spine_summary *summary, size_t trial, FILE *file)
{
    const struct spine_trials *trials = summary->ledger->trials;
    const struct spine_scores *scores = scores_of(summary, trial);
    const char *reason = reason_of(summary, trial);
    char value[SPINE_PARAMETER_VALUE];
    fprintf(file, "%zu", trial);

    for (size_t p = 0; p < trials->num_parameters; p++) {
        spine_trials_value(trials, trial, p, value);
        fputc('\t', file);
        print_cell(value, file);
    }

    fprintf(file, "\t%s\t%lld", spine_summary_state_name(spine_summary_state(summary, trial)),
            (long long)summary->epochs[trial]);

    for (size_t s = 0; s < SPINE_GOAL_SCORES; s++) {
        fputc('\t', file);
        if (scores != NULL && !isnan(scores->value[s]))
            fprintf(file, "%.6g", scores->value[s]);
    }

    fprintf(file, "\t%s\t%s\t",
            scores == NULL                                ? ""
            : spine_goal_allows(goal_of(summary), scores) ? "yes"
                                                          : "no",
            summary->on_front[trial] ? "yes" : "no");
    print_cell(reason == NULL ? "" : reason, file);
    fputc('\n', file);
}

void spine_summary_print(const struct spine_summary *summary, FILE *file)
{
    const struct spine_trials *trials = summary->ledger->trials;
    fputs("trial", file);
    for (size_t p = 0; p < trials->num_parameters; p++)
        fprintf(file, "\t%s", trials->parameters[p].name);
    fputs("\tstate\tepochs", file);
    for (size_t s = 0; s < SPINE_GOAL_SCORES; s++)
        fprintf(file, "\t%s", spine_goal_name(s));
    fputs("\tallowed\tfront\treason\n", file);
    for (size_t i = 0; i < trials->count; i++)
        print_trial(summary, i, file);
}

/* "model.hidden 500, train.noise 0.2" */
static void print_parameters(const struct spine_trials *trials, size_t trial, FILE *file)
{
    char value[SPINE_PARAMETER_VALUE];
    for (size_t p = 0; p < trials->num_parameters; p++) {
        spine_trials_value(trials, trial, p, value);
        fprintf(file, "%s%s ", p == 0 ? "" : ", ", trials->parameters[p].name);
        spine_printable_print(file, value);
    }
}

void spine_summary_print_short(const struct spine_summary *summary, FILE *file)
{
    const struct spine_goal *goal = goal_of(summary);

    fprintf(file, "%zu trials", count_trials(summary));

    for (size_t state = 0; state < SPINE_TRIAL_STATES; state++)
        if (summary->count[state] > 0)
            fprintf(file, ", %zu %s", summary->count[state],
                    spine_summary_state_name((enum spine_trial_state)state));

    fputs("\nto ", file);
    spine_goal_print_objective(goal, file);

    if (goal->num_limits > 0) {
        fputs(" with ", file);
        spine_goal_print_limits(goal, file);
    }

    if (summary->best == count_trials(summary)) {
        fprintf(file, ": %s\n",
                summary->count[SPINE_TRIAL_FINISHED] > 0 ? "no finished trial is within the limits"
                : summary->count[SPINE_TRIAL_DIVERGED] > 0 ? "all trained trials have diverged"
                                                           : "no trial is finished yet");
        return;
    }

    fprintf(file, ": trial %04zu, %.5g  (", summary->best,
            scores_of(summary, summary->best)->value[goal->objective]);
    print_parameters(summary->ledger->trials, summary->best, file);
    fputs(")\n", file);
}

/* --- JSON --------------------------------------------------------------------------------- */

/* Add a number, unless it is unknown, with enough digits to read back exactly the number
 * compared. */
static void add_number(cJSON *object, const char *name, double number)
{
    if (isfinite(number))
        spine_json_add_real(object, name, number, 17);
}

/* A trial's objective on the first rung; NaN if it hasn't reached it. */
static double first_objective(const struct spine_summary *summary, size_t trial)
{
    const struct spine_contender *contender = &summary->ledger->contenders[trial];
    return contender->done == 0 ? (double)NAN
                                : contender->scores[0].value[goal_of(summary)->objective];
}

static void add_list_effect(cJSON *effect, const struct spine_summary *summary, size_t p)
{
    const struct spine_trials *trials = summary->ledger->trials;
    const struct spine_words *values = &trials->parameters[p].values;
    char value[SPINE_PARAMETER_VALUE];
    cJSON *list = cJSON_AddArrayToObject(effect, "values");

    for (size_t v = 0; v < values->count; v++) {
        double sum = 0;
        size_t count = 0;
        for (size_t i = 0; i < trials->count; i++) {
            const double objective = first_objective(summary, i);
            spine_trials_value(trials, i, p, value);
            if (isnan(objective) || strcmp(value, spine_words_get(values, v)) != 0)
                continue;
            sum += objective;
            count++;
        }
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "value", spine_words_get(values, v));
        cJSON_AddNumberToObject(one, "count", (double)count);
        if (count > 0)
            cJSON_AddNumberToObject(one, "mean", sum / (double)count);
        cJSON_AddItemToArray(list, one);
    }
}

static int add_range_effect(cJSON *effect, const struct spine_summary *summary, size_t p,
                            struct spine_error *err)
{
    const struct spine_trials *trials = summary->ledger->trials;
    double *x = spine_memory_zeroed(trials->count + 1, sizeof *x, "the summary", err);
    double *y = spine_memory_zeroed(trials->count + 1, sizeof *y, "the summary", err);
    char value[SPINE_PARAMETER_VALUE];
    struct spine_estimate rho = {0};
    size_t count = 0;
    int rc = 0;

    if (x == NULL || y == NULL)
        rc = -1;

    for (size_t i = 0; rc == 0 && i < trials->count; i++) {
        const double objective = first_objective(summary, i);
        if (isnan(objective))
            continue;
        spine_trials_value(trials, i, p, value);
        x[count] = strtod(value, NULL);
        y[count++] = objective;
    }

    if (rc == 0)
        rc = spine_statistics_spearman(x, y, count, 0, 1, &rho, err);
    if (rc == 0) {
        cJSON_AddNumberToObject(effect, "count", (double)count);
        add_number(effect, "rank_correlation", rho.value);
    }

    free(x);
    free(y);
    return rc;
}

static int add_effects(cJSON *json, const struct spine_summary *summary, struct spine_error *err)
{
    const struct spine_trials *trials = summary->ledger->trials;
    cJSON *effects = cJSON_AddArrayToObject(json, "effects");

    int rc = 0;
    for (size_t p = 0; rc == 0 && p < trials->num_parameters; p++) {
        cJSON *effect = cJSON_CreateObject();
        cJSON_AddItemToArray(effects, effect);
        cJSON_AddStringToObject(effect, "name", trials->parameters[p].name);
        if (trials->parameters[p].kind == SPINE_PARAMETER_LIST)
            add_list_effect(effect, summary, p);
        else
            rc = add_range_effect(effect, summary, p, err);
    }

    return rc;
}

/* Add the path of the trial's page, relative to the sweep's directory, if there is one. */
static int add_report(cJSON *json, const struct spine_summary *summary, size_t trial,
                      struct spine_error *err)
{
    char name[64], path[SPINE_RUNDIR_PATH];
    bool is_readable = false;

    snprintf(name, sizeof name, "trials/%04zu/" SPINE_REPORT_NAME, trial);
    if (spine_ledger_path(summary->ledger, name, path, err) ||
        spine_present_readable(path, &is_readable, err))
        return -1;
    if (is_readable)
        cJSON_AddStringToObject(json, "report", name);
    return 0;
}

static cJSON *make_trial(const struct spine_summary *summary, size_t trial)
{
    const struct spine_trials *trials = summary->ledger->trials;
    const struct spine_account *account = &summary->ledger->accounts[trial];
    const struct spine_scores *scores = scores_of(summary, trial);
    char value[SPINE_PARAMETER_VALUE];
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "trial", (double)trial);
    cJSON *parameters = cJSON_AddObjectToObject(json, "parameters");
    for (size_t p = 0; p < trials->num_parameters; p++) {
        spine_trials_value(trials, trial, p, value);
        cJSON_AddStringToObject(parameters, trials->parameters[p].name, value);
    }

    cJSON_AddStringToObject(json, "state",
                            spine_summary_state_name(spine_summary_state(summary, trial)));
    cJSON_AddNumberToObject(json, "epochs", (double)summary->epochs[trial]);
    cJSON_AddNumberToObject(json, "seconds", account->seconds);
    cJSON *list = cJSON_AddObjectToObject(json, "scores");
    for (size_t s = 0; scores != NULL && s < SPINE_GOAL_SCORES; s++)
        add_number(list, spine_goal_name(s), scores->value[s]);
    cJSON_AddBoolToObject(json, "allowed",
                          scores != NULL && spine_goal_allows(goal_of(summary), scores));
    cJSON_AddBoolToObject(json, "front", summary->on_front[trial]);
    if (reason_of(summary, trial) != NULL)
        cJSON_AddStringToObject(json, "reason", reason_of(summary, trial));
    return json;
}

/* Add what 'print' prints as a string. */
static void add_printed(cJSON *json, const char *name, const struct spine_goal *goal,
                        void (*print)(const struct spine_goal *goal, FILE *file))
{
    struct spine_textstream stream;
    struct spine_error ignored; /* printing the object fails then */
    char *text = NULL;

    if (spine_textstream_open(&stream, name, &ignored) == 0) {
        print(goal, stream.file);
        text = spine_textstream_close(&stream, &ignored);
    }
    if (text == NULL)
        spine_json_cut();
    else
        cJSON_AddStringToObject(json, name, text);
    free(text);
}

/* The caller owns *made, after a failure too. */
static int make_json(const struct spine_summary *summary, cJSON **made, struct spine_error *err)
{
    const struct spine_trials *trials = summary->ledger->trials;
    const struct spine_goal *goal = goal_of(summary);
    cJSON *json = *made = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "program", "spine-sweep");
    cJSON_AddStringToObject(json, "version", SPINE_VERSION);
    cJSON_AddStringToObject(json, "directory", trials->directory);
    cJSON_AddStringToObject(json, "method", spine_method_name(trials->method));
    cJSON_AddStringToObject(json, "score", spine_goal_name(goal->objective));
    cJSON_AddBoolToObject(json, "maximize", goal->maximize);
    add_printed(json, "objective", goal, spine_goal_print_objective);
    add_printed(json, "subject_to", goal, spine_goal_print_limits);
    cJSON *parameters = cJSON_AddArrayToObject(json, "parameters");
    for (size_t p = 0; p < trials->num_parameters; p++) {
        cJSON *parameter = cJSON_CreateObject();
        cJSON_AddStringToObject(parameter, "name", trials->parameters[p].name);
        cJSON_AddStringToObject(parameter, "kind",
                                spine_parameter_kind_name(trials->parameters[p].kind));
        cJSON_AddItemToArray(parameters, parameter);
    }

    cJSON *list = cJSON_AddArrayToObject(json, "trials");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < trials->count; i++) {
        cJSON *trial = make_trial(summary, i);
        cJSON_AddItemToArray(list, trial);
        rc = add_report(trial, summary, i, err);
    }

    if (summary->best < trials->count)
        cJSON_AddNumberToObject(json, "best", (double)summary->best);
    else
        cJSON_AddNullToObject(json, "best");

    return rc == 0 ? add_effects(json, summary, err) : rc;
}

/* --- Files -------------------------------------------------------------------------------- */

/* Write a text, or the table if it is NULL, to a file in the sweep's directory. */
static int write_file(const struct spine_summary *summary, const char *name, const char *text,
                      struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    if (spine_ledger_path(summary->ledger, name, path, err))
        return -1;
    FILE *file = spine_outfile_create_text(path, err);
    if (file == NULL)
        return -1;
    if (text != NULL)
        fprintf(file, "%s\n", text);
    else
        spine_summary_print(summary, file);
    return spine_outfile_finish_text(file, path, err);
}

static int write_page(const struct spine_summary *summary, const char *json,
                      struct spine_error *err)
{
    static const char *const styles[] = {"sweep.css", NULL};
    static const char *const scripts[] = {"table.js", "chart.js", "sweep.js", NULL};
    static const struct spine_page page = {"Sweep", "sweep.html", styles, scripts};
    char path[SPINE_RUNDIR_PATH];
    if (spine_ledger_path(summary->ledger, "summary.html", path, err) ||
        spine_page_write(path, &page, json, err))
        return -1;
    return 0;
}

int spine_summary_write(const struct spine_summary *summary, struct spine_error *err)
{
    cJSON *json = NULL;
    char *text = NULL;
    int lock = -1;

    spine_json_watch();
    int rc = make_json(summary, &json, err);
    if (rc == 0 && (text = spine_json_print(json, true, "the summary", err)) == NULL)
        rc = -1;
    if (rc == 0 && (rc = spine_ledger_lock(summary->ledger, &lock, err)) == 0) {
        if (write_file(summary, "summary.tsv", NULL, err) ||
            write_file(summary, "summary.json", text, err) || write_page(summary, text, err))
            rc = -1;
        spine_ledger_unlock(lock);
    }

    cJSON_free(text);
    cJSON_Delete(json);
    return rc;
}
