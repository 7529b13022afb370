/* test_bfloat16.c -- values are rounded to the nearest that 8 binary digits can hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "spine/base/random.h"
#include "spine/math/bfloat16.h"

static float round_trip(float value)
{
    uint16_t packed;
    float found;
    spine_bfloat16_pack(1, &value, &packed);
    spine_bfloat16_unpack(1, &packed, &found);
    return found;
}

static void test_values_of_8_digits_stay(void **state)
{
    (void)state;
    static const float values[] = {0, 1, -1, 0.5F, 255, -254, 0x1.fep100F, 0x1p-126F, INFINITY};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_true(round_trip(values[i]) == values[i]);
    assert_true(signbit(round_trip(-0.0F)));
    assert_true(isnan(round_trip(strtof("nan", NULL))));
}

static void test_ties_go_to_even_and_others_to_the_nearest(void **state)
{
    (void)state;
    assert_true(round_trip(257) == 256); /* between 256 and 258 */
    assert_true(round_trip(259) == 260); /* between 258 and 260 */
    assert_true(round_trip(257.001F) == 258);
    assert_true(round_trip(-258.9F) == -258);
}

static void test_the_error_is_at_most_half_of_the_last_digit(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    float values[COUNT], found[COUNT];
    uint16_t packed[COUNT];
    spine_random_uniform(1, 2, 0, COUNT, 3, values);
    spine_bfloat16_pack(COUNT, values, packed);
    spine_bfloat16_unpack(COUNT, packed, found);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(fabsf(found[i] - values[i]) <= fabsf(values[i]) / 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_8_digits_stay),
        cmocka_unit_test(test_ties_go_to_even_and_others_to_the_nearest),
        cmocka_unit_test(test_the_error_is_at_most_half_of_the_last_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
