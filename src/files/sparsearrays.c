/* sparsearrays.c -- SciPy's sparse matrices in .npz. */
#include "spine/files/sparsearrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/files/spool.h"
#include "spine/text/archive.h"
#include "spine/text/npy.h"

enum { BLOCK = 1 << 16 }; /* values that are read at once */

/* --- Recognising -------------------------------------------------------------------------- */

/* What save_npz() writes in every format. */
struct members {
    bool has_format, has_shape, has_data;
};

static bool note_member(const char *name, void *data)
{
    struct members *members = data;

    members->has_format = members->has_format || strcmp(name, "format.npy") == 0;
    members->has_shape = members->has_shape || strcmp(name, "shape.npy") == 0;
    members->has_data = members->has_data || strcmp(name, "data.npy") == 0;
    return true;
}

int spine_sparsearrays_is(const char *path, bool *is, struct spine_error *err)
{
    struct members members = {0};

    if (spine_archive_list(path, note_member, &members, err))
        return -1;
    *is = members.has_format && members.has_shape && members.has_data;
    return 0;
}

/* --- An array ----------------------------------------------------------------------------- */

/* A member, unpacked. */
struct array {
    char name[SPINE_PATH + 16]; /* FILE:MEMBER */
    struct spine_spool unpacked;
    struct spine_binary binary;
    struct spine_npy npy;
};

static int open_array(struct array *array, const char *path, const char *member,
                      struct spine_error *err)
{
    if (snprintf(array->name, sizeof array->name, "%s:%s.npy", path, member) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", path);
    if (spine_spool_make(&array->unpacked, array->name, NULL, NULL, err))
        return -1;

    if (spine_binary_open(&array->binary, array->unpacked.path, array->name, err) == 0) {
        if (spine_npy_open(&array->npy, &array->binary, err) == 0)
            return 0;
        spine_binary_close(&array->binary);
    }
    spine_spool_drop(array->unpacked.path, array->unpacked.descriptor);
    return -1;
}

static void close_array(struct array *array)
{
    spine_binary_close(&array->binary);
    spine_spool_drop(array->unpacked.path, array->unpacked.descriptor);
}

static int read_wholes(const char *path, const char *member, int64_t **values, size_t *count,
                       struct spine_error *err)
{
    struct array array;
    if (open_array(&array, path, member, err))
        return -1;

