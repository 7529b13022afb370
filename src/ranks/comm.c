/* comm.c -- the ranks of a job, and all calls of MPI.
 *
 * MPI counts are ints; longer blocks are sent in pieces of PIECE elements. A communicator of one
 * rank calls nothing of MPI, which a process without a launcher doesn't start. */
#include "spine/ranks/comm.h"

#include <assert.h>
#include <limits.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "spine/base/clock.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/ranks/machine.h"
#include "spine/ranks/openmpi.h"

enum { PIECE = 1 << 28 };

/* A failed MPI call can't be reported to the other ranks: print where it failed, and end the
 * job. */
#define MPI_TRY(call) abort_unless_success((call), __FILE__, __LINE__)

static void abort_unless_success(int code, const char *file, int line)
{
    if (code == MPI_SUCCESS)
        return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
        snprintf(text, sizeof text, "unknown error %d", code);
    fprintf(stderr, "%s:%d: MPI: %s\n", file, line, text);
    MPI_Abort(MPI_COMM_WORLD, SPINE_EXIT_FAILED);
}

/* The length of the next piece of a block of 'length', of which 'done' are done. */
static int next_piece(uint64_t length, uint64_t done)
{
    const uint64_t left = length - done;
    return (int)(left < PIECE ? left : PIECE);
}

/* The communicator is stored by value, so that nothing can fail on one rank alone. */
static_assert(sizeof(MPI_Comm) <= sizeof(uintptr_t), "a communicator fits into its handle");

static MPI_Comm mpi(const struct spine_comm *comm)
{
    MPI_Comm mpi_comm;

    memcpy(&mpi_comm, &comm->handle, sizeof mpi_comm);
    return mpi_comm;
}

static void adopt(struct spine_comm *comm, MPI_Comm mpi_comm)
{
    *comm = (struct spine_comm){.handle = 0};
    memcpy(&comm->handle, &mpi_comm, sizeof mpi_comm);
    MPI_TRY(MPI_Comm_set_errhandler(mpi_comm, MPI_ERRORS_RETURN));
    MPI_TRY(MPI_Comm_rank(mpi_comm, &comm->rank));
    MPI_TRY(MPI_Comm_size(mpi_comm, &comm->size));
}

static void adopt_alone(struct spine_comm *comm)
{
    *comm = (struct spine_comm){.rank = 0, .size = 1};
}

void spine_comm_init(struct spine_comm *world, int *argc, char ***argv)
{
    spine_openmpi_prepare();
    if (spine_openmpi_is_alone()) {
        adopt_alone(world);
        return;
    }

    MPI_TRY(MPI_Init(argc, argv));
    adopt(world, MPI_COMM_WORLD);
    spine_log_set_terminal(spine_openmpi_terminal());
}

void spine_comm_finalize(struct spine_comm *world)
{
    const bool started = world->handle != 0;

    *world = (struct spine_comm){0};
    if (started)
        MPI_TRY(MPI_Finalize());
}

void spine_comm_split(const struct spine_comm *comm, int color, struct spine_comm *part)
{
    spine_comm_split_sorted(comm, color, comm->rank, part);
}

void spine_comm_split_sorted(const struct spine_comm *comm, int color, int key,
                             struct spine_comm *part)
{
    MPI_Comm handle;

    if (comm->size == 1) {
        adopt_alone(part);
        return;
    }
    MPI_TRY(MPI_Comm_split(mpi(comm), color, key, &handle));
    adopt(part, handle);
}

/* SPINE_RANKS_PER_NODE of rank 0, whose environment counts; 0 if it has none. */
static int ranks_per_node(const struct spine_comm *comm)
{
    const char *text = getenv("SPINE_RANKS_PER_NODE");
    int64_t count = 0;

    if (text != NULL && spine_number_whole(text, 1, INT_MAX, &count) && comm->rank == 0)
        spine_log_warning("SPINE_RANKS_PER_NODE: '%s' is not a whole number above 0; it is ignored",
                          text);
    spine_comm_broadcast(comm, &count, sizeof count);
    return (int)count;
}

void spine_comm_split_nodes(const struct spine_comm *comm, struct spine_comm *node)
{
    const int ranks = ranks_per_node(comm);
    MPI_Comm handle;

    if (ranks > 0 || comm->size == 1) {
        spine_comm_split(comm, ranks > 0 ? comm->rank / ranks : 0, node);
        return;
    }
    MPI_TRY(
        MPI_Comm_split_type(mpi(comm), MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &handle));
    adopt(node, handle);
}

