/* settings.c -- options in the form that modules need. */
#include "spine/config/settings.h"

#include <stdio.h>
#include <string.h>

#include "spine/base/number.h"

int spine_settings_parse_grid(const char *text, int *groups, int *columns, struct spine_error *err)
{
    int end = 0;

    *groups = *columns = 0;
    if (strcmp(text, "auto") == 0)
        return 0;
    if (sscanf(text, "%6dx%6d%n", groups, columns, &end) == 2 && text[end] == '\0' && *groups > 0 &&
        *columns > 0)
        return 0;
    return spine_refuse(
        err,
        "parallel.grid: '%.40s' is neither auto nor a grid such as 2x4, 2 groups of "
        "4 ranks",
        text);
}

void spine_settings_grid(const struct spine_config *config, int *groups, int *columns)
{
    struct spine_error ignored; /* it was checked */
    spine_settings_parse_grid(config->grid, groups, columns, &ignored);
}

int spine_settings_parse_whiten(const char *text, enum spine_whiten *whiten, size_t *remove,
                                struct spine_error *err)
{
    static const char prefix[] = "remove:";
    const size_t length = strlen(prefix);
    int64_t count = 0;

    *whiten = SPINE_WHITEN_NO;
    *remove = 0;
    if (strcmp(text, "no") == 0)
        return 0;
    if (strcmp(text, "column") == 0) {
        *whiten = SPINE_WHITEN_COLUMN;
        return 0;
    }
    if (strncmp(text, prefix, length) != 0 ||
        spine_number_whole(text + length, 1, 10000, &count) != 0)
        return spine_refuse(err,
                            "data.whiten: '%.40s' is none of no, column, remove:K with K from "
                            "1 to 10000",
                            text);

    *whiten = SPINE_WHITEN_REMOVE;
    *remove = (size_t)count;
    return 0;
}

int spine_settings_parse_prefixes(const struct spine_config *config,
                                  struct spine_prefixes *prefixes, struct spine_error *err)
{
    static const char between[] = ", \t";
    char text[SPINE_CONFIG_TEXT], *rest = NULL;
    int64_t width, before = 0;

    *prefixes = (struct spine_prefixes){0};
    strcpy(text, config->prefixes);
    for (const char *word = strtok_r(text, between, &rest); word != NULL;
         word = strtok_r(NULL, between, &rest)) {
        if (spine_number_whole(word, before + 1, config->hidden, &width))
            return spine_refuse(err,
                                "model.prefixes: '%.40s' is not a whole number from %lld to "
                                "model.hidden; numbers must ascend",
                                word, (long long)before + 1);
        before = width;
        if (width == config->hidden)
            continue; /* all units, without which it never is */
        if (prefixes->count == SPINE_MOST_PREFIXES)
            return spine_refuse(err, "model.prefixes: has more than %d numbers below model.hidden",
                                SPINE_MOST_PREFIXES);
        prefixes->width[prefixes->count++] = (size_t)width;
    }
    return 0;
}

struct spine_prefixes spine_settings_prefixes(const struct spine_config *config)
{
    struct spine_prefixes prefixes;
    struct spine_error ignored; /* it was checked */

    spine_settings_parse_prefixes(config, &prefixes, &ignored);
    return prefixes;
}

struct spine_scaling_options spine_settings_scaling(const struct spine_config *config)
{
    struct spine_scaling_options wanted = {
        .clip = config->clip, .center = config->center != 0, .rms = config->rms};
    struct spine_error ignored; /* it was checked */

    spine_settings_parse_whiten(config->whiten, &wanted.whiten, &wanted.remove, &ignored);
    return wanted;
}

enum spine_storage spine_settings_storage(const struct spine_config *config)
{
    if (config->residency == SPINE_RESIDENCY_STREAM)
        return SPINE_IN_FILE;
    return config->dtype == SPINE_DTYPE_BFLOAT16 ? SPINE_IN_HALF_MEMORY : SPINE_IN_MEMORY;
}

int64_t spine_settings_last_epoch(const struct spine_config *config)
{
    return config->stop_after > 0 && config->stop_after < config->epochs ? config->stop_after
                                                                         : config->epochs;
}

bool spine_settings_measures(const struct spine_config *config, int64_t epoch)
{
    const int64_t every = config->evaluate_every;

    return epoch > 0 &&
           (epoch == spine_settings_last_epoch(config) || (every > 0 && epoch % every == 0));
}

bool spine_settings_refits(const struct spine_config *config, int64_t epoch)
{
    return config->refit && epoch == config->epochs;
}

int64_t spine_settings_encode_k(const struct spine_config *config)
{
    const double alpha = config->objective == SPINE_OBJECTIVE_KSPARSE ? config->alpha : 1;
    return (int64_t)(alpha * (double)config->k * (1 + 1e-12)); /* 1.15 times 100 is 115, not 114 */
}

struct spine_activation spine_settings_activation(const struct spine_config *config)
{
    struct spine_activation activation = {.is_uncapped = config->cap == SPINE_CAP_NONE};

    if (config->objective == SPINE_OBJECTIVE_NNSE) {
        activation.is_uncapped = true;
    } else if (config->objective != SPINE_OBJECTIVE_SPINE &&
               config->objective != SPINE_OBJECTIVE_RELU) {
        activation.selection =
            config->objective == SPINE_OBJECTIVE_BATCHTOPK ? SPINE_OF_BATCH : SPINE_OF_ROW;
        activation.k = (size_t)config->k;
        activation.encode_k = (size_t)spine_settings_encode_k(config);
    }
    return activation;
}

struct spine_loss_weights spine_settings_weights(const struct spine_config *config)
{
    if (config->objective == SPINE_OBJECTIVE_RELU)
        return (struct spine_loss_weights){.sparsity = config->sparsity, .l1 = config->l1_weight};
    if (config->objective != SPINE_OBJECTIVE_SPINE)
        return (struct spine_loss_weights){.sparsity = config->sparsity};
    return (struct spine_loss_weights){
        .sparsity = config->sparsity, .asl = config->asl_weight, .psl = config->psl_weight};
}
