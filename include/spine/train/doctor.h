/* doctor.h -- what a run would find here, and how fast it would be. */
#ifndef SPINE_TRAIN_DOCTOR_H
#define SPINE_TRAIN_DOCTOR_H

#include <stdio.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Print on rank 0 what preflight.h finds, host by host, and how fast the ranks multiply matrices
 * and add up a gradient, all at the same time. If the configuration names an input, its numbers a
 * row count; else 300. Collective; writes nothing else. */
int spine_doctor(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                 struct spine_error *err);

#endif
