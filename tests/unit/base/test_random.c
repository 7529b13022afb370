/* test_random.c -- the numbers are those that random.h defines, computed here from Random123 and
 * libm, and they are as random as they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <Random123/philox.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "support/golden.h"

static const uint64_t seeds[] = {0, 1, 20181, UINT64_C(0x0123456789abcdef), UINT64_MAX};

static uint32_t word_of(uint64_t seed, uint32_t a, uint32_t b, uint32_t c, uint32_t d, size_t i)
{
    const philox4x32_ctr_t counter = {{a, b, c, d}};
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    return philox4x32(counter, key).v[i];
}

/* Number j of a row's noise, in double. */
static double normal_of(uint64_t seed, uint32_t epoch, uint64_t row, size_t j)
{
    const uint32_t group = (uint32_t)(j / 64), quarter = (uint32_t)(j % 64 / 16);
    const uint32_t counter = 16 * group + (uint32_t)(j % 16);
    const uint32_t last = UINT32_C(3) << 24 | (uint32_t)(row >> 32);
    const size_t pair = quarter / 2 * 2;
    const uint32_t w = word_of(seed, counter, (uint32_t)row, epoch, last, pair);
    const uint32_t w2 = word_of(seed, counter, (uint32_t)row, epoch, last, pair + 1);
    const double u = ((double)(w >> 8) + 1) / (1 << 24), v = (double)(w2 >> 8) / (1 << 24);
    const double angle = 2 * acos(-1.0) * v;
    return sqrt(-2 * log(u)) * (quarter % 2 == 0 ? cos(angle) : sin(angle));
}

static void test_philox_gives_the_known_answers(void **state)
{
    (void)state;
    FILE *file = open_golden("random.txt");
    for (int i = 0; i < 3; i++) {
        const struct record known = read_record(file, "philox");
        const double *v = known.values;
        const uint64_t seed = (uint64_t)v[4] | (uint64_t)v[5] << 32;
        for (size_t word = 0; word < 4; word++)
            assert_true(word_of(seed, (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2],
                                (uint32_t)v[3], word) == (uint32_t)v[6 + word]);
        free(known.values);
    }
    fclose(file);
}

static uint64_t read_seed(FILE *file)
{
    const struct record seed = read_record(file, "seed");
    const uint64_t value = (uint64_t)seed.values[0] | (uint64_t)seed.values[1] << 32;
    free(seed.values);
    return value;
}

static void check_order(uint64_t seed, const struct record *of, const struct record *order)
{
    const uint32_t rows = (uint32_t)order->count;
    uint32_t *expected = calloc(rows, sizeof *expected);
    for (uint32_t i = 0; i < rows; i++)
        expected[i] = i;
    for (uint32_t i = rows; i-- > 1;) {
        const uint32_t j =
            spine_random_below(seed, (uint32_t)of->values[0], (uint32_t)of->values[1], i, i + 1);
        const uint32_t swapped = expected[i];
        expected[i] = expected[j];
        expected[j] = swapped;
    }
    for (uint32_t i = 0; i < rows; i++)
        assert_true((double)expected[i] == order->values[i]);
    free(expected);
}

static void test_the_reference_program_draws_the_same_numbers(void **state)
{
    (void)state;
    FILE *file = open_golden("random.txt");
    for (int i = 0; i < 3; i++)
        free(read_record(file, "philox").values);
    const uint64_t seed = read_seed(file);
    for (int i = 0; i < 3; i++) {
        const struct record of = read_record(file, "noise_of"), noise = read_record(file, "noise");
        float zero[70] = {0}, found[70];
        assert_int_equal(noise.count, 70);
        spine_random_add_noise(seed, (uint32_t)of.values[0], (uint64_t)of.values[1], 1, 70, zero,
                               found);
        for (size_t j = 0; j < 70; j++)
            assert_true(fabs((double)found[j] - noise.values[j]) < 2e-6);
        free(of.values);
        free(noise.values);
    }
    for (int i = 0; i < 3; i++) {
        const struct record of = read_record(file, "order_of"), order = read_record(file, "order");
        check_order(seed, &of, &order);
        free(of.values);
        free(order.values);
    }
    const struct record uniform = read_record(file, "uniform");
    float found[10];
    spine_random_uniform(seed, 2, 0, 10, 0.25F, found);
    for (size_t i = 0; i < 10; i++)
        assert_true(fabs((double)found[i] - uniform.values[i]) < 1e-8);
    free(uniform.values);
    fclose(file);
}

