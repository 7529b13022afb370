/* trials.h -- a sweep: many runs described by the section [sweep] of a configuration.
 *
 *     [sweep]
 *     method = random
 *     trials = 20
 *     objective = maximize explained_variance
 *     model.hidden = 500, 1000, 2000               a list
 *     train.learning_rate = log 1e-4 .. 1e-2       a range: its logarithm is uniform
 *     loss.sparsity = uniform 0.8 .. 0.95
 *     train.batch_size = int 32 .. 256             whole numbers; also int log
 *
 * Any option that changes what is computed may be a parameter. Trial i's parameters are a function
 * of the seed and i, so that any machine can run any trial: of a grid, all combinations of the
 * lists in order, the last parameter changing fastest; else drawn, and numbers rounded to six
 * digits, so that what a table shows is what was used. asha draws if 'trials' is given, and else
 * has the grid's trials, shuffled: were each better than the one before, most would be sent up.
 * Pure: no files, no communication. */
#ifndef SPINE_SWEEP_TRIALS_H
#define SPINE_SWEEP_TRIALS_H

#include "spine/base/words.h"
#include "spine/config/config.h"
#include "spine/config/inifile.h"
#include "spine/sweep/goal.h"

enum spine_method { SPINE_GRID, SPINE_RANDOM, SPINE_ASHA };

enum spine_parameter_kind {
    SPINE_PARAMETER_LIST,
    SPINE_PARAMETER_UNIFORM,
    SPINE_PARAMETER_LOG,
    SPINE_PARAMETER_INT,
    SPINE_PARAMETER_INT_LOG,
};

struct spine_parameter {
    char name[SPINE_INIFILE_NAME]; /* section.key */
    enum spine_parameter_kind kind;
    struct spine_words values; /* of a list; owned */
    double least, most;        /* of a range */
};

struct spine_trials {
    enum spine_method method;
    size_t count;
    uint64_t seed;
    struct spine_goal goal;
    int64_t ranks_per_trial;
    int64_t min_epochs, reduction; /* of asha */
    char directory[SPINE_CONFIG_TEXT];
    int drawn;                /* else the grid's */
    size_t *order;            /* owned; (count): which of the grid's trial i is; NULL: i */
    struct spine_config base; /* of which the parameters are replaced */
    size_t num_parameters, parameter_capacity;
    struct spine_parameter *parameters; /* owned */
};

/* Read a sweep of runs of 'base'. Refuses, with its line, what can't be, before anything is run:
 * every trial's options are checked. */
int spine_trials_init(struct spine_trials *trials, const struct spine_config *base,
                      const struct spine_inifile_lines *lines, struct spine_error *err);
void spine_trials_dispose(struct spine_trials *trials);

/* Parameter p of trial i, as a user would write it, into text of SPINE_TRIALS_VALUE bytes. */
enum { SPINE_TRIALS_VALUE = SPINE_CONFIG_TEXT };
void spine_trials_value(const struct spine_trials *trials, size_t i, size_t p, char *text);

/* The options of trial i: those of the base, with its parameters. */
int spine_trials_config(const struct spine_trials *trials, size_t i, struct spine_config *config,
                        struct spine_error *err);

/* What makes trial i the trial that it is, a "name = value" a line; the caller frees. The number of
 * trials isn't in it, nor the goal: those may change when a sweep goes on. */
char *spine_trials_identity(const struct spine_trials *trials);

/* The sweep with the options of its base as an INI file that reads back as the same; the caller
 * frees. */
char *spine_trials_text(const struct spine_trials *trials);

/* Is the option one of the parameters? */
int spine_trials_varies(const struct spine_trials *trials, const char *name);

#endif
