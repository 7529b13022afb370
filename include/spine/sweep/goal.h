/* goal.h -- the goal of a sweep: an objective, and limits, on named scores of a trial.
 *
 *     objective = maximize intrusion
 *     subject_to = explained_variance >= 0.6, dead <= 50
 *
 * Pure: no files, no communication. */
#ifndef SPINE_SWEEP_GOAL_H
#define SPINE_SWEEP_GOAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "spine/base/error.h"
#include "spine/files/metrics.h"

/* The scores, in the order of tables: the metrics of metrics.jsonl that don't depend on the clock,
 * then the readability of the codes (readability.h). */
enum {
    SPINE_GOAL_METRICS = SPINE_METRICS - SPINE_METRICS_TIMED - 1,
    SPINE_GOAL_SCORES = SPINE_GOAL_METRICS + 4
};

/* Those that code needs by name. */
enum {
    SPINE_GOAL_TOTAL = SPINE_METRIC_TOTAL - SPINE_METRIC_RL,
    SPINE_GOAL_EXPLAINED = SPINE_METRIC_EXPLAINED_VARIANCE - SPINE_METRIC_RL - SPINE_METRICS_TIMED,
    SPINE_GOAL_INTRUSION = SPINE_GOAL_METRICS
};
const char *spine_goal_name(size_t score);

/* The name of a score among spine-eval's figures, in the group "interpretability"; NULL for a
 * metric. */
const char *spine_goal_figure(size_t score);

/* The index of the score with this name; SPINE_GOAL_SCORES if there is none. */
size_t spine_goal_find(const char *name);

/* The scores of a trial after some epochs; NaN: unknown. */
struct spine_scores {
    double value[SPINE_GOAL_SCORES];
};
struct spine_scores spine_goal_unknown(void);

enum { SPINE_GOAL_LIMITS = 8 };
struct spine_goal {
    size_t objective; /* the index of a score */
    bool maximize;
    size_t num_limits;
    struct spine_limit {
        size_t score;
        bool at_least; /* else at most */
        double bound;
    } limit[SPINE_GOAL_LIMITS];
};

/* Parse "maximize NAME" or "minimize NAME"; parse "NAME >= NUMBER, NAME <= NUMBER, ...".
 * Limits that no trial can meet are refused, such as a share >= 60. */
int spine_goal_set_objective(struct spine_goal *goal, const char *text, struct spine_error *err);
int spine_goal_set_limits(struct spine_goal *goal, const char *text, struct spine_error *err);

/* The name of a score in the goal that only trials with this option have (spine_metrics_option());
 * NULL if it uses none. */
const char *spine_goal_with(const struct spine_goal *goal, const char *option);

/* Print the objective and the limits in the form in which they are parsed. */
void spine_goal_print_objective(const struct spine_goal *goal, FILE *file);
void spine_goal_print_limits(const struct spine_goal *goal, FILE *file);

/* Are the scores within all limits? An unknown score isn't. */
bool spine_goal_allows(const struct spine_goal *goal, const struct spine_scores *scores);

/* Compare: below 0 if a is better than b, above 0 if b is better, 0 if neither. First, a negative
 * explained variance is worse than any other: the mean of all rows would be a better
 * reconstruction. Second, scores within the limits are better. Third, missing the limits by less is
 * better. Last, the objective decides. Unknown is worst. */
int spine_goal_compare(const struct spine_goal *goal, const struct spine_scores *a,
                       const struct spine_scores *b);

#endif
