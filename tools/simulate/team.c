/* team.c -- ranks that share memory, simulated: in place of ranks/team.c, whose ranks spin.
 *
 * All simulated ranks are in one process. What they share is address space; of what nobody writes,
 * no memory is taken. */
#include "spine/ranks/team.h"

#include <simgrid/barrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "charge.h"
#include "costs.h"

/* Flags of a meeting, those of the next one, and those that are cleared for the one after it. */
enum { ROUNDS = 3 };

struct shared {
    sg_bar_t barrier;
    uint64_t flags[ROUNDS];
    void *memory;
};

int spine_team_init(struct spine_team *team, const struct spine_comm *comm, size_t bytes,
                    struct spine_error *err)
{
    struct shared *shared = NULL;

    if (comm->rank == 0) {
        shared = calloc(1, sizeof *shared);
        if (shared == NULL)
            abort();
        shared->barrier = sg_barrier_init((unsigned)comm->size);
        shared->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    spine_comm_broadcast(comm, &shared, sizeof shared);
    if (shared->memory == MAP_FAILED)
        return spine_fail(err, "no address space for %zu bytes", bytes);

    *team = (struct spine_team){.rank = comm->rank, .size = comm->size, .memory = shared->memory};
    team->window.window = shared;
    return 0;
}

/* The process is about to end. */
void spine_team_dispose(struct spine_team *team)
{
    *team = (struct spine_team){0};
}

uint64_t spine_team_meet(struct spine_team *team, uint64_t flags)
{
    if (team->size == 1)
        return flags;

    struct shared *shared = team->window.window;
    const uint64_t round = team->meetings++;

    charge_spend();
    shared->flags[round % ROUNDS] |= flags;
    shared->flags[(round + 2) % ROUNDS] = 0;
    sg_barrier_wait(shared->barrier);
    /* Rank 0 reads everyone's line, one after the other, and everyone then reads rank 0's. */
    charge_wait(team->size * costs_of(COST_LINE));
    return shared->flags[round % ROUNDS];
}
