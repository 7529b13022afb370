/* doctor.h -- a report on the machine: how ranks are placed, and how fast they are together. */
#ifndef SPINE_TRAIN_DOCTOR_H
#define SPINE_TRAIN_DOCTOR_H

#include <stdio.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Print on rank 0: what preflight.h finds, host by host; the speed of matrix products and of the
 * gradient's all-reduce, measured on all ranks at the same time; and the predicted time of a step
 * on each grid from which parallel.grid = auto chooses (stepcost.h), with a rank's memory. Rows
 * have the length of the input's, or 300 numbers if the configuration names no input. Writes no
 * file. Collective. */
int spine_doctor(const struct spine_config *config, struct spine_comm *comm, FILE *out,
                 struct spine_error *err);

#endif
