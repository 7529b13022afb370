/* matrix.h -- a matrix of numbers in a binary file, read as float.
 *
 *     16, 32 or 64 bits wide, bfloat16 too; whole numbers, with a sign or without, of 8 to 64 bits;
 *     either byte order; row by row or column by column
 *
 * Numbers are rounded to float; one that is too large becomes Inf, which the caller must refuse. */
#ifndef SPINE_TEXT_MATRIX_H
#define SPINE_TEXT_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/text/binary.h"

enum spine_matrix_type {
    SPINE_MATRIX_F16,
    SPINE_MATRIX_BF16,
    SPINE_MATRIX_F32,
    SPINE_MATRIX_F64,
    SPINE_MATRIX_I8,
    SPINE_MATRIX_I16,
    SPINE_MATRIX_I32,
    SPINE_MATRIX_I64,
    SPINE_MATRIX_U8,
    SPINE_MATRIX_U16,
    SPINE_MATRIX_U32,
    SPINE_MATRIX_U64,
};

struct spine_matrix {
    const struct spine_binary *binary; /* borrowed */
    enum spine_matrix_type type;
    bool is_big_endian;
    bool is_by_column; /* Fortran's order */
    uint64_t offset;   /* in the file, of the first number */
    size_t rows, columns;
};

/* The bytes of one number. */
size_t spine_matrix_width(enum spine_matrix_type type);

/* Refuse a matrix that is empty or not inside the file. The sizes may come from a damaged header:
 * any value is safe. */
int spine_matrix_check(const struct spine_matrix *matrix, struct spine_error *err);

/* Read rows [first, first + count) of a checked matrix into 'values', (count, stride). */
int spine_matrix_read(const struct spine_matrix *matrix, size_t first, size_t count, size_t stride,
                      float *values, struct spine_error *err);

#endif
