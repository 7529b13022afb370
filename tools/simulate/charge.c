/* charge.c -- simulated work. */
#include "charge.h"

#include <simgrid/actor.h>

/* Each rank has these, as SMPI gives it a copy of the program's data. */
static double pending, total;

void charge_work(double ns)
{
    pending += 1e-9 * ns;
    total += 1e-9 * ns;
}

void charge_wait(double ns)
{
    pending += 1e-9 * ns;
}

void charge_spend(void)
{
    if (pending > 0)
        sg_actor_sleep_for(pending);
    pending = 0;
}

double charge_total(void)
{
    return total;
}