/* Does this process have address space for 'bytes' bytes? If one doesn't, MPI aborts. */
static bool can_map(size_t bytes)
{
    void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return false;

    munmap(mapped, bytes);
    return true;
}

/* Check that the node's shared memory fits into its file system and into each rank's address space.
 * Fails on all ranks alike. */
static int check_shared_space(const struct spine_comm *node, size_t bytes, struct spine_error *err)
{
    enum { PAGE = 4096, SLACK = 16 << 20 }; /* what MPI maps beside it */
    const char *directory = spine_openmpi_shared_directory();
    const uint64_t left = directory == NULL ? UINT64_MAX : spine_machine_disk_left(directory);
    uint64_t sum = (bytes + 2 * PAGE) / PAGE * PAGE;
    MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, mpi(node)));
    int rc = 0;
    if (sum > left)
        rc = spine_fail(err,
                        "%s has too little space for the shared memory of a node's ranks: %.1f MiB "
                        "free, %.1f MiB needed",
                        directory, (double)left / (1 << 20), (double)sum / (1 << 20));
    else if (!can_map(sum + SLACK))
        rc = spine_memory_fail("the memory that ranks share", err);
    return spine_comm_agree(node, rc, err);
}

/* Find where the memory of each rank of a node is mapped. Not 0 if MPI can't. Local. */
static int find_mapped(const struct spine_comm *node, MPI_Win window, void **base)
{
    /* MPI doesn't guarantee alignment. Mappings begin on a page, so rounding addresses up gives the
     * same bytes on every rank. */
    for (int rank = 0; rank < node->size; rank++) {
        MPI_Aint size;
        int unit;
        if (MPI_Win_shared_query(window, rank, &size, &unit, &base[rank]) != MPI_SUCCESS)
            return -1;
        base[rank] = (char *)base[rank] + (64 - (uintptr_t)base[rank] % 64) % 64;
    }
    return 0;
}

/* Let the ranks of a node map each other's memory. Fails on all ranks alike. */
static int share_memory(const struct spine_comm *node, size_t bytes, MPI_Win *window, void **base,
                        struct spine_error *err)
{
    static const char failed[] = "no shared memory for %zu bytes a rank; is /dev/shm full?";
    void *mine = NULL;
    int rc = 0;

    if (MPI_Win_allocate_shared((MPI_Aint)bytes + 64, 1, MPI_INFO_NULL, mpi(node), &mine, window) !=
        MPI_SUCCESS)
        rc = spine_fail(err, failed, bytes);
    if (spine_comm_agree(node, rc, err))
        return -1; /* freeing it would wait for the rank without it */

    if (find_mapped(node, *window, base))
        rc = spine_fail(err, failed, bytes);
    rc = spine_comm_agree(node, rc, err);
    if (rc != 0)
        MPI_TRY(MPI_Win_free(window));
    return rc;
}

int spine_comm_map(const struct spine_comm *node, size_t bytes, struct spine_comm_memory *memory,
                   struct spine_error *err)
{
    const size_t rounded = (bytes + 63) / 64 * 64;
    MPI_Win *window = NULL;
    void **base =
        spine_memory_zeroed((size_t)node->size, sizeof *base, "the memory that ranks share", err);
    int rc = 0;

    if (base != NULL && node->size == 1) {
        base[0] = spine_memory_aligned(rounded, 1, "the memory that ranks share", err);
        if (base[0] != NULL)
            spine_memory_advise_huge(base[0], rounded);
    }
    if (base != NULL && node->size > 1)
        window = spine_memory_get(1, sizeof *window, "the memory that ranks share", err);
    if (base == NULL || (base[0] == NULL && window == NULL))
        rc = -1;
    rc = spine_comm_agree(node, rc, err);
    if (rc == 0 && node->size > 1)
        rc = check_shared_space(node, rounded, err);
    if (rc == 0 && node->size > 1)
        rc = share_memory(node, rounded, window, base, err);
    if (rc == 0) {
        *memory = (struct spine_comm_memory){base, window};
        return 0;
    }
    free(base);
    free(window);
    *memory = (struct spine_comm_memory){0};
    return -1;
}

void spine_comm_unmap(struct spine_comm_memory *memory)
{
    if (memory->window != NULL)
        MPI_TRY(MPI_Win_free(memory->window));
    else if (memory->base != NULL)
        free(memory->base[0]);
    free(memory->window);
    free(memory->base);
    *memory = (struct spine_comm_memory){0};
}

