/* test_clock.c -- the clocks run forward, at a second a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "spine/base/clock.h"

static void test_waiting_takes_time(void **state)
{
    (void)state;
    const struct timespec wait = {.tv_nsec = 20 * 1000 * 1000};
    const double before = spine_clock_now();

    nanosleep(&wait, NULL);
    const double took = spine_clock_now() - before;
    assert_true(took >= 0.02);
    assert_true(took < 60);
}

static void test_the_date_is_the_systems(void **state)
{
    (void)state;
    const double before = (double)time(NULL), date = spine_clock_date();

    /* time() may lag behind by a tick. */
    assert_true(date >= before - 1 && date <= before + 60);
}

static void test_durations_have_two_units(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *expected;
    } cases[] = {{0.4, "0 s"},         {59.4, "59 s"},          {59.6, "1 min 0 s"},
                 {200, "3 min 20 s"},  {3599.4, "59 min 59 s"}, {3600, "1 h 0 min"},
                 {7830, "2 h 10 min"}, {360000, "100 h 0 min"}};
    char text[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spine_clock_duration(cases[i].seconds, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_takes_time),
        cmocka_unit_test(test_the_date_is_the_systems),
        cmocka_unit_test(test_durations_have_two_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
