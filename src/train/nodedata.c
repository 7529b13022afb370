/* nodedata.c -- the whole input in the memory of each node.
 *
 * The node's rank 0 reads it as a dataset of its own alone, so that the rows are what training
 * would have made of them, and then moves it to memory that the node shares. */
#include "spine/train/nodedata.h"

#include <string.h>

/* What the other ranks of a node don't know. */
struct shape {
    size_t num_rows, dim, stride, text_bytes;
    double scale, variance, quantum;
    uint64_t checksum;
};

/* Seven parameters, as spine_nodedata_init(). */
static int read_all(struct spine_dataset *all, struct spine_comm *self, const char *path,
                    size_t limit, bool center, double rms, struct spine_error *err)
{
    static const struct spine_sharing alone = {.batch_size = 1, .groups = 1, .columns = 1};
    struct spine_input input;

    if (spine_input_open(&input, self, path, limit, err))
        return -1;
    int rc = spine_dataset_init(all, self, &input, &alone, err);
    spine_input_close(&input);

    if (rc == 0)
        rc = spine_dataset_scale(all, self, center, rms, err);
    if (rc != 0)
        spine_dataset_dispose(all);
    return rc;
}

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Where the parts of the dataset are in a block of memory; returns how long it is. */
static size_t place(struct spine_dataset *whole, const struct shape *shape, char *block)
{
    const size_t rows = aligned(shape->num_rows * shape->stride * sizeof(float));
    const size_t mean = aligned(shape->stride * sizeof(float));
    const size_t start = aligned(shape->num_rows * sizeof(size_t));

    if (block != NULL)
        *whole = (struct spine_dataset){
            .part = {.num_rows = shape->num_rows, .end_row = shape->num_rows},
            .dim = shape->dim,
            .stride = shape->stride,
            .rows = (float *)block,
            .mean = (float *)(block + rows),
            .scale = shape->scale,
            .checksum = shape->checksum,
            .variance = shape->variance,
            .quantum = shape->quantum,
            .words = {.count = shape->num_rows,
                      .bytes = shape->text_bytes,
                      .start = (size_t *)(block + rows + mean),
                      .text = block + rows + mean + start},
            .is_view = true,
        };

    return rows + mean + start + shape->text_bytes;
}

static void copy(struct spine_dataset *whole, const struct spine_dataset *all)
{
    const size_t rows = all->part.num_rows;
    memcpy(whole->rows, all->rows, rows * all->stride * sizeof *all->rows);
    memcpy(whole->mean, all->mean, all->stride * sizeof *all->mean);
    memcpy(whole->words.start, all->words.start, rows * sizeof *all->words.start);
    memcpy(whole->words.text, all->words.text, all->words.bytes);
}

/* Seven parameters: the options of [data], which callers with different structs have. */
int spine_nodedata_init(struct spine_nodedata *nodedata, const struct spine_comm *comm,
                        const char *path, size_t limit, bool center, double rms,
                        struct spine_error *err)
{
    struct spine_dataset all = {0};
    struct spine_comm self;

    *nodedata = (struct spine_nodedata){0};
    spine_comm_split_nodes(comm, &nodedata->node);
    spine_comm_split(comm, comm->rank, &self);
    const bool reads = nodedata->node.rank == 0;
    int rc = reads ? read_all(&all, &self, path, limit, center, rms, err) : 0;
    rc = spine_comm_agree(comm, rc, err);

    if (rc == 0) {
        struct shape shape = {all.part.num_rows, all.dim,      all.stride,  all.words.bytes,
                              all.scale,         all.variance, all.quantum, all.checksum};
        spine_comm_broadcast(&nodedata->node, &shape, sizeof shape);
        const size_t bytes = reads ? place(&nodedata->whole, &shape, NULL) : 0;
        rc = spine_comm_map(&nodedata->node, bytes, &nodedata->memory, err);
        if (rc == 0)
            place(&nodedata->whole, &shape, nodedata->memory.base[0]);
        if (rc == 0 && reads)
            copy(&nodedata->whole, &all);
        rc = spine_comm_agree(comm, rc, err); /* after which all is there */
    }

    spine_dataset_dispose(&all);
    spine_comm_dispose(&self);
    if (rc != 0)
        spine_nodedata_dispose(nodedata);
    return rc;
}

void spine_nodedata_dispose(struct spine_nodedata *nodedata)
{
    spine_comm_unmap(&nodedata->memory);
    spine_comm_dispose(&nodedata->node);
    *nodedata = (struct spine_nodedata){0};
}
