/* test_lasso.c -- solutions of the non-negative lasso: by hand, and by what makes one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/math/block.h"
#include "spine/math/kernels.h"
#include "spine/math/lassocoder.h"
#include "support/expect.h"

/* Atoms, and one row to solve for. */
struct fixture {
    struct spine_lasso lasso;
    struct spine_lasso_scratch scratch;
    float *W, *x, *products, *packed, *a, *started;
    int32_t *unit;
};

static float *alloc(size_t count)
{
    float *data = spine_kernel_alloc(count, "a test", &err);
    assert_non_null(data);
    return data;
}

/* Random atoms of length 1, the last two equal where 'has_twins', and a random row. */
static void begin_ridge(struct fixture *f, size_t units, size_t dim, bool has_twins, double ridge)
{
    const size_t stride = spine_kernel_stride(dim);
    float *zero = alloc(stride);
    f->W = alloc(units * stride);
    f->x = alloc(stride);
    f->products = alloc(units);
    f->packed = alloc(spine_block_packed(dim));
    f->a = alloc(units);
    f->started = alloc(units);
    f->unit = (int32_t *)(void *)alloc(units);

    for (size_t j = 0; j < units; j++) {
        float *row = f->W + j * stride;
        spine_random_add_noise(3, 1, j, 1, dim, zero, row);
        double squares = 0;
        for (size_t k = 0; k < dim; k++)
            squares += (double)row[k] * (double)row[k];
        for (size_t k = 0; k < dim; k++)
            row[k] = (float)((double)row[k] / sqrt(squares));
    }
    if (has_twins)
        memcpy(f->W + (units - 1) * stride, f->W + (units - 2) * stride, stride * sizeof *f->W);
    spine_random_add_noise(3, 2, 0, 1, dim, zero, f->x);
    free(zero);

    TRY(spine_lasso_init(&f->lasso, f->W, units, dim, ridge, &err));
    TRY(spine_lasso_scratch_init(&f->scratch, &f->lasso, &err));
    spine_lasso_products(&f->lasso, 1, f->x, f->packed, f->products);
}

static void begin(struct fixture *f, size_t units, size_t dim, bool has_twins)
{
    begin_ridge(f, units, dim, has_twins, 0);
}

static void end(struct fixture *f)
{
    spine_lasso_scratch_dispose(&f->scratch);
    spine_lasso_dispose(&f->lasso);
    free(f->W);
    free(f->x);
    free(f->products);
    free(f->packed);
    free(f->a);
    free(f->started);
    free(f->unit);
}

/* The objective of codes, and how far their correlations are from what they should be. */
static double check(const struct fixture *f, double lambda, double *worst)
{
    const struct spine_lasso *lasso = &f->lasso;
    double *residual = calloc(lasso->dim, sizeof *residual), objective = 0;
    for (size_t k = 0; k < lasso->dim; k++)
        residual[k] = (double)f->x[k];
    for (size_t j = 0; j < lasso->units; j++) {
        assert_true(f->a[j] >= 0);
        objective += lambda * (double)f->a[j];
        objective += lasso->ridge / 2 * (double)f->a[j] * (double)f->a[j];
        for (size_t k = 0; k < lasso->dim; k++)
            residual[k] -= (double)f->a[j] * (double)f->W[j * lasso->stride + k];
    }

    *worst = 0;
    for (size_t j = 0; j < lasso->units; j++) {
        double c = -lasso->ridge * (double)f->a[j];
        for (size_t k = 0; k < lasso->dim; k++)
            c += residual[k] * (double)f->W[j * lasso->stride + k];
        const double wrong = f->a[j] > 0 ? fabs(c - lambda) : c - lambda;
        *worst = wrong > *worst ? wrong : *worst;
    }

    for (size_t k = 0; k < lasso->dim; k++)
        objective += residual[k] * residual[k] / 2;
    free(residual);
    return objective;
}

