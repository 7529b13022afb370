/* openmpi.h -- what we know about Open MPI beyond the MPI standard.
 *
 * Nothing depends on it: it makes one process start faster, turns a hang into an error, finds
 * mpirun's terminal and names the network. With another MPI library, or where the environment has SPINE_OPENMPI=0, all of it is
 * skipped. Local. */
#ifndef SPINE_RANKS_OPENMPI_H
#define SPINE_RANKS_OPENMPI_H

#include <stddef.h>

/* Call before MPI_Init(). In a process that no launcher started, keep Open MPI from starting a daemon
 * for spawned processes, from searching for networks, and from making the session directory, over
 * which processes that start together stumble: MPI_Init() then takes a fifth of the time.
 * What the user has set stays. */
void spine_openmpi_prepare(void);

/* The directory in which the ranks of a node share memory. If its file system is too small, Open
 * MPI 4.1 fails on one rank and the others wait for ever. NULL: unknown. */
const char *spine_openmpi_shared_directory(void);

/* Open the terminal that mpirun's stderr is, on rank 0 where it runs on mpirun's host: rank 0's own
 * stderr is a pipe to it. Returns a descriptor for the caller to close, or -1. */
int spine_openmpi_terminal(void);

/* Write how messages travel, such as " (pml ob1; btl tcp, vader)", to text: the plug-ins that this
 * process has loaded. Empty if that is unknown. After MPI_Init(). */
void spine_openmpi_transports(char *text, size_t size);

/* Seconds from a SIGTERM or SIGINT to mpirun until it kills the ranks; HUGE_VAL if they were not
 * started by Open MPI's mpirun. */
double spine_openmpi_kill_delay(void);

#endif
