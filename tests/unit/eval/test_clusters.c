/* test_clusters.c -- k-means finds the bundles that are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spine/eval/clusters.h"
#include "support/expect.h"

static void test_bundles_are_found(void **state)
{
    (void)state;
    /* Four bundles of ten points around the corners of a square. */
    float points[40][2];
    for (size_t i = 0; i < 40; i++) {
        points[i][0] = (float)(i % 4 % 2) * 10 + (float)(i * 7 % 11) / 11;
        points[i][1] = (float)(i % 4 / 2) * 10 + (float)(i * 5 % 13) / 13;
    }
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint32_t cluster[40], again[40];
        TRY(spine_clusters_find(&points[0][0], 40, 2, 4, 5, seed, cluster, &err));
        for (size_t i = 0; i < 40; i++)
            for (size_t k = 0; k < 40; k++)
                assert_int_equal(cluster[i] == cluster[k], i % 4 == k % 4);
        TRY(spine_clusters_find(&points[0][0], 40, 2, 4, 5, seed, again, &err));
        assert_memory_equal(cluster, again, sizeof cluster);
    }
}

static void test_every_cluster_has_points(void **state)
{
    (void)state;
    static const float points[6][1] = {{0}, {0}, {0}, {0}, {0}, {1}};
    for (size_t k = 1; k <= 6; k++) {
        uint32_t cluster[6];
        int used[6] = {0};
        size_t count = 0;
        TRY(spine_clusters_find(&points[0][0], 6, 1, k, 3, 1, cluster, &err));
        for (size_t i = 0; i < 6; i++) {
            assert_true(cluster[i] < k);
            count += !used[cluster[i]];
            used[cluster[i]] = 1;
        }
        assert_true(count >= (k < 2 ? k : 2));
        if (k > 1)
            assert_int_not_equal(cluster[5], cluster[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundles_are_found),
        cmocka_unit_test(test_every_cluster_has_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
