/* test_neighbours.c -- which dimensions are near, on cases worked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "spine/space/neighbours.h"
#include "support/expect.h"

/* The neighbours of a dimension are these, and so near. */
static void check(const struct spine_neighbours *neighbours, size_t dimension, size_t count,
                  const struct spine_ranked *expected)
{
    assert_int_equal(neighbours->count[dimension], count);
    for (size_t i = 0; i < count; i++) {
        const struct spine_ranked *found = &neighbours->list[dimension * neighbours->most + i];
        assert_int_equal(found->index, expected[i].index);
        assert_true(fabsf(found->strength - expected[i].strength) < 1e-6F);
    }
}

static void test_nearest_by_cosine_whatever_the_length(void **state)
{
    (void)state;
    /* Rows of 2 numbers, every 3 floats; what lies between doesn't count. Dimension 3 is zero. */
    static const float W[] = {1, 0, 9, 5, 5, 9, 0, 0.1F, 9, 0, 0, 9, -2, 0, 9};
    const float diagonal = sqrtf(0.5F);
    const struct spine_ranked of_0[] = {{diagonal, 1}, {0, 2}},
                              of_1[] = {{diagonal, 0}, {diagonal, 2}},
                              of_4[] = {{0, 2}, {-diagonal, 1}};
    struct spine_neighbours neighbours;
    TRY(spine_neighbours_by_cosine(&neighbours, W, 5, 2, 3, 2, &err));
    check(&neighbours, 0, 2, of_0);
    check(&neighbours, 1, 2, of_1);
    check(&neighbours, 3, 0, NULL);
    check(&neighbours, 4, 2, of_4);
    spine_neighbours_dispose(&neighbours);
}

static void test_nearest_by_shared_words(void **state)
{
    (void)state;
    /* Dimension 0 is active for rows 0 to 3; 1 for all 9; 2 for 0 and 1; 3 for 8; 4 for none. To
     * dimension 0, 1 is as near as 4 / sqrt(4 * 9), 2 as 2 / sqrt(4 * 2). */
    enum { ROWS = 9, DIMENSIONS = 5 };
    struct spine_space space = {.rows = ROWS, .dimensions = DIMENSIONS};
    TRY(spine_csr_reserve(&space.codes, ROWS, ROWS * DIMENSIONS, &err));
    TRY(spine_csr_reserve(&space.excess, ROWS, 0, &err));
    for (int i = 0; i < ROWS; i++) {
        const float row[DIMENSIONS] = {i < 4 ? 0.5F : 0, 0.1F, i < 2 ? 1 : 0, i == 8 ? 1 : 0, 0};
        spine_csr_add_row(&space.codes, row, DIMENSIONS, 0);
        if (i == 3) { /* a 0 that is stored, as other programs may: it isn't active */
            space.codes.indices[space.codes.count] = 4;
            space.codes.data[space.codes.count++] = 0;
            space.codes.indptr[i + 1]++;
        }
        spine_csr_add_row(&space.excess, row, DIMENSIONS, 1);
    }
    const struct spine_ranked of_0[] = {{2, 2}, {4, 1}}, of_1[] = {{4, 0}, {2, 2}, {1, 3}},
                              of_3[] = {{1, 1}};
    struct spine_ranking ranking;
    struct spine_neighbours neighbours;
    TRY(spine_ranking_init(&ranking, &space, &err));
    TRY(spine_neighbours_by_words(&neighbours, &ranking, &space.codes, 4, &err));
    check(&neighbours, 0, 2, of_0);
    check(&neighbours, 1, 3, of_1);
    check(&neighbours, 3, 1, of_3);
    check(&neighbours, 4, 0, NULL);
    spine_neighbours_dispose(&neighbours);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
}

enum { ROWS_LONG = 40, NEAR = 4 };

/* Is a row active in a dimension? In about two thirds of them, or in every 'apart'-th. */
static bool is_on(size_t row, size_t dimension, size_t apart)
{
    return apart > 1 ? dimension % apart == row * 7 % apart
                     : (row * dimension + row + dimension) % 3 != 0;
}

/* The words from 'begin' on that both are active for, and those of one. */
static float count_shared(size_t a, size_t b, size_t apart, size_t begin)
{
    float shared = 0;
    for (size_t row = begin; row < ROWS_LONG; row++)
        shared += is_on(row, a, apart) && is_on(row, b, apart) ? 1 : 0;
    return shared;
}

/* A dimension's neighbours have the strengths they should have, and no other is nearer. */
static void check_nearest(const struct spine_neighbours *neighbours, size_t dimension, size_t apart,
                          size_t begin)
{
    const struct spine_ranked *list = &neighbours->list[dimension * NEAR];
    float least = INFINITY;
    for (size_t n = 0; n < neighbours->count[dimension]; n++) {
        const size_t other = list[n].index;
        const float shared = count_shared(dimension, other, apart, begin);
        assert_true(list[n].strength == shared);
        least = fminf(least, shared / sqrtf(count_shared(other, other, apart, begin)));
    }

    size_t nearer = 0;
    for (size_t other = 0; other < neighbours->dimensions; other++) {
        const float shared = count_shared(dimension, other, apart, begin);
        nearer += other != dimension && shared > 0 &&
                  shared / sqrtf(count_shared(other, other, apart, begin)) > least;
    }
    assert_true(nearer < NEAR);
}

/* Rows of so many values that they aren't read in order for every few dimensions: those of most
 * tiles of dimensions, and those of few; and the same with a 0 that is stored. */
static void test_nearest_by_shared_words_of_long_rows(void **state)
{
    (void)state;
    static const struct {
        size_t dimensions, apart;
    } cases[] = {{120, 1}, {600, 1}, {10240, 150}};
    for (size_t which = 0; which < sizeof cases / sizeof *cases; which++) {
        const size_t width = cases[which].dimensions, apart = cases[which].apart;
        struct spine_space space = {.rows = ROWS_LONG, .dimensions = width};
        static float row[10240];
        TRY(spine_csr_reserve(&space.codes, ROWS_LONG, ROWS_LONG * width, &err));
        TRY(spine_csr_reserve(&space.excess, ROWS_LONG, 0, &err));
        for (size_t i = 0; i < ROWS_LONG; i++) {
            for (size_t j = 0; j < width; j++)
                row[j] = is_on(i, j, apart) ? 0.5F : 0;
            spine_csr_add_row(&space.codes, row, width, 0);
            spine_csr_add_row(&space.excess, row, width, 1);
        }

        for (size_t round = 0; round < 2; round++) {
            struct spine_ranking ranking;
            struct spine_neighbours neighbours;
            TRY(spine_ranking_init(&ranking, &space, &err));
            TRY(spine_neighbours_by_words(&neighbours, &ranking, &space.codes, NEAR, &err));
            for (size_t j = 0; j < width; j += 1 + width / 50)
                check_nearest(&neighbours, j, apart, round);
            spine_neighbours_dispose(&neighbours);
            spine_ranking_dispose(&ranking);
            for (int64_t at = 0; at < space.codes.indptr[1]; at++)
                space.codes.data[at] = 0; /* row 0 is active in none */
        }
        spine_space_dispose(&space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest_by_cosine_whatever_the_length),
        cmocka_unit_test(test_nearest_by_shared_words),
        cmocka_unit_test(test_nearest_by_shared_words_of_long_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
