/* comm.h -- the ranks of a job and the few things they do together: the only door to MPI.
 *
 * Every function that takes a struct spine_comm is collective: all its ranks call it, in the same
 * order. Counts must be equal on all ranks unless the comment says otherwise. There is no result
 * to check: when MPI itself fails, the job is aborted with MPI's own message, since no rank could
 * tell the others. One rank is the serial case. */
#ifndef SPINE_COMM_H
#define SPINE_COMM_H

#include "spine/error.h"

#include <stddef.h>
#include <stdint.h>

struct spine_comm {
    int rank, size;
    double waited; /* seconds that this rank has waited for sums, all told */
    void *handle;  /* owned; the MPI communicator and the sums under way */
};

/* Start MPI; 'world' is all ranks of the job. */
void spine_comm_init(struct spine_comm *world, int *argc, char ***argv);

/* End MPI. After this the process may only exit. */
void spine_comm_finalize(struct spine_comm *world);

/* The ranks of 'comm' that gave the same 'color' become 'part', in the order of their ranks. */
void spine_comm_split(const struct spine_comm *comm, int color, struct spine_comm *part);

/* Free what spine_comm_split() made. Collective over its ranks. */
void spine_comm_dispose(struct spine_comm *part);

/* The MPI_Comm itself, for store.c: points into comm. Not collective. */
const void *spine_comm_handle(const struct spine_comm *comm);

/* Write the MPI library's name and version, one line, to text (of 'size' bytes). Not collective. */
void spine_comm_library(char *text, size_t size);

/* Replace each element by its sum over all ranks. Every rank gets the same bits. */
void spine_comm_sum_floats(struct spine_comm *comm, float *values, size_t count);
void spine_comm_sum_doubles(struct spine_comm *comm, double *values, size_t count);
void spine_comm_sum_counts(struct spine_comm *comm, int64_t *values, size_t count);

/* Begin to sum floats as spine_comm_sum_floats() does. Returns a ticket for spine_comm_wait(), and
 * until then 'values' must not be touched. At most SPINE_COMM_SUMS may be under way. MPI moves
 * data only while it is called, so call spine_comm_progress() now and then while computing. */
enum { SPINE_COMM_SUMS = 32 };
int spine_comm_begin_sum(struct spine_comm *comm, float *values, size_t count);

/* Let the sums under way advance. Not collective. */
void spine_comm_progress(struct spine_comm *comm);

/* Wait until a sum is done. Where 'span' isn't NULL, span[0] and span[1] get the times at which it
 * was begun and seen to be done, by spine_comm_clock(). */
void spine_comm_wait(struct spine_comm *comm, int ticket, double *span);

/* Seconds since some moment in the past. Not collective. */
double spine_comm_clock(void);

/* The greatest of all ranks' values. */
int64_t spine_comm_max(const struct spine_comm *comm, int64_t value);

/* The sum of the values of the ranks before this one; 0 on rank 0. */
int64_t spine_comm_sum_before(const struct spine_comm *comm, int64_t value);

/* Copy 'bytes' bytes from rank 0 to the others. */
void spine_comm_broadcast(const struct spine_comm *comm, void *data, size_t bytes);

/* Append every rank's 'bytes' bytes (which may differ), in rank order, on rank 0: *all is theirs,
 * allocated, to be freed by the caller, and NULL on the other ranks. Fails on all ranks alike. */
int spine_comm_gather(const struct spine_comm *comm, const void *data, size_t bytes, char **all,
                      size_t *all_bytes, struct spine_error *err);

/* Wait until all ranks are here. */
void spine_comm_barrier(const struct spine_comm *comm);

/* Make one rank's failure every rank's failure, so that nobody goes on into a collective alone.
 * 'rc' is this rank's own result. Returns 0 if it was 0 on all ranks; else -1 on all of them, and
 * err holds the error of the lowest rank that failed. If that is a failure of the machine and not
 * all ranks share it, the text begins with the rank. */
int spine_comm_agree(const struct spine_comm *comm, int rc, struct spine_error *err);

#endif
