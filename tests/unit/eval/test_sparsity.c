/* test_sparsity.c -- what is counted of the values, and the variance that a model explains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "spine/eval/sparsity.h"
#include "support/spaces.h"

static double value_of(const struct spine_figures *figures, const char *name)
{
    const struct spine_figure *figure = spine_figures_find(figures, "sparsity", name);
    assert_non_null(figure);
    return figure->estimate.value;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

static void test_counts(void **state)
{
    (void)state;
    /* Dimension 1 is dead, in spite of .0005; 2 is at 1 for half of the words; d is empty. */
    static const float values[4][4] = {
        {0.5F, 0.0005F, 1, 0}, {0, 0, 1.5F, 0}, {0.25F, 0, 0.25F, 0.25F}, {0, 0, 0, 0}};
    struct spine_space space;
    struct spine_figures figures = {0};
    make_codes(&space, "a b c d", 4, &values[0][0]);
    TRY(spine_sparsity_measure(&space, &figures, &err));
    assert_true(is_near(value_of(&figures, "share below .001"), 10.0 / 16));
    assert_true(is_near(value_of(&figures, "values a word"), 7.0 / 4));
    assert_true(is_near(value_of(&figures, "values a word, median"), 2)); /* 0 1 3 3 */
    assert_true(is_near(value_of(&figures, "values a word, 95 %"), 3));
    assert_true(is_near(value_of(&figures, "share at 1"), 2.0 / 7));
    assert_true(is_near(value_of(&figures, "dead dimensions"), 1));
    assert_true(is_near(value_of(&figures, "saturated dimensions"), 1));
    assert_true(is_near(value_of(&figures, "empty words"), 1));
    /* Of b 1; of c (2 - .75 / sqrt(.1875)) / 1; of a (2 - 1.5005 / sqrt(1.25)). */
    const double a = 2 - 1.5005 / sqrt(1.25000025), c = 2 - 0.75 / sqrt(0.1875);
    assert_true(is_near(value_of(&figures, "Hoyer index"), (a + 1 + c) / 3));
    spine_figures_dispose(&figures);

    /* All of another scale: below 1, the same is dead. */
    for (size_t i = 0; i < space.codes.count; i++)
        space.codes.data[i] *= 0.001F;
    TRY(spine_sparsity_measure(&space, &figures, &err));
    assert_true(is_near(value_of(&figures, "share below .001"), 14.0 / 16));
    assert_true(is_near(value_of(&figures, "dead dimensions"), 1));
    spine_figures_dispose(&figures);
    spine_space_dispose(&space);
}

static void test_explained_variance(void **state)
{
    (void)state;
    /* One unit of two words: x is (0, 0) and (2, 4), scaled by .5 to (0, 0) and (1, 2). The unit
     * adds (1, 1) to the second: lost is (2 - 1)^2, all (.5^2 + 1^2) 2. */
    static const float codes_of[2][1] = {{0}, {1}}, input_of[2][2] = {{0, 0}, {2, 4}};
    float mean[16] = {0};
    struct spine_space codes, input;
    struct spine_modelfile model = {
        .scaling = {.dim = 2, .stride = 16, .scale = 0.5, .mean = mean}};
    double explained = 0;
    make_codes(&codes, "a b", 1, &codes_of[0][0]);
    make_space(&input, "a b", 2, &input_of[0][0]);
    TRY(spine_params_init(&model.params, 2, 1, &err));
    model.params.W2[0] = model.params.W2[1] = 1;
    TRY(spine_sparsity_explained(&codes, &model, &input, &explained, &err));
    assert_true(is_near(explained, 1 - 1 / 2.5));
    spine_space_dispose(&input);
    make_space(&input, "b a", 2, &input_of[0][0]); /* another input */
    TRY(spine_sparsity_explained(&codes, &model, &input, &explained, &err));
    assert_true(isnan(explained));
    spine_space_dispose(&input);
    spine_space_dispose(&codes);
    spine_params_dispose(&model.params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_explained_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
