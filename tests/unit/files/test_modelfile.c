/* test_modelfile.c -- the file holds the model; the fingerprint changes with any number of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/modelfile.h"
#include "spine/files/store.h"
#include "support/expect.h"
#include "support/temporary.h"

enum { DIM = 5, HIDDEN = 7 };

static const float mean[DIM] = {0.1F, -0.2F, 0, 4, 5};

static float padded[16] = {0.1F, -0.2F, 0, 4, 5};

/* A scaling by mean and scale only. */
static struct spine_scaling scaling_of(float *row, double scale)
{
    return (struct spine_scaling){.dim = DIM, .stride = 16, .scale = scale, .mean = row};
}

static void make_params(struct spine_params *params)
{
    TRY(spine_params_init(params, DIM, HIDDEN, &err));
    spine_params_randomize(params, 1, 0, params->hidden);
}

static void read_all(struct spine_store *store, const char *name, size_t rows, size_t columns,
                     float *values)
{
    size_t found_rows = 0, found_columns = 0;
    TRY(spine_array_extent(store, name, SPINE_ARRAY_FLOAT, &found_rows,
                           columns > 0 ? &found_columns : NULL, &err));
    assert_int_equal(found_rows, rows);
    assert_int_equal(found_columns, columns);
    TRY(spine_array_read(store, name, SPINE_ARRAY_FLOAT, 0, rows, columns > 0 ? columns : 1, values,
                         &err));
}

static void check_matrix(struct spine_store *store, const char *name,
                         const struct spine_params *params, const float *expected)
{
    float found[HIDDEN * DIM];
    read_all(store, name, HIDDEN, DIM, found);
    for (size_t j = 0; j < HIDDEN; j++)
        assert_memory_equal(found + j * DIM, expected + j * params->stride, DIM * sizeof *found);
}

static void check_vector(struct spine_store *store, const char *name, size_t count,
                         const float *expected)
{
    float found[HIDDEN];
    read_all(store, name, count, 0, found);
    assert_memory_equal(found, expected, count * sizeof *found);
}

static void test_the_file_holds_the_model(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "model.h5");
    struct spine_params params;
    struct spine_store *store = NULL;
    char fingerprint[SPINE_FINGERPRINT], *text = NULL;
    double scale = 0;
    const struct spine_scaling scaling = scaling_of(padded, 2.5);
    make_params(&params);
    spine_modelfile_fingerprint(&params, &scaling, fingerprint);
    TRY(spine_modelfile_write(path.text, &params, &scaling, "[data]\ninput = a\n", &err));
    TRY(spine_store_open(&store, path.text, "spine-model", &err));
    check_matrix(store, "/W1", &params, params.W1);
    check_matrix(store, "/W2", &params, params.W2);
    check_vector(store, "/b1", HIDDEN, params.b1);
    check_vector(store, "/b2", DIM, params.b2);
    check_vector(store, "/input_mean", DIM, mean);
    TRY(spine_attribute_get_real(store, "/", "input_scale", &scale, &err));
    assert_true(scale == 2.5);
    TRY(spine_attribute_get_text(store, "/", "config", &text, &err));
    assert_string_equal(text, "[data]\ninput = a\n");
    free(text);
    TRY(spine_attribute_get_text(store, "/", "fingerprint", &text, &err));
    assert_string_equal(text, fingerprint);
    free(text);
    TRY(spine_store_close(store, &err));
    spine_params_dispose(&params);
    remove_all(&directory);
}

static void test_a_model_is_read_back(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "model.h5");
    struct spine_params params;
    struct spine_modelfile model;
    struct spine_scaling scaling = scaling_of(padded, 2.5);
    make_params(&params);
    TRY(spine_modelfile_write(path.text, &params, &scaling, "[data]\ninput = a\n", &err));
    TRY(spine_modelfile_read(&model, path.text, &err));
    assert_int_equal(model.params.dim, DIM);
    assert_int_equal(model.params.hidden, HIDDEN);
    assert_memory_equal(model.params.data, params.data, params.len * sizeof *params.data);
    assert_memory_equal(model.scaling.mean, mean, sizeof mean);
    assert_true(model.scaling.scale == 2.5 && model.scaling.longest == 0);
    assert_null(model.scaling.factors);
    assert_null(model.scaling.components);
    assert_string_equal(model.config, "[data]\ninput = a\n");
    spine_modelfile_dispose(&model);
    spine_modelfile_dispose(&model);
    scaling.scale = 0;
    TRY(spine_modelfile_write(path.text, &params, &scaling, "", &err));
    EXPECT_REFUSED(spine_modelfile_read(&model, path.text, &err),
                   "%s: 'input_scale' is 0, expected a number above 0", path.text);
    spine_params_dispose(&params);
    remove_all(&directory);
}

