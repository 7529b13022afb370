/* test_model.c -- the gradients are those of the loss, against finite differences in double of a
 * forward pass written here from the equations in model.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/math/model.h"
#include "support/expect.h"
#include "support/steps.h"

static const struct spine_loss_weights plain = {0.85, 1, 1, 0};

static enum spine_mode mode; /* all tests run on both */
static struct spine_activation activation;

/* A model, a batch for it and what a step makes of them. */
struct fixture {
    size_t rows, dim, hidden, stride;
    struct spine_params params, gradient;
    struct step_result result; /* its gradient is the one above */
    float *clean, *noisy;      /* owned; (rows, D) */
};

static void init(struct fixture *f, size_t rows, size_t dim, size_t hidden)
{
    *f = (struct fixture){rows, dim, hidden, .stride = spine_kernel_stride(dim)};
    TRY(spine_params_init(&f->params, dim, hidden, &err));
    f->clean = spine_kernel_alloc(rows * f->stride, "a test", &err);
    f->noisy = spine_kernel_alloc(rows * f->stride, "a test", &err);
    assert_true(f->clean != NULL && f->noisy != NULL);
}

static void dispose(struct fixture *f)
{
    spine_params_dispose(&f->params);
    dispose_result(&f->result);
    free(f->clean);
    free(f->noisy);
}

/* Numbers in +-bound for all of the model and its input; a noisy row is another one. */
static void draw(struct fixture *f, uint64_t seed, float bound)
{
    spine_params_randomize(&f->params, seed, 0, f->hidden);
    for (size_t i = 0; i < f->params.len; i++)
        f->params.data[i] *= bound;
    for (size_t i = 0; i < f->rows; i++) {
        spine_random_uniform(seed, 10, i * f->dim, f->dim, 1, f->clean + i * f->stride);
        spine_random_add_noise(seed, 0, i, 0.3F, f->dim, f->clean + i * f->stride,
                               f->noisy + i * f->stride);
    }
}

static void step(struct fixture *f, const struct spine_loss_weights *weights)
{
    /* In two ranges of units, as if of two ranks. */
    const struct cuts cuts = {
        .mode = mode, .tiles = f->hidden > 1 ? 2 : 1, .activation = activation};
    dispose_result(&f->result);
    f->result = take_step(&f->params, f->rows, f->rows, f->clean, f->noisy, weights, &cuts);
    f->gradient = f->result.gradient;
}

/* --- The loss in double --------------------------------------------------------------------- */

struct losses {
    double rl, psl, asl, total;
    double l1;
    double kink; /* the least distance of a z from 0 or the cap, or from another's rank */
};

/* Leave the 'most' largest values, found one by one. */
static void keep_largest(size_t most, size_t count, double *h, double *kink)
{
    double least = 0, *kept = calloc(count, sizeof *kept);
    for (size_t n = 0; n <= most && n < count; n++) {
        size_t largest = 0;
        for (size_t j = 1; j < count; j++)
            largest = h[j] > h[largest] ? j : largest;
        if (h[largest] == 0)
            break;
        if (n < most)
            least = kept[largest] = h[largest];
        else
            *kink = fmin(*kink, least - h[largest]);
        h[largest] = 0;
    }
    memcpy(h, kept, count * sizeof *h);
    free(kept);
}

