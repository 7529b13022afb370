/* test_pace.c -- the passes over all rows that a run of nnse is expected to make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/train/pace.h"
#include "spine/train/refit.h"

enum { ROWS = 100, DIM = 20 };

static struct spine_config make_config(int64_t epochs, int64_t every, int refit)
{
    struct spine_config config;

    spine_config_init(&config);
    config.objective = SPINE_OBJECTIVE_NNSE;
    config.epochs = epochs;
    config.evaluate_every = every;
    config.refit = refit;
    return config;
}

static void expect_seconds(double found, double expected)
{
    assert_true(fabs(found - expected) < 1e-9);
}

static void test_the_end_of_an_epoch_is_what_is_due(void **state)
{
    (void)state;
    struct spine_config config = make_config(5, 2, 1);
    const double solution = spine_refit_seconds((size_t)config.hidden, DIM, true);

    expect_seconds(spine_pace_end(&config, 1, DIM, true, 3), 0);
    expect_seconds(spine_pace_end(&config, 2, DIM, true, 3), 3);
    expect_seconds(spine_pace_end(&config, 5, DIM, true, 3), 3 + solution);
    expect_seconds(spine_pace_end(&config, 5, DIM, false, 3), 6 + solution);
    config.stop_after = 3; /* measured, and not yet refitted */
    expect_seconds(spine_pace_end(&config, 3, DIM, false, 3), 3);
}

static void test_a_run_solves_again_for_what_it_did_not_keep(void **state)
{
    (void)state;
    static const struct {
        int64_t epochs, every;
        int refit;
        double holdout;
        int storage, passes; /* besides those of the epochs */
    } cases[] = {
        {5, 0, 1, 0, SPINE_RESIDENCY_MEMORY, 1},   {5, 0, 0, 0, SPINE_RESIDENCY_MEMORY, 1},
        {5, 0, 1, 0, SPINE_RESIDENCY_STREAM, 3},   {5, 0, 0, 0, SPINE_RESIDENCY_STREAM, 2},
        {5, 0, 1, 0.1, SPINE_RESIDENCY_MEMORY, 2}, {5, 2, 1, 0, SPINE_RESIDENCY_MEMORY, 3},
        {4, 2, 1, 0, SPINE_RESIDENCY_MEMORY, 2},   {0, 2, 1, 0, SPINE_RESIDENCY_MEMORY, 1},
        {0, 2, 0, 0, SPINE_RESIDENCY_MEMORY, 1},
    };
    const struct spine_pace pace = {1, 0.5, 7};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_config config = make_config(cases[i].epochs, cases[i].every, cases[i].refit);
        config.holdout = cases[i].holdout;
        config.residency = cases[i].storage;
        const double epochs = (double)cases[i].epochs * (0.5 * ROWS + 7);
        expect_seconds(spine_pace_run(&pace, &config, ROWS), epochs + cases[i].passes * 0.5 * ROWS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_end_of_an_epoch_is_what_is_due),
        cmocka_unit_test(test_a_run_solves_again_for_what_it_did_not_keep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
