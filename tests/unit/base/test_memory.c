/* test_memory.c -- memory is what was asked for, or a message says what it was for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "support/expect.h"

#define EXPECT_NO_MEMORY(call)                                                                     \
    do {                                                                                           \
        err = (struct spine_error){0};                                                             \
        assert_true(call);                                                                         \
        assert_string_equal(err.text, "out of memory for the rows");                               \
        assert_int_equal(err.status, SPINE_EXIT_FAILED);                                           \
    } while (0)

static const char what[] = "the rows";

static void test_nothing_is_a_pointer_too(void **state)
{
    (void)state;
    void *got[] = {spine_memory_get(0, 8, what, &err), spine_memory_get(8, 0, what, &err),
                   spine_memory_zeroed(0, 8, what, &err), spine_memory_aligned(0, 8, what, &err)};

    for (size_t i = 0; i < sizeof got / sizeof *got; i++) {
        assert_non_null(got[i]);
        free(got[i]);
    }
}

static void test_zeroed_memory_is_zero(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    uint32_t *numbers = spine_memory_zeroed(COUNT, sizeof *numbers, what, &err);

    assert_non_null(numbers);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(numbers[i], 0);
    free(numbers);
}

static void test_aligned_memory_is_aligned(void **state)
{
    (void)state;
    for (size_t count = 1; count < 300; count += 7) {
        char *bytes = spine_memory_aligned(count, 1, what, &err);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % SPINE_MEMORY_ALIGN, 0);
        memset(bytes, 1, count);
        free(bytes);
    }
}

static void test_too_much_is_said_to_be(void **state)
{
    (void)state;
    const size_t half = SIZE_MAX / 2 + 1;

    EXPECT_NO_MEMORY(spine_memory_get(half, 2, what, &err) == NULL);
    EXPECT_NO_MEMORY(spine_memory_zeroed(2, half, what, &err) == NULL);
    EXPECT_NO_MEMORY(spine_memory_aligned(half, 4, what, &err) == NULL);
    EXPECT_NO_MEMORY(spine_memory_aligned(SIZE_MAX, 1, what, &err) == NULL);
    EXPECT_NO_MEMORY(spine_memory_fail(what, &err) == -1);
}

static void test_copies_end_with_nul(void **state)
{
    (void)state;
    char *whole = spine_memory_copy("spine", what, &err);
    char *part = spine_memory_copy_part("spine", 2, what, &err);
    char *none = spine_memory_copy_part("spine", 0, what, &err);

    assert_string_equal(whole, "spine");
    assert_string_equal(part, "sp");
    assert_string_equal(none, "");
    free(whole);
    free(part);
    free(none);
}

static void test_a_list_keeps_its_elements_as_it_grows(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    uint64_t *list = NULL;
    size_t capacity = 0, num_moves = 0;

    for (size_t i = 0; i < COUNT; i++) {
        const size_t before = capacity;
        TRY(spine_memory_reserve(&list, &capacity, i + 1, sizeof *list, what, &err));
        assert_true(capacity >= i + 1 && (capacity == before || capacity >= 2 * before));
        num_moves += capacity != before;
        list[i] = i * i;
    }

    assert_true(num_moves < 12);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(list[i], i * i);
    free(list);
}

static void test_a_list_grows_exactly_where_that_is_wanted(void **state)
{
    (void)state;
    char *list = NULL;
    size_t capacity = 0;

    TRY(spine_memory_reserve_exactly(&list, &capacity, 3, 1, what, &err));
    assert_int_equal(capacity, 3);
    TRY(spine_memory_reserve_exactly(&list, &capacity, 2, 1, what, &err));
    assert_int_equal(capacity, 3);
    TRY(spine_memory_reserve_exactly(&list, &capacity, 4, 1, what, &err));
    assert_int_equal(capacity, 4);
    free(list);
}

static void test_a_list_that_cannot_grow_stays_as_it_is(void **state)
{
    (void)state;
    uint64_t *list = NULL;
    size_t capacity = 0;
    TRY(spine_memory_reserve(&list, &capacity, 1, sizeof *list, what, &err));
    uint64_t *const before = list;
    const size_t had = capacity;

    EXPECT_NO_MEMORY(spine_memory_reserve(&list, &capacity, SIZE_MAX, sizeof *list, what, &err));
    EXPECT_NO_MEMORY(
        spine_memory_reserve_exactly(&list, &capacity, SIZE_MAX / 8 + 1, 8, what, &err));
    assert_ptr_equal(list, before);
    assert_int_equal(capacity, had);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_a_pointer_too),
        cmocka_unit_test(test_zeroed_memory_is_zero),
        cmocka_unit_test(test_aligned_memory_is_aligned),
        cmocka_unit_test(test_too_much_is_said_to_be),
        cmocka_unit_test(test_copies_end_with_nul),
        cmocka_unit_test(test_a_list_keeps_its_elements_as_it_grows),
        cmocka_unit_test(test_a_list_grows_exactly_where_that_is_wanted),
        cmocka_unit_test(test_a_list_that_cannot_grow_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