/* The codes of all rows, (rows, H): p is laid out like params.data. */
static void encode_rows(const struct fixture *f, const double *p, double *h, double *kink)
{
    const double *W1 = p + (f->params.W1 - f->params.data);
    const double *b1 = p + (f->params.b1 - f->params.data);
    const double cap = activation.is_uncapped ? HUGE_VAL : 1;
    const size_t pairs = f->rows * f->hidden;
    for (size_t at = 0; at < pairs; at++) {
        const size_t i = at / f->hidden, j = at % f->hidden;
        double z = b1[j];
        for (size_t k = 0; k < f->dim; k++)
            z += W1[j * f->stride + k] * (double)f->noisy[i * f->stride + k];
        h[at] = fmax(z, 0);
        *kink = fmin(*kink, fmin(fabs(z), fabs(z - cap)));
    }
    for (size_t i = 0; activation.selection == SPINE_OF_ROW && i < f->rows; i++)
        keep_largest(activation.k, f->hidden, h + i * f->hidden, kink);
    if (activation.selection == SPINE_OF_BATCH)
        keep_largest(activation.k * f->rows, pairs, h, kink);
    for (size_t at = 0; at < pairs; at++)
        h[at] = fmin(h[at], cap);
}

static double squares_of_row(const struct fixture *f, const double *p, size_t i, const double *h)
{
    const double *W2 = p + (f->params.W2 - f->params.data);
    const double *b2 = p + (f->params.b2 - f->params.data);
    double squares = 0;
    for (size_t k = 0; k < f->dim; k++) {
        double y = b2[k] - (double)f->clean[i * f->stride + k];
        for (size_t j = 0; j < f->hidden; j++)
            y += h[j] * W2[j * f->stride + k];
        squares += y * y;
    }
    return squares;
}

static struct losses loss_of(const struct fixture *f, const double *p,
                             const struct spine_loss_weights *weights)
{
    const double rows = (double)f->rows, dim = (double)f->dim, hidden = (double)f->hidden;
    struct losses losses = {.kink = 1};
    double *codes = calloc(f->rows * f->hidden + 1, sizeof *codes);
    double *sum = calloc(f->hidden, sizeof *sum);
    encode_rows(f, p, codes, &losses.kink);
    for (size_t i = 0; i < f->rows; i++) {
        const double *h = codes + i * f->hidden;
        losses.rl += squares_of_row(f, p, i, h) / (rows * dim);
        for (size_t j = 0; j < f->hidden; j++) {
            losses.psl += fmax(0, h[j] * (1 - h[j])) / (rows * hidden);
            losses.l1 += h[j] / (rows * dim);
            sum[j] += h[j];
        }
    }
    for (size_t j = 0; j < f->hidden; j++)
        losses.asl += pow(fmax(0, sum[j] / rows - (1 - weights->sparsity)), 2) / hidden;
    losses.total =
        losses.rl + weights->asl * losses.asl + weights->psl * losses.psl + weights->l1 * losses.l1;
    free(codes);
    free(sum);
    return losses;
}

static double *in_double(const struct spine_params *params)
{
    double *p = calloc(params->len, sizeof *p);
    for (size_t i = 0; i < params->len; i++)
        p[i] = (double)params->data[i];
    return p;
}

/* The slope of the loss in parameter i, from 'below' below it to 'above' above it. */
static double slope(const struct fixture *f, const struct spine_loss_weights *weights, double *p,
                    size_t i, double below, double above)
{
    const double at = p[i];
    p[i] = at + above;
    const double high = loss_of(f, p, weights).total;
    p[i] = at - below;
    const double low = loss_of(f, p, weights).total;
    p[i] = at;
    return (high - low) / (above + below);
}

/* Compare the gradient of all parameters, the padding's included, with the loss's slopes. */
static void check_slopes(const struct fixture *f, const struct spine_loss_weights *weights,
                         double below, double above)
{
    double *p = in_double(&f->params), *slopes = calloc(f->params.len, sizeof *slopes), most = 0;
    for (size_t i = 0; i < f->params.len; i++) {
        slopes[i] = slope(f, weights, p, i, below, above);
        most = fmax(most, fabs(slopes[i]));
    }
    assert_true(most > 0);
    for (size_t i = 0; i < f->params.len; i++)
        if (!(fabs((double)f->gradient.data[i] - slopes[i]) <= 1e-5 * most + 1e-7))
            fail_msg("parameter %zu: the gradient is %.9g, the slope %.9g", i,
                     (double)f->gradient.data[i], slopes[i]);
    free(slopes);
    free(p);
}

