/* interrupt.h -- when somebody outside asks the program to save or to stop.
 *
 *     SIGUSR2          save, go on
 *     SIGUSR1          save, leave
 *     SIGTERM, SIGINT  leave soon: whoever sent it will kill us; a second one ends the process
 *     a time limit     leave soon enough to save
 *
 * A rank only notes what it was asked; what happens is for all ranks to decide (step.h). */
#ifndef SPINE_BASE_INTERRUPT_H
#define SPINE_BASE_INTERRUPT_H

/* Note the signals from now on; forget those noted so far. */
void spine_interrupt_install(void);

/* Was this asked for since the last call of the same function? */
int spine_interrupt_save(void);
int spine_interrupt_leave(void); /* by SIGUSR1 */
int spine_interrupt_hurry(void); /* by SIGTERM or SIGINT */

/* Seconds, from now, until the run must have left: 'minutes' from the start of the process if not
 * 0, or the end of the Slurm job that this is, whatever is sooner; a very long time if neither. */
double spine_interrupt_time_left(double minutes);

#endif
