/* test_optimizer.c -- steps against the textbook's formulas in double; the shapes of schedules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/math/optimizer.h"
#include "support/expect.h"

enum { LEN = 37, STEPS = 50 };

/* A gradient that changes with the step, of sizes from 1e-6 to 1e3, and zero at some places. */
static double gradient_at(size_t i, size_t step)
{
    return i % 7 == 6 ? 0 : sin((double)(3 * i + 5 * step)) * pow(10, (double)(i % 10) - 6);
}

struct reference {
    double params[LEN], first[LEN], second[LEN];
};

static void step_reference(struct reference *r, enum spine_optimizer_kind kind, double momentum,
                           double beta2, double rate, size_t step)
{
    for (size_t i = 0; i < LEN; i++) {
        const double g = (double)(float)gradient_at(i, step), t = (double)step + 1;
        switch (kind) {
        case SPINE_SGD:
            r->params[i] -= rate * g;
            break;
        case SPINE_MOMENTUM:
            r->first[i] = momentum * r->first[i] + g;
            r->params[i] -= rate * r->first[i];
            break;
        case SPINE_ADAM:
            r->first[i] = momentum * r->first[i] + (1 - momentum) * g;
            r->second[i] = beta2 * r->second[i] + (1 - beta2) * g * g;
            const double m = r->first[i] / (1 - pow(momentum, t));
            const double v = r->second[i] / (1 - pow(beta2, t));
            r->params[i] -= rate * m / (sqrt(v) + 1e-8);
            break;
        }
    }
}

/* A step in two parts, the second one first. */
static void take_step(struct spine_optimizer *optimizer, double rate, float *params,
                      const float *gradient)
{
    const size_t middle = optimizer->len / 3;
    spine_optimizer_begin(optimizer, rate);
    spine_optimizer_update(optimizer, middle, optimizer->len - middle, params, gradient + middle);
    spine_optimizer_update(optimizer, 0, middle, params, gradient);
}

static void test_fifty_steps_are_the_textbooks(void **state)
{
    (void)state;
    static const struct {
        enum spine_optimizer_kind kind;
        double momentum, beta2, rate;
    } cases[] = {
        {SPINE_SGD, 0, 0, 0.1},          {SPINE_MOMENTUM, 0.9, 0, 0.1}, {SPINE_MOMENTUM, 0, 0, 0.1},
        {SPINE_ADAM, 0.9, 0.999, 0.01},  {SPINE_ADAM, 0.5, 0.9, 0.1},   {SPINE_ADAM, 0, 0, 0.1},
        {SPINE_ADAM, 0.9, 0.9999, 1e-4},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct spine_optimizer optimizer;
        struct reference reference = {.params = {0}};
        double travelled[LEN] = {0};
        float params[LEN], gradient[LEN];
        for (size_t i = 0; i < LEN; i++)
            reference.params[i] = (double)(params[i] = (float)i / LEN - 0.5F);
        TRY(spine_optimizer_init(&optimizer, cases[c].kind, cases[c].momentum, cases[c].beta2, LEN,
                                 &err));
        for (size_t step = 0; step < STEPS; step++) {
            const double rate = cases[c].rate * (1 + (double)(step % 3)); /* it may change */
            for (size_t i = 0; i < LEN; i++) {
                gradient[i] = (float)gradient_at(i, step);
                travelled[i] += fabs(reference.params[i]);
            }
            take_step(&optimizer, rate, params, gradient);
            step_reference(&reference, cases[c].kind, cases[c].momentum, cases[c].beta2, rate,
                           step);
        }
        assert_int_equal(optimizer.steps, STEPS);
        for (size_t i = 0; i < LEN; i++)
            if (!(fabs((double)params[i] - reference.params[i]) <= 2e-7 * travelled[i] + 1e-6))
                fail_msg("case %zu, parameter %zu: %.9g, expected %.9g", c, i, (double)params[i],
                         reference.params[i]);
        spine_optimizer_dispose(&optimizer);
        spine_optimizer_dispose(&optimizer);
    }
}

static void test_no_gradient_changes_no_parameter(void **state)
{
    (void)state;
    static const enum spine_optimizer_kind kinds[] = {SPINE_SGD, SPINE_MOMENTUM, SPINE_ADAM};
    for (size_t k = 0; k < 3; k++) {
        struct spine_optimizer optimizer;
        float params[LEN], zero[LEN] = {0}, before[LEN];
        for (size_t i = 0; i < LEN; i++)
            params[i] = i % 5 == 4 ? 0 : (float)i; /* padding is zero and must stay so */
        memcpy(before, params, sizeof before);
        TRY(spine_optimizer_init(&optimizer, kinds[k], 0.9, 0.999, LEN, &err));
        for (int step = 0; step < 5; step++)
            take_step(&optimizer, 10, params, zero);
        assert_memory_equal(params, before, sizeof before);
        spine_optimizer_dispose(&optimizer);
    }
}

static void test_a_nan_in_the_gradient_reaches_its_parameter_only(void **state)
{
    (void)state;
    static const enum spine_optimizer_kind kinds[] = {SPINE_SGD, SPINE_MOMENTUM, SPINE_ADAM};
    for (size_t k = 0; k < 3; k++) {
        struct spine_optimizer optimizer;
        float params[LEN] = {0}, gradient[LEN] = {0};
        gradient[20] = (float)strtod("nan", NULL);
        TRY(spine_optimizer_init(&optimizer, kinds[k], 0.9, 0.999, LEN, &err));
        take_step(&optimizer, 0.1, params, gradient);
        for (size_t i = 0; i < LEN; i++)
            assert_true(isnan(params[i]) == (i == 20));
        spine_optimizer_dispose(&optimizer);
    }
}