/* Solve from the values of a, which become the solution. */
static size_t solve(struct fixture *f, double lambda)
{
    struct spine_lasso_start start = {.unit = f->unit, .value = f->started};
    const struct spine_activeset *set = &f->scratch.set;

    for (size_t j = 0; j < f->lasso.units; j++)
        if (f->a[j] > 0) {
            f->unit[start.count] = (int32_t)j;
            f->started[start.count++] = f->a[j];
        }
    const size_t count =
        spine_lasso_find(&f->lasso, f->x, f->products, lambda, &f->scratch, &start);

    memset(f->a, 0, f->lasso.units * sizeof *f->a);
    for (size_t s = 0; s < count; s++) {
        assert_true(s == 0 || set->atom[s] > set->atom[s - 1]);
        f->a[set->atom[s]] = (float)set->value[s];
    }
    return count;
}

static void test_orthogonal_atoms_are_soft_thresholds(void **state)
{
    (void)state;
    enum { UNITS = 3, DIM = 3 };
    struct fixture f;
    begin(&f, UNITS, DIM, false);
    memset(f.W, 0, UNITS * f.lasso.stride * sizeof *f.W);
    for (size_t j = 0; j < UNITS; j++)
        f.W[j * f.lasso.stride + j] = 1;
    f.x[0] = 2;
    f.x[1] = -2;
    f.x[2] = 0.25F;
    spine_lasso_refresh(&f.lasso);
    spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
    assert_int_equal(solve(&f, 0.5), 1);
    assert_true(fabsf(f.a[0] - 1.5F) < 1e-6F);
    assert_true(f.a[1] == 0 && f.a[2] == 0);
    end(&f);
}

/* By hand: (2 - .5) / (1 + 2); and two equal atoms have halves of what one would have with half the
 * ridge, where without a ridge any shares would do. */
static void test_a_ridge_shrinks_and_shares(void **state)
{
    (void)state;
    enum { DIM = 3 };
    struct fixture f;
    begin_ridge(&f, 2, DIM, true, 2);
    for (size_t j = 0; j < 2; j++)
        for (size_t k = 0; k < DIM; k++)
            f.W[j * f.lasso.stride + k] = k == j;
    f.x[0] = 2;
    f.x[1] = 0.25F;
    spine_lasso_refresh(&f.lasso);
    spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
    assert_int_equal(solve(&f, 0.5), 1);
    assert_true(fabsf(f.a[0] - 0.5F) < 1e-6F && f.a[1] == 0);

    memcpy(f.W + f.lasso.stride, f.W, f.lasso.stride * sizeof *f.W);
    spine_lasso_refresh(&f.lasso);
    spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
    f.a[0] = 1;
    assert_int_equal(solve(&f, 0.5), 2);
    assert_true(fabsf(f.a[0] - 0.375F) < 1e-5F && fabsf(f.a[1] - 0.375F) < 1e-5F);
    end(&f);
}

static void test_solutions_are_optimal(void **state)
{
    (void)state;
    static const struct {
        size_t units, dim;
        double lambda, ridge;
    } cases[] = {
        {1, 1, 0.1, 0},        {5, 7, 0.3, 0},
        {64, 16, 0.2, 0},      {400, 50, 0.05, 0},
        {1000, 100, 1, 0},     {300, 20, 1e-3, 0},
        {700, 300, 0.2, 0},    {64, 16, 0.2, 0.3},
        {1000, 100, 0.5, 1},   {300, 20, 1e-3, 30},
        {700, 300, 0.2, 1e-3}, {1300, 1200, 1e-3, 0.5}}; /* more active than are solved exactly */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int twins = 0; twins < (cases[i].units > 1 ? 2 : 1); twins++) {
            struct fixture f;
            double worst;
            begin_ridge(&f, cases[i].units, cases[i].dim, twins, cases[i].ridge);
            const size_t active = solve(&f, cases[i].lambda);
            check(&f, cases[i].lambda, &worst);
            if (worst > 1e-5 * cases[i].lambda + 3e-6 * sqrt((double)cases[i].dim))
                fail_msg("case %zu: a correlation is %g from lambda", i, worst);
            size_t counted = 0;
            for (size_t j = 0; j < cases[i].units; j++)
                counted += f.a[j] > 0;
            assert_int_equal(active, counted);
            end(&f);
        }
}

