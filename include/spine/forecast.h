/* forecast.h -- what a run would take. */
#ifndef SPINE_FORECAST_H
#define SPINE_FORECAST_H

#include "spine/comm.h"
#include "spine/config.h"

#include <stdio.h>

/* Print on rank 0 what spine_train() would do: the configuration, the rows and the memory of a
 * rank, the steps. Reads only the input's extent; writes nothing else. Refuses what spine_train()
 * would refuse, an input with wrong values apart. Collective. */
int spine_forecast(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                   struct spine_error *err);

#endif