/* --- Uniform numbers -------------------------------------------------------------------------- */

static void test_uniform_numbers_are_those_of_their_counters(void **state)
{
    (void)state;
    static const uint64_t firsts[] = {0, 1, 2, 3, 4, 1001, UINT64_C(4) << 32, UINT64_MAX - 20};
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++)
        for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++) {
            float found[12];
            spine_random_uniform(seeds[s], 3, firsts[f], 11, 0.5F, found);
            for (size_t i = 0; i < 11; i++) {
                const uint64_t e = firsts[f] + i;
                const uint32_t word = word_of(seeds[s], (uint32_t)(e / 4), (uint32_t)(e / 4 >> 32),
                                              3, UINT32_C(1) << 24, e % 4);
                assert_true(found[i] == (float)((double)(word >> 8) / (1 << 24) - 0.5));
            }
        }
}

static void test_uniform_numbers_fill_their_bounds_evenly(void **state)
{
    (void)state;
    enum { COUNT = 1000000, BINS = 100 };
    const float bound = 0.0577F;
    float *numbers = calloc(COUNT, sizeof *numbers);
    double mean = 0, square = 0;
    size_t bins[BINS] = {0};
    spine_random_uniform(7, 0, 0, COUNT, bound, numbers);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(numbers[i] >= -bound && numbers[i] < bound);
        const double u = (double)numbers[i] / (double)bound;
        mean += u / COUNT;
        square += u * u / COUNT;
        bins[(size_t)((u + 1) / 2 * BINS)]++;
    }
    assert_true(fabs(mean) < 0.0025); /* 4 standard deviations */
    assert_true(fabs(square - 1.0 / 3) < 0.0012);
    double chi_square = 0;
    for (size_t b = 0; b < BINS; b++)
        chi_square += pow((double)bins[b] - COUNT / BINS, 2) / (COUNT / BINS);
    assert_true(chi_square > 50 && chi_square < 160); /* 99 +- 14 */
    free(numbers);
}

static void test_tensors_and_seeds_have_different_numbers(void **state)
{
    (void)state;
    float a[64], b[64], c[64];
    spine_random_uniform(1, 0, 0, 64, 1, a);
    spine_random_uniform(1, 1, 0, 64, 1, b);
    spine_random_uniform(UINT64_C(1) << 32 | 1, 0, 0, 64, 1, c);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
}

/* --- Numbers below a bound -------------------------------------------------------------------- */

static void test_numbers_below_a_bound_are_below_it_and_even(void **state)
{
    (void)state;
    static const uint32_t bounds[] = {1, 2, 3, 10, 1000, UINT32_MAX};
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
        for (uint32_t i = 0; i < 1000; i++) {
            const uint32_t number = spine_random_below(5, 2, 9, i, bounds[b]);
            const uint32_t word = word_of(5, i, 9, 2, UINT32_C(2) << 24, 0);
            assert_true(number < bounds[b]);
            assert_true(number == (uint32_t)(((uint64_t)word * bounds[b]) >> 32));
        }
    size_t counts[10] = {0};
    for (uint32_t i = 0; i < 100000; i++)
        counts[spine_random_below(5, 0, 0, i, 10)]++;
    for (size_t n = 0; n < 10; n++)
        assert_true(counts[n] > 9600 && counts[n] < 10400); /* 4 standard deviations */
}

/* --- Normals ---------------------------------------------------------------------------------- */

static void test_noise_is_that_of_its_counters(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 15, 16, 17, 63, 64, 65, 128, 300};
    static const uint64_t rows[] = {
        0, 1, 16999, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(77) << 32) + 5};
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                const uint32_t epoch = (uint32_t)(s * 1000 + c);
                float zero[300] = {0}, found[301];
                for (size_t j = 0; j < 301; j++)
                    found[j] = 99;
                spine_random_add_noise(seeds[s], epoch, rows[r], 1, counts[c], zero, found);
                for (size_t j = 0; j < counts[c]; j++)
                    assert_true(fabs((double)found[j] - normal_of(seeds[s], epoch, rows[r], j)) <
                                2e-6);
                assert_true(found[counts[c]] == 99); /* and no further */
            }
}

