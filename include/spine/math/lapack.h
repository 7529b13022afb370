/* lapack.h -- symmetric matrices: products, eigenvectors, and systems of equations.
 *
 * Only this module calls LAPACK, which is part of OpenBLAS. Matrices are double, (n, n), row-major
 * without padding; one triangle of a symmetric matrix is enough. A matrix has at most
 * SPINE_LAPACK_MOST rows, which the last two functions check. Local. */
#ifndef SPINE_MATH_LAPACK_H
#define SPINE_MATH_LAPACK_H

#include <stddef.h>

#include "spine/base/error.h"

/* The most rows of a matrix to solve for: LAPACK counts in ints, and works with 2 n^2 numbers. */
enum { SPINE_LAPACK_MOST = 30000 };

/* matrix = rows' rows, both triangles: rows (count, n), matrix (n, n). Sums of whole numbers below
 * 2^53 are exact. */
void spine_lapack_products(const double *rows, size_t count, size_t n, double *matrix);

/* products = rows matrix, for a symmetric matrix with both triangles; rows and products are
 * (count, n). */
void spine_lapack_multiply(const double *rows, size_t count, const double *matrix, size_t n,
                           double *products);

/* Find the eigenvalues of a symmetric matrix, descending, in values (n). Row i of the matrix
 * becomes the eigenvector of values[i]: its length is 1 and its element of largest magnitude is
 * positive. Refuses a matrix of more than SPINE_LAPACK_MOST rows. */
int spine_lapack_eigenvectors(double *matrix, size_t n, double *values, struct spine_error *err);

/* Solve matrix X = right for a symmetric positive definite matrix, which is overwritten. right is
 * (count, n): each row a right side, which becomes the solution. Refuses a matrix that isn't
 * positive definite, and one of more than SPINE_LAPACK_MOST rows. */
int spine_lapack_solve(double *matrix, size_t n, double *right, size_t count,
                       struct spine_error *err);

#endif
