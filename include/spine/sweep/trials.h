/* trials.h -- a sweep: many runs described by the section [sweep] of a configuration.
 *
 *     [sweep]
 *     method = random
 *     trials = 20
 *     objective = maximize explained_variance
 *     model.hidden = 500, 1000, 2000               parameters (parameter.h)
 *     model.l0 = log 10 .. 80
 *
 * The parameters of trial i are a function of the seed and i, so any machine can run any trial. A
 * grid has all combinations of the lists in order, the last parameter changing fastest. random
 * draws values (draws.h); where trial i would repeat an earlier one, it is drawn again. asha also
 * draws if 'trials' is given; otherwise it shuffles the trials of the grid: if each were better
 * than the one before, most would be promoted. Pure: no files, no communication. */
#ifndef SPINE_SWEEP_TRIALS_H
#define SPINE_SWEEP_TRIALS_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/config/config.h"
#include "spine/config/inifile.h"
#include "spine/sweep/goal.h"
#include "spine/sweep/parameter.h"

enum spine_method { SPINE_GRID, SPINE_RANDOM, SPINE_ASHA, SPINE_METHODS };

/* The directory of a sweep that doesn't set sweep.directory. */
extern const char spine_trials_directory[];

/* The name in [sweep]: "grid", "random" or "asha". */
const char *spine_method_name(enum spine_method method);

struct spine_trials {
    enum spine_method method;
    size_t count;
    uint64_t seed;
    struct spine_goal goal;
    int64_t ranks_per_trial;
    int64_t min_epochs, reduction; /* of asha */
    char directory[SPINE_CONFIG_TEXT];
    bool drawn;               /* parameters are drawn; if not, trials are the grid's */
    bool is_independent;      /* drawn trials may repeat others, as in earlier versions */
    uint64_t *draws;          /* owned; (count): the number of trial i's draw; NULL: i */
    size_t num_repeats;       /* trials whose first draw is that of an earlier one */
    size_t *order;            /* owned; (count): the grid's number of trial i; NULL: i */
    struct spine_config base; /* options that aren't parameters; its objective is that of all
                                           trials, unless model.objective is a parameter */
    const struct spine_option *reason;  /* why that is spine although it isn't set; or NULL */
    struct spine_parameter *parameters; /* owned; (num_parameters) */
    size_t num_parameters, capacity;
    struct spine_words inputs; /* owned; for each value of data.input, the file that trials read
                                  instead (inputs.h); empty: the value itself */
};

/* Parse a sweep of runs with the options 'base'. Checks the options of every trial before anything
 * runs; a refusal names the line. */
int spine_trials_init(struct spine_trials *trials, const struct spine_config *base,
                      const struct spine_inifile_lines *lines, struct spine_error *err);
void spine_trials_dispose(struct spine_trials *trials);

/* Write parameter p of trial i, as a user would write it, to text of SPINE_PARAMETER_VALUE
 * bytes. */
void spine_trials_value(const struct spine_trials *trials, size_t i, size_t p, char *text);

/* The options of trial i: those of the base with its parameters set. */
int spine_trials_config(const struct spine_trials *trials, size_t i, struct spine_config *config,
                        struct spine_error *err);

/* Everything that the computation of a trial depends on, in lines "name = value"; the caller frees
 * it. The number of trials and the goal are left out: they may change when a sweep is resumed. */
char *spine_trials_identity(const struct spine_trials *trials, struct spine_error *err);

/* The sweep and the options of its base as INI text that reads back as the same sweep; the caller
 * frees it. */
char *spine_trials_text(const struct spine_trials *trials, struct spine_error *err);

/* The parameter that sets the option of this name; NULL if trials don't differ in it. */
const struct spine_parameter *spine_trials_find(const struct spine_trials *trials,
                                                const char *name);

#endif
