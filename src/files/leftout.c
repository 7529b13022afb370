/* leftout.c -- the rows that were left out. */
#include "spine/files/leftout.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

static int sort_by_reason(struct spine_leftout *leftout, const char *block, size_t count,
                          struct spine_error *err)
{
    struct spine_left_out row;

    for (int i = 0; i < SPINE_LEFTOUT_REASONS; i++) {
        leftout->lines[i].at =
            spine_memory_get(count + 1, sizeof(uint64_t), "the rows left out", err);
        if (leftout->lines[i].at == NULL)
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&row, block + i * sizeof row, sizeof row);
        struct spine_leftout_list *lines = &leftout->lines[row.reason];
        lines->at[lines->count++] = row.line;
    }
    return 0;
}

int spine_leftout_gather(struct spine_leftout *leftout, struct spine_comm *comm,
                         const struct spine_vectors *vectors, struct spine_error *err)
{
    char *block = NULL;
    size_t bytes = 0;

    if (spine_comm_gather(comm, vectors->left_out,
                          vectors->num_left_out * sizeof *vectors->left_out, &block, &bytes, err))
        return -1;
    const int rc = comm->rank == 0
                       ? sort_by_reason(leftout, block, bytes / sizeof *vectors->left_out, err)
                       : 0;
    free(block);
    return spine_comm_agree(comm, rc, err);
}

void spine_leftout_dispose(struct spine_leftout *leftout)
{
    for (int i = 0; i < SPINE_LEFTOUT_REASONS; i++)
        free(leftout->lines[i].at);
    *leftout = (struct spine_leftout){.lines = {{NULL, 0}}};
}
