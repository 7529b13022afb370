/* combination.c -- which options go together. */
#include "spine/config/combination.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/config/settings.h"
#include "spine/math/lapack.h"

/* Refuse an option that the user changed although the chosen method doesn't use it. */
static int check_unused(const struct spine_config *config, const char *name, const char *reason,
                        struct spine_error *err)
{
    if (spine_config_is_default(config, spine_config_find(name)))
        return 0;
    return spine_refuse(err, "%s: isn't used with %s; leave it out", name, reason);
}

/* Check the options that constrain rows of W2: nothing else may set the rows. */
static int check_rows(const struct spine_config *config, struct spine_error *err)
{
    struct spine_prefixes prefixes;

    if (spine_settings_parse_prefixes(config, &prefixes, err))
        return -1;
    if (prefixes.count > 0 && config->refit)
        return spine_refuse(err,
                            "train.refit: isn't used with model.prefixes, since it solves for all "
                            "units together; leave it out");
    if (config->unit_norm && config->refit)
        return spine_refuse(err,
                            "train.refit: isn't used with model.unit_norm, since it gives rows of "
                            "W2 any length; leave it out");
    if (config->unit_norm && config->revive_after > 0)
        return spine_refuse(err,
                            "train.revive_after: isn't used with model.unit_norm, since it gives "
                            "rows of W2 any length; leave it out");
    return 0;
}

/* Refuse options of silent units that don't apply. */
static int check_silent(const struct spine_config *config, struct spine_error *err)
{
    static const char off[] = "model.aux_k = 0";

    if (config->aux_k == 0 && (check_unused(config, "model.aux_weight", off, err) ||
                               check_unused(config, "model.silent_rows", off, err)))
        return -1;
    if (config->aux_k > config->hidden)
        return spine_refuse(err, "model.aux_k: is %lld, more than model.hidden",
                            (long long)config->aux_k);
    return 0;
}

/* Refuse a refit of more units than can be solved for. */
static int check_refit(const struct spine_config *config, struct spine_error *err)
{
    if (!config->refit || config->hidden < SPINE_LAPACK_MOST)
        return 0;
    return spine_refuse(err,
                        "train.refit: isn't used with a model.hidden of %d or more, since it "
                        "solves for all units together; leave it out",
                        (int)SPINE_LAPACK_MOST);
}

/* Refuse an option that the objective doesn't use. */
static int refuse_option(const struct spine_config *config, const struct spine_option *option,
                         struct spine_error *err)
{
    const struct spine_option *reason = spine_config_reason(config);
    char origin[64] = "", users[64];

    if (reason != NULL)
        snprintf(origin, sizeof origin, ", which follows from %s", reason->name);
    else if (!spine_config_has_objective(config))
        snprintf(origin, sizeof origin, ", the default");
    spine_objective_users(option->name, users, sizeof users);
    return spine_refuse(err,
                        "%s: isn't used with model.objective = %s%s; leave it out, or set "
                        "model.objective to %s",
                        option->name, spine_objective_names[config->objective], origin, users);
}

/* Is this an option that the objective doesn't use, and yet changed? If the objective was set,
 * options may be set to their defaults, as in a configuration that has all of them. */
static bool is_misused(const struct spine_config *config, const struct spine_option *option)
{
    if (spine_objective_takes((enum spine_objective)config->objective, option->name))
        return false;
    if (spine_config_has_objective(config) || !spine_objective_decides(option->name))
        return !spine_config_is_default(config, option);
    return spine_config_is_given(config, option);
}

static int check_uses(const struct spine_config *config, struct spine_error *err)
{
    const struct spine_option *option;

    for (size_t i = 0; (option = spine_config_option(i)) != NULL; i++)
        if (is_misused(config, option))
            return refuse_option(config, option, err);
    return 0;
}

