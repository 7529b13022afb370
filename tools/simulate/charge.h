/* charge.h -- simulated work: what replaces arithmetic says how long it would have taken. */
#ifndef SIMULATE_CHARGE_H
#define SIMULATE_CHARGE_H

/* This rank has worked so long. Time passes when it next deals with others: charge_spend(). */
void charge_work(double ns);

/* It has waited: not work, but its clock goes on. */
void charge_wait(double ns);

void charge_spend(void);

/* Seconds of work so far. */
double charge_total(void);

#endif
