/* rowpass.c -- passes over all rows, between whose parts requests are served. */
#include "spine/train/rowpass.h"

#include <math.h>

#include "spine/train/requests.h"

/* The seconds between two polls for requests, the rows of a rank before the first poll, how many
 * times more may follow, and of what their number is a multiple. */
static const double POLL_SECONDS = 1;
enum { FIRST_ROWS = 512, POLL_GROWTH = 16, BLOCK = SPINE_BLOCK_ROWS };

/* The next rows, and whether there is a poll before them. */
struct plan {
    size_t rows;
    bool polls;
};

/* Plan after 'done' rows, of which the last 'rows' took so long: polls are as far apart as they
 * should be, but the first has so many rows before it, unless a block of them takes too long. */
static struct plan next_rows(size_t done, size_t rows, double seconds)
{
    const double wanted = (double)rows * POLL_SECONDS / (seconds + 1e-9);
    const double next = fmin(wanted, (double)rows * POLL_GROWTH);
    const bool polls = done >= FIRST_ROWS || seconds > POLL_SECONDS;
    const double most = done < FIRST_ROWS ? (double)(FIRST_ROWS - done) : next;

    return (struct plan){(size_t)fmax(fmin(next, most) / BLOCK, 1) * BLOCK, polls};
}

int spine_rowpass_run(struct spine_trainer *run, const struct spine_rowpass *pass,
                      const struct spine_metrics *metrics, struct spine_error *err)
{
    struct spine_position *position = &run->position;
    const size_t local = spine_partition_rows(&run->data.part);
    const size_t most = (size_t)spine_comm_max(run->comm, (int64_t)local);
    const size_t steps = spine_partition_steps(&run->data.part);
    struct spine_stepper *stepper = &run->stepper;
    struct plan plan = {.rows = BLOCK};

    for (size_t first = 0; first < most;) {
        const size_t left = first < local ? local - first : 0;
        const double begun = spine_comm_clock();
        pass->add(pass->work, first, left < plan.rows ? left : plan.rows);
        spine_stepper_end_span(stepper, pass->span, begun);
        first += plan.rows;
        if (first >= most)
            break;

        const double done = spine_comm_clock();
        plan = next_rows(first, plan.rows, done - begun);
        spine_comm_broadcast(run->comm, &plan, sizeof plan);
        if (metrics != NULL) /* at its end, an epoch counts no waits (epochend.h) */
            position->waited += spine_comm_clock() - done;
        spine_stepper_end_span(stepper, "wait", done);
        if (plan.polls && spine_requests_poll(run, err))
            return -1;
        if (metrics == NULL)
            continue;
        struct spine_position shown = *position;
        shown.step = first < steps ? first : steps; /* of a rank's rows */
        spine_status_show(&run->status, &shown, metrics);
    }
    return 0;
}
