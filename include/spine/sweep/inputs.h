/* inputs.h -- the inputs of a sweep's trials, in any form: each is converted once for all
 * trials. */
#ifndef SPINE_SWEEP_INPUTS_H
#define SPINE_SWEEP_INPUTS_H

#include <stdbool.h>

#include "spine/ranks/comm.h"
#include "spine/sweep/trials.h"

/* Replace the input of the base, or if trials differ in data.input, each of its values, by the
 * vectors.h5 to train on (files/cache.h): input.h5 in the sweep's directory, or one for each value
 * in input-HASH/ there. If a later value is refused, earlier conversions are kept. Trials, their
 * order and their identity don't change. Collective over 'world'; the trials must be equal on all
 * ranks. */
int spine_inputs_use(struct spine_trials *trials, struct spine_comm *world,
                     struct spine_error *err);

/* Check that trials can read the file on all ranks, where it must be the same one. Collective. */
int spine_inputs_check(const char *path, struct spine_comm *world, struct spine_error *err);

/* Warn about outliers in the configuration's input, or refuse them, as a run does (dataset.h);
 * *found: were there any? Trials that share rows in memory don't. Collective. */
int spine_inputs_inspect(const struct spine_config *config, struct spine_comm *world, bool *found,
                         struct spine_error *err);

/* The same for all trials, before one begins: rows are refused that every trial which reads them
 * would refuse, and what the options of any of these correct isn't reported. Rows are other ones if
 * data.input or data.limit is; each of them are read once. Collective; 'world' has the same trials
 * on all ranks. */
int spine_inputs_inspect_all(const struct spine_trials *trials, struct spine_comm *world,
                             struct spine_error *err);

/* Fail if a run that train.start_from names is another one on some nodes. One that can't be read
 * passes: the trials that start from it say so. Collective; 'world' has the same trials on all
 * ranks. */
int spine_inputs_check_start(const struct spine_trials *trials, struct spine_comm *world,
                             struct spine_error *err);

#endif
