/* test_run.c -- a run on disk is found: its model and configuration, its codes; or what it lacks is
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spine/files/run.h"
#include "support/directory.h"
#include "support/expect.h"

enum { DIM = 3, HIDDEN = 2 };

static void write_model(const char *config)
{
    const struct path path = join_path(&directory, "model.h5");
    struct spine_params params;
    struct spine_scaling scaling;

    TRY(spine_params_init(&params, DIM, HIDDEN, &err));
    spine_params_randomize(&params, 1, 0, HIDDEN);
    TRY(spine_scaling_init(&scaling, DIM, SPINE_WHITEN_NO, 0, &err));
    TRY(spine_modelfile_write(path.text, &params, &scaling, config, &err));
    spine_scaling_dispose(&scaling);
    spine_params_dispose(&params);
}

static void test_the_model_and_its_configuration_are_read(void **state)
{
    (void)state;
    struct spine_run run;

    write_model("[data]\ninput = some/vectors.h5\n[model]\nhidden = 2\n");
    TRY(spine_run_require_model(&run, directory.text, &err));
    assert_true(run.has_model);
    assert_int_equal(run.model.params.hidden, HIDDEN);
    assert_string_equal(run.config.input, "some/vectors.h5");
    assert_int_equal(run.config.hidden, HIDDEN);
    spine_run_dispose(&run);
}

static void test_a_configuration_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct spine_run run;

    write_model("[data]\ninput = vectors.h5\n[train]\nepochs = many\n");
    assert_int_equal(spine_run_read(&run, directory.text, &err), -1);
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    assert_non_null(strstr(err.text, "model.h5"));
    assert_non_null(strstr(err.text, "train.epochs: 'many' is not a whole number"));
}

static void test_without_a_model_it_is_empty_or_refused(void **state)
{
    (void)state;
    struct spine_run run;

    TRY(spine_run_read(&run, directory.text, &err));
    assert_false(run.has_model);
    spine_run_dispose(&run);
    EXPECT_REFUSED(spine_run_require_model(&run, directory.text, &err),
                   "%s: has no model.h5; is it the directory of a finished run?", directory.text);
}

static void test_merged_codes_go_before_shards(void **state)
{
    (void)state;
    enum spine_run_codes codes = SPINE_RUN_MERGED;
    char path[SPINE_RUNDIR_PATH];

    EXPECT_REFUSED(spine_run_find_codes(directory.text, &codes, path, &err),
                   "%s: has neither codes.h5ad nor shards; is it the directory of a finished run?",
                   directory.text);

    put_below("shards/codes-00000.h5", "");
    TRY(spine_run_find_codes(directory.text, &codes, path, &err));
    assert_int_equal(codes, SPINE_RUN_SHARDS);

    put_below("codes.h5ad", "");
    TRY(spine_run_find_codes(directory.text, &codes, path, &err));
    assert_int_equal(codes, SPINE_RUN_MERGED);
    assert_string_equal(path + strlen(directory.text), "/codes.h5ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_model_and_its_configuration_are_read),
        TEST(test_a_configuration_that_cannot_be_read_is_named),
        TEST(test_without_a_model_it_is_empty_or_refused),
        TEST(test_merged_codes_go_before_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
