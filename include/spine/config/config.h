/* config.h -- the options of a run.
 *
 * One table (src/config/config.c) has every option's name, bounds, default and meaning; parsing,
 * --print-config, spine-mpi.ini(5) and the record in a model file all read it. Options come from an
 * INI file (inifile.h), then from "section.key=value" words, which override the file. Nothing is
 * clamped or ignored: unknown names, repeated names, trailing characters and values out of bounds
 * are refused.
 *
 * model.objective changes the defaults of some options, which a second table lists. Options that
 * aren't set follow the objective, in whatever order options are set; options that are set don't.
 * If model.objective isn't set, it is nnse, or spine if an option of [model], [loss] or [train] is
 * set that spine uses but nnse doesn't (objective.h).
 *
 * See combination.h for which options go together, settings.h for the form in which modules get
 * them, and identity.h for those that fix a run's results. */
#ifndef SPINE_CONFIG_CONFIG_H
#define SPINE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"
#include "spine/config/objective.h"
#include "spine/config/option.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"

enum { SPINE_CONFIG_TEXT = SPINE_OPTION_LENGTH };

/* output.formats, a set of bits 1 << SPINE_FORMAT_...; files/output.h describes the formats. */
enum spine_format {
    SPINE_FORMAT_H5AD,
    SPINE_FORMAT_TXT,
    SPINE_FORMAT_VEC,
    SPINE_FORMAT_BIN,
    SPINE_FORMAT_NPZ,
    SPINE_FORMAT_MTX,
    SPINE_FORMAT_NPY,
    SPINE_FORMAT_SPARSE,
    SPINE_FORMAT_TSV,
    SPINE_FORMATS
};

/* Their names, which are also the suffixes of file names; ended by NULL. */
extern const char *const spine_format_names[];

enum spine_cap { SPINE_CAP_ONE, SPINE_CAP_NONE };

/* model.start: the initial atoms of the dictionary. */
enum spine_atoms { SPINE_ATOMS_RANDOM, SPINE_ATOMS_WORDS };

/* data.residency, data.dtype and parallel.wire. */
enum spine_residency { SPINE_RESIDENCY_MEMORY, SPINE_RESIDENCY_STREAM };
enum spine_dtype { SPINE_DTYPE_FLOAT32, SPINE_DTYPE_BFLOAT16 };

/* output.index: auto is no for the trials of a sweep, else yes. */
enum spine_index { SPINE_INDEX_AUTO, SPINE_INDEX_YES, SPINE_INDEX_NO };

/* A mark for each option, in the order of spine_config_option(). */
enum { SPINE_CONFIG_MOST_OPTIONS = 128 };
struct spine_config_given {
    bool is_given[SPINE_CONFIG_MOST_OPTIONS];
};

/* Reals are doubles, counts and switches int64_t, choices the enum named beside them. */
struct spine_config {
    char input[SPINE_CONFIG_TEXT], words[SPINE_CONFIG_TEXT], cache[SPINE_CONFIG_TEXT];
    double clip; /* 0: none */
    int64_t center;
    char whiten[SPINE_CONFIG_TEXT]; /* spine_settings_parse_whiten() */
    double rms;                     /* 0: keep */
    double holdout;                 /* share of the rows; 0: none */
    int64_t limit;                  /* 0: all */
    int64_t residency;              /* enum spine_residency */
    int64_t dtype;                  /* enum spine_dtype: of rows in memory */
    double window;                  /* MiB */
    int64_t hidden;
    int64_t objective; /* enum spine_objective */
    int64_t start;     /* enum spine_atoms */
    double l0, ridge;
    int64_t k, first_k;
    double alpha;
    char prefixes[SPINE_CONFIG_TEXT]; /* spine_settings_parse_prefixes() */
    int64_t unit_norm;
    int64_t aux_k, silent_rows; /* rows of all batches */
    double aux_weight;
    int64_t cap; /* enum spine_cap */
    double sparsity, asl_weight, psl_weight, l1_weight;
    int64_t epochs, stop_after, batch_size;
    double noise;
    int64_t optimizer; /* enum spine_optimizer_kind */
    double learning_rate;
    int64_t rate_batch;
    double momentum, beta2;
    int64_t schedule; /* enum spine_schedule_kind */
    double warmup, decay;
    int64_t seed, refit, evaluate_every;
    int64_t revive_after;
    int64_t checkpoint_every;
    double checkpoint_minutes;
    int64_t checkpoint_keep;
    char resume[SPINE_CONFIG_TEXT];
    char start_from[SPINE_CONFIG_TEXT]; /* a run's directory; empty: none */
    double time_limit, grace_seconds;
    int64_t check_room;
    int64_t kernel;               /* enum spine_kernel_choice */
    char grid[SPINE_CONFIG_TEXT]; /* "auto", or "RxC" (spine_settings_grid()) */
    int64_t reproducible;
    int64_t wire; /* enum spine_dtype: of the gradient between hosts */
    char directory[SPINE_CONFIG_TEXT];
    int64_t merge, formats;
    int64_t index; /* enum spine_index */
    int64_t noisy_codes, tensorboard, overwrite;
    struct spine_config_given given; /* the options that were set: all others are at their defaults,
                                        which may depend on model.objective */
};