    const int rc = spine_npy_wholes(&array.npy, &array.binary, values, count, err);
    close_array(&array);
    return rc;
}

/* The format is a string, "csr", without a dimension: bytes or, of old versions, UCS-4. */
static int check_format(const char *path, struct spine_error *err)
{
    enum { MOST = 12 };
    struct array array;
    char text[MOST] = "", name[MOST + 1] = "";
    if (open_array(&array, path, "format", err))
        return -1;

    const uint64_t left = array.binary.bytes - array.npy.offset;
    const size_t bytes = left < MOST ? (size_t)left : MOST;
    const int rc = spine_binary_read(&array.binary, array.npy.offset, bytes, text, err);
    close_array(&array);
    if (rc)
        return -1;

    for (size_t i = 0, used = 0; i < bytes; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            name[used++] = text[i];
    if (strcmp(name, "csr") == 0)
        return 0;
    return spine_refuse(err,
                        "%s: a sparse matrix of SciPy's in the format '%s'; write it in CSR: "
                        "scipy.sparse.save_npz(FILE, scipy.sparse.csr_matrix(MATRIX))",
                        path, name);
}

/* --- The matrix --------------------------------------------------------------------------- */

/* Whole numbers of a CSR matrix. */
struct structure {
    const char *path;                /* borrowed; for messages */
    int64_t *shape, *ends, *columns; /* owned */
    size_t num_sizes, num_ends, count;
    size_t row; /* of the next value */
};

static int read_structure(const char *path, struct structure *structure, struct spine_error *err)
{
    if (read_wholes(path, "shape", &structure->shape, &structure->num_sizes, err) ||
        read_wholes(path, "indptr", &structure->ends, &structure->num_ends, err) ||
        read_wholes(path, "indices", &structure->columns, &structure->count, err))
        return -1;

    const int64_t *shape = structure->shape, *ends = structure->ends;
    const size_t num_ends = structure->num_ends;
    if (structure->num_sizes != 2 || shape[0] < 0 || shape[0] > INT32_MAX || shape[1] < 0 ||
        shape[1] > INT32_MAX)
        return spine_refuse(err, "%s: the shape isn't that of a matrix, or too large", path);
    bool ascends = num_ends == (size_t)shape[0] + 1 && ends[0] == 0 &&
                   ends[num_ends - 1] <= (int64_t)structure->count;
    for (size_t i = 1; ascends && i < num_ends; i++)
        ascends = ends[i] >= ends[i - 1];
    if (!ascends)
        return spine_refuse(err,
                            "%s: indptr isn't that of a CSR matrix of %lld rows and %zu values",
                            path, (long long)shape[0], structure->count);
    return 0;
}

/* Append values [first, first + count). */
static int add_values(struct structure *structure, size_t first, size_t count, const float *values,
                      struct spine_entries *entries, struct spine_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t column = structure->columns[first + i];
        while ((int64_t)(first + i) >= structure->ends[structure->row + 1])
            ++structure->row;
        if (column < 0 || column >= structure->shape[1])
            return spine_refuse(
                err, "%s: row %zu has a value in column %lld, counted from 0, of %lld columns",
                structure->path, structure->row + 1, (long long)column,
                (long long)structure->shape[1]);
        if (spine_entries_add(entries, (int32_t)structure->row, (int32_t)column, values[i], err))
            return -1;
    }
    return 0;
}

static int open_values(struct array *data, size_t count, struct spine_matrix *matrix,
                       struct spine_error *err)
{
    if (!spine_npy_has_numbers(&data->npy))
        return spine_refuse(
            err,
            "%s: a NumPy array of type '%s'; whole numbers, f2, f4 and f8 are read: "
            "scipy.sparse.save_npz(FILE, MATRIX.astype('float32'))",
            data->name, data->npy.type);
    if (spine_npy_list(&data->npy, &data->binary, matrix, err))
        return -1;
    if (matrix->rows < count)
        return spine_refuse(err, "%s: has %zu value%s, expected %zu", data->name, matrix->rows,
                            matrix->rows == 1 ? "" : "s", count);
    return 0;
}

static int read_values(struct array *data, struct structure *structure,
                       struct spine_entries *entries, struct spine_error *err)
{
    const size_t count = (size_t)structure->ends[structure->num_ends - 1];
    struct spine_matrix matrix;
    if (count == 0)
        return 0;
    if (open_values(data, count, &matrix, err))
        return -1;

    float *values = spine_memory_get(BLOCK, sizeof *values, "a block of values", err);
    int rc = -(values == NULL);
    for (size_t first = 0; rc == 0 && first < count; first += BLOCK) {
        const size_t now = count - first < BLOCK ? count - first : BLOCK;
        rc = spine_matrix_read(&matrix, first, now, 1, values, err);
        if (rc == 0)
            rc = add_values(structure, first, now, values, entries, err);
    }
    free(values);
    return rc;
}

int spine_sparsearrays_read(const char *path, struct spine_entries *entries, size_t *rows,
                            size_t *columns, struct spine_error *err)
{
    struct structure structure = {.path = path};
    struct array data;
    if (check_format(path, err))
        return -1;

    int rc = read_structure(path, &structure, err);
    if (rc == 0)
        rc = open_array(&data, path, "data", err);
    if (rc == 0) {
        rc = read_values(&data, &structure, entries, err);
        close_array(&data);
    }
    if (rc == 0) {
        *rows = (size_t)structure.shape[0];
        *columns = (size_t)structure.shape[1];
    }

    free(structure.shape);
    free(structure.ends);
    free(structure.columns);
    return rc;
}
