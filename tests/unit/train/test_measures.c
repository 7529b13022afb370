/* test_measures.c -- against numbers worked out by hand; run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/train/measures.h"
#include "spine/train/refit.h"
#include "spine/train/scalingfit.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { ROWS = 4, DIM = 2, HIDDEN = 3 };

/* The corners of a square: each column's mean is 1/2, and the variance 4 (1/4 + 1/4) = 2. */
static void read_corners(struct spine_dataset *data)
{
    static const float corners[ROWS * DIM] = {0, 0, 1, 0, 0, 1, 1, 1};
    const struct path path = join_path(&directory, "vectors.h5");
    if (world.rank == 0) {
        struct spine_store *store = NULL;
        struct spine_words words = {0};
        for (int i = 0; i < ROWS; i++)
            TRY(spine_words_add(&words, "w", 1, &err));
        TRY(spine_store_create(&store, path.text, "spine-vectors", &err));
        TRY(spine_array_make(store, "/vectors", SPINE_ARRAY_FLOAT, ROWS, DIM, &err));
        TRY(spine_array_write(store, "/vectors", SPINE_ARRAY_FLOAT, 0, ROWS, DIM, corners, &err));
        TRY(spine_strings_append(store, "/words", &words, &err));
        TRY(spine_store_close(store, &err));
        TRY(spine_outfile_publish(path.text, &err));
        spine_words_dispose(&words);
    }
    spine_comm_barrier(&world);
    struct spine_input input;
    TRY(spine_input_open(&input, &world, path.text, 0, &err));
    const struct spine_sharing sharing = {
        .seed = 1, .batch_size = ROWS, .groups = 1, .columns = world.size, .column = world.rank};
    TRY(spine_dataset_init(data, &world, &input, &sharing, &err));
    spine_input_close(&input);
    TRY(spine_scalingfit(data, &world, &(struct spine_scaling_options){0}, &err));
    assert_true(fabs(data->variance - 2) < 1e-8);
}

/* h0 = x0: 1 in half of the rows. h1 = 0. h2 = 0.0005 + 0.5 x1: below 0.001 in half of the rows.
 * y = (h0 + 0.25, 2 h2): wrong by 0.25 and by 0.001. */
static void fill_params(struct spine_params *params)
{
    TRY(spine_params_init(params, DIM, HIDDEN, &err));
    params->W1[0] = 1;
    params->b1[1] = -1;
    params->W1[2 * params->stride + 1] = 0.5F;
    params->b1[2] = 0.0005F;
    params->W2[0] = 1;
    params->W2[2 * params->stride + 1] = 2;
    params->b2[0] = 0.25F;
}

static void test_measures_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    struct spine_params params;
    struct spine_dataset data;
    struct spine_coder coder;
    struct spine_measures_scratch scratch;
    fill_params(&params);
    read_corners(&data);
    TRY(spine_coder_init(&coder, DIM, HIDDEN, &err));
    TRY(spine_measures_scratch_init(&scratch, HIDDEN, &err));
    for (int again = 0; again < 3; again++) {
        coder.block.activation.is_uncapped = again == 2;
        const struct spine_measures measures =
            spine_measures_compute(&params, &data, &world, &coder, &scratch);
        const double squares = 4 * (0.25 * 0.25 + 0.001 * 0.001);
        assert_true(fabs(measures.eval_rl - squares / 8) < 1e-8);
        assert_true(fabs(measures.explained_variance - (1 - squares / 2)) < 1e-7);
        assert_true(fabs(measures.sparsity - 8.0 / 12) < 1e-12);
        assert_true(fabs(measures.l0 - 6.0 / 4) < 1e-12);
        assert_int_equal(measures.dead, 1);
        assert_int_equal(measures.saturated, again == 2 ? 0 : 1);
    }
    spine_measures_scratch_dispose(&scratch);
    spine_measures_scratch_dispose(&scratch);
    spine_coder_dispose(&coder);
    spine_dataset_dispose(&data);
    spine_params_dispose(&params);
}

/* Without a fifth row, no ridge is tried: the first solution is the last. */
static void test_a_refit_without_rows_left_out_is_solved_once(void **state)
{
    (void)state;
    struct spine_refit_problem *problem = NULL;
    struct spine_params params;
    struct spine_dataset data;
    struct spine_coder coder;
    struct spine_refit refit;
    bool is_done = false;
    fill_params(&params);
    read_corners(&data);
    TRY(spine_coder_init(&coder, DIM, HIDDEN, &err));
    float *decoder = calloc((HIDDEN + 1) * params.stride, sizeof *decoder);
    assert_non_null(decoder);

    TRY(spine_refit_begin(&problem, &params, &data, &world, &coder, &err));
    spine_refit_add(problem, 0, spine_partition_rows(&data.part));
    spine_refit_sum(problem);
    TRY(spine_refit_solve(problem, &is_done, &err));
    assert_true(is_done);
    spine_refit_end(problem, decoder, &refit);
    assert_false(refit.has_measured);
    assert_true(refit.ridge == 1);

    spine_refit_dispose(problem);
    free(decoder);
    spine_coder_dispose(&coder);
    spine_dataset_dispose(&data);
    spine_params_dispose(&params);
}

int run_measures(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures_are_those_worked_out_by_hand),
        cmocka_unit_test(test_a_refit_without_rows_left_out_is_solved_once),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, make_shared_directory, remove_shared_directory);
}
