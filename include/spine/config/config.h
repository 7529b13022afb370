/* config.h -- the options of a run.
 *
 * One table (src/config/config.c) has every option's name, bounds, default and meaning; parsing,
 * --print-config, spine-mpi.ini(5) and the record in a model file all read it. Options come from an INI file
 * (inifile.h) and then from "section.key=value" words in the same terms. Nothing is clamped or
 * ignored: unknown names, repeated names, trailing characters and values out of bounds are refused.
 */
#ifndef SPINE_CONFIG_CONFIG_H
#define SPINE_CONFIG_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"
#include "spine/config/option.h"
#include "spine/math/activation.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/math/scaling.h"

enum { SPINE_CONFIG_TEXT = SPINE_OPTION_LENGTH };

/* output.formats, a set of: */
enum { SPINE_FORMAT_H5AD = 1, SPINE_FORMAT_TXT = 2 };

/* The names of all formats (output.h) in the order of the bits, ended by NULL. */
extern const char *const spine_format_names[];

/* model.objective: the autoencoder of model.h, with its activation or another (activation.h), or codes
 * over a dictionary (nnse.h); and how the dictionary's atoms begin. */
enum spine_objective {
    SPINE_OBJECTIVE_SPINE,
    SPINE_OBJECTIVE_TOPK,
    SPINE_OBJECTIVE_BATCHTOPK,
    SPINE_OBJECTIVE_KSPARSE,
    SPINE_OBJECTIVE_RELU,
    SPINE_OBJECTIVE_NNSE
};
enum spine_cap { SPINE_CAP_ONE, SPINE_CAP_NONE };
enum spine_atoms { SPINE_ATOMS_RANDOM, SPINE_ATOMS_WORDS };

/* data.residency, data.dtype and parallel.wire. */
enum spine_residency { SPINE_RESIDENCY_MEMORY, SPINE_RESIDENCY_STREAM };
enum spine_dtype { SPINE_DTYPE_FLOAT32, SPINE_DTYPE_BFLOAT16 };

/* Where a rank's rows are while it trains, by residency and dtype: in memory, as float or as bfloat16; or in
 * the file. */
enum spine_storage { SPINE_IN_MEMORY, SPINE_IN_HALF_MEMORY, SPINE_IN_FILE };

/* Reals are doubles, counts and switches int64_t, choices the enum named beside them. */
struct spine_config {
    char input[SPINE_CONFIG_TEXT], words[SPINE_CONFIG_TEXT], cache[SPINE_CONFIG_TEXT];
    double clip; /* 0: none */
    int64_t center;
    char whiten[SPINE_CONFIG_TEXT]; /* spine_config_parse_whiten() */
    double rms;                     /* 0: keep */
    double holdout;                 /* share of the rows; 0: none */
    int64_t limit;                  /* 0: all */
    int64_t residency;              /* enum spine_residency */
    int64_t dtype;                  /* enum spine_dtype: of rows in memory */
    double window;                  /* MiB */
    int64_t hidden;
    int64_t objective; /* enum spine_objective */
    int64_t start;     /* enum spine_atoms */
    double l0;
    int64_t k, first_k;
    double alpha;
    char prefixes[SPINE_CONFIG_TEXT]; /* spine_config_parse_prefixes() */
    int64_t unit_norm;
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
    char grid[SPINE_CONFIG_TEXT]; /* "auto", or "RxC" (spine_config_grid()) */
    int64_t reproducible;
    int64_t wire; /* enum spine_dtype: of the gradient between hosts */
    char directory[SPINE_CONFIG_TEXT];
    int64_t merge, formats, noisy_codes, tensorboard, overwrite;
};

/* All options at their defaults. */
void spine_config_init(struct spine_config *config);

/* What an option takes. */
enum spine_config_kind {
    SPINE_CONFIG_UNKNOWN, /* there is no option of this name */
    SPINE_CONFIG_WHOLE,
    SPINE_CONFIG_REAL,
    SPINE_CONFIG_OTHER, /* words */
};
enum spine_config_kind spine_config_kind(const char *name);

/* Set one option by its name. 'given' marks those that this source, a file say, has set, and one
 * that is set twice is refused; it begins as 0. */
int spine_config_set(struct spine_config *config, uint64_t *given, const char *name,
                     const char *value, struct spine_error *err);

/* Apply the words "section.key=value", which may set again what the file set. */
int spine_config_override(struct spine_config *config, char *const *words, int count,
                          struct spine_error *err);

/* Refuse what is missing or doesn't go together. */
int spine_config_check(const struct spine_config *config, struct spine_error *err);

/* Refuse a path with ~ or $VARIABLE, of which a directory of that name would be made. The message
 * leaves out whose path it is. */
int spine_config_check_path(const char *path, struct spine_error *err);

/* parallel.grid: groups of rows and columns of units; 0 and 0 for auto. Refuses other words. */
int spine_config_parse_grid(const char *text, int *groups, int *columns, struct spine_error *err);

/* The same of a configuration that spine_config_check() has passed. */
void spine_config_grid(const struct spine_config *config, int *groups, int *columns);

/* data.whiten: no, column, or remove:K with K from 1 on. Refuses other words. */
int spine_config_parse_whiten(const char *text, enum spine_whiten *whiten, size_t *remove,
                              struct spine_error *err);

/* model.prefixes: ascending numbers up to model.hidden, which may be left out. Refuses others. */
int spine_config_parse_prefixes(const struct spine_config *config, struct spine_prefixes *prefixes,
                                struct spine_error *err);

/* The same of a configuration that spine_config_check() has passed. */
struct spine_prefixes spine_config_prefixes(const struct spine_config *config);

/* How the input is scaled, of a configuration that spine_config_check() has passed. */
struct spine_scaling_options spine_config_scaling(const struct spine_config *config);

/* Of a configuration that spine_config_check() has passed. */
enum spine_storage spine_config_storage(const struct spine_config *config);

/* The epoch after which training ends for now: train.stop_after, or train.epochs. */
int64_t spine_config_last_epoch(const struct spine_config *config);

/* How the objective's codes are computed, and the weights of its losses; of those that it doesn't use,
 * 0. */
struct spine_activation spine_config_activation(const struct spine_config *config);
struct spine_loss_weights spine_config_weights(const struct spine_config *config);

/* All options as an INI text, without comments; the caller frees. Reading it back gives the same
 * configuration. */
char *spine_config_text(const struct spine_config *config);

/* The options that fix what is computed, a "name = value" a line; the caller frees. The others may
 * change when a run is resumed: data.input and how it is read (the rows themselves are compared),
 * train.epochs, when to measure, save and stop, train.kernel, and all of output. */
char *spine_config_identity(const struct spine_config *config);

/* Describe in what two such texts differ, for a message: "model.hidden was 500, is 100; ...".
 * An option that the first text lacks, as an earlier version may have written it, had its default.
 * Returns 0 if they don't. */
int spine_config_differ(const char *was, const char *is, char *text, size_t size);

/* Write spine_config_text() with each option's meaning, bounds and default above it. */
void spine_config_describe(const struct spine_config *config, FILE *file);

#endif
