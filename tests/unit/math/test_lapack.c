/* test_lapack.c -- eigenvectors and solutions, held to what defines them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/math/lapack.h"
#include "support/expect.h"

enum { N = 17 };

/* A random matrix A' A + 0.1 I. */
static void make(double matrix[N * N])
{
    float zero[N] = {0}, a[N * N];
    for (size_t i = 0; i < N; i++)
        spine_random_add_noise(5, 1, i, 1, N, zero, a + i * N);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++) {
            matrix[i * N + k] = i == k ? 0.1 : 0;
            for (size_t l = 0; l < N; l++)
                matrix[i * N + k] += (double)a[l * N + i] * (double)a[l * N + k];
        }
}

static double multiply(const double *a, const double *b)
{
    double sum = 0;
    for (size_t k = 0; k < N; k++)
        sum += a[k] * b[k];
    return sum;
}

static void test_eigenvectors(void **state)
{
    (void)state;
    double matrix[N * N], vectors[N * N], values[N];
    make(matrix);
    memcpy(vectors, matrix, sizeof matrix);
    TRY(spine_lapack_eigenvectors(vectors, N, values, &err));
    for (size_t i = 0; i < N; i++) {
        const double *vector = vectors + i * N;
        double greatest = 0;
        for (size_t k = 0; k < N; k++) {
            const double product = multiply(matrix + k * N, vector);
            assert_true(fabs(product - values[i] * vector[k]) < 1e-9);
            greatest = fabs(vector[k]) > fabs(greatest) ? vector[k] : greatest;
        }
        assert_true(greatest > 0);
        assert_true(i == 0 || values[i] <= values[i - 1]);
        for (size_t k = 0; k <= i; k++)
            assert_true(fabs(multiply(vector, vectors + k * N) - (k == i)) < 1e-9);
    }
}

static void test_solutions(void **state)
{
    (void)state;
    double matrix[N * N], copy[N * N], right[2 * N], wanted[2 * N], products[2 * N];
    make(matrix);
    memcpy(copy, matrix, sizeof matrix);
    for (size_t i = 0; i < 2 * N; i++)
        wanted[i] = (double)i - 3;
    for (size_t i = 0; i < N; i++) {
        right[i] = multiply(matrix + i * N, wanted);
        right[N + i] = multiply(matrix + i * N, wanted + N);
    }
    spine_lapack_multiply(wanted, 2, matrix, N, products);
    for (size_t i = 0; i < 2 * N; i++)
        assert_true(fabs(products[i] - right[i]) < 1e-8);
    TRY(spine_lapack_solve(copy, N, right, 2, &err));
    for (size_t i = 0; i < 2 * N; i++)
        assert_true(fabs(right[i] - wanted[i]) < 1e-8);

    memset(matrix, 0, sizeof matrix);
    EXPECT_REFUSED(spine_lapack_solve(matrix, N, right, 1, &err),
                   "a matrix of 17 rows is not positive definite");
    EXPECT_REFUSED(spine_lapack_solve(matrix, SPINE_LAPACK_MOST + 1, right, 1, &err),
                   "a matrix of 30001 rows is too large, at most 30000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eigenvectors),
        cmocka_unit_test(test_solutions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
