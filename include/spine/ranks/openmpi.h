/* openmpi.h -- what is known of Open MPI beyond the MPI standard.
 *
 * Nothing depends on it: it makes one process start faster, turns a hang into an error, and names
 * the network. With another MPI library, or where the environment has SPINE_OPENMPI=0, all of it is
 * left out. Local. */
#ifndef SPINE_RANKS_OPENMPI_H
#define SPINE_RANKS_OPENMPI_H

#include <stddef.h>

/* Before MPI_Init(), in a process that no launcher started: Open MPI would prepare for others, by a
 * daemon through which they might be spawned and by looking for networks. Without these, MPI_Init()
 * takes a fifth of the time. What the user has set stays. */
void spine_openmpi_prepare(void);

/* The directory in which the ranks of a node share memory. Its file system may be too small, which
 * Open MPI 4.1 finds out on one rank, and the others wait for ever. NULL: unknown. */
const char *spine_openmpi_shared_directory(void);

/* Write how messages travel, such as " (pml ob1; btl tcp, vader)", to text: the plug-ins that this
 * process has loaded. Empty if that is unknown. After MPI_Init(). */
void spine_openmpi_transports(char *text, size_t size);

#endif
