/* test_plane.c -- dimensions that are alike lie together on the map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/space/plane.h"
#include "support/expect.h"

enum { GROUPS = 5, MEMBERS = 12, ROWS = GROUPS * MEMBERS, DIM = 8, MOST = 6 };

/* Groups around the axes, row i in group i % GROUPS; the last row is zeros. */
static void fill(float *W)
{
    spine_random_uniform(1, 0, 0, (size_t)ROWS * DIM, 0.3F, W);
    for (int i = 0; i < ROWS; i++)
        W[i * DIM + i % GROUPS] += 1;
    memset(W + (ROWS - 1) * DIM, 0, DIM * sizeof *W);
}

static double distance(const double *points, int i, int j)
{
    return hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
}

static void test_groups_lie_together(void **state)
{
    (void)state;
    float W[ROWS * DIM];
    double points[2 * ROWS], again[2 * ROWS];
    struct spine_neighbours neighbours;
    fill(W);
    TRY(spine_neighbours_by_cosine(&neighbours, W, ROWS, DIM, DIM, MOST, &err));
    TRY(spine_plane_place(points, &neighbours, W, DIM, DIM, &err));
    TRY(spine_plane_place(again, &neighbours, W, DIM, DIM, &err));
    assert_memory_equal(points, again, sizeof points);

    /* The nearest point of every row is one of its group. */
    for (int i = 0; i < ROWS - 1; i++) {
        int nearest = i == 0;
        for (int j = 0; j < ROWS - 1; j++)
            if (j != i && distance(points, i, j) < distance(points, i, nearest))
                nearest = j;
        assert_int_equal(nearest % GROUPS, i % GROUPS);
    }
    for (int i = 0; i < 2 * ROWS; i++)
        assert_true(isfinite(points[i]));
    spine_neighbours_dispose(&neighbours);
}

static void test_one_dimension_and_equal_ones(void **state)
{
    (void)state;
    static const float W[] = {1, 2, 1, 2, 1, 2};
    for (size_t count = 1; count <= 3; count++) {
        struct spine_neighbours neighbours;
        double points[6];
        TRY(spine_neighbours_by_cosine(&neighbours, W, count, 2, 2, 2, &err));
        TRY(spine_plane_place(points, &neighbours, W, 2, 2, &err));
        for (size_t i = 0; i < 2 * count; i++)
            assert_true(isfinite(points[i]));
        spine_neighbours_dispose(&neighbours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups_lie_together),
                                       cmocka_unit_test(test_one_dimension_and_equal_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
