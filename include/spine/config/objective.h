/* objective.h -- model.objective, and which options each objective uses.
 *
 * One table (src/config/objective.c) lists the options that not all objectives use. It decides
 * which options are refused with an objective (combination.h), and which ones show that SPINE is
 * meant where no objective is set (config.h). */
#ifndef SPINE_CONFIG_OBJECTIVE_H
#define SPINE_CONFIG_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

/* The autoencoder of model.h with one of several activations (activation.h), or codes over a
 * dictionary (nnse.h). */
enum spine_objective {
    SPINE_OBJECTIVE_SPINE,
    SPINE_OBJECTIVE_TOPK,
    SPINE_OBJECTIVE_BATCHTOPK,
    SPINE_OBJECTIVE_KSPARSE,
    SPINE_OBJECTIVE_RELU,
    SPINE_OBJECTIVE_NNSE
};

/* Ended by NULL. */
extern const char *const spine_objective_names[];

/* Does the objective use the option of this name, section.key? */
bool spine_objective_uses(enum spine_objective objective, const char *name);

/* Does it use the option, or take it although it has no effect? */
bool spine_objective_takes(enum spine_objective objective, const char *name);

/* Does the option tell of the objective that is meant? Those of data, parallel and output don't. */
bool spine_objective_decides(const char *name);

/* The objectives that use the option, for a message: "topk, batchtopk or ksparse". */
void spine_objective_users(const char *name, char *text, size_t size);

#endif
