/* test_number.c -- decimal numbers to float: strtof() is the judge.
 *
 * SPINE_FUZZ_COUNT in the environment says how many strings of each kind are tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/number.h"

enum { LONGEST = 400 };

static uint64_t draw(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static unsigned below(uint64_t *state, unsigned limit)
{
    return (unsigned)(draw(state) % limit);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The text is at the very end of a block, so that a sanitizer sees a read beyond it. */
static int parse(const char *text, float *value)
{
    const size_t length = strlen(text);
    char *block = malloc(length + (length == 0));
    assert_non_null(block);
    memcpy(block, text, length);
    const int rc = spine_number_parse(block, block + length, value);
    free(block);
    return rc;
}

/* What follows decides about the way in which a number is read. */
static void assert_same_in_a_row(const char *text, float expected)
{
    static const char *const followers[] = {" -0.25 0.125 ", "\t7", "\n-1.2345678901", "\n"};
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++) {
        char row[LONGEST + 20];
        float value = 0;
        strcpy(row, text);
        strcat(row, followers[i]);
        const char *after = spine_number_scan(row, row + strlen(row), &value);
        if (after != row + strlen(text) || bits_of(value) != bits_of(expected))
            fail_msg("'%s' became %a, not %a", row, (double)value, (double)expected);
    }
}

static void assert_same_as_library(const char *text)
{
    float value = 0;
    if (parse(text, &value) != 0)
        fail_msg("'%s' was not taken for a number", text);
    const float expected = strtof(text, NULL);
    if (bits_of(value) != bits_of(expected))
        fail_msg("'%s' became %a, not %a", text, (double)value, (double)expected);
    assert_same_in_a_row(text, expected);
}

static void test_numbers_are_read_as_strtof_reads_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "+0",
        "0.0",
        "-0.0",
        ".5",
        "5.",
        "-.5",
        "+5.e3",
        "1",
        "-1",
        "0.1",
        "-0.038194",
        "0.72812",
        "1e0",
        "1E5",
        "1e+5",
        "1e-5",
        "16777216",
        "16777217",
        "16777218",
        "16777219",
        "0.0000000000000000000000000000000000000000000001",
        "1e10",
        "1e11",
        "1e22",
        "1e23",
        "1e38",
        "3.4028234663852886e38",
        "3.4028235677973366e38",
        "3.4028235677973365e38",
        "1e39",
        "1e400",
        "-1e400",
        "1e-38",
        "1.1754943508222875e-38",
        "1e-42",
        "1e-45",
        "7.006492321624085e-46",
        "7.006492321624086e-46",
        "1e-46",
        "1e-400",
        "-1e-400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e99999999999999999999",
        "0.000e-5",
        "123456789012345678",
        "1234567890123456789",
        "12345678901234567890",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
        "0.1234567890123456789",
        "0.12345678901234567890123456789",
        "000000000000000000000000000000000000000000001.5",
        "0.000000000000000000000000000000000000000000000000001e45",
        "9007199791611904",
        "9007199791611905",
        "9007199791611903",
        "9007199791611904.0000000000000000000000000000000000001",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_same_as_library(texts[i]);
}

static void test_nan_and_infinity_are_recognised(void **state)
{
    (void)state;
    float value = 0;
    static const char *const infinite[] = {"inf", "+inf", "INF", "Infinity", "iNFINITY"};
    for (size_t i = 0; i < sizeof infinite / sizeof *infinite; i++) {
        assert_int_equal(parse(infinite[i], &value), 0);
        assert_true(isinf(value) && value > 0);
    }
    assert_int_equal(parse("-inf", &value), 0);
    assert_true(isinf(value) && value < 0);
    assert_int_equal(parse("NaN", &value), 0);
    assert_true(isnan(value));
    assert_int_equal(parse("-nan", &value), 0);
    assert_true(isnan(value));
}

static void test_anything_else_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "+",       "-",         ".",   "-.",       "e5",     ".e5",  "1e",     "1e+",
        "1e-",   "1e5.",    "1e5e5",     "--1", "+-1",      "0x1p-2", "0x10", "0.5abc", "1,5",
        "1.5.5", "1 ",      " 1",        "1\t", "1_000",    "1f",     "1d5",  "nano",   "nan(1)",
        "in",    "infinit", "infinityx", "the", "\xd9\xa1", "1\r",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        float value = 7;
        if (parse(texts[i], &value) == 0)
            fail_msg("'%s' was taken for a number", texts[i]);
        assert_true(value == 7);
    }
}

static void test_scanning_stops_behind_the_number(void **state)
{
    (void)state;
    const char *text = "-1.25e2 next";
    float value = 0;
    assert_ptr_equal(spine_number_scan(text, text + strlen(text), &value), text + 7);
    assert_true(value == -125);
    assert_ptr_equal(spine_number_scan(text, text + 4, &value), text + 4);
    assert_true(value == -1.2F);
    static const char *const texts[] = {"-0.25-0.5 0.5 0.5", "0.25.5 0.5 0.5 0.5",
                                        "0.25\xB5 0.5 0.5 0.5", "0.1234567x0.5 0.5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const size_t length = i == 0 ? 5 : i == 3 ? 9 : 4;
        const char *after = spine_number_scan(texts[i], texts[i] + strlen(texts[i]), &value);
        assert_ptr_equal(after, texts[i] + length);
        assert_true(value == strtof(texts[i], NULL));
    }
    const char *no_exponent = "0.25e 0.5 0.5 0.5";
    assert_null(spine_number_scan(no_exponent, no_exponent + strlen(no_exponent), &value));
}

static void test_a_nul_byte_ends_a_number(void **state)
{
    (void)state;
    float value = 7;
    assert_int_equal(spine_number_parse("1\0002", &"1\0002"[3], &value), -1);
}

