/* results.h -- the results of a trained run: shards, merged codes, the model (rundir.h). */
#ifndef SPINE_TRAIN_RESULTS_H
#define SPINE_TRAIN_RESULTS_H

#include "spine/config/config.h"
#include "spine/files/codes.h"
#include "spine/math/coder.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

/* Write every rank's shard, merge the shards unless output.merge = no, and write the model last: a
 * directory with a model is a finished run. Overwrites coder. Collective. */
int spine_results_write(const struct spine_config *config, struct spine_comm *comm,
                        const struct spine_params *params, struct spine_dataset *data,
                        struct spine_coder *coder, struct spine_error *err);

/* Write this rank's shard: the codes of its rows, clean or, if sigma > 0, with the noise of 'epoch'
 * and standard deviation sigma. Overwrites coder. Local; the file is complete or absent. */
int spine_results_write_shard(const char *directory, const struct spine_shard *shard,
                              const struct spine_params *params, struct spine_dataset *data,
                              struct spine_coder *coder, uint32_t epoch, double sigma,
                              struct spine_error *err);

#endif