/* Check what the objective needs. */
static int check_objective(const struct spine_config *config, struct spine_error *err)
{
    if (check_uses(config, err))
        return -1;
    if (config->objective == SPINE_OBJECTIVE_NNSE)
        return 0;

    if (config->epochs == 0)
        return spine_refuse(err, "train.epochs: 0 is for model.objective = nnse");
    if (config->objective == SPINE_OBJECTIVE_KSPARSE &&
        spine_settings_encode_k(config) > config->hidden)
        return spine_refuse(err, "model.alpha: %.15g times model.k is more than model.hidden",
                            config->alpha);
    if (config->k > config->hidden && config->objective != SPINE_OBJECTIVE_SPINE &&
        config->objective != SPINE_OBJECTIVE_RELU)
        return spine_refuse(err, "model.k: is %lld, more than model.hidden", (long long)config->k);
    if (check_rows(config, err))
        return -1;
    if (config->objective == SPINE_OBJECTIVE_SPINE && config->cap == SPINE_CAP_NONE &&
        config->psl_weight > 0)
        return spine_refuse(err, "model.cap: none needs loss.psl_weight = 0 with model.objective = "
                                 "spine, since h (1 - h) has no minimum");
    return 0;
}

/* train.start_from excludes other ways to begin. */
static int check_start(const struct spine_config *config, struct spine_error *err)
{
    if (config->start_from[0] == '\0')
        return 0;
    if (config->start != SPINE_ATOMS_RANDOM)
        return spine_refuse(err, "model.start: isn't used with train.start_from; leave it out");
    if (strcmp(config->resume, "auto") != 0 && strcmp(config->resume, "never") != 0)
        return spine_refuse(err,
                            "train.start_from: isn't used with train.resume = %.200s; a "
                            "checkpoint has its own parameters",
                            config->resume);
    return 0;
}

static int check_paths(const struct spine_config *config, struct spine_error *err)
{
    const struct {
        const char *name, *path;
    } paths[] = {
        {"data.input", config->input},
        {"data.words", config->words},
        {"data.cache", config->cache},
        {"train.resume", config->resume},
        {"train.start_from", config->start_from},
        {"output.directory", config->directory},
    };

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (spine_option_check_path(paths[i].path, err)) {
            const struct spine_error plain = *err;
            return spine_refuse(err, "%s: %.700s", paths[i].name, plain.text);
        }
    return 0;
}

int spine_combination_check(const struct spine_config *config, struct spine_error *err)
{
    int groups, columns;
    enum spine_whiten whiten;
    size_t remove;

    if (config->input[0] == '\0')
        return spine_refuse(err, "data.input: is not set; it names the vectors to train on");
    if (config->directory[0] == '\0')
        return spine_refuse(err, "output.directory: is empty");
    if (check_paths(config, err) || check_objective(config, err) || check_silent(config, err) ||
        check_refit(config, err) || check_start(config, err))
        return -1;

    if (config->optimizer == SPINE_SGD &&
        check_unused(config, "train.momentum", "train.optimizer = sgd", err))
        return -1;
    if (config->optimizer != SPINE_ADAM &&
        check_unused(config, "train.beta2", "this train.optimizer, only with adam", err))
        return -1;
    if (config->schedule != SPINE_LINEAR &&
        check_unused(config, "train.decay", "this train.schedule, only with linear", err))
        return -1;
    if (config->warmup + (config->schedule == SPINE_LINEAR ? config->decay : 0) > 1)
        return spine_refuse(err, "train.warmup and train.decay: add up to more than 1");
    if (config->wire == SPINE_DTYPE_BFLOAT16 && config->reproducible)
        return spine_refuse(err, "parallel.wire: bfloat16 rounds sums over hosts, so results "
                                 "depend on the number of hosts; set parallel.reproducible = no");

    if (config->residency == SPINE_RESIDENCY_MEMORY &&
        check_unused(config, "data.window", "data.residency = memory", err))
        return -1;
    if (config->residency == SPINE_RESIDENCY_STREAM &&
        check_unused(config, "data.dtype", "data.residency = stream", err))
        return -1;

    if (spine_settings_parse_whiten(config->whiten, &whiten, &remove, err))
        return -1;
    return spine_settings_parse_grid(config->grid, &groups, &columns, err);
}

void spine_combination_report(const struct spine_config *config, const struct spine_option *reason)
{
    const enum spine_objective objective = (enum spine_objective)config->objective;
    const struct spine_option *option;

    if (reason != NULL)
        spine_log(SPINE_LOG_INFO, "model.objective: %s, since %s is set",
                  spine_objective_names[objective], reason->name);
    for (size_t i = 0; (option = spine_config_option(i)) != NULL; i++)
        if (!spine_objective_uses(objective, option->name) &&
            !spine_config_is_default(config, option))
            spine_log_warning("%s: has no effect with model.objective = %s", option->name,
                              spine_objective_names[objective]);
}
