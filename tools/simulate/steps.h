/* steps.h -- steps of training, of which only the time counts; simulated, or real.
 *
 * steps.c is linked with the library and real.c, or compiled by smpicc together with the sources of
 * a step and simulated.c, which replaces their arithmetic by its time. */
#ifndef SIMULATE_STEPS_H
#define SIMULATE_STEPS_H

#include "spine/train/step.h"

struct steps_setup {
    struct spine_stepper *stepper;
    struct spine_dataset *data;
    const char *costs; /* the file of costs */
};

/* Before the stepper: simulated, read the costs. */
void steps_read(const char *costs);

/* Fill parameters and rows such that as many pairs are active as the costs were measured with. */
void steps_prepare(const struct steps_setup *setup);

/* A step has ended. Time counts from the first call on. */
void steps_ended(void);

/* Seconds a step; and seconds of work a step, of all ranks together, without waits and messages.
 * Collective over the ranks of the grid. */
struct steps_times {
    double seconds, work;
};
struct steps_times steps_times(struct spine_comm *ranks, size_t steps);

#endif
