/* inputs.c -- the inputs of a sweep's trials, each converted once. */
#include "spine/sweep/inputs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "spine/base/memory.h"
#include "spine/config/settings.h"
#include "spine/files/cache.h"
#include "spine/files/rundir.h"
#include "spine/files/startmodel.h"
#include "spine/train/dataset.h"

int spine_inputs_check(const char *path, struct spine_comm *world, struct spine_error *err)
{
    struct spine_input input;

    if (spine_input_open(&input, world, path, 0, err))
        return -1;
    spine_input_close(&input);
    return 0;
}

int spine_inputs_inspect(const struct spine_config *config, struct spine_comm *world, bool *found,
                         struct spine_error *err)
{
    struct spine_inspection inspection = {.options = spine_settings_scaling(config),
                                          .is_new = config->start_from[0] == '\0'};
    struct spine_input input;

    if (spine_input_open(&input, world, config->input, (size_t)config->limit, err))
        return -1;
    const int rc = spine_input_inspect(&input, world, &inspection, err);
    *found = inspection.found;
    spine_input_close(&input);
    return rc;
}

/* Make the options correct what the other's do, too: the more rows are shortened, the fewer are
 * refused. */
static void correct_more(struct spine_config *config, const struct spine_config *other)
{
    if (other->clip > 0 && (config->clip <= 0 || other->clip < config->clip))
        config->clip = other->clip;
    if (spine_settings_scaling(config).whiten == SPINE_WHITEN_NO)
        strcpy(config->whiten, other->whiten);
    if (config->start_from[0] == '\0')
        strcpy(config->start_from, other->start_from);
}

/* The trials that read the same rows, as one configuration, for each of those. */
struct readers {
    struct spine_config *configs; /* owned; (count) */
    size_t count, capacity;
};

/* Add a trial. */
static int add_reader(struct readers *readers, const struct spine_config *trial,
                      struct spine_error *err)
{
    for (size_t i = 0; i < readers->count; i++) {
        struct spine_config *config = &readers->configs[i];
        if (config->limit == trial->limit && strcmp(config->input, trial->input) == 0) {
            correct_more(config, trial);
            return 0;
        }
    }
    if (spine_memory_reserve(&readers->configs, &readers->capacity, readers->count + 1,
                             sizeof *readers->configs, "the inputs of trials", err))
        return -1;
    readers->configs[readers->count++] = *trial;
    return 0;
}

int spine_inputs_inspect_all(const struct spine_trials *trials, struct spine_comm *world,
                             struct spine_error *err)
{
    struct readers readers = {0};
    struct spine_config config;
    bool found;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < trials->count; i++)
        if (spine_trials_config(trials, i, &config, err) || add_reader(&readers, &config, err))
            rc = -1;
    rc = spine_comm_agree(world, rc, err);

    for (size_t i = 0; rc == 0 && i < readers.count; i++)
        rc = spine_inputs_inspect(&readers.configs[i], world, &found, err);

    free(readers.configs);
    return rc;
}

/* Collective over one rank of each node. */
static int compare_run(const char *run, const struct spine_comm *readers, struct spine_error *err)
{
    char fingerprint[SPINE_FINGERPRINT];
    struct spine_error ignored;
    uint64_t hash = 0;

    if (run[0] != '\0' && spine_startmodel_fingerprint(run, fingerprint, &ignored) == 0)
        hash = XXH3_64bits(fingerprint, strlen(fingerprint));
    return spine_input_compare(run, "run", readers, hash, err);
}

int spine_inputs_check_start(const struct spine_trials *trials, struct spine_comm *world,
                             struct spine_error *err)
{
    const struct spine_parameter *runs = spine_trials_find(trials, "train.start_from");
    const size_t count = runs != NULL ? runs->values.count : 1;
    struct spine_comm node, readers;
    int rc = 0;

    spine_comm_split_nodes(world, &node);
    const bool reads = node.rank == 0;
    spine_comm_split(world, reads ? 0 : 1, &readers);
    for (size_t i = 0; reads && i < count; i++)
        if (compare_run(runs != NULL ? spine_words_get(&runs->values, i) : trials->base.start_from,
                        &readers, err))
            rc = -1;

    spine_comm_dispose(&readers);
    spine_comm_dispose(&node);
    return spine_comm_agree(world, rc, err);
}

/* Find the vectors.h5 of a value, and append it to those of the trials. A hash of the value names
 * its directory: two values may have the same last component, and their order may change. */
static int use_value(struct spine_trials *trials, const char *value, struct spine_comm *world,
                     struct spine_error *err)
{
    struct spine_config config = trials->base;
    char directory[SPINE_RUNDIR_PATH];
    const int length = snprintf(directory, sizeof directory, "%s/input-%016llx", trials->directory,
                                (unsigned long long)XXH3_64bits(value, strlen(value)));

    if (length >= (int)sizeof directory)
        return spine_refuse(err, "sweep.directory: %.60s...: the path is too long", directory);
    snprintf(config.input, sizeof config.input, "%s", value);
    if (spine_cache_use(&config, directory, world, err) ||
        spine_inputs_check(config.input, world, err)) {
        if (world->rank == 0)
            rmdir(trials->directory); /* fails unless it is empty */
        return -1;
    }
    const int rc = spine_words_add(&trials->inputs, config.input, strlen(config.input), err);
    return spine_comm_agree(world, rc, err);
}

int spine_inputs_use(struct spine_trials *trials, struct spine_comm *world, struct spine_error *err)
{
    const struct spine_parameter *inputs = spine_trials_find(trials, "data.input");

    if (inputs == NULL)
        return spine_cache_use(&trials->base, trials->directory, world, err);
    if (trials->base.cache[0] != '\0')
        return spine_refuse(err, "data.cache: one file can't hold all inputs of a sweep over "
                                 "data.input; leave it out");
    for (size_t i = 0; i < inputs->values.count; i++)
        if (use_value(trials, spine_words_get(&inputs->values, i), world, err))
            return -1;
    return 0;
}