/* All options at their defaults. */
void spine_config_init(struct spine_config *config);

/* All options as in a configuration recorded by an earlier version that lacks them: set, with the
 * objective spine and the defaults that don't depend on the objective. */
void spine_config_init_recorded(struct spine_config *config);

/* Is model.objective set? */
bool spine_config_has_objective(const struct spine_config *config);

/* The option because of which the objective is spine although model.objective isn't set; NULL if
 * there is none. */
const struct spine_option *spine_config_reason(const struct spine_config *config);

/* Could this be the objective, if model.objective isn't set: does it use all options of [model],
 * [loss] and [train] that are set? */
bool spine_config_suits(const struct spine_config *config, enum spine_objective objective);

/* Set model.objective. */
void spine_config_choose(struct spine_config *config, enum spine_objective objective);

/* Count the option of this name as set, although its value is unchanged; other defaults follow. */
void spine_config_mark(struct spine_config *config, const char *name);

/* Was the option set? */
bool spine_config_is_given(const struct spine_config *config, const struct spine_option *option);

/* Does an option have its default for this objective and these other options? */
bool spine_config_is_default(const struct spine_config *config, const struct spine_option *option);

/* Does the option's default depend on model.objective? */
bool spine_config_has_recipe(const struct spine_option *option);

/* Keep the defaults of earlier versions, which were the same for all objectives. 'was' is the
 * configuration of the run to resume. If an option has such a general default there and isn't set
 * in 'config', set it to that. Returns the number of options changed; 'text' lists them for a
 * message: "train.epochs = 60, train.refit = no". */
int spine_config_keep_earlier(struct spine_config *config, const struct spine_config *was,
                              char *text, size_t size);

/* The option with this index in the table, NULL after the last; the option with this name, or
 * NULL. */
const struct spine_option *spine_config_option(size_t index);
const struct spine_option *spine_config_find(const char *name);

/* Is a format among config->formats? */
bool spine_config_has_format(const struct spine_config *config, enum spine_format format);

/* Set one option by its name. 'given', empty at first, marks the options that a source such as a
 * file has set; setting one twice is refused. */
int spine_config_set(struct spine_config *config, struct spine_config_given *given,
                     const char *name, const char *value, struct spine_error *err);

/* Apply the words "section.key=value", which override what the file set. */
int spine_config_override(struct spine_config *config, char *const *words, int count,
                          struct spine_error *err);

/* All options as INI text, without comments; the caller frees it. Reading it back gives the same
 * configuration. */
char *spine_config_text(const struct spine_config *config, struct spine_error *err);

/* The same text, but without options that aren't set and have a default that depends on
 * model.objective, so that they still follow the objective when the text is read. */
char *spine_config_base_text(const struct spine_config *config, struct spine_error *err);

/* The same text, but only with options that the objective uses. */
char *spine_config_used_text(const struct spine_config *config, struct spine_error *err);

/* Write spine_config_text() with each option's meaning, bounds and default above it. */
void spine_config_describe(const struct spine_config *config, FILE *file);

#endif