static void check_losses(const struct fixture *f, const struct losses *expected)
{
    const double rows = (double)f->rows;
    const struct step_result *loss = &f->result;
    assert_true(fabs(loss->squares / (rows * (double)f->dim) - expected->rl) <=
                1e-6 * (1 + expected->rl));
    assert_true(fabs(loss->partial / (rows * (double)f->hidden) - expected->psl) <= 1e-6);
    assert_true(fabs(loss->asl - expected->asl) <= 1e-6);
}

/* --- Tests ---------------------------------------------------------------------------------- */

static const struct {
    size_t rows, dim, hidden;
    float bound; /* of the parameters, times 1 / sqrt(fan-in): high ones push units out of [0, 1] */
    struct spine_loss_weights weights;
    struct spine_activation activation;
} cases[] = {
    {6, 5, 7, 1, {0.85, 1, 1, 0}, {0}},
    {6, 5, 7, 1, {0.85, 3.5, 0.25, 0}, {0}},
    {6, 5, 7, 1, {0.85, 0, 0, 0}, {0}},
    {6, 5, 7, 1, {0.95, 20, 1, 0}, {0}},
    {6, 5, 7, 1, {0.5, 1, 10, 0}, {0}},
    {6, 5, 7, 4, {0.85, 1, 1, 0}, {0}},
    {6, 5, 7, 4, {1, 2, 3, 0}, {0}},
    {1, 5, 7, 2, {0.85, 1, 1, 0}, {0}},
    {3, 1, 1, 2, {0.85, 1, 1, 0}, {0}},
    {4, 16, 16, 2, {0.85, 1, 1, 0}, {0}},
    {12, 20, 17, 3, {0.85, 2.5, 0.3, 0}, {0}},
    {9, 33, 18, 1, {0.9, 1, 1, 0}, {0}},
    /* relu, spine without a cap, topk and batchtopk with a cap and without one */
    {12, 20, 17, 3, {.l1 = 0.7}, {0}},
    {12, 20, 17, 3, {.l1 = 0.7}, {.is_uncapped = true}},
    {12, 20, 17, 3, {0.85, 2.5, 0, 0}, {.is_uncapped = true}},
    {12, 20, 17, 3, {0, 0, 0, 0}, {.selection = SPINE_OF_ROW, .k = 5}},
    {70, 5, 24, 3, {0, 0, 0, 0}, {.selection = SPINE_OF_ROW, .k = 3, .is_uncapped = true}},
    {6, 5, 7, 1, {0, 0, 0, 0}, {.selection = SPINE_OF_ROW, .k = 7}},
    {12, 20, 17, 3, {0, 0, 0, 0}, {.selection = SPINE_OF_BATCH, .k = 3}},
    {70, 5, 12, 3, {0, 0, 0, 0}, {.selection = SPINE_OF_BATCH, .k = 1, .is_uncapped = true}},
    {6, 5, 7, 1, {0, 0, 0, 0}, {.selection = SPINE_OF_BATCH, .k = 6}},
};

static void test_the_gradient_of_every_parameter_is_the_slope_of_the_loss(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct fixture f;
        struct losses losses;
        uint64_t seed = 100 * c;
        activation = cases[c].activation;
        if (mode == SPINE_DENSE && activation.selection != SPINE_ABOVE)
            continue; /* only in sparse mode */
        init(&f, cases[c].rows, cases[c].dim, cases[c].hidden);
        do { /* the first model none of whose units is so near a corner that float would differ */
            draw(&f, ++seed, cases[c].bound);
            double *p = in_double(&f.params);
            losses = loss_of(&f, p, &cases[c].weights);
            free(p);
        } while (losses.kink < 1e-5);
        step(&f, &cases[c].weights);
        check_losses(&f, &losses);
        check_slopes(&f, &cases[c].weights, 1e-6, 1e-6);
        dispose(&f);
    }
    activation = (struct spine_activation){0};
}

