/* goal.c -- the goal of a sweep. */
#include "spine/sweep/goal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The measures of readability, which follow the metrics: their names here and among spine-eval's
 * figures, and their bounds. */
static const struct {
    const char *name, *figure;
    double least, most;
} readability[SPINE_GOAL_SCORES - SPINE_GOAL_METRICS] = {{"intrusion", "intrusion", 0, 1},
                                                         {"coherence", "coherence", -1, 1},
                                                         {"distratio", "DistRatio", 0, INFINITY},
                                                         {"diversity", "diversity", 0, 1}};

/* The metric of a score: all metrics except the first, the epoch, and those that depend on the
 * clock. */
static enum spine_metric metric_of(size_t score)
{
    const size_t metric = score + SPINE_METRIC_RL;

    return (enum spine_metric)(metric < SPINE_METRIC_SECONDS ? metric
                                                             : metric + SPINE_METRICS_TIMED);
}

const char *spine_goal_name(size_t score)
{
    return score < SPINE_GOAL_METRICS ? spine_metrics_name(metric_of(score))
                                      : readability[score - SPINE_GOAL_METRICS].name;
}

const char *spine_goal_figure(size_t score)
{
    return score < SPINE_GOAL_METRICS ? NULL : readability[score - SPINE_GOAL_METRICS].figure;
}

static bool needs(size_t score, const char *option)
{
    const char *needed = score < SPINE_GOAL_METRICS ? spine_metrics_option(metric_of(score)) : NULL;

    return needed != NULL && strcmp(needed, option) == 0;
}

const char *spine_goal_with(const struct spine_goal *goal, const char *option)
{
    if (needs(goal->objective, option))
        return spine_goal_name(goal->objective);
    for (size_t i = 0; i < goal->num_limits; i++)
        if (needs(goal->limit[i].score, option))
            return spine_goal_name(goal->limit[i].score);
    return NULL;
}

size_t spine_goal_find(const char *name)
{
    size_t score = 0;
    while (score < SPINE_GOAL_SCORES && strcmp(spine_goal_name(score), name) != 0)
        score++;
    return score;
}

struct spine_scores spine_goal_unknown(void)
{
    struct spine_scores scores;
    for (size_t i = 0; i < SPINE_GOAL_SCORES; i++)
        scores.value[i] = NAN;
    return scores;
}

static int refuse_score(const char *name, struct spine_error *err)
{
    char all[512] = "";
    for (size_t i = 0; i < SPINE_GOAL_SCORES; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i == 0 ? "" : ", ",
                 spine_goal_name(i));
    return spine_refuse(err, "unknown score '%.60s'; expected one of %s", name, all);
}

int spine_goal_set_objective(struct spine_goal *goal, const char *text, struct spine_error *err)
{
    char direction[16] = "", name[64] = "", more[2] = "";
    if (sscanf(text, "%15s %63s %1s", direction, name, more) != 2 ||
        (strcmp(direction, "maximize") != 0 && strcmp(direction, "minimize") != 0))
        return spine_refuse(err, "'%.100s' is neither 'maximize NAME' nor 'minimize NAME'", text);
    const size_t score = spine_goal_find(name);
    if (score == SPINE_GOAL_SCORES)
        return refuse_score(name, err);
    goal->objective = score;
    goal->maximize = strcmp(direction, "maximize") == 0;
    return 0;
}

/* Find the bounds of a score: of measures of readability, and of shares, of which the explained
 * variance may be as low as it likes. */
static void find_bounds(size_t score, double *least, double *most)
{
    *least = -INFINITY;
    *most = INFINITY;

    if (score >= SPINE_GOAL_METRICS) {
        *least = readability[score - SPINE_GOAL_METRICS].least;
        *most = readability[score - SPINE_GOAL_METRICS].most;
    } else if (spine_metrics_unit(metric_of(score)) == SPINE_METRIC_UNIT_SHARE) {
        const enum spine_metric metric = metric_of(score);
        *most = 1;
        if (metric != SPINE_METRIC_EXPLAINED_VARIANCE &&
            metric != SPINE_METRIC_HELD_OUT_EXPLAINED_VARIANCE)
            *least = 0;
    }
}