/* Two atoms at a small angle, and a row whose solution is 1 of each: x = W_1 + W_2 + lambda u,
 * where u has the product 1 with both. From both, and from none. */
static void test_nearly_equal_atoms_share_a_row(void **state)
{
    (void)state;
    static const double angles[] = {1e-3, 2e-3, 3e-3, 3.1e-3, 1e-2};
    static const double lambdas[] = {0.01, 0.1, 1};
    enum { UNITS = 2, DIM = 2 };

    for (size_t i = 0; i < sizeof angles / sizeof *angles; i++)
        for (size_t l = 0; l < sizeof lambdas / sizeof *lambdas; l++)
            for (int start = 0; start < 2; start++) {
                const double angle = angles[i], lambda = lambdas[l];
                struct fixture f;
                double worst;
                begin(&f, UNITS, DIM, false);
                f.W[0] = 1;
                f.W[1] = 0;
                f.W[f.lasso.stride] = (float)cos(angle);
                f.W[f.lasso.stride + 1] = (float)sin(angle);
                f.x[0] = (float)(1 + cos(angle) + lambda);
                f.x[1] = (float)(sin(angle) + lambda * tan(angle / 2));
                spine_lasso_refresh(&f.lasso);
                spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
                f.a[0] = f.a[1] = (float)start;
                solve(&f, lambda);
                check(&f, lambda, &worst);
                if (worst > 1e-5 * lambda + 1e-6 * (2 + lambda))
                    fail_msg("angle %g, lambda %g, start %d: a correlation is %g from lambda",
                             angle, lambda, start, worst);
                end(&f);
            }
}

/* Solve without a start. cold (H) gets the codes. Returns the number of values. */
static size_t solve_cold(struct fixture *f, double lambda, float *cold)
{
    const size_t count = spine_lasso_solve(&f->lasso, f->x, f->products, lambda, &f->scratch, f->a);

    memcpy(cold, f->a, f->lasso.units * sizeof *cold);
    return count;
}

/* Solve from the start in f->a, for the same codes. */
static void expect_codes(struct fixture *f, double lambda, size_t count, const float *cold)
{
    assert_int_equal(solve(f, lambda), count);
    assert_memory_equal(f->a, cold, f->lasso.units * sizeof *cold);
}

static void test_the_start_changes_no_bit(void **state)
{
    (void)state;
    enum { UNITS = 400, DIM = 50, ROWS = 30 };
    static const double lambdas[] = {0.1, 1, 3}, ridges[] = {0, 1e-3, 1};

    for (size_t i = 0; i < 9; i++) {
        const double lambda = lambdas[i % 3];
        struct fixture f;
        float cold[UNITS], zero[DIM] = {0};
        begin_ridge(&f, UNITS, DIM, true, ridges[i / 3]);
        for (uint64_t row = 0; row < ROWS; row++) {
            spine_random_add_noise(4, 2, row, 1, DIM, zero, f.x);
            spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
            const size_t count = solve_cold(&f, lambda, cold);
            expect_codes(&f, lambda, count, cold); /* from the solution */

            solve(&f, lambda * 0.9); /* from that of another lambda, by other products */
            f.products[row] = nextafterf(f.products[row], 0);
            expect_codes(&f, lambda, count, cold);

            for (size_t j = 0; j < UNITS; j++)
                f.a[j] = j % 3 == 0 ? 0.5F : 0;
            expect_codes(&f, lambda, count, cold); /* from a bad one */
        }
        end(&f);
    }
}

