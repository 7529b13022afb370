/* test_block.c -- however a step is cut, it has the same bits; dense and sparse agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/base/random.h"
#include "spine/math/coder.h"
#include "spine/math/tree.h"
#include "support/steps.h"

enum { ROWS = 150, DIM = 100, HIDDEN = 70 };

static const struct spine_loss_weights weights = {0.85, 2, 1, 0};

struct fixture {
    struct spine_params params;
    float *clean, *noisy; /* (ROWS, D) */
};

/* 'bias' moves the share of active units. */
static void init(struct fixture *f, float bias)
{
    TRY(spine_params_init(&f->params, DIM, HIDDEN, &err));
    spine_params_randomize(&f->params, 5, 0, HIDDEN);
    for (size_t j = 0; j < HIDDEN; j++)
        f->params.b1[j] += bias;
    const size_t stride = f->params.stride;
    f->clean = spine_kernel_alloc(ROWS * stride, "a test", &err);
    f->noisy = spine_kernel_alloc(ROWS * stride, "a test", &err);
    for (size_t i = 0; i < ROWS; i++) {
        spine_random_uniform(5, 10, i * DIM, DIM, 2, f->clean + i * stride);
        spine_random_add_noise(5, 0, i, 0.4F, DIM, f->clean + i * stride, f->noisy + i * stride);
    }
}

static void dispose(struct fixture *f)
{
    spine_params_dispose(&f->params);
    free(f->clean);
    free(f->noisy);
}

static struct step_result step(const struct fixture *f, const struct cuts *cuts)
{
    return take_step(&f->params, ROWS, ROWS, f->clean, f->noisy, &weights, cuts);
}

static void test_ranges_of_units_change_nothing(void **state)
{
    (void)state;
    static const float biases[] = {0, -0.7F, 0.9F, -9};
    for (int mode = 0; mode < 2; mode++)
        for (size_t b = 0; b < sizeof biases / sizeof *biases; b++) {
            struct fixture f;
            init(&f, biases[b]);
            const struct cuts whole = {.mode = (enum spine_mode)mode, .leaf_blocks = 1};
            struct step_result alone = step(&f, &whole);
            for (size_t tiles = 2; tiles <= HIDDEN; tiles += 17) {
                const struct cuts cuts = {
                    .mode = (enum spine_mode)mode, .tiles = tiles, .leaf_blocks = 1};
                struct step_result result = step(&f, &cuts);
                assert_memory_equal(result.gradient.data, alone.gradient.data,
                                    alone.gradient.len * sizeof(float));
                assert_memory_equal(result.h_sum, alone.h_sum, HIDDEN * sizeof *alone.h_sum);
                assert_true(result.squares == alone.squares && result.partial == alone.partial);
                assert_int_equal(result.active, alone.active);
                dispose_result(&result);
            }
            dispose_result(&alone);
            dispose(&f);
        }
}

static void test_sums_of_h_may_be_left_out(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        int64_t h[HIDDEN] = {0};
        struct spine_block_sums all = {.h = h}, others = {.h = NULL};
        struct spine_scratch scratch;
        struct spine_block block;
        struct fixture f;
        init(&f, 0);
        float *packed = spine_kernel_alloc(spine_block_packed(DIM), "a test", &err);
        TRY(spine_block_init(&block, HIDDEN, NULL, &err));
        TRY(spine_scratch_init(&scratch, SPINE_BLOCK_ROWS, HIDDEN, DIM, &err));

        block.rows = SPINE_PANEL_ROWS;
        spine_block_pack(block.rows, DIM, f.params.stride, 0, DIM, f.noisy, packed);
        spine_block_encode(&block, &scratch, (enum spine_mode)mode, 0, HIDDEN, &f.params, packed,
                           &all);
        spine_block_encode(&block, &scratch, (enum spine_mode)mode, 0, HIDDEN, &f.params, packed,
                           &others);
        assert_true(all.active > 0 && all.active == others.active);
        assert_true(all.partial > 0 && all.partial == others.partial);

        spine_scratch_dispose(&scratch);
        spine_block_dispose(&block);
        free(packed);
        dispose(&f);
    }
}

static void test_the_modes_agree(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, -0.2F);
    const struct cuts dense = {.mode = SPINE_DENSE}, sparse = {.mode = SPINE_SPARSE};
    struct step_result a = step(&f, &dense), b = step(&f, &sparse);
    assert_memory_equal(a.h_sum, b.h_sum, HIDDEN * sizeof *a.h_sum);
    assert_true(a.squares == b.squares && a.partial == b.partial);
    assert_int_equal(a.active, b.active);
    assert_true(a.active > 0);
    for (size_t i = 0; i < a.gradient.len; i++)
        assert_true(fabsf(a.gradient.data[i] - b.gradient.data[i]) < 1e-7F);
    dispose_result(&a);
    dispose_result(&b);
    dispose(&f);
}

