/* nodedata.c -- the whole input in the memory of each node.
 *
 * The node's rank 0 reads it as the dataset of a single rank, so that the rows are those of a
 * training, and then moves it to memory that the node shares. */
#include "spine/train/nodedata.h"

#include <string.h>
#include <xxhash.h>

#include "spine/config/settings.h"
#include "spine/files/startmodel.h"
#include "spine/train/scalingfit.h"

/* What rank 0 of a node tells the others. */
struct shape {
    size_t num_rows, dim, stride, text_bytes;
    struct spine_scaling scaling; /* only whether its pointers are NULL matters */
    double variance, squares, quantum;
    uint64_t checksum;
};

/* Scale the rows as in the run that train.start_from names; *start is a hash of its model. */
static int adopt(struct spine_dataset *all, struct spine_comm *self,
                 const struct spine_config *config, uint64_t *start, struct spine_error *err)
{
    struct spine_modelfile model;
    char fingerprint[SPINE_FINGERPRINT];

    if (spine_startmodel_read(&model, config, all->dim, err))
        return -1;
    spine_modelfile_fingerprint(&model.params, &model.scaling, fingerprint);
    *start = XXH3_64bits(fingerprint, strlen(fingerprint));
    const int rc = spine_scalingfit_adopt(all, self, &model.scaling, err);
    spine_modelfile_dispose(&model);
    return rc;
}

static int read_all(struct spine_dataset *all, struct spine_comm *self,
                    const struct spine_config *config, uint64_t *start, struct spine_error *err)
{
    const struct spine_scaling_options options = spine_settings_scaling(config);
    static const struct spine_sharing alone = {.batch_size = 1, .groups = 1, .columns = 1};
    struct spine_input input;

    if (spine_input_open(&input, self, config->input, (size_t)config->limit, err))
        return -1;
    int rc = spine_dataset_init(all, self, &input, &alone, err);
    spine_input_close(&input);

    if (rc == 0)
        rc = config->start_from[0] != '\0' ? adopt(all, self, config, start, err)
                                           : spine_scalingfit_begin(all, self, &options, err);
    return rc;
}

/* Fail if the input, or the run that train.start_from names, isn't the first node's: nodes may have
 * files on disks of their own. Collective over the readers. */
static int compare(const struct spine_dataset *all, const struct spine_comm *readers,
                   const struct spine_config *config, uint64_t start, struct spine_error *err)
{
    int rc = spine_input_compare(config->start_from, "run", readers, start, err);

    if (spine_input_compare(config->input, "file", readers, all->checksum, err))
        rc = -1;
    return rc;
}

/* Scale the rows with the factors and components of the first node: on another processor, LAPACK's
 * may differ in the last bit. 'readers' are the ranks that read the input. Collective over them. */
static int scale_all(struct spine_dataset *all, struct spine_comm *self,
                     const struct spine_comm *readers, const struct spine_config *config,
                     struct spine_error *err)
{
    const struct spine_scaling_options options = spine_settings_scaling(config);

    if (config->start_from[0] != '\0')
        return 0; /* read_all() did it */
    spine_comm_broadcast(readers, all->scaling.mean,
                         spine_scaling_len(&all->scaling) * sizeof *all->scaling.mean);
    return spine_scalingfit_finish(all, self, &options, err);
}

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Point the parts of the dataset into a block of memory; return the block's length. */
static size_t place(struct spine_dataset *whole, const struct shape *shape, char *block)
{
    const size_t rows = aligned(shape->num_rows * shape->stride * sizeof(float));
    const size_t scaling = aligned(spine_scaling_len(&shape->scaling) * sizeof(float));
    const size_t start = aligned(shape->num_rows * sizeof(size_t));

    if (block != NULL)
        *whole = (struct spine_dataset){
            .part = {.num_rows = shape->num_rows, .end_row = shape->num_rows},
            .dim = shape->dim,
            .stride = shape->stride,
            .rows = (float *)block,
            .scaling = spine_scaling_place(&shape->scaling, (float *)(block + rows)),
            .checksum = shape->checksum,
            .variance = shape->variance,
            .squares = shape->squares,
            .quantum = shape->quantum,
            .words = {.count = shape->num_rows,
                      .bytes = shape->text_bytes,
                      .start = (size_t *)(block + rows + scaling),
                      .text = block + rows + scaling + start},
            .is_view = true,
        };

    return rows + scaling + start + shape->text_bytes;
}

static void copy(struct spine_dataset *whole, const struct spine_dataset *all)
{
    const size_t rows = all->part.num_rows;
    memcpy(whole->rows, all->rows, rows * all->stride * sizeof *all->rows);
    memcpy(whole->scaling.mean, all->scaling.mean,
           spine_scaling_len(&all->scaling) * sizeof *all->scaling.mean);
    memcpy(whole->words.start, all->words.start, rows * sizeof *all->words.start);
    memcpy(whole->words.text, all->words.text, all->words.bytes);
}

int spine_nodedata_init(struct spine_nodedata *nodedata, const struct spine_comm *comm,
                        const struct spine_config *config, struct spine_error *err)
{
    struct spine_dataset all = {0};
    struct spine_comm self, readers;
    uint64_t start = 0;

    *nodedata = (struct spine_nodedata){0};
    spine_comm_split_nodes(comm, &nodedata->node);
    spine_comm_split(comm, comm->rank, &self);
    const bool reads = nodedata->node.rank == 0;
    spine_comm_split(comm, reads ? 0 : 1, &readers);
    int rc = reads ? read_all(&all, &self, config, &start, err) : 0;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0) {
        rc = reads ? compare(&all, &readers, config, start, err) : 0;
        rc = spine_comm_agree(comm, rc, err);
    }
    if (rc == 0) {
        rc = reads ? scale_all(&all, &self, &readers, config, err) : 0;
        rc = spine_comm_agree(comm, rc, err);
    }

    if (rc == 0) {
        struct shape shape = {all.part.num_rows, all.dim,     all.stride,
                              all.words.bytes,   all.scaling, all.variance,
                              all.squares,       all.quantum, all.checksum};
        spine_comm_broadcast(&nodedata->node, &shape, sizeof shape);
        const size_t bytes = reads ? place(&nodedata->whole, &shape, NULL) : 0;
        rc = spine_comm_map(&nodedata->node, bytes, &nodedata->memory, err);
        if (rc == 0)
            place(&nodedata->whole, &shape, nodedata->memory.base[0]);
        if (rc == 0 && reads && all.rows != NULL)
            copy(&nodedata->whole, &all);
        rc = spine_comm_agree(comm, rc, err); /* after which everything is in memory */
    }

    spine_dataset_dispose(&all);
    spine_comm_dispose(&self);
    spine_comm_dispose(&readers);
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