/* Half of the atoms have another at a small angle, so that sets differ little. */
static void test_the_start_changes_no_bit_with_similar_atoms(void **state)
{
    (void)state;
    enum { UNITS = 200, DIM = 25, ROWS = 300 };
    static const double lambdas[] = {0.02, 0.2, 1}, ridges[] = {0, 1e-3, 1};

    for (size_t i = 0; i < 9; i++) {
        const double lambda = lambdas[i % 3];
        struct fixture f;
        float cold[UNITS], zero[DIM] = {0};
        begin_ridge(&f, UNITS, DIM, false, ridges[i / 3]);
        for (size_t j = 0; j < UNITS; j += 2) {
            float *row = f.W + j * f.lasso.stride;
            const double angle = 5e-4 * (double)(1 + j % 6);
            spine_random_add_noise(3, 5, j, (float)(angle / sqrt(DIM)), DIM, row,
                                   row + f.lasso.stride);
        }
        spine_lasso_refresh(&f.lasso);
        for (uint64_t row = 0; row < ROWS; row++) {
            spine_random_add_noise(4, 3, row, 1, DIM, zero, f.x);
            spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
            const size_t count = solve_cold(&f, lambda, cold);
            solve(&f, lambda * 0.9); /* from the solution, and from that of another lambda */
            expect_codes(&f, lambda, count, cold);
        }
        end(&f);
    }
}

/* Codes that are kept are used again; and after the atoms have changed, they only save time. */
static void test_kept_codes_change_no_bit(void **state)
{
    (void)state;
    enum { UNITS = 300, DIM = 30, ROWS = 5 };
    struct fixture f;
    struct spine_lasso_coder coder;
    struct spine_lasso_codes kept = {0};
    uint32_t begin[2][ROWS + 1];
    static int32_t unit[2][ROWS * UNITS];
    static float value[2][ROWS * UNITS];
    begin_ridge(&f, UNITS, DIM, true, 0);
    float *x = alloc(ROWS * f.lasso.stride), *zero = alloc(f.lasso.stride);
    for (uint64_t row = 0; row < ROWS; row++)
        spine_random_add_noise(4, 2, row, 1, DIM, zero, x + row * f.lasso.stride);
    TRY(spine_lasso_coder_init(&coder, &f.lasso, &err));

    for (int i = 0; i < 6; i++) {
        coder.lambda = i < 3 ? 1 : 0.5;
        if (i == 2 || i == 5) {
            f.W[i] += 0.01F;
            spine_lasso_refresh(&f.lasso);
        }
        const size_t rows = i < 4 ? ROWS : ROWS - 1;
        spine_lasso_coder_encode(&coder, rows, x, &kept, begin[0], unit[0], value[0]);
        spine_lasso_coder_encode(&coder, rows, x, NULL, begin[1], unit[1], value[1]);
        assert_memory_equal(begin[0], begin[1], (rows + 1) * sizeof(uint32_t));
        assert_true(begin[0][rows] > rows);
        assert_memory_equal(unit[0], unit[1], begin[0][rows] * sizeof(int32_t));
        assert_memory_equal(value[0], value[1], begin[0][rows] * sizeof(float));
        assert_int_equal(kept.version, f.lasso.version);
    }

    spine_lasso_codes_dispose(&kept);
    spine_lasso_coder_dispose(&coder);
    free(x);
    free(zero);
    end(&f);
}

/* Of two blocks, of which the second has one row. */
static void test_kept_codes_of_some_rows(void **state)
{
    (void)state;
    enum { ROWS = 4, LAST = SPINE_BLOCK_ROWS };
    int32_t units[] = {5, 7, 2, 9};
    float values[] = {1, 2, 3, 4};
    const struct spine_lasso_codes kept[] = {
        {.rows = 3, .begin = {0, 2, 2, 3}, .unit = units, .value = values, .version = 8},
        {.rows = 1, .begin = {0, 1}, .unit = units + 3, .value = values + 3, .version = 8}};
    const size_t rows[ROWS] = {0, 1, LAST, LAST + 1}; /* the last isn't kept */
    const uint32_t begin[] = {0, 2, 2, 3, 3};
    const int32_t unit[] = {5, 7, 9};
    const float value[] = {1, 2, 4};
    struct spine_lasso_codes codes = {0};

    spine_lasso_codes_collect(&codes, ROWS, rows, kept);
    assert_int_equal(codes.rows, ROWS);
    assert_int_equal(codes.version, 0);
    assert_memory_equal(codes.begin, begin, sizeof begin);
    assert_memory_equal(codes.unit, unit, sizeof unit);
    assert_memory_equal(codes.value, value, sizeof value);
    spine_lasso_codes_dispose(&codes);
}