/* Refuse a limit that no trial can meet, such as one in percent. */
static int check_limit(const struct spine_limit *limit, struct spine_error *err)
{
    const char *name = spine_goal_name(limit->score);
    char share[64] = "";
    double least, most;

    find_bounds(limit->score, &least, &most);
    if (limit->at_least && limit->bound > most) {
        if (limit->bound <= 100)
            snprintf(share, sizeof share, "; %.15g %% is %.15g", limit->bound, limit->bound / 100);
        return spine_refuse(err, "no trial can have %s >= %.15g: it is at most %g%s", name,
                            limit->bound, most, share);
    }
    if (!limit->at_least && limit->bound < least)
        return spine_refuse(err, "no trial can have %s <= %.15g: it is at least %g", name,
                            limit->bound, least);
    return 0;
}

/* One limit: "NAME >= NUMBER". */
static int add_limit(struct spine_goal *goal, const char *text, struct spine_error *err)
{
    char name[64] = "", sign[3] = "", number[64] = "", more[2] = "", *end = number;

    if (sscanf(text, " %63[a-z0-9_] %2[<>=] %63s %1s", name, sign, number, more) != 3 ||
        (strcmp(sign, ">=") != 0 && strcmp(sign, "<=") != 0))
        return spine_refuse(err, "'%.100s' is neither 'NAME >= NUMBER' nor 'NAME <= NUMBER'", text);
    const size_t score = spine_goal_find(name);
    if (score == SPINE_GOAL_SCORES)
        return refuse_score(name, err);
    const double bound = strtod(number, &end);
    if (*end != '\0' || !isfinite(bound))
        return spine_refuse(err, "'%s' is not a number", number);
    if (goal->num_limits == SPINE_GOAL_LIMITS)
        return spine_refuse(err, "has more than %d limits", SPINE_GOAL_LIMITS);

    const struct spine_limit limit = {score, sign[0] == '>', bound};
    if (check_limit(&limit, err))
        return -1;
    goal->limit[goal->num_limits++] = limit;
    return 0;
}

int spine_goal_set_limits(struct spine_goal *goal, const char *text, struct spine_error *err)
{
    goal->num_limits = 0;
    for (;;) {
        char one[200];
        text += strspn(text, " ");
        const size_t length = strcspn(text, ",");
        snprintf(one, sizeof one, "%.*s", (int)length, text);
        if (add_limit(goal, one, err))
            return -1;
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
}

void spine_goal_print_objective(const struct spine_goal *goal, FILE *file)
{
    fprintf(file, "%s %s", goal->maximize ? "maximize" : "minimize",
            spine_goal_name(goal->objective));
}

void spine_goal_print_limits(const struct spine_goal *goal, FILE *file)
{
    for (size_t i = 0; i < goal->num_limits; i++) {
        const struct spine_limit *limit = &goal->limit[i];
        fprintf(file, "%s%s %s %.15g", i == 0 ? "" : ", ", spine_goal_name(limit->score),
                limit->at_least ? ">=" : "<=", limit->bound);
    }
}

/* By how much the limits are missed, each relative to its bound; NaN if unknown. */
static double shortfall(const struct spine_goal *goal, const struct spine_scores *scores)
{
    double sum = 0;
    for (size_t i = 0; i < goal->num_limits; i++) {
        const struct spine_limit *limit = &goal->limit[i];
        const double value = scores->value[limit->score];
        const double missing = limit->at_least ? limit->bound - value : value - limit->bound;
        if (!(missing <= 0))
            sum += limit->bound != 0 ? missing / fabs(limit->bound) : missing;
    }
    return sum;
}

bool spine_goal_allows(const struct spine_goal *goal, const struct spine_scores *scores)
{
    return shortfall(goal, scores) == 0;
}

/* The less the better; unknown is worst. */
static int compare(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

/* Would the mean of all rows be a better reconstruction? */
static bool is_worse_than_mean(const struct spine_scores *scores)
{
    return scores->value[SPINE_GOAL_EXPLAINED] < 0;
}

int spine_goal_compare(const struct spine_goal *goal, const struct spine_scores *a,
                       const struct spine_scores *b)
{
    const double sign = goal->maximize ? -1 : 1;
    int order = is_worse_than_mean(a) - is_worse_than_mean(b);

    if (order == 0)
        order = compare(shortfall(goal, a), shortfall(goal, b));
    if (order == 0)
        order = compare(sign * a->value[goal->objective], sign * b->value[goal->objective]);
    return order;
}
