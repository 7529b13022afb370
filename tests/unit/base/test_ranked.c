/* test_ranked.c -- lists come out in order, whatever way they are sorted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "spine/base/random.h"
#include "spine/base/ranked.h"

enum { COUNT = 5000 };

/* Strengths of few values and of many, with both signs and zeros. */
static struct spine_ranked *make_list(uint32_t values)
{
    struct spine_ranked *list = calloc(COUNT, sizeof *list);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t drawn = spine_random_below(1, values, 0, i, values);
        list[i].strength = ((float)drawn - (float)(values / 2)) / 64;
        list[i].index = i * 3;
        if (drawn == values / 2 && i % 2 == 0)
            list[i].strength = -0.0F;
    }
    return list;
}

static void expect_sorted(const struct spine_ranked *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        assert_true(list[i - 1].strength >= list[i].strength);
        if (list[i - 1].strength == list[i].strength)
            assert_true(list[i - 1].index < list[i].index);
    }
}

static void test_sorted_by_strength_then_by_index(void **state)
{
    (void)state;
    static const uint32_t values[] = {1, 3, 100, 1000000};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        for (size_t count = 0; count <= COUNT; count += 500) {
            struct spine_ranked *list = make_list(values[v]);
            spine_ranked_sort(list, count);
            expect_sorted(list, count);
            spine_ranked_sort(list, count); /* now indices don't ascend */
            expect_sorted(list, count);
            free(list);
        }
}

static void test_selected_is_what_sorting_puts_there(void **state)
{
    (void)state;
    static const uint32_t values[] = {1, 3, 100, 1000000};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        for (size_t place = 0; place < COUNT; place += 333) {
            struct spine_ranked *list = make_list(values[v]), *other = make_list(values[v]);
            spine_ranked_sort(other, COUNT);
            assert_true(spine_ranked_select(list, COUNT, place) == other[place].strength);
            free(list);
            free(other);
        }
}

static void test_offering_keeps_the_first(void **state)
{
    (void)state;
    static const size_t most[] = {1, 10, 200};
    for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
        struct spine_ranked *list = make_list(100), *other = make_list(100);
        struct spine_ranked kept[200];
        size_t count = 0;
        for (size_t i = COUNT; i > 0; i--)
            spine_ranked_offer(kept, &count, most[m], list[(i * 7919) % COUNT]);
        assert_int_equal(count, most[m]);
        spine_ranked_sort(other, COUNT);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(kept[i].index, other[i].index);
            assert_true(kept[i].strength == other[i].strength);
        }
        free(list);
        free(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_by_strength_then_by_index),
        cmocka_unit_test(test_selected_is_what_sorting_puts_there),
        cmocka_unit_test(test_offering_keeps_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
