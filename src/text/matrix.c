/* matrix.c -- a matrix of numbers in a binary file, read as float. */
#include "spine/text/matrix.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum {
#ifdef SPINE_FUZZ
    BLOCK = 64, /* so that short files go beyond it */
#else
    BLOCK = 1 << 18, /* the most bytes of a transfer */
#endif
};

size_t spine_matrix_width(enum spine_matrix_type type)
{
    switch (type) {
    case SPINE_MATRIX_I8:
    case SPINE_MATRIX_U8:
        return 1;
    case SPINE_MATRIX_F16:
    case SPINE_MATRIX_BF16:
    case SPINE_MATRIX_I16:
    case SPINE_MATRIX_U16:
        return 2;
    case SPINE_MATRIX_F32:
    case SPINE_MATRIX_I32:
    case SPINE_MATRIX_U32:
        return 4;
    case SPINE_MATRIX_F64:
    case SPINE_MATRIX_I64:
    case SPINE_MATRIX_U64:
        break;
    }
    return 8;
}

int spine_matrix_check(const struct spine_matrix *matrix, struct spine_error *err)
{
    const struct spine_binary *binary = matrix->binary;
    const uint64_t left = matrix->offset < binary->bytes ? binary->bytes - matrix->offset : 0;
    const uint64_t fitting = left / spine_matrix_width(matrix->type);

    if (matrix->rows == 0 || matrix->columns == 0)
        return spine_refuse(err, "%s: has %zu vectors of %zu numbers", binary->name, matrix->rows,
                            matrix->columns);
    if (matrix->columns > fitting || matrix->rows > fitting / matrix->columns)
        return spine_refuse(err,
                            "%s: announces %zu vectors of %zu numbers, but the file holds %llu "
                            "numbers; was it cut off?",
                            binary->name, matrix->rows, matrix->columns,
                            (unsigned long long)fitting);
    return 0;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16. */
static float from_half(uint32_t bits)
{
    const uint32_t sign = (bits & 0x8000) << 16, exponent = bits >> 10 & 0x1F;
    const uint32_t fraction = bits & 0x3FF;

    if (exponent == 0x1F)
        return from_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent > 0)
        return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    const float small = (float)fraction * 0x1p-24F;
    return sign ? -small : small;
}

static void swap_bytes(unsigned char *at, size_t count, size_t width)
{
    for (size_t i = 0; i < count; i++, at += width)
        for (size_t k = 0; k < width / 2; k++) {
            const unsigned char byte = at[k];
            at[k] = at[width - 1 - k];
            at[width - 1 - k] = byte;
        }
}

static float from_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

static float convert(const unsigned char *at, enum spine_matrix_type type)
{
    switch (type) {
    case SPINE_MATRIX_F16:
        return from_half(spine_binary_u16(at));
    case SPINE_MATRIX_BF16:
        return from_bits((uint32_t)spine_binary_u16(at) << 16);
    case SPINE_MATRIX_F32:
        return from_bits(spine_binary_u32(at));
    case SPINE_MATRIX_F64:
        return from_double(spine_binary_u64(at));

    case SPINE_MATRIX_I8:
        return (int8_t)*at;
    case SPINE_MATRIX_I16:
        return (int16_t)spine_binary_u16(at);
    case SPINE_MATRIX_I32:
        return (float)(int32_t)spine_binary_u32(at);
    case SPINE_MATRIX_I64:
        return (float)(int64_t)spine_binary_u64(at);

    case SPINE_MATRIX_U8:
        return *at;
    case SPINE_MATRIX_U16:
        return spine_binary_u16(at);
    case SPINE_MATRIX_U32:
        return (float)spine_binary_u32(at);
    case SPINE_MATRIX_U64:
        break;
    }
    return (float)spine_binary_u64(at);
}

struct reader {
    const struct spine_matrix *matrix;
    unsigned char *block; /* (bytes) */
    size_t bytes;
};

/* Read 'count' successive numbers of the file, from number 'first' on, to every 'stride'-th place
 * in memory. */
static int read_run(const struct reader *reader, uint64_t first, size_t count, size_t stride,
                    float *values, struct spine_error *err)
{
    const struct spine_matrix *matrix = reader->matrix;
    const size_t width = spine_matrix_width(matrix->type), most = reader->bytes / width;

    while (count > 0) {
        const size_t now = count < most ? count : most;
        if (spine_binary_read(matrix->binary, matrix->offset + first * width, now * width,
                              reader->block, err))
            return -1;
        if (matrix->is_big_endian)
            swap_bytes(reader->block, now, width);

        if (matrix->type == SPINE_MATRIX_F32 && stride == 1)
            spine_binary_floats(reader->block, now, values);
        else
            for (size_t i = 0; i < now; i++)
                values[i * stride] = convert(reader->block + i * width, matrix->type);
        first += now;
        values += now * stride;
        count -= now;
    }
    return 0;
}

int spine_matrix_read(const struct spine_matrix *matrix, size_t first, size_t count, size_t stride,
                      float *values, struct spine_error *err)
{
    assert(first <= matrix->rows && count <= matrix->rows - first && stride >= matrix->columns);
    const uint64_t rows = matrix->rows, columns = matrix->columns;
    const uint64_t all = count * columns * spine_matrix_width(matrix->type);
    struct reader reader = {.matrix = matrix, .bytes = all < BLOCK ? (size_t)all : BLOCK};
    reader.block = spine_memory_get(reader.bytes, 1, "a block of the file", err);
    if (reader.block == NULL)
        return -1;
    int rc = 0;

    if (!matrix->is_by_column && stride == columns)
        rc = read_run(&reader, first * columns, count * columns, 1, values, err);
    else if (!matrix->is_by_column)
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = read_run(&reader, (first + i) * columns, columns, 1, values + i * stride, err);
    for (size_t k = 0; rc == 0 && matrix->is_by_column && k < columns; k++)
        rc = read_run(&reader, k * rows + first, count, stride, values + k, err);

    free(reader.block);
    return rc;
}
