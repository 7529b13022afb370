/* optimizer.h -- how a gradient changes the parameters, and how fast.
 *
 *     SGD        p -= rate g
 *     momentum   v = momentum v + g,  p -= rate v
 *     Adam       Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, with
 *                beta1 = momentum and epsilon 1e-8, bias-corrected
 *
 * Works on flat blocks; knows neither ranks nor shapes. */
#ifndef SPINE_MATH_OPTIMIZER_H
#define SPINE_MATH_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

enum spine_optimizer_kind { SPINE_SGD, SPINE_MOMENTUM, SPINE_ADAM };

/* Their names, ended by NULL. */
extern const char *const spine_optimizer_names[];

struct spine_optimizer {
    enum spine_optimizer_kind kind;
    double momentum, beta2;
    uint64_t steps; /* begun so far; epochs of nnse */
    double rate;    /* of the last step begun */
    size_t len;
    float *first, *second; /* owned; (len): velocity, or Adam's moments; NULL if not needed */
    bool is_placed;        /* first and second are borrowed */
    float corrected_rate, corrected_epsilon; /* Adam's, of the last step begun */
};

int spine_optimizer_init(struct spine_optimizer *optimizer, enum spine_optimizer_kind kind,
                         double momentum, double beta2, size_t len, struct spine_error *err);

/* The same with the moments in 'block', which is borrowed: spine_optimizer_bytes(), zeroed and
 * aligned to 64 bytes. */
void spine_optimizer_place(struct spine_optimizer *optimizer, enum spine_optimizer_kind kind,
                           double momentum, double beta2, size_t len, float *block);
size_t spine_optimizer_bytes(enum spine_optimizer_kind kind, size_t len);
void spine_optimizer_dispose(struct spine_optimizer *optimizer);

/* Begin a step at this rate. */
void spine_optimizer_begin(struct spine_optimizer *optimizer, double rate);

/* Update elements [first, first + count) of the block; call it once for every element. 'params' is
 * the whole block, 'gradient' begins with element 'first'. */
void spine_optimizer_update(struct spine_optimizer *optimizer, size_t first, size_t count,
                            float *params, const float *gradient);

enum spine_schedule_kind { SPINE_CONSTANT, SPINE_LINEAR, SPINE_COSINE };

/* Their names, ended by NULL. */
extern const char *const spine_schedule_names[];

/* The learning rate over a run. It rises linearly in the first warmup * num_steps steps, then
 *     constant   stays
 *     linear     stays, and falls linearly to 0 in the last decay * num_steps steps
 *     cosine     falls to 0 along half a cosine */
struct spine_schedule {
    enum spine_schedule_kind kind;
    double rate;          /* the highest */
    double warmup, decay; /* shares of all steps, 0..1, together at most 1 */
    uint64_t num_steps;
};

/* The rate of step 'step', counted from 0. */
double spine_schedule_rate(const struct spine_schedule *schedule, uint64_t step);

#endif