/* All units of a model whose input is positive at z = value, exactly, in all rows. */
static void init_at(struct fixture *f, float value)
{
    init(f, 4, 5, 7);
    draw(f, 3, 1);
    for (size_t i = 0; i < f->rows * f->stride; i++)
        f->noisy[i] = i % f->stride < f->dim ? 0.25F + fabsf(f->noisy[i]) : 0;
    memset(f->params.W1, 0, f->hidden * f->stride * sizeof(float));
    for (size_t j = 0; j < f->hidden; j++)
        f->params.b1[j] = value;
}

static void test_at_exactly_0_the_gradient_is_that_of_rising(void **state)
{
    (void)state;
    struct fixture f;
    init_at(&f, 0);
    step(&f, &plain);
    assert_true(f.gradient.b1[0] != 0);
    check_slopes(&f, &plain, 0, 1e-7);
    dispose(&f);
}

static void test_at_exactly_1_the_gradient_is_that_of_falling(void **state)
{
    (void)state;
    struct fixture f;
    init_at(&f, 1);
    step(&f, &plain);
    assert_true(f.gradient.b1[0] != 0);
    check_slopes(&f, &plain, 1e-7, 0);
    dispose(&f);
}

static void test_below_0_and_above_1_the_encoder_has_no_gradient(void **state)
{
    (void)state;
    static const float values[] = {-1e-6F, -1, 1.000001F, 5};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        struct fixture f;
        init_at(&f, values[v]);
        step(&f, &plain);
        for (size_t j = 0; j < f.hidden; j++) {
            assert_true(f.gradient.b1[j] == 0);
            for (size_t k = 0; k < f.dim; k++) {
                assert_true(f.gradient.W1[j * f.stride + k] == 0);
                assert_true((f.gradient.W2[j * f.stride + k] != 0) == (values[v] > 1));
            }
        }
        dispose(&f);
    }
}

static void test_a_mean_of_exactly_rho_costs_nothing(void **state)
{
    (void)state;
    const struct spine_loss_weights weights = {0.5, 1, 0, 0}; /* rho = 0.5 */
    struct fixture f;
    init_at(&f, 0.5F);
    step(&f, &weights);
    assert_true(f.result.asl == 0);
    check_slopes(&f, &weights, 1e-7, 1e-7);
    dispose(&f);
}

static void test_h_counts_what_is_above_0(void **state)
{
    (void)state;
    static const struct {
        float z;
        int active;
    } rows[] = {{-1, 0}, {0, 0}, {1e-30F, 1}, {0.5F, 1}, {1, 1}, {7, 1}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct fixture f;
        init_at(&f, rows[r].z);
        step(&f, &plain);
        assert_int_equal(f.result.active, rows[r].active ? f.rows * f.hidden : 0);
        const float h = rows[r].z < 0 ? 0 : rows[r].z > 1 ? 1 : rows[r].z;
        for (size_t j = 0; j < f.hidden; j++)
            assert_true(f.result.h_sum[j] ==
                        (int64_t)f.rows * (int64_t)((double)h * SPINE_BLOCK_SCALE));
        dispose(&f);
    }
}

static void test_a_nan_in_the_input_arrives_in_the_sums_and_the_losses(void **state)
{
    (void)state;
    const float nan_value = (float)strtod("nan", NULL);
    for (size_t at = 0; at < 5; at++) {
        struct fixture f;
        init(&f, 6, 5, 7);
        draw(&f, 1, 2);
        f.clean[2 * f.stride + at] = f.noisy[2 * f.stride + at] = nan_value;
        step(&f, &plain);
        assert_true(f.result.not_finite);
        assert_true(isnan(f.result.squares));
        dispose(&f);
    }
}

