/* messages.h -- included after mpi.h and before ranks/comm.c (simulate.py): how a simulated rank
 * deals with others.
 *
 * What it has worked passes first. SMPI's MPI_Exscan(), which only the setting up uses, sends a
 * message from every rank to every other. */
#ifndef SIMULATE_MESSAGES_H
#define SIMULATE_MESSAGES_H

#include <stdint.h>

#include "charge.h"

#define MPI_Allgather(...) (charge_spend(), MPI_Allgather(__VA_ARGS__))
#define MPI_Allreduce(...) (charge_spend(), MPI_Allreduce(__VA_ARGS__))
#define MPI_Alltoall(...) (charge_spend(), MPI_Alltoall(__VA_ARGS__))
#define MPI_Irecv(...) (charge_spend(), MPI_Irecv(__VA_ARGS__))
#define MPI_Isend(...) (charge_spend(), MPI_Isend(__VA_ARGS__))
#define MPI_Wait(...) (charge_spend(), MPI_Wait(__VA_ARGS__))
#define MPI_Waitall(...) (charge_spend(), MPI_Waitall(__VA_ARGS__))

/* Of one 64-bit number a rank. The parameters are MPI_Exscan()'s. */
static inline int sum_before(const void *mine, void *sum, int count, MPI_Datatype type, MPI_Op op,
                             MPI_Comm comm)
{
    int64_t all[4096];
    int rank, size;

    (void)op;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    if (size > (int)(sizeof all / sizeof *all))
        return MPI_ERR_COUNT;
    const int rc = MPI_Allgather(mine, count, type, all, count, type, comm);
    *(int64_t *)sum = 0;
    for (int i = 0; i < rank; i++)
        *(int64_t *)sum += all[i];
    return rc;
}
#define MPI_Exscan sum_before

#endif
