/* real.c -- the time of real steps, on a machine that others use, too: time of the processor.
 *
 * What a step takes is its critical path: from one meeting of the ranks to the next, what the rank
 * takes that has most to do. The linker puts __wrap_spine_team_meet() before the library's
 * (--wrap). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../bench/measure.h"
#include "costs.h"
#include "spine/base/random.h"
#include "steps.h"

enum { MOST_PHASES = 1 << 16 };

static int64_t phases[MOST_PHASES]; /* nanoseconds between two meetings, or ends of steps */
static size_t num_phases, first_phase;
static bool is_begun;
static double last;

static void end_phase(void)
{
    if (num_phases < MOST_PHASES)
        phases[num_phases++] = (int64_t)(measure_now() - last);
}

uint64_t __real_spine_team_meet(struct spine_team *team, uint64_t flags);
uint64_t __wrap_spine_team_meet(struct spine_team *team, uint64_t flags);

uint64_t __wrap_spine_team_meet(struct spine_team *team, uint64_t flags)
{
    if (team->size == 1)
        return flags;
    end_phase();
    flags = __real_spine_team_meet(team, flags);
    last = measure_now();
    return flags;
}

void steps_read(const char *costs)
{
    costs_read(costs);
}

void steps_prepare(const struct steps_setup *setup)
{
    struct spine_dataset *data = setup->data;
    struct spine_params *params = &setup->stepper->params;
    const struct spine_range *units = &setup->stepper->memory.slice;
    const size_t rows = data->part.end_row - data->part.first_row;
    /* Entries of x' have variance 2 * .16, of W1 1 / (3 D). */
    const double bias = sqrt(2 * 0.16 / 3) * measure_bias(costs_of(COST_DENSITY));

    for (size_t i = 0; i < rows; i++)
        spine_random_add_noise(1, 1000000, data->part.first_row + i, 0.4F, data->dim,
                               data->rows + i * data->stride, data->rows + i * data->stride);
    for (size_t j = units->first; j < units->end; j++)
        params->b1[j] = (float)bias;
    spine_stepper_meet(setup->stepper);
}

void steps_ended(void)
{
    if (is_begun) {
        end_phase();
    } else {
        is_begun = true;
        first_phase = num_phases;
    }
    last = measure_now();
}

/* Every step has as many phases. Of the steps, a quarter of which are faster, as in calibrate.c. */
struct steps_times steps_times(struct spine_comm *ranks, size_t steps)
{
    const size_t each = (num_phases - first_phase) / steps;
    double *seconds = calloc(steps, sizeof *seconds), *work = calloc(steps, sizeof *work);

    if (num_phases == MOST_PHASES || seconds == NULL || work == NULL) {
        fprintf(stderr, "steps: too many steps\n");
        exit(1);
    }
    for (size_t i = 0; i < steps; i++)
        for (size_t p = 0; p < each; p++) {
            int64_t ns = phases[first_phase + i * each + p];
            seconds[i] += 1e-9 * (double)spine_comm_max(ranks, ns);
            spine_comm_sum_counts(ranks, &ns, 1);
            work[i] += 1e-9 * (double)ns;
        }
    const struct steps_times times = {measure_quantile(seconds, steps, 4),
                                      measure_quantile(work, steps, 4)};
    free(seconds);
    free(work);
    return times;
}
