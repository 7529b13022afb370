/* team.h -- ranks that share memory and go through the phases of a step together.
 *
 * Nothing is copied between them: what one rank writes before a meeting, all others see after it.
 * The ranks are on one host. A team of one uses private memory and never waits. */
#ifndef SPINE_RANKS_TEAM_H
#define SPINE_RANKS_TEAM_H

#include <stddef.h>
#include <stdint.h>

#include "spine/ranks/comm.h"

struct spine_team {
    int rank, size;
    void *memory;                    /* shared by all; zeroed, aligned to 64 bytes */
    double waited;                   /* seconds that this rank has waited in all */
    uint64_t meetings;               /* so far */
    struct spine_comm_memory window; /* owned */
};

/* Share 'bytes' bytes among the ranks of comm, which are on one node (spine_comm_split_nodes()).
 * Collective over comm; fails on all ranks alike. */
int spine_team_init(struct spine_team *team, const struct spine_comm *comm, size_t bytes,
                    struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_team_dispose(struct spine_team *team);

/* Wait for all ranks of the team. Returns the bitwise OR of their flags. Collective. */
uint64_t spine_team_meet(struct spine_team *team, uint64_t flags);

#endif
