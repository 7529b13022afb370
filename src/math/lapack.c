/* lapack.c -- symmetric matrices: products, eigenvectors, and systems of equations. */
#include "spine/math/lapack.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

/* LAPACK's own functions, for which Debian's OpenBLAS has no header. The last arguments are the
 * lengths of Fortran strings. */
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *w, double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t job_length, size_t triangle_length);
void dposv_(const char *triangle, const int *n, const int *nrhs, double *a, const int *lda,
            double *b, const int *ldb, int *info, size_t triangle_length);

void dsyrk_(const char *triangle, const char *transposed, const int *n, const int *k,
            const double *alpha, const double *a, const int *lda, const double *beta, double *c,
            const int *ldc, size_t triangle_length, size_t transposed_length);

void dsymm_(const char *side, const char *triangle, const int *m, const int *n, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta,
            double *c, const int *ldc, size_t side_length, size_t triangle_length);

static int check(size_t n, struct spine_error *err)
{
    if (n > SPINE_LAPACK_MOST)
        return spine_refuse(err, "a matrix of %zu rows is too large, at most %d", n,
                            (int)SPINE_LAPACK_MOST);
    return spine_kernel_prepare(err);
}

void spine_lapack_products(const double *rows, size_t count, size_t n, double *matrix)
{
    assert(n <= SPINE_LAPACK_MOST && count <= INT_MAX);
    const int size = (int)n, depth = (int)count;
    const double one = 1, zero = 0;

    /* Fortran's columns are our rows, and its upper triangle our lower one. */
    dsyrk_("U", "N", &size, &depth, &one, rows, &size, &zero, matrix, &size, 1, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            matrix[i * n + k] = matrix[k * n + i];
}

void spine_lapack_multiply(const double *rows, size_t count, const double *matrix, size_t n,
                           double *products)
{
    assert(n <= SPINE_LAPACK_MOST && count <= INT_MAX);
    const int size = (int)n, columns = (int)count;
    const double one = 1, zero = 0;

    /* Fortran's columns are our rows. */
    dsymm_("L", "U", &size, &columns, &one, matrix, &size, rows, &size, &zero, products, &size, 1,
           1);
}

/* Eigenvalues are ascending, and eigenvectors are columns of Fortran's matrix, our rows: reverse
 * their order, and give each its sign. */
static void arrange(double *matrix, int n, double *values)
{
    for (int i = 0, k = n - 1; i < k; i++, k--) {
        const double value = values[i];
        values[i] = values[k];
        values[k] = value;
        for (int j = 0; j < n; j++) {
            const double element = matrix[(size_t)i * n + j];
            matrix[(size_t)i * n + j] = matrix[(size_t)k * n + j];
            matrix[(size_t)k * n + j] = element;
        }
    }

    for (int i = 0; i < n; i++) {
        double *row = matrix + (size_t)i * n, greatest = 0;
        for (int j = 0; j < n; j++)
            greatest = fabs(row[j]) > fabs(greatest) ? row[j] : greatest;
        for (int j = 0; j < n && greatest < 0; j++)
            row[j] = -row[j];
    }
}

int spine_lapack_eigenvectors(double *matrix, size_t n, double *values, struct spine_error *err)
{
    const int query = -1;
    double best = 1;
    int best_int = 1, info = 0;
    if (check(n, err))
        return -1;

    const int size = (int)n;
    dsyevd_("V", "U", &size, matrix, &size, values, &best, &query, &best_int, &query, &info, 1, 1);
    if (info != 0)
        return spine_fail(err, "LAPACK can't find the eigenvalues of a matrix of %zu rows", n);
    const int length = (int)best, int_length = best_int;
    double *work = spine_memory_get((size_t)length, sizeof *work, "the eigenvectors", err);
    int *int_work = spine_memory_get((size_t)int_length, sizeof *int_work, "the eigenvectors", err);
    if (work != NULL && int_work != NULL)
        dsyevd_("V", "U", &size, matrix, &size, values, work, &length, int_work, &int_length, &info,
                1, 1);
    const int rc = work == NULL || int_work == NULL;
    free(work);
    free(int_work);
    if (rc)
        return -1;

    if (info != 0)
        return spine_fail(err, "the eigenvalues of a matrix of %zu rows were not found", n);
    arrange(matrix, size, values);
    return 0;
}

int spine_lapack_solve(double *matrix, size_t n, double *right, size_t count,
                       struct spine_error *err)
{
    int info = 0;
    if (check(n, err))
        return -1;
    if (count > INT_MAX)
        return spine_refuse(err, "%zu right sides are too many, at most %d", count, INT_MAX);

    const int size = (int)n, columns = (int)count;
    dposv_("U", &size, &columns, matrix, &size, right, &size, &info, 1);
    if (info != 0)
        return spine_refuse(err, "a matrix of %zu rows is not positive definite", n);
    return 0;
}