void spine_comm_dispose(struct spine_comm *part)
{
    MPI_Comm handle = mpi(part);

    if (part->handle != 0)
        MPI_TRY(MPI_Comm_free(&handle));
    *part = (struct spine_comm){0};
}

void spine_comm_library(char *text, size_t size)
{
    char name[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_TRY(MPI_Get_library_version(name, &length));
    name[strcspn(name, ",\n")] = '\0';

    char *label = strstr(name, " Version:"); /* MPICH's, with a tab before the number */
    if (label != NULL) {
        const char *number = label + strlen(" Version:");
        number += strspn(number, " \t");
        memmove(label + 1, number, strlen(number) + 1);
    }
    snprintf(text, size, "%s", name);
}

static void reduce(struct spine_comm *comm, void *values, size_t count, MPI_Datatype type,
                   size_t size, MPI_Op operation)
{
    if (comm->size == 1)
        return;
    for (size_t done = 0; done < count; done += PIECE)
        MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, (char *)values + done * size, next_piece(count, done),
                              type, operation, mpi(comm)));
}

void spine_comm_sum_floats(struct spine_comm *comm, float *values, size_t count)
{
    reduce(comm, values, count, MPI_FLOAT, sizeof *values, MPI_SUM);
}

void spine_comm_sum_doubles(struct spine_comm *comm, double *values, size_t count)
{
    reduce(comm, values, count, MPI_DOUBLE, sizeof *values, MPI_SUM);
}

void spine_comm_sum_counts(struct spine_comm *comm, int64_t *values, size_t count)
{
    reduce(comm, values, count, MPI_INT64_T, sizeof *values, MPI_SUM);
}

double spine_comm_clock(void)
{
    return spine_clock_now();
}

/* The same as MPI_Alltoall(), in pieces: with the next rank and the one before, then those after
 * them. */
static void exchange_pieces(struct spine_comm *comm, const float *send, size_t count,
                            float *receive)
{
    for (int shift = 0; shift < comm->size; shift++) {
        const int to = (comm->rank + shift) % comm->size;
        const int from = (comm->rank - shift + comm->size) % comm->size;
        for (size_t done = 0; done < count; done += PIECE) {
            const int piece = next_piece(count, done);
            MPI_TRY(MPI_Sendrecv(send + (size_t)to * count + done, piece, MPI_FLOAT, to, 0,
                                 receive + (size_t)from * count + done, piece, MPI_FLOAT, from, 0,
                                 mpi(comm), MPI_STATUS_IGNORE));
        }
    }
}

void spine_comm_exchange(struct spine_comm *comm, const float *send, size_t count, float *receive)
{
    if (comm->size == 1)
        memcpy(receive, send, count * sizeof *send);
    else if (count > PIECE)
        exchange_pieces(comm, send, count, receive);
    else
        MPI_TRY(
            MPI_Alltoall(send, (int)count, MPI_FLOAT, receive, (int)count, MPI_FLOAT, mpi(comm)));
}

/* The same as MPI_Allgather(), in pieces. */
static void collect_pieces(struct spine_comm *comm, const char *mine, size_t bytes, char *all)
{
    memcpy(all + (size_t)comm->rank * bytes, mine, bytes);
    for (int rank = 0; rank < comm->size; rank++)
        spine_comm_broadcast_from(comm, rank, all + (size_t)rank * bytes, bytes);
}

void spine_comm_collect(struct spine_comm *comm, const float *mine, size_t count, float *all)
{
    spine_comm_collect_bytes(comm, mine, count * sizeof *mine, all);
}

void spine_comm_collect_bytes(struct spine_comm *comm, const void *mine, size_t bytes, void *all)
{
    if (comm->size == 1)
        memcpy(all, mine, bytes);
    else if (bytes > SPINE_COMM_MESSAGE)
        collect_pieces(comm, mine, bytes, all);
    else
        MPI_TRY(MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, mpi(comm)));
}

/* --- Messages --------------------------------------------------------------------------- */

int spine_comm_mail_init(struct spine_comm_mail *mail, size_t slots, struct spine_error *err)
{
    MPI_Request *requests = spine_memory_get(slots, sizeof *requests, "messages", err);

    *mail = (struct spine_comm_mail){requests, slots};
    if (requests == NULL)
        return -1;
    for (size_t i = 0; i < slots; i++)
        requests[i] = MPI_REQUEST_NULL;
    return 0;
}

void spine_comm_mail_dispose(struct spine_comm_mail *mail)
{
    free(mail->requests);
    *mail = (struct spine_comm_mail){0};
}

