/* test_tree.c -- sums have the order of the tree, whatever the groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "spine/base/random.h"
#include "spine/math/tree.h"

enum { MOST_LEAVES = 64, COUNT = 37 };

static float leaves[MOST_LEAVES][COUNT];

static void fill(void)
{
    for (size_t leaf = 0; leaf < MOST_LEAVES; leaf++)
        spine_random_uniform(3, 0, leaf * COUNT, COUNT, 1, leaves[leaf]);
}

/* The definition: a node's sum is that of its left half and its right half. */
static float sum_of_node(size_t first, size_t size, size_t num_leaves, size_t k)
{
    if (size == 1)
        return leaves[first][k];
    const size_t half = size / 2;
    const float left = sum_of_node(first, half, num_leaves, k);
    return first + half < num_leaves ? left + sum_of_node(first + half, half, num_leaves, k) : left;
}

static void test_leaves_are_summed_by_halves(void **state)
{
    (void)state;
    fill();
    for (size_t num = 1; num <= MOST_LEAVES; num++) {
        const float *sources[MOST_LEAVES];
        size_t numbers[MOST_LEAVES];
        float sum[COUNT];
        for (size_t leaf = 0; leaf < num; leaf++) {
            sources[leaf] = leaves[leaf];
            numbers[leaf] = leaf;
        }
        spine_tree_sum(num, sources, numbers, COUNT, sum);
        for (size_t k = 0; k < COUNT; k++)
            assert_true(sum[k] == sum_of_node(0, MOST_LEAVES, num, k));
    }
}

static void test_groups_add_up_to_the_same(void **state)
{
    (void)state;
    fill();
    for (size_t num = 1; num <= MOST_LEAVES; num++)
        for (size_t groups = 1; groups <= num; groups++) {
            const float *sources[MOST_LEAVES];
            size_t numbers[MOST_LEAVES], next = 0;
            float sums[MOST_LEAVES][COUNT], sum[COUNT];
            for (size_t g = 0; g < groups; g++) {
                const float *own[MOST_LEAVES];
                size_t first, end, own_numbers[MOST_LEAVES];
                spine_tree_group(num, groups, g, &first, &end);
                assert_int_equal(first, next);
                assert_true(end > first);
                next = end;
                for (size_t leaf = first; leaf < end; leaf++) {
                    own[leaf - first] = leaves[leaf];
                    own_numbers[leaf - first] = leaf;
                }
                spine_tree_sum(end - first, own, own_numbers, COUNT, sums[g]);
                sources[g] = sums[g];
                numbers[g] = first;
            }
            assert_int_equal(next, num);
            spine_tree_sum(groups, sources, numbers, COUNT, sum);
            for (size_t k = 0; k < COUNT; k++)
                assert_true(sum[k] == sum_of_node(0, MOST_LEAVES, num, k));
        }
}

static void test_a_leaf_is_a_whole_number_of_blocks(void **state)
{
    (void)state;
    for (size_t batch = 1; batch < 20000; batch += 7) {
        const size_t leaf = spine_tree_leaf(batch);
        assert_int_equal(leaf % 64, 0);
        assert_in_range(leaf, 64, 256);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_are_summed_by_halves),
        cmocka_unit_test(test_groups_add_up_to_the_same),
        cmocka_unit_test(test_a_leaf_is_a_whole_number_of_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