/* Rows [0, 64), [64, 128) and [128, 150) as groups of one leaf each. */
static void test_groups_of_rows_add_up_to_the_batch(void **state)
{
    (void)state;
    enum { GROUPS = 3 };
    struct fixture f;
    init(&f, -0.2F);
    for (int mode = 0; mode < 2; mode++) {
        const struct cuts whole = {.mode = (enum spine_mode)mode, .leaf_blocks = 1};
        struct step_result alone = step(&f, &whole), groups[GROUPS];
        struct step_parts parts[GROUPS];
        const float *sources[GROUPS];
        static const size_t leaves[] = {0, 1, 2};
        int64_t h_sum[HIDDEN] = {0};
        for (size_t g = 0; g < GROUPS; g++) {
            const struct cuts cuts = {
                .mode = (enum spine_mode)mode, .leaf_blocks = 1, .first_block = g};
            const size_t first = g * SPINE_BLOCK_ROWS * f.params.stride;
            const size_t rows = g + 1 < GROUPS ? SPINE_BLOCK_ROWS : ROWS - g * SPINE_BLOCK_ROWS;
            groups[g] = (struct step_result){.h_sum = calloc(HIDDEN, sizeof(int64_t))};
            TRY(spine_params_init(&groups[g].gradient, DIM, HIDDEN, &err));
            parts[g] = make_parts(&f.params, rows, &cuts);
            go_forward(&parts[g], &f.params, ROWS, f.clean + first, f.noisy + first, &cuts,
                       &groups[g]);
            for (size_t j = 0; j < HIDDEN; j++)
                h_sum[j] += groups[g].h_sum[j];
        }
        assert_memory_equal(h_sum, alone.h_sum, sizeof h_sum);
        for (size_t g = 0; g < GROUPS; g++) {
            go_backward(&parts[g], &f.params, ROWS,
                        f.noisy + g * SPINE_BLOCK_ROWS * f.params.stride, &weights, h_sum, &whole,
                        &groups[g]);
            sources[g] = groups[g].gradient.data;
            dispose_parts(&parts[g]);
        }
        float *sum = calloc(alone.gradient.len, sizeof *sum);
        spine_tree_sum(GROUPS, sources, leaves, alone.gradient.len, sum);
        for (size_t i = 0; i < alone.gradient.len; i++)
            assert_true(sum[i] == alone.gradient.data[i]);
        free(sum);
        for (size_t g = 0; g < GROUPS; g++)
            dispose_result(&groups[g]);
        dispose_result(&alone);
    }
    dispose(&f);
}

static void test_a_row_has_the_same_code_whatever_is_beside_it(void **state)
{
    (void)state;
    struct fixture f;
    struct spine_coder coder, alone;
    init(&f, -0.2F);
    const size_t stride = f.params.stride;
    TRY(spine_coder_init(&coder, DIM, HIDDEN, &err));
    TRY(spine_coder_init(&alone, DIM, HIDDEN, &err));
    for (size_t rows = 1; rows <= SPINE_BLOCK_ROWS; rows += 9) {
        double squares = 0;
        spine_coder_encode(&coder, &f.params, rows, f.clean, false);
        const double all = spine_coder_decode(&coder, &f.params, f.clean, 0x1p-20);
        for (size_t i = 0; i < rows; i++) {
            const uint32_t begin = coder.block.row_begin[i];
            const uint32_t count = coder.block.row_begin[i + 1] - begin;
            spine_coder_encode(&alone, &f.params, 1, f.clean + i * stride, false);
            squares += spine_coder_decode(&alone, &f.params, f.clean + i * stride, 0x1p-20);
            assert_int_equal(alone.block.row_begin[1], count);
            assert_memory_equal(alone.block.unit, coder.block.unit + begin,
                                count * sizeof(int32_t));
            assert_memory_equal(alone.block.value, coder.block.value + begin,
                                count * sizeof(float));
            assert_memory_equal(alone.residual, coder.residual + i * stride,
                                stride * sizeof(float));
        }
        assert_true(squares == all);
    }
    spine_coder_dispose(&coder);
    spine_coder_dispose(&alone);
    dispose(&f);
}

static void test_unclamped_values_are_z(void **state)
{
    (void)state;
    struct fixture f;
    struct spine_coder coder;
    size_t above = 0;
    init(&f, 0.5F);
    TRY(spine_coder_init(&coder, DIM, HIDDEN, &err));
    spine_coder_encode(&coder, &f.params, SPINE_BLOCK_ROWS, f.clean, true);
    for (size_t i = 0; i < SPINE_BLOCK_ROWS; i++)
        for (uint32_t p = coder.block.row_begin[i]; p < coder.block.row_begin[i + 1]; p++) {
            const size_t unit = (size_t)coder.block.unit[p];
            double z = (double)f.params.b1[unit];
            for (size_t k = 0; k < DIM; k++)
                z += (double)f.params.W1[unit * f.params.stride + k] *
                     (double)f.clean[i * f.params.stride + k];
            assert_true(fabs(z - (double)coder.block.value[p]) < 1e-5);
            above += z > 1;
        }
    assert_true(above > 0);
    spine_coder_dispose(&coder);
    dispose(&f);
}

static void test_a_walk_visits_every_row_once(void **state)
{
    (void)state;
    for (size_t rows = 0; rows <= 3 * SPINE_BLOCK_ROWS; rows++) {
        size_t visited = 0, blocks = 0;
        for (struct spine_block_walk at = {0}; spine_block_next(&at, rows); blocks++) {
            assert_int_equal(at.number, blocks);
            assert_int_equal(at.first, visited);
            assert_int_equal(at.first, blocks * SPINE_BLOCK_ROWS);
            assert_in_range(at.rows, 1, SPINE_BLOCK_ROWS);
            visited += at.rows;
        }
        assert_int_equal(visited, rows);
        assert_int_equal(blocks, spine_block_count(rows));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_walk_visits_every_row_once),
        cmocka_unit_test(test_ranges_of_units_change_nothing),
        cmocka_unit_test(test_sums_of_h_may_be_left_out),
        cmocka_unit_test(test_the_modes_agree),
        cmocka_unit_test(test_groups_of_rows_add_up_to_the_batch),
        cmocka_unit_test(test_a_row_has_the_same_code_whatever_is_beside_it),
        cmocka_unit_test(test_unclamped_values_are_z),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
