/* comm.h -- the ranks of a job and their collective operations. Only this module calls MPI.
 *
 * Every function that takes a struct spine_comm is collective unless its comment says "Local" or
 * "Not collective": all its ranks call it, in the same order. Counts must be equal on all ranks
 * unless the comment says otherwise. Most functions return nothing: if MPI itself fails, it aborts
 * the job with its own message, since a rank couldn't tell the others. One rank is the serial
 * case. */
#ifndef SPINE_RANKS_COMM_H
#define SPINE_RANKS_COMM_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_comm {
    int rank, size;
    uintptr_t handle; /* owned; the MPI communicator; 0: none, or of one rank, which needs no MPI */
};

/* Start MPI, unless no launcher started this process: then it is all of the job. 'world' is all
 * ranks of the job. */
void spine_comm_init(struct spine_comm *world, int *argc, char ***argv);

/* End MPI, if it was started. After this the process may only exit. */
void spine_comm_finalize(struct spine_comm *world);

/* Split 'comm': ranks that pass the same 'color' become 'part', in the order of their ranks. */
void spine_comm_split(const struct spine_comm *comm, int color, struct spine_comm *part);

/* The same, ordered by 'key'. */
void spine_comm_split_sorted(const struct spine_comm *comm, int color, int key,
                             struct spine_comm *part);

/* Split 'comm' into nodes, ranks that can share memory, in the order of their ranks. With
 * SPINE_RANKS_PER_NODE=n in the environment, every n neighbouring ranks are treated as a node; the
 * user must know that they can share memory. */
void spine_comm_split_nodes(const struct spine_comm *comm, struct spine_comm *node);

/* Memory that all ranks of a node can read and write. */
struct spine_comm_memory {
    void **base;  /* owned; base[r] is the memory of rank r, mapped on this rank */
    void *window; /* owned; NULL if the node has one rank, whose memory is private */
};

/* Allocate 'bytes' bytes on every rank (the number may differ), aligned to 64, mapped on all ranks
 * of the node. Fails on all ranks alike. */
int spine_comm_map(const struct spine_comm *node, size_t bytes, struct spine_comm_memory *memory,
                   struct spine_error *err);

/* Collective over the ranks that mapped it; a zeroed struct is left alone. */
void spine_comm_unmap(struct spine_comm_memory *memory);

/* Free what spine_comm_split() or spine_comm_split_nodes() made; a zeroed struct is left alone.
 * Collective over its ranks. */
void spine_comm_dispose(struct spine_comm *part);

/* Write the MPI library's name and version, one line, to 'text', of 'size' bytes. Not
 * collective. */
void spine_comm_library(char *text, size_t size);

/* Replace each element by its sum over all ranks. Every rank gets the same bits. */
void spine_comm_sum_floats(struct spine_comm *comm, float *values, size_t count);
void spine_comm_sum_doubles(struct spine_comm *comm, double *values, size_t count);
void spine_comm_sum_counts(struct spine_comm *comm, int64_t *values, size_t count);

/* Seconds since some fixed moment. Not collective. */
double spine_comm_clock(void);

/* All-to-all: block i of 'send' goes to rank i, and block i of 'receive' comes from rank i. Blocks
 * have 'count' floats. */
void spine_comm_exchange(struct spine_comm *comm, const float *send, size_t count, float *receive);

/* All-gather: 'all' gets every rank's 'count' floats, or bytes, in rank order, on every rank. */
void spine_comm_collect(struct spine_comm *comm, const float *mine, size_t count, float *all);
void spine_comm_collect_bytes(struct spine_comm *comm, const void *mine, size_t bytes, void *all);

/* Messages from one rank to another that are under way while the ranks compute, in numbered slots,
 * one message each. */
struct spine_comm_mail {
    void *requests; /* owned; of MPI */
    size_t slots;
};

/* Local; also disposing of it, when no message is under way. A zeroed struct is left alone. */
int spine_comm_mail_init(struct spine_comm_mail *mail, size_t slots, struct spine_error *err);
void spine_comm_mail_dispose(struct spine_comm_mail *mail);

/* Begin to send a message to another rank, or to receive one from it; the data must be left alone
 * until the slot's message is complete. Messages of a kind between two ranks keep their order. A
 * received message may be shorter than 'bytes'. A message has at most SPINE_COMM_MESSAGE bytes.
 * Only the two ranks take part. */
#define SPINE_COMM_MESSAGE ((size_t)1 << 30)
void spine_comm_send(const struct spine_comm *comm, struct spine_comm_mail *mail, size_t slot,
                     int to, int kind, const void *data, size_t bytes);
void spine_comm_receive(const struct spine_comm *comm, struct spine_comm_mail *mail, size_t slot,
                        int from, int kind, void *data, size_t bytes);

/* Wait until the message of a slot, or of each slot, is complete. Local but for its sender and
 * receiver. */
void spine_comm_await(struct spine_comm_mail *mail, size_t slot);
void spine_comm_await_all(struct spine_comm_mail *mail);

/* The maximum over all ranks: of a value; of each element. */
int64_t spine_comm_max(const struct spine_comm *comm, int64_t value);
void spine_comm_max_counts(struct spine_comm *comm, int64_t *values, size_t count);

/* The sum of the values of the ranks before this one; 0 on rank 0. */
int64_t spine_comm_sum_before(const struct spine_comm *comm, int64_t value);

/* Copy 'bytes' bytes from rank 0, or from a rank, to the others. */
void spine_comm_broadcast(const struct spine_comm *comm, void *data, size_t bytes);
void spine_comm_broadcast_from(const struct spine_comm *comm, int rank, void *data, size_t bytes);

/* Gather every rank's 'bytes' bytes (the number may differ), in rank order, on rank 0: *all has
 * them there, and the caller frees it; it is NULL on the other ranks. Fails on all ranks alike. */
int spine_comm_gather(const struct spine_comm *comm, const void *data, size_t bytes, char **all,
                      size_t *all_bytes, struct spine_error *err);

/* All-to-all with blocks of different sizes: 'data' has a block for each rank, one after the other,
 * and 'sizes' their bytes. *received, which the caller frees, gets the blocks for this rank, in
 * rank order, and received_sizes their bytes. Fails on all ranks alike. */
int spine_comm_route(const struct spine_comm *comm, const void *data, const uint64_t *sizes,
                     char **received, uint64_t *received_sizes, struct spine_error *err);

/* Wait until all ranks are here. */
void spine_comm_barrier(const struct spine_comm *comm);

/* The same for long waits: the rank sleeps, and leaves its core to others. */
void spine_comm_barrier_sleeping(const struct spine_comm *comm);

/* Make one rank's failure every rank's failure, so that no rank enters the next collective call
 * alone. 'rc' is this rank's own result. Returns 0 if it was 0 on all ranks; else -1 on all of
 * them, and err holds the error of the lowest rank that failed. If that is a failure of the machine
 * and not all ranks share it, the text begins with that rank's number in the job. */
int spine_comm_agree(const struct spine_comm *comm, int rc, struct spine_error *err);

#endif