/* Seven parameters: those of MPI_Isend(), without a type. */
void spine_comm_send(const struct spine_comm *comm, struct spine_comm_mail *mail, size_t slot,
                     int to, int kind, const void *data, size_t bytes)
{
    assert(slot < mail->slots && bytes <= SPINE_COMM_MESSAGE && to != comm->rank);
    MPI_TRY(MPI_Isend(data, (int)bytes, MPI_BYTE, to, kind, mpi(comm),
                      (MPI_Request *)mail->requests + slot));
}

/* The same of MPI_Irecv(). Seven parameters, too. */
void spine_comm_receive(const struct spine_comm *comm, struct spine_comm_mail *mail, size_t slot,
                        int from, int kind, void *data, size_t bytes)
{
    assert(slot < mail->slots && bytes <= SPINE_COMM_MESSAGE && from != comm->rank);
    MPI_TRY(MPI_Irecv(data, (int)bytes, MPI_BYTE, from, kind, mpi(comm),
                      (MPI_Request *)mail->requests + slot));
}

void spine_comm_await(struct spine_comm_mail *mail, size_t slot)
{
    MPI_Request *request = (MPI_Request *)mail->requests + slot;

    assert(slot < mail->slots);
    if (*request != MPI_REQUEST_NULL)
        MPI_TRY(MPI_Wait(request, MPI_STATUS_IGNORE));
}

void spine_comm_await_all(struct spine_comm_mail *mail)
{
    for (size_t slot = 0; slot < mail->slots; slot++)
        spine_comm_await(mail, slot);
}

/* --- Values of all ranks, and of one -------------------------------------------------------- */

int64_t spine_comm_max(const struct spine_comm *comm, int64_t value)
{
    if (comm->size > 1)
        MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MAX, mpi(comm)));
    return value;
}

void spine_comm_max_counts(struct spine_comm *comm, int64_t *values, size_t count)
{
    reduce(comm, values, count, MPI_INT64_T, sizeof *values, MPI_MAX);
}

int64_t spine_comm_sum_before(const struct spine_comm *comm, int64_t value)
{
    int64_t before = 0;
    if (comm->size > 1)
        MPI_TRY(MPI_Exscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, mpi(comm)));
    return comm->rank == 0 ? 0 : before;
}

void spine_comm_broadcast_from(const struct spine_comm *comm, int rank, void *data, size_t bytes)
{
    if (comm->size == 1)
        return;
    for (size_t done = 0; done < bytes; done += PIECE)
        MPI_TRY(MPI_Bcast((char *)data + done, next_piece(bytes, done), MPI_BYTE, rank, mpi(comm)));
}

void spine_comm_broadcast(const struct spine_comm *comm, void *data, size_t bytes)
{
    spine_comm_broadcast_from(comm, 0, data, bytes);
}

static void receive_all(const struct spine_comm *comm, char *all, const uint64_t *sizes)
{
    char *end = all + sizes[0];
    for (int rank = 1; rank < comm->size; rank++)
        for (uint64_t done = 0; done < sizes[rank]; done += PIECE) {
            const int piece = next_piece(sizes[rank], done);
            MPI_TRY(MPI_Recv(end, piece, MPI_BYTE, rank, 0, mpi(comm), MPI_STATUS_IGNORE));
            end += piece;
        }
}

int spine_comm_gather(const struct spine_comm *comm, const void *data, size_t bytes, char **all,
                      size_t *all_bytes, struct spine_error *err)
{
    const uint64_t mine = bytes;
    uint64_t *sizes = NULL;
    *all = NULL;
    *all_bytes = 0;

    int rc = 0;
    if (comm->rank == 0 &&
        (sizes = spine_memory_zeroed((size_t)comm->size, sizeof *sizes,
                                     "the sizes of all ranks' data", err)) == NULL)
        rc = -1;
    if (spine_comm_agree(comm, rc, err))
        return -1;

    if (comm->size == 1)
        sizes[0] = mine;
    else
        MPI_TRY(MPI_Gather(&mine, 1, MPI_UINT64_T, sizes, 1, MPI_UINT64_T, 0, mpi(comm)));
    if (comm->rank == 0) {
        for (int rank = 0; rank < comm->size; rank++)
            *all_bytes += sizes[rank];
        *all = spine_memory_get(*all_bytes + 1, 1, "the data of all ranks", err);
        if (*all == NULL)
            rc = -1;
    }

    if (spine_comm_agree(comm, rc, err)) {
        free(sizes);
        return -1;
    }

    if (comm->rank == 0) {
        if (bytes > 0)
            memcpy(*all, data, bytes);
        receive_all(comm, *all, sizes);
    } else {
        for (size_t done = 0; done < bytes; done += PIECE)
            MPI_TRY(MPI_Send((const char *)data + done, next_piece(bytes, done), MPI_BYTE, 0, 0,
                             mpi(comm)));
    }

    free(sizes);
    return 0;
}