/* Rows that get more values than are of interest are given up, with or without a start. */
static void test_too_many_values_are_given_up(void **state)
{
    (void)state;
    enum { UNITS = 300, DIM = 30, MOST = 40, ADDED = 12 };
    struct fixture f;
    begin_ridge(&f, UNITS, DIM, true, 1);
    for (size_t k = 0; k < DIM; k++) /* a cone of atoms about the row */
        f.x[k] = 10;
    for (size_t j = 0; j < UNITS; j++)
        for (size_t k = 0; k < DIM; k++)
            f.W[j * f.lasso.stride + k] = 0.1F * f.W[j * f.lasso.stride + k] + 0.15F;
    spine_lasso_refresh(&f.lasso);
    spine_lasso_products(&f.lasso, 1, f.x, f.packed, f.products);
    const size_t all = solve(&f, 0.1);
    assert_true(all > MOST + ADDED);

    f.scratch.most = MOST;
    memset(f.a, 0, UNITS * sizeof *f.a);
    for (int i = 0; i < 2; i++) {
        const size_t count = solve(&f, 0.1);
        assert_in_range(count, MOST + 1, MOST + ADDED);
    }
    f.scratch.most = all;
    assert_int_equal(solve(&f, 0.1), all);
    end(&f);
}

static void test_a_great_lambda_leaves_nothing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 40, 10, false);
    f.a[3] = 1;
    assert_int_equal(solve(&f, 1000), 0);
    for (size_t j = 0; j < 40; j++)
        assert_true(f.a[j] == 0);
    end(&f);
}

/* Ranks divide rows into different blocks. */
static void test_products_of_a_row_depend_on_no_others(void **state)
{
    (void)state;
    enum { UNITS = 50, DIM = 17, ROWS = 70 };
    struct fixture f;
    begin(&f, UNITS, DIM, false);
    const size_t stride = f.lasso.stride;
    float *x = alloc(ROWS * stride), *all = alloc(ROWS * UNITS), *few = alloc(ROWS * UNITS);
    for (size_t i = 0; i < ROWS; i++)
        spine_random_add_noise(3, 4, i, 1, DIM, x + i * stride, x + i * stride);

    spine_lasso_products(&f.lasso, ROWS, x, f.packed, all);
    for (size_t count = 1; count < ROWS; count += 5)
        for (size_t first = 0; first + count <= ROWS; first += 3) {
            spine_lasso_products(&f.lasso, count, x + first * stride, f.packed, few);
            assert_memory_equal(few, all + first * UNITS, count * UNITS * sizeof *few);
        }

    free(x);
    free(all);
    free(few);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orthogonal_atoms_are_soft_thresholds),
        cmocka_unit_test(test_a_ridge_shrinks_and_shares),
        cmocka_unit_test(test_solutions_are_optimal),
        cmocka_unit_test(test_nearly_equal_atoms_share_a_row),
        cmocka_unit_test(test_the_start_changes_no_bit),
        cmocka_unit_test(test_the_start_changes_no_bit_with_similar_atoms),
        cmocka_unit_test(test_kept_codes_change_no_bit),
        cmocka_unit_test(test_kept_codes_of_some_rows),
        cmocka_unit_test(test_too_many_values_are_given_up),
        cmocka_unit_test(test_a_great_lambda_leaves_nothing),
        cmocka_unit_test(test_products_of_a_row_depend_on_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
