/* writer_npz.c -- SciPy's sparse matrix, .npz: the parts of a CSR matrix as arrays.
 *
 * Row ends are always int64: SciPy makes indices and row ends equally wide when it loads them. */
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/npzfile.h"
#include "spine/files/sink.h"
#include "spine/files/writer.h"

enum { DATA, INDICES, ENDS, SHAPE, FORMAT, ARRAYS };

struct npz {
    struct spine_npzfile_array arrays[ARRAYS];
};

static void discard(struct spine_writing *writing)
{
    struct npz *npz = writing->state;

    spine_npzfile_dispose(npz->arrays, ARRAYS);
    free(npz);
    writing->state = NULL;
}

static int put(const struct spine_writing *writing, int array, const void *data, size_t size,
               size_t count, struct spine_error *err)
{
    struct npz *npz = writing->state;
    if (count == 0 || fwrite(data, size, count, npz->arrays[array].spool) == count)
        return 0;
    return spine_sink_fail_spool(writing->path, err);
}

static int open_npz(struct spine_writing *writing, struct spine_error *err)
{
    static const struct spine_npzfile_array arrays[ARRAYS] = {
        [DATA] = {"data.npy", "<f4", NULL},     [INDICES] = {"indices.npy", "<i4", NULL},
        [ENDS] = {"indptr.npy", "<i8", NULL},   [SHAPE] = {"shape.npy", "<i8", NULL},
        [FORMAT] = {"format.npy", "|S3", NULL},
    };
    const int64_t zero = 0;
    struct npz *npz = spine_memory_zeroed(1, sizeof *npz, "an output file", err);
    if (npz == NULL)
        return -1;

    /* Create the file before the work, so that a failure is reported at once. */
    writing->state = npz;
    int rc = spine_outfile_create(writing->path, err);
    if (rc == 0)
        spine_outfile_discard(writing->path);
    for (int i = 0; i < ARRAYS; i++) {
        npz->arrays[i] = arrays[i];
        if (rc == 0)
            rc = spine_npzfile_begin(&npz->arrays[i], writing->path, err);
    }
    if (rc == 0)
        rc = put(writing, ENDS, &zero, sizeof zero, 1, err);

    if (rc != 0)
        discard(writing);
    return rc;
}

static int write_rows(struct spine_writing *writing, const struct spine_output_rows *rows,
                      struct spine_error *err)
{
    const struct spine_csr *values = rows->values;
    if (put(writing, DATA, values->data, sizeof *values->data, values->count, err) ||
        put(writing, INDICES, values->indices, sizeof *values->indices, values->count, err))
        return -1;

    for (size_t i = 0; i < values->rows; i++) {
        const int64_t end = (int64_t)writing->values + values->indptr[i + 1];
        if (put(writing, ENDS, &end, sizeof end, 1, err))
            return -1;
    }
    return 0;
}

static int complete(struct spine_writing *writing, struct spine_error *err)
{
    struct npz *npz = writing->state;
    const int64_t shape[2] = {(int64_t)writing->shape->rows, (int64_t)writing->shape->columns};
    char values[32], ends[32];
    const char *const shapes[ARRAYS] = {values, values, ends, "2,", ""};

    snprintf(values, sizeof values, "%zu,", writing->values);
    snprintf(ends, sizeof ends, "%zu,", writing->shape->rows + 1);
    if (put(writing, SHAPE, shape, sizeof *shape, 2, err) || put(writing, FORMAT, "csr", 3, 1, err))
        return -1;

    for (int i = 0; i < ARRAYS; i++)
        if (spine_npzfile_end(&npz->arrays[i], writing->path, shapes[i], err))
            return -1;
    return spine_npzfile_write(writing->path, npz->arrays, ARRAYS, err);
}

static int finish(struct spine_writing *writing, struct spine_error *err)
{
    const int rc = complete(writing, err);
    discard(writing);
    return rc;
}

const struct spine_writer spine_writer_scipy = {
    .words = SPINE_WORD_ESCAPED | SPINE_WORD_LISTED,
    .open = open_npz,
    .rows = write_rows,
    .finish = finish,
    .discard = discard,
};
