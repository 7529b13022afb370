/* array.c -- numbers in an HDF5 file. */
#include "spine/files/array.h"

#include <hdf5.h>

#include "spine/files/h5.h"

enum {
#ifdef SPINE_FUZZ /* small files go beyond it */
    CHUNK = 64,
    LEAST_CHUNK = 16,
#else
    CHUNK = 1 << 16,      /* the most elements in a chunk of a growing or checked dataset, */
    LEAST_CHUNK = 1 << 8, /* and the least */
#endif
};

/* An element in memory and on the disk. */
struct element {
    hid_t memory, disk;
    size_t bytes;
};

static struct element element_of(enum spine_array_type type)
{
    const struct element elements[] = {
        [SPINE_ARRAY_FLOAT] = {H5T_NATIVE_FLOAT, H5T_IEEE_F32LE, sizeof(float)},
        [SPINE_ARRAY_INT32] = {H5T_NATIVE_INT32, H5T_STD_I32LE, sizeof(int32_t)},
        [SPINE_ARRAY_INT64] = {H5T_NATIVE_INT64, H5T_STD_I64LE, sizeof(int64_t)},
    };
    return elements[type];
}

static hid_t make_space(size_t rows, size_t columns)
{
    const hsize_t extent[2] = {rows, columns};

    return H5Screate_simple(columns == 0 ? 1 : 2, extent, NULL);
}

int spine_array_make(struct spine_store *store, const char *name, enum spine_array_type type,
                     size_t rows, size_t columns, struct spine_error *err)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    /* All of it will be written, so don't fill it first. */
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    return spine_h5_make(store, name, element_of(type).disk, make_space(rows, columns), creation,
                         err);
}

/* Seven parameters: those of spine_array_make(), and the offset. */
int spine_array_make_at(struct spine_store *store, const char *name, enum spine_array_type type,
                        size_t rows, size_t columns, int64_t *offset, struct spine_error *err)
{
    return spine_h5_make_at(store, name, element_of(type).disk, make_space(rows, columns), offset,
                            err);
}

int spine_array_find(struct spine_store *store, const char *name, enum spine_array_type type,
                     int64_t *offset, struct spine_error *err)
{
    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    if (dataset < 0)
        return spine_h5_fail_object(store, "find", name, err);

    const hid_t disk = H5Dget_type(dataset), creation = H5Dget_create_plist(dataset);
    const bool is_plain = H5Tequal(disk, element_of(type).memory) > 0 &&
                          H5Pget_layout(creation) == H5D_CONTIGUOUS &&
                          H5Pget_external_count(creation) == 0;
    const haddr_t address = is_plain ? H5Dget_offset(dataset) : HADDR_UNDEF;
    *offset = address == HADDR_UNDEF ? -1 : (int64_t)address;
    H5Pclose(creation);
    H5Tclose(disk);
    H5Dclose(dataset);
    return 0;
}

int spine_array_make_checked(struct spine_store *store, const char *name,
                             enum spine_array_type type, size_t rows, size_t columns,
                             struct spine_error *err)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const size_t width = columns > 0 ? columns : 1, fitting = CHUNK / width > 0 ? CHUNK / width : 1;
    const hsize_t chunk[2] = {rows < fitting ? rows : fitting, columns};
    H5Pset_chunk(creation, columns == 0 ? 1 : 2, chunk);
    H5Pset_fletcher32(creation);
    return spine_h5_make(store, name, element_of(type).disk, make_space(rows, columns), creation,
                         err);
}

int spine_array_make_growing(struct spine_store *store, const char *name,
                             enum spine_array_type type, size_t expected, struct spine_error *err)
{
    const size_t least = expected < LEAST_CHUNK ? LEAST_CHUNK : expected;

    return spine_h5_make_growing(store, name, element_of(type).disk, least < CHUNK ? least : CHUNK,
                                 err);
}

/* Move rows between memory and a dataset, SPINE_H5_TRANSFER at a time. Nine parameters: those of
 * spine_array_write(), and where to. */
static int transfer(struct spine_store *store, const char *name, enum spine_h5_direction direction,
                    enum spine_array_type type, size_t first, size_t count, size_t stride,
                    void *data, struct spine_error *err)
{
    const struct element element = element_of(type);
    const size_t row_bytes = stride * element.bytes;
    const size_t block = row_bytes < SPINE_H5_TRANSFER ? SPINE_H5_TRANSFER / row_bytes : 1;
    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const char *doing = direction == SPINE_H5_READ ? "read" : "write";
    int rc = dataset < 0 ? spine_h5_fail_object(store, doing, name, err) : 0;

    for (size_t done = 0; rc == 0 && done < count; done += block) {
        const size_t rows = count - done < block ? count - done : block;
        char *at = (char *)data + done * row_bytes;
        if (spine_h5_transfer(dataset, direction, element.memory, first + done, rows, stride, at))
            rc = spine_h5_fail_object(store, doing, name, err);
    }

    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = spine_h5_fail_object(store, "finish", name, err);
    return spine_h5_agree(store, rc, err);
}

/* Eight parameters: a dataset, a range of rows, and their layout in memory. */
int spine_array_write(struct spine_store *store, const char *name, enum spine_array_type type,
                      size_t first, size_t count, size_t stride, const void *data,
                      struct spine_error *err)
{
    return transfer(store, name, SPINE_H5_WRITE, type, first, count, stride, (void *)data, err);
}

/* The same eight parameters. */
int spine_array_read(struct spine_store *store, const char *name, enum spine_array_type type,
                     size_t first, size_t count, size_t stride, void *data, struct spine_error *err)
{
    return transfer(store, name, SPINE_H5_READ, type, first, count, stride, data, err);
}

int spine_array_append(struct spine_store *store, const char *name, enum spine_array_type type,
                       size_t count, const void *data, struct spine_error *err)
{
    return spine_h5_append(store, name, element_of(type).memory, count, data, err);
}

int spine_array_extent(struct spine_store *store, const char *name, enum spine_array_type type,
                       size_t *rows, size_t *columns, struct spine_error *err)
{
    const int is_float = type == SPINE_ARRAY_FLOAT, wanted = columns == NULL ? 1 : 2;
    struct spine_h5_facts facts;
    if (spine_h5_look_up(store, name, &facts, err))
        return -1;
    if (!(is_float ? facts.is_float : facts.is_integer))
        return spine_refuse(err, "%s: '%s' doesn't hold %s", store->path, name,
                            is_float ? "floating-point numbers" : "integers");
    if (facts.dimensions != wanted)
        return spine_refuse(err, "%s: '%s': expected %d dimension%s", store->path, name, wanted,
                            wanted == 1 ? "" : "s");
    if (!facts.is_held)
        return spine_h5_refuse_missing(store, name, err);
    *rows = facts.extent[0];
    if (columns != NULL)
        *columns = facts.extent[1];
    return 0;
}

int spine_array_put_real(struct spine_store *store, const char *name, double value,
                         struct spine_error *err)
{
    return spine_h5_put_scalar(store, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, err);
}
