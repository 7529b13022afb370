/* forecast.h -- what a run would take. */
#ifndef SPINE_TRAIN_FORECAST_H
#define SPINE_TRAIN_FORECAST_H

#include <stdint.h>
#include <stdio.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Print on rank 0 what spine_train() would do: the configuration, the rows and the memory of a
 * rank, the steps, the memory of its node and the disk space. Reads only the input's extent; writes
 * nothing else. Refuses what spine_train() would refuse, an input with wrong values apart, and
 * fails as spine_forecast_check(). Collective. */
int spine_forecast(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                   struct spine_error *err);

/* The bytes that rank 0 of 'ranks' is expected to take in all, for an input of this extent. Local.
 */
int spine_forecast_rank(const struct spine_config *config, size_t num_rows, size_t dim, int ranks,
                        uint64_t *bytes, struct spine_error *err);

/* Fail if there is less memory on a node than its ranks are expected to take, or less space where
 * the run's files go, unless train.check_room says not to look. Collective. */
int spine_forecast_check(const struct spine_config *config, struct spine_comm *comm,
                         struct spine_error *err);

#endif