static void test_noise_is_scaled_and_added(void **state)
{
    (void)state;
    float zero[100] = {0}, clean[100], normals[100], noisy[100];
    for (size_t j = 0; j < 100; j++)
        clean[j] = (float)j - 50;
    spine_random_add_noise(3, 1, 2, 1, 100, zero, normals);
    spine_random_add_noise(3, 1, 2, 0.25F, 100, clean, noisy);
    for (size_t j = 0; j < 100; j++)
        assert_true(fabsf(noisy[j] - (clean[j] + 0.25F * normals[j])) < 5e-6F);
    spine_random_add_noise(3, 1, 2, 0, 100, clean, noisy);
    assert_memory_equal(noisy, clean, sizeof clean);
}

static void test_a_longer_row_begins_with_the_shorter_ones_numbers(void **state)
{
    (void)state;
    float zero[300] = {0}, all[300], some[300];
    spine_random_add_noise(3, 1, 2, 1, 300, zero, all);
    for (size_t count = 0; count <= 300; count++) {
        spine_random_add_noise(3, 1, 2, 1, count, zero, some);
        assert_memory_equal(some, all, count * sizeof *some);
    }
}

enum { MANY = 1000000 };

/* Normals as training takes them: 50 epochs of 200 rows of 100. */
static float *make_many(void)
{
    float *many = calloc(MANY, sizeof *many), zero[100] = {0};
    for (size_t i = 0; i < MANY / 100; i++)
        spine_random_add_noise(1, (uint32_t)(i / 200), i % 200, 1, 100, zero, many + i * 100);
    return many;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static void test_noise_is_normally_distributed(void **state)
{
    (void)state;
    float *many = make_many();
    double farthest = 0; /* Kolmogorov and Smirnov */
    qsort(many, MANY, sizeof *many, by_value);
    for (size_t i = 0; i < MANY; i++) {
        const double below = 0.5 * erfc(-(double)many[i] / sqrt(2));
        farthest = fmax(farthest, fabs(below - (double)i / MANY));
        farthest = fmax(farthest, fabs(below - (double)(i + 1) / MANY));
    }
    assert_true(farthest < 0.00163);              /* exceeded by 1 of 100 good generators */
    assert_true(many[0] < -4.2F && many[0] > -6); /* the tails are there */
    assert_true(many[MANY - 1] > 4.2F && many[MANY - 1] < 6);
    free(many);
}

static void test_moments_of_the_noise_are_the_normals(void **state)
{
    (void)state;
    float *many = make_many();
    double moments[5] = {0};
    for (size_t i = 0; i < MANY; i++) {
        double power = 1;
        for (size_t m = 1; m < 5; m++)
            moments[m] += (power *= (double)many[i]) / MANY;
    }
    assert_true(fabs(moments[1]) < 0.004); /* 4 standard deviations, as are the others */
    assert_true(fabs(moments[2] - 1) < 0.0057);
    assert_true(fabs(moments[3]) < 0.0155);
    assert_true(fabs(moments[4] - 3) < 0.0392);
    free(many);
}

static void test_normals_do_not_depend_on_each_other(void **state)
{
    (void)state;
    /* Neighbours, the two of a pair, the pairs of a counter, groups, rows, epochs. */
    static const size_t lags[] = {1, 16, 32, 48, 64, 100, 20000};
    float *many = make_many();
    for (size_t l = 0; l < sizeof lags / sizeof *lags; l++) {
        double product = 0, squares = 0;
        for (size_t i = 0; i + lags[l] < MANY; i++) {
            const double x = (double)many[i], y = (double)many[i + lags[l]];
            product += x * y / MANY;
            squares += (x * x - 1) * (y * y - 1) / MANY; /* which a shared radius would raise */
        }
        assert_true(fabs(product) < 0.004);
        assert_true(fabs(squares) < 0.01);
    }
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_gives_the_known_answers),
        cmocka_unit_test(test_the_reference_program_draws_the_same_numbers),
        cmocka_unit_test(test_uniform_numbers_are_those_of_their_counters),
        cmocka_unit_test(test_uniform_numbers_fill_their_bounds_evenly),
        cmocka_unit_test(test_tensors_and_seeds_have_different_numbers),
        cmocka_unit_test(test_numbers_below_a_bound_are_below_it_and_even),
        cmocka_unit_test(test_noise_is_that_of_its_counters),
        cmocka_unit_test(test_noise_is_scaled_and_added),
        cmocka_unit_test(test_a_longer_row_begins_with_the_shorter_ones_numbers),
        cmocka_unit_test(test_noise_is_normally_distributed),
        cmocka_unit_test(test_moments_of_the_noise_are_the_normals),
        cmocka_unit_test(test_normals_do_not_depend_on_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
