/* results.h -- what a trained run leaves: shards, merged codes, the model (rundir.h). */
#ifndef SPINE_RESULTS_H
#define SPINE_RESULTS_H

#include "spine/comm.h"
#include "spine/config.h"
#include "spine/dataset.h"
#include "spine/model.h"

/* Write every rank's shard, merge them unless output.merge = no, and last the model, which says
 * that all is there. Uses work. Collective. */
int spine_results_write(const struct spine_config *config, struct spine_comm *comm,
                        const struct spine_params *params, struct spine_dataset *data,
                        struct spine_workspace *work, struct spine_error *err);

#endif