static void test_a_nan_in_one_parameter_arrives_in_the_loss(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, 6, 5, 7);
    float *const parameters[] = {f.params.W1 + f.stride, f.params.b1 + 6,
                                 f.params.W2 + 3 * f.stride + 4, f.params.b2 + 4};
    for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
        draw(&f, 1, 1);
        for (size_t j = 0; j < f.hidden; j++)
            f.params.b1[j] = 0.5F; /* every unit is on in some row */
        *parameters[p] = (float)strtod("nan", NULL);
        step(&f, &plain);
        assert_true(isnan(f.result.squares));
    }
    dispose(&f);
}

static void test_initial_parameters_are_uniform_in_their_bounds(void **state)
{
    (void)state;
    enum { DIM = 50, HIDDEN = 70 };
    struct fixture f;
    init(&f, 1, DIM, HIDDEN);
    spine_params_randomize(&f.params, 77, 30, HIDDEN); /* in two parts */
    spine_params_randomize(&f.params, 77, 0, 30);
    const float bound1 = 1 / sqrtf(DIM), bound2 = 1 / sqrtf(HIDDEN);
    float W1[HIDDEN * DIM], b1[HIDDEN], W2[HIDDEN * DIM], b2[DIM];
    spine_random_uniform(77, 0, 0, HIDDEN * DIM, bound1, W1); /* the tensors' numbers: 0 to 3 */
    spine_random_uniform(77, 1, 0, HIDDEN, bound1, b1);
    spine_random_uniform(77, 2, 0, HIDDEN * DIM, bound2, W2);
    spine_random_uniform(77, 3, 0, DIM, bound2, b2);
    for (size_t j = 0; j < HIDDEN; j++) {
        assert_memory_equal(f.params.W1 + j * f.stride, W1 + j * DIM, DIM * sizeof(float));
        assert_memory_equal(f.params.W2 + j * f.stride, W2 + j * DIM, DIM * sizeof(float));
        for (size_t k = DIM; k < f.stride; k++)
            assert_true(f.params.W1[j * f.stride + k] == 0 && f.params.W2[j * f.stride + k] == 0);
    }
    assert_memory_equal(f.params.b1, b1, sizeof b1);
    assert_memory_equal(f.params.b2, b2, sizeof b2);
    for (size_t k = DIM; k < f.stride; k++)
        assert_true(f.params.b2[k] == 0);
    dispose(&f);
}

static void test_what_was_disposed_of_may_be_disposed_of_again(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, 0, 5, 7);
    assert_int_equal(spine_params_len(5, 7), 2 * 7 * 16 + 16 + 16);
    assert_int_equal(f.params.len, spine_params_len(5, 7));
    spine_params_dispose(&f.params);
    assert_null(f.params.data);
    dispose(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gradient_of_every_parameter_is_the_slope_of_the_loss),
        cmocka_unit_test(test_at_exactly_0_the_gradient_is_that_of_rising),
        cmocka_unit_test(test_at_exactly_1_the_gradient_is_that_of_falling),
        cmocka_unit_test(test_below_0_and_above_1_the_encoder_has_no_gradient),
        cmocka_unit_test(test_a_mean_of_exactly_rho_costs_nothing),
        cmocka_unit_test(test_h_counts_what_is_above_0),
        cmocka_unit_test(test_a_nan_in_the_input_arrives_in_the_sums_and_the_losses),
        cmocka_unit_test(test_a_nan_in_one_parameter_arrives_in_the_loss),
        cmocka_unit_test(test_initial_parameters_are_uniform_in_their_bounds),
        cmocka_unit_test(test_what_was_disposed_of_may_be_disposed_of_again),
    };
    mode = SPINE_DENSE;
    const int dense = cmocka_run_group_tests_name("dense", tests, NULL, NULL);
    mode = SPINE_SPARSE;
    return dense + cmocka_run_group_tests_name("sparse", tests, NULL, NULL);
}