static void test_factors_and_components_are_read_back(void **state)
{
    (void)state;
    static const enum spine_whiten kinds[] = {SPINE_WHITEN_COLUMN, SPINE_WHITEN_REMOVE};
    const struct path directory = make_temporary(), path = join_path(&directory, "model.h5");
    struct spine_params params;
    make_params(&params);

    for (size_t i = 0; i < 2; i++) {
        struct spine_scaling scaling;
        struct spine_modelfile model;
        char wrote[SPINE_FINGERPRINT], read[SPINE_FINGERPRINT];
        TRY(spine_scaling_init(&scaling, DIM, kinds[i], 2, &err));
        scaling.longest = 3.25;
        scaling.scale = 2;
        for (size_t k = 0; k < DIM; k++)
            (scaling.factors == NULL ? scaling.components + scaling.stride : scaling.factors)[k] =
                0.5F * (float)(k + 1);
        spine_modelfile_fingerprint(&params, &scaling, wrote);
        TRY(spine_modelfile_write(path.text, &params, &scaling, "", &err));
        TRY(spine_modelfile_read(&model, path.text, &err));
        assert_int_equal(spine_scaling_len(&model.scaling), spine_scaling_len(&scaling));
        assert_memory_equal(model.scaling.mean, scaling.mean,
                            spine_scaling_len(&scaling) * sizeof(float));
        assert_true(model.scaling.longest == 3.25 && model.scaling.scale == 2);
        spine_modelfile_fingerprint(&params, &model.scaling, read);
        assert_string_equal(wrote, read);
        if (scaling.factors != NULL) {
            scaling.factors[2] = 0;
            spine_modelfile_dispose(&model);
            TRY(spine_modelfile_write(path.text, &params, &scaling, "", &err));
            EXPECT_REFUSED(spine_modelfile_read(&model, path.text, &err),
                           "%s: '/input_factors' has a number that is not above 0", path.text);
        }
        spine_modelfile_dispose(&model);
        spine_scaling_dispose(&scaling);
    }
    spine_params_dispose(&params);
    remove_all(&directory);
}

static void test_a_model_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "no/model.h5");
    struct spine_params params;
    const struct spine_scaling scaling = scaling_of(padded, 1);
    make_params(&params);
    EXPECT_REFUSED(spine_modelfile_write(path.text, &params, &scaling, "", &err),
                   "%s: its directory doesn't exist", path.text);
    spine_params_dispose(&params);
    remove_all(&directory);
}

static void test_any_changed_number_changes_the_fingerprint(void **state)
{
    (void)state;
    struct spine_params params;
    char first[SPINE_FINGERPRINT], other[SPINE_FINGERPRINT];
    struct spine_scaling scaling = scaling_of(padded, 1);
    make_params(&params);
    spine_modelfile_fingerprint(&params, &scaling, first);
    assert_int_equal(strlen(first), 32);
    assert_int_equal(strspn(first, "0123456789abcdef"), 32);
    spine_modelfile_fingerprint(&params, &scaling, other);
    assert_string_equal(first, other);
    float *const numbers[] = {params.W1, params.W1 + (HIDDEN - 1) * params.stride + DIM - 1,
                              params.b1 + 3, params.W2 + params.stride, params.b2 + DIM - 1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const float before = *numbers[i];
        *numbers[i] += 0x1p-20F;
        spine_modelfile_fingerprint(&params, &scaling, other);
        assert_string_not_equal(first, other);
        *numbers[i] = before;
    }
    scaling.scale = 1.0000001;
    spine_modelfile_fingerprint(&params, &scaling, other);
    assert_string_not_equal(first, other);
    float another[16] = {0.1F, -0.2F, 0, 4, 6};
    scaling = scaling_of(another, 1);
    spine_modelfile_fingerprint(&params, &scaling, other);
    assert_string_not_equal(first, other);
    scaling = scaling_of(padded, 1);
    scaling.longest = 7;
    spine_modelfile_fingerprint(&params, &scaling, other);
    assert_string_not_equal(first, other);
    spine_params_dispose(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_holds_the_model),
        cmocka_unit_test(test_a_model_is_read_back),
        cmocka_unit_test(test_factors_and_components_are_read_back),
        cmocka_unit_test(test_a_model_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(test_any_changed_number_changes_the_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
