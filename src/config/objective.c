/* objective.c -- which options each objective uses. */
#include "spine/config/objective.h"

#include <stdio.h>
#include <string.h>

const char *const spine_objective_names[] = {[SPINE_OBJECTIVE_SPINE] = "spine",
                                             [SPINE_OBJECTIVE_TOPK] = "topk",
                                             [SPINE_OBJECTIVE_BATCHTOPK] = "batchtopk",
                                             [SPINE_OBJECTIVE_KSPARSE] = "ksparse",
                                             [SPINE_OBJECTIVE_RELU] = "relu",
                                             [SPINE_OBJECTIVE_NNSE] = "nnse",
                                             NULL};

#define OF(objective) (1 << SPINE_OBJECTIVE_##objective)

enum {
    NETS = OF(SPINE) | OF(TOPK) | OF(BATCHTOPK) | OF(KSPARSE) | OF(RELU),
    ALL = NETS | OF(NNSE),
};

struct use {
    const char *name;
    int users; /* the objectives that use it */
    int takers; /* those that take it without effect, as earlier versions did: runs with it are resumed */
};

/* The options that not all objectives use. */
static const struct use uses[] = {
    {"model.l0", OF(NNSE), 0},
    {"model.ridge", OF(NNSE), 0},
    {"model.k", OF(TOPK) | OF(BATCHTOPK) | OF(KSPARSE), 0},
    {"model.first_k", OF(KSPARSE), 0},
    {"model.alpha", OF(KSPARSE), 0},
    {"model.prefixes", OF(TOPK) | OF(BATCHTOPK), 0},
    {"model.unit_norm", OF(TOPK) | OF(BATCHTOPK) | OF(RELU), 0},
    {"model.aux_k", OF(TOPK) | OF(BATCHTOPK), 0},
    {"model.cap", NETS, 0},
    {"loss.sparsity", OF(SPINE), 0},
    {"loss.asl_weight", OF(SPINE), 0},
    {"loss.psl_weight", OF(SPINE), 0},
    {"loss.l1_weight", OF(RELU), 0},
    {"train.batch_size", NETS, OF(NNSE)},
    {"train.noise", NETS, 0},
    {"train.optimizer", NETS, OF(NNSE)},
    {"train.learning_rate", NETS, 0},
    {"train.rate_batch", NETS, OF(NNSE)},
    {"train.momentum", NETS, 0},
    {"train.beta2", NETS, 0},
    {"train.schedule", NETS, OF(NNSE)},
    {"train.warmup", NETS, 0},
    {"train.decay", NETS, 0},
    {"train.revive_after", NETS & ~OF(KSPARSE), 0},
    {"train.kernel", OF(SPINE) | OF(RELU), OF(NNSE)},
    {"parallel.wire", NETS, OF(NNSE)},
    {"output.noisy_codes", NETS, 0},
};

static struct use find_use(const char *name)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strcmp(uses[i].name, name) == 0)
            return uses[i];
    return (struct use){name, ALL, 0};
}

bool spine_objective_uses(enum spine_objective objective, const char *name)
{
    return (find_use(name).users >> objective & 1) != 0;
}

bool spine_objective_takes(enum spine_objective objective, const char *name)
{
    const struct use use = find_use(name);

    return ((use.users | use.takers) >> objective & 1) != 0;
}

bool spine_objective_decides(const char *name)
{
    static const char *const sections[] = {"model.", "loss.", "train."};

    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strncmp(name, sections[i], strlen(sections[i])) == 0)
            return true;
    return false;
}

void spine_objective_users(const char *name, char *text, size_t size)
{
    const int users = find_use(name).users;
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; spine_objective_names[i] != NULL; i++) {
        if ((users >> i & 1) == 0)
            continue;
        const bool is_first = (users & ((1 << i) - 1)) == 0, is_last = users >> i == 1;
        const char *before = is_first ? "" : is_last ? " or " : ", ";
        const int written =
            snprintf(text + used, size - used, "%s%s", before, spine_objective_names[i]);
        used += written > 0 && (size_t)written < size - used ? (size_t)written : 0;
    }
}