static size_t fuzz_count(void)
{
    const char *wanted = getenv("SPINE_FUZZ_COUNT");
    return wanted != NULL ? (size_t)strtoull(wanted, NULL, 10) : 20000;
}

static size_t append_digits(char *text, size_t used, unsigned count, uint64_t *random)
{
    for (unsigned i = 0; i < count; i++)
        text[used++] = (char)('0' + below(random, 10));
    text[used] = '\0';
    return used;
}

static void test_random_digit_strings_are_read_exactly(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t i = 0; i < fuzz_count(); i++) {
        char text[LONGEST];
        const unsigned most = below(&random, 20) == 0 ? 150 : 12;
        size_t used = 0;
        if (below(&random, 2))
            text[used++] = "+-"[below(&random, 2)];
        used = append_digits(text, used, below(&random, most), &random);
        text[used++] = '.';
        used = append_digits(text, used, 1 + below(&random, most), &random);
        if (below(&random, 3) == 0) {
            const int limit = below(&random, 10) == 0 ? 400 : 60;
            snprintf(text + used, sizeof text - used, "e%d",
                     (int)below(&random, (unsigned)(2 * limit)) - limit);
        }
        assert_same_as_library(text);
    }
}

/* Of the shape that files of vectors are full of. */
static void test_random_short_numbers_are_read_exactly(void **state)
{
    (void)state;
    uint64_t random = 4;
    for (size_t i = 0; i < fuzz_count(); i++) {
        char text[LONGEST];
        size_t used = 0;
        if (below(&random, 2))
            text[used++] = '-';
        used = append_digits(text, used, 1 + (below(&random, 8) == 0), &random);
        text[used++] = '.';
        append_digits(text, used, below(&random, 10), &random);
        assert_same_as_library(text);
    }
}

/* The printed double is a midpoint of neighbouring floats, exactly so with enough digits: else a
 * little below or above it. Where that rounds to is the hardest question there is. */
static void test_midpoints_of_floats_are_read_exactly(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (size_t i = 0; i < fuzz_count(); i++) {
        const uint32_t bits = below(&random, 2) ? below(&random, 0x7F7FFFFF)
                                                : 0x33000000 + below(&random, 0x10000000);
        const double middle = ((double)float_of(bits) + (double)float_of(bits + 1)) / 2;
        char text[LONGEST];
        const int digits = 16 + (int)below(&random, 24);
        if (below(&random, 2))
            snprintf(text, sizeof text, "%.*g", digits, middle);
        else
            snprintf(text, sizeof text, "%.*f", 16 + (int)below(&random, 180), middle);
        assert_same_as_library(text);
        char *last = text + strcspn(text, "e") - 1;
        if (*last != '.') {
            *last = (char)(*last == '9' ? '8' : *last + 1);
            assert_same_as_library(text);
        }
    }
}

static void test_written_floats_come_back(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (size_t i = 0; i < fuzz_count(); i++) {
        const float value = float_of(below(&random, 0x7F800000));
        char text[LONGEST];
        float read = 0;
        snprintf(text, sizeof text, below(&random, 2) ? "%.9g" : "%.17g", (double)value);
        assert_int_equal(parse(text, &read), 0);
        assert_int_equal(bits_of(read), bits_of(value));
    }
}

/* Whole numbers fill the string and stay in their bounds. */
static void test_whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_whole;
        int64_t least, most;
        int rc;
        int64_t value;
    } cases[] = {
        {"0", true, 0, 9, 0, 0},
        {"9", true, 0, 9, 0, 9},
        {"10", true, 0, 9, -1, 0},
        {"-1", true, 0, 9, -1, 0},
        {"-1", true, -1, 9, 0, -1},
        {"-0", true, 0, 9, 0, 0},
        {"0007", true, 0, 9, 0, 7},
        {"9223372036854775807", true, 0, INT64_MAX, 0, INT64_MAX},
        {"9223372036854775808", true, 0, INT64_MAX, -1, 0},
        {"-9223372036854775808", true, INT64_MIN, 0, 0, INT64_MIN},
        {"-9223372036854775809", true, INT64_MIN, 0, -1, 0},
        {"", false, 0, 9, -1, 0},
        {"-", false, -9, 9, -1, 0},
        {"--1", false, -9, 9, -1, 0},
        {"+1", false, 0, 9, -1, 0},
        {" 1", false, 0, 9, -1, 0},
        {"1 ", false, 0, 9, -1, 0},
        {"1.0", false, 0, 9, -1, 0},
        {"1e0", false, 0, 9, -1, 0},
        {"0x1", false, 0, 9, -1, 0},
        {"four", false, 0, 9, -1, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 77;
        assert_int_equal(spine_number_is_whole(cases[i].text), cases[i].is_whole);
        assert_int_equal(spine_number_whole(cases[i].text, cases[i].least, cases[i].most, &value),
                         cases[i].rc);
        assert_true(value == (cases[i].rc == 0 ? cases[i].value : 77));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_read_as_strtof_reads_them),
        cmocka_unit_test(test_nan_and_infinity_are_recognised),
        cmocka_unit_test(test_anything_else_is_no_number),
        cmocka_unit_test(test_scanning_stops_behind_the_number),
        cmocka_unit_test(test_a_nul_byte_ends_a_number),
        cmocka_unit_test(test_random_digit_strings_are_read_exactly),
        cmocka_unit_test(test_random_short_numbers_are_read_exactly),
        cmocka_unit_test(test_midpoints_of_floats_are_read_exactly),
        cmocka_unit_test(test_written_floats_come_back),
        cmocka_unit_test(test_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