/* Send a block to one rank while receiving one from another. Once a direction is finished, its rank
 * is MPI_PROC_NULL. Seven parameters: those of MPI_Sendrecv(), without types. */
static void send_and_receive(const struct spine_comm *comm, const char *send, uint64_t send_size,
                             int to, char *receive, uint64_t receive_size, int from)
{
    uint64_t sent = 0, received = 0;

    while (sent < send_size || received < receive_size) {
        const int out = next_piece(send_size, sent), in = next_piece(receive_size, received);
        MPI_TRY(MPI_Sendrecv(send + sent, out, MPI_BYTE, out > 0 ? to : MPI_PROC_NULL, 0,
                             receive + received, in, MPI_BYTE, in > 0 ? from : MPI_PROC_NULL, 0,
                             mpi(comm), MPI_STATUS_IGNORE));
        sent += (uint64_t)out;
        received += (uint64_t)in;
    }
}

static uint64_t sum_first(const uint64_t *sizes, int count)
{
    uint64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += sizes[i];
    return sum;
}

int spine_comm_route(const struct spine_comm *comm, const void *data, const uint64_t *sizes,
                     char **received, uint64_t *received_sizes, struct spine_error *err)
{
    const char *send = data == NULL ? "" : data;
    if (comm->size == 1)
        received_sizes[0] = sizes[0];
    else
        MPI_TRY(MPI_Alltoall(sizes, 1, MPI_UINT64_T, received_sizes, 1, MPI_UINT64_T, mpi(comm)));

    *received = spine_memory_get(sum_first(received_sizes, comm->size) + 1, 1,
                                 "the data of other ranks", err);
    if (spine_comm_agree(comm, -(*received == NULL), err)) {
        free(*received);
        *received = NULL;
        return -1;
    }

    memcpy(*received + sum_first(received_sizes, comm->rank), send + sum_first(sizes, comm->rank),
           sizes[comm->rank]);
    for (int shift = 1; shift < comm->size; shift++) {
        const int to = (comm->rank + shift) % comm->size;
        const int from = (comm->rank - shift + comm->size) % comm->size;
        send_and_receive(comm, send + sum_first(sizes, to), sizes[to], to,
                         *received + sum_first(received_sizes, from), received_sizes[from], from);
    }
    return 0;
}

void spine_comm_barrier(const struct spine_comm *comm)
{
    if (comm->size > 1)
        MPI_TRY(MPI_Barrier(mpi(comm)));
}

void spine_comm_barrier_sleeping(const struct spine_comm *comm)
{
    const struct timespec nap = {.tv_nsec = 20 * 1000 * 1000};
    MPI_Request request;
    int done = 0;

    if (comm->size == 1)
        return;
    MPI_TRY(MPI_Ibarrier(mpi(comm), &request));
    for (;;) {
        MPI_TRY(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
        if (done)
            return;
        nanosleep(&nap, NULL);
    }
}

/* Put this rank's number in the job before a failure of the machine, unless a rank is named. */
static void name_rank(struct spine_error *err)
{
    const struct spine_error plain = *err;
    int number = 0, named = 0;

    if (err->status != SPINE_EXIT_FAILED ||
        (sscanf(err->text, "rank %d: %n", &number, &named) == 1 && named > 0))
        return;
    MPI_TRY(MPI_Comm_rank(MPI_COMM_WORLD, &number));
    spine_fail(err, "rank %d: %s", number, plain.text);
}

int spine_comm_agree(const struct spine_comm *comm, int rc, struct spine_error *err)
{
    /* The lowest rank that failed, and how many did. */
    int first = rc != 0 ? comm->rank : comm->size;
    int failures = rc != 0;

    if (comm->size > 1)
        MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, mpi(comm)));
    if (first == comm->size)
        return 0;

    if (comm->size > 1) {
        MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, mpi(comm)));
        if (comm->rank == first && failures < comm->size)
            name_rank(err);
        spine_comm_broadcast_from(comm, first, err, sizeof *err);
    }
    return -1;
}