static void test_memory_is_only_for_what_the_method_keeps(void **state)
{
    (void)state;
    static const enum spine_optimizer_kind kinds[] = {SPINE_SGD, SPINE_MOMENTUM, SPINE_ADAM};
    for (size_t k = 0; k < 3; k++) {
        struct spine_optimizer optimizer;
        TRY(spine_optimizer_init(&optimizer, kinds[k], 0.9, 0.999, LEN, &err));
        assert_int_equal(spine_optimizer_bytes(kinds[k], LEN), k * LEN * sizeof(float));
        assert_true((optimizer.first != NULL) == (k >= 1));
        assert_true((optimizer.second != NULL) == (k >= 2));
        spine_optimizer_dispose(&optimizer);
        assert_null(optimizer.first);
    }
}

/* --- Schedules -------------------------------------------------------------------------------- */

static const struct spine_schedule schedules[] = {
    {SPINE_CONSTANT, 0.1, 0, 0, 100},     {SPINE_CONSTANT, 0.1, 0.1, 0, 100},
    {SPINE_LINEAR, 0.1, 0.05, 0.3, 1000}, {SPINE_LINEAR, 0.1, 0, 1, 10},
    {SPINE_LINEAR, 0.1, 0.5, 0.5, 100},   {SPINE_LINEAR, 0.1, 0.7, 0.3, 37},
    {SPINE_LINEAR, 0.1, 0.05, 0.3, 3},    {SPINE_LINEAR, 0.1, 0.05, 0.3, 1},
    {SPINE_LINEAR, 0.1, 1, 0, 20},        {SPINE_LINEAR, 0.1, 0, 0, 20},
    {SPINE_COSINE, 0.1, 0, 0, 100},       {SPINE_COSINE, 0.1, 0.05, 0.3, 1000},
    {SPINE_COSINE, 0.1, 1, 0, 20},        {SPINE_COSINE, 0.1, 0, 0, 1},
    {SPINE_COSINE, 0.1, 0.999, 0, 10},
};
enum { NUM_SCHEDULES = sizeof schedules / sizeof *schedules };

static void test_a_rate_is_above_0_and_at_most_the_highest(void **state)
{
    (void)state;
    for (size_t s = 0; s < NUM_SCHEDULES; s++) {
        double most = 0;
        for (uint64_t step = 0; step < schedules[s].num_steps; step++) {
            const double rate = spine_schedule_rate(&schedules[s], step);
            assert_true(rate > 0 && rate <= 0.1 * (1 + 1e-15));
            most = fmax(most, rate);
        }
        assert_true(fabs(most - 0.1) < 1e-15); /* and it is reached */
    }
}

static void test_a_rate_rises_in_the_warm_up_and_never_after(void **state)
{
    (void)state;
    for (size_t s = 0; s < NUM_SCHEDULES; s++) {
        const struct spine_schedule *schedule = &schedules[s];
        const uint64_t warm = (uint64_t)floor(schedule->warmup * (double)schedule->num_steps);
        for (uint64_t step = 0; step + 1 < schedule->num_steps; step++) {
            const double rise =
                spine_schedule_rate(schedule, step + 1) - spine_schedule_rate(schedule, step);
            if (step + 1 < warm)
                assert_true(fabs(rise - 0.1 / (double)warm) < 1e-15);
            else
                assert_true(rise <= 0);
        }
    }
}

static void test_the_last_steps_fall_in_a_line_to_one_step_above_0(void **state)
{
    (void)state;
    const struct spine_schedule schedule = {SPINE_LINEAR, 0.1, 0.05, 0.3, 1000};
    assert_true(fabs(spine_schedule_rate(&schedule, 0) - 0.1 / 50) < 1e-15);
    assert_true(spine_schedule_rate(&schedule, 49) == 0.1);
    assert_true(spine_schedule_rate(&schedule, 700) == 0.1);
    assert_true(fabs(spine_schedule_rate(&schedule, 850) - 0.05) < 1e-15);
    assert_true(fabs(spine_schedule_rate(&schedule, 999) - 0.1 / 300) < 1e-15);
}

static void test_a_cosine_falls_by_half_in_the_middle(void **state)
{
    (void)state;
    const struct spine_schedule schedule = {SPINE_COSINE, 0.1, 0.2, 0, 1000};
    assert_true(spine_schedule_rate(&schedule, 200) == 0.1);
    assert_true(fabs(spine_schedule_rate(&schedule, 600) - 0.05) < 1e-15);
    assert_true(spine_schedule_rate(&schedule, 999) < 1e-6);
}

static void test_one_step_has_the_highest_rate(void **state)
{
    (void)state;
    for (int kind = SPINE_CONSTANT; kind <= SPINE_COSINE; kind++) {
        const struct spine_schedule schedule = {(enum spine_schedule_kind)kind, 0.1, 0.05, 0.3, 1};
        assert_true(spine_schedule_rate(&schedule, 0) == 0.1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fifty_steps_are_the_textbooks),
        cmocka_unit_test(test_no_gradient_changes_no_parameter),
        cmocka_unit_test(test_a_nan_in_the_gradient_reaches_its_parameter_only),
        cmocka_unit_test(test_memory_is_only_for_what_the_method_keeps),
        cmocka_unit_test(test_a_rate_is_above_0_and_at_most_the_highest),
        cmocka_unit_test(test_a_rate_rises_in_the_warm_up_and_never_after),
        cmocka_unit_test(test_the_last_steps_fall_in_a_line_to_one_step_above_0),
        cmocka_unit_test(test_a_cosine_falls_by_half_in_the_middle),
        cmocka_unit_test(test_one_step_has_the_highest_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
