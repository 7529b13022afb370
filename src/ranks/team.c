/* team.c -- ranks that share memory and go through the phases of a step together.
 *
 * Meetings are numbered. Every rank publishes the number of the meeting that it has reached, with
 * its flags; rank 0 waits for all of them and then publishes the number, with the OR of all flags.
 * Flags are overwritten only at the next meeting, which no rank reaches before rank 0 has read all
 * flags and all ranks have read rank 0's. */
#include "spine/ranks/team.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "spine/base/clock.h"

/* A cache line of a rank's own. */
struct notice {
    alignas(64) _Atomic uint64_t number;
    _Atomic uint64_t flags;
};

/* The shared memory has the notice of rank 0, those of all ranks, and then the caller's memory. */
static size_t header_bytes(int size)
{
    return (1 + (size_t)size) * sizeof(struct notice);
}

static struct notice *all_here(const struct spine_team *team)
{
    return team->window.base[0];
}

static struct notice *notice_of(const struct spine_team *team, int rank)
{
    return all_here(team) + 1 + rank;
}

int spine_team_init(struct spine_team *team, const struct spine_comm *comm, size_t bytes,
                    struct spine_error *err)
{
    const size_t total = header_bytes(comm->size) + bytes;
    *team = (struct spine_team){.rank = comm->rank, .size = comm->size};
    if (spine_comm_map(comm, comm->rank == 0 ? total : 0, &team->window, err))
        return -1;

    if (comm->rank == 0)
        memset(team->window.base[0], 0, header_bytes(comm->size));
    /* MPI's memory is zeroed, and its pages are near the rank that touches them first. */
    if (comm->size == 1)
        memset(team->window.base[0], 0, total);
    team->memory = (char *)team->window.base[0] + header_bytes(comm->size);
    spine_comm_barrier(comm);
    return 0;
}

void spine_team_dispose(struct spine_team *team)
{
    spine_comm_unmap(&team->window);
    *team = (struct spine_team){0};
}

/* Polling is fastest; but if ranks share a core, another rank must get it. */
static void wait_for(const struct notice *notice, uint64_t number)
{
    for (unsigned looks = 1; atomic_load_explicit(&notice->number, memory_order_acquire) < number;
         looks++)
        if (looks % 64 == 0)
            sched_yield();
}

uint64_t spine_team_meet(struct spine_team *team, uint64_t flags)
{
    if (team->size == 1)
        return flags;
    const double start = spine_clock_now();
    const uint64_t number = ++team->meetings;
    struct notice *mine = notice_of(team, team->rank), *all = all_here(team);

    if (team->rank == 0) {
        for (int rank = 1; rank < team->size; rank++) {
            const struct notice *other = notice_of(team, rank);
            wait_for(other, number);
            flags |= atomic_load_explicit(&other->flags, memory_order_relaxed);
        }
        atomic_store_explicit(&all->flags, flags, memory_order_relaxed);
        atomic_store_explicit(&all->number, number, memory_order_release);
    } else {
        atomic_store_explicit(&mine->flags, flags, memory_order_relaxed);
        atomic_store_explicit(&mine->number, number, memory_order_release);
        wait_for(all, number);
        flags = atomic_load_explicit(&all->flags, memory_order_relaxed);
    }
    team->waited += spine_clock_now() - start;
    return flags;
}
