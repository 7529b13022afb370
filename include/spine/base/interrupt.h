/* interrupt.h -- signals and time limits: requests to save or to stop.
 *
 *     SIGUSR2          save a checkpoint and continue
 *     SIGUSR1          save a checkpoint and stop
 *     SIGTERM, SIGINT  stop soon, before a SIGKILL follows; a second one ends the process
 *     SIGHUP           the same, when the terminal is closed; ignored under nohup
 *     SIGXCPU          the same: the soft limit of CPU time is used up
 *     a time limit     stop early enough to save
 *
 * A rank only notes its requests; all ranks decide together what to do (step.h). */
#ifndef SPINE_BASE_INTERRUPT_H
#define SPINE_BASE_INTERRUPT_H

#include <stdbool.h>

/* Start noting signals; discard those noted so far. */
void spine_interrupt_install(void);

/* Let signals do what they did before, which most often ends the process: for commands that have
 * nothing to save. If one to stop soon has come already, it does so now. */
void spine_interrupt_release(void);

/* From now on, the process doesn't end if the reader of its log ends, as in "| head". */
void spine_interrupt_outlive_readers(void);

/* Has this been requested since the function was last called? */
bool spine_interrupt_save(void);
bool spine_interrupt_leave(void); /* by SIGUSR1 */
bool spine_interrupt_hurry(void); /* by the other signals */

/* Has one of the other signals ever arrived? */
bool spine_interrupt_was_hurried(void);

/* Seconds left until the run must have stopped: 'minutes' after spine_interrupt_install() unless
 * that is 0, or the end of our Slurm job, whichever is sooner; infinity if there is neither. */
double spine_interrupt_time_left(double minutes);

#endif
