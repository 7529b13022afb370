/* openmpi.h -- what we know about Open MPI beyond the MPI standard.
 *
 * Nothing depends on it: it makes a single process start faster, turns a hang into an error, finds
 * mpirun's terminal and names the network. With another MPI library, or with SPINE_OPENMPI=0 in the
 * environment, all of it is skipped. Local. */
#ifndef SPINE_RANKS_OPENMPI_H
#define SPINE_RANKS_OPENMPI_H

#include <stdbool.h>
#include <stddef.h>

/* Call before MPI_Init() and before hwloc describes the machine: keep hwloc from loading its
 * plug-ins for graphics cards (HWLOC_PLUGINS_BLACKLIST), which may wait seconds for the drivers. A
 * setting of the user is kept. */
void spine_openmpi_prepare(void);

/* Is this process all of the job, since no launcher started it? It needs no MPI_Init() then, which
 * takes longer than all else of a start. */
bool spine_openmpi_is_alone(void);

/* The directory whose files are the shared memory of a node's ranks; NULL if unknown. If its file
 * system is too small, Open MPI 4.1 fails on one rank and the others wait for ever. */
const char *spine_openmpi_shared_directory(void);

/* Open the terminal of mpirun's stderr; rank 0's own stderr is a pipe to mpirun. Works only on rank
 * 0 and on mpirun's host. Returns a descriptor for the caller to close, or -1. */
int spine_openmpi_terminal(void);

/* Write the message transports to 'text', such as " (pml ob1; btl tcp, vader)": the plug-ins that
 * this process has loaded, or "" if they are unknown. Call after MPI_Init(). */
void spine_openmpi_transports(char *text, size_t size);

/* The seconds after a SIGTERM or SIGINT at which mpirun kills the ranks; HUGE_VAL if Open MPI's
 * mpirun didn't start them. */
double spine_openmpi_kill_delay(void);

#endif
