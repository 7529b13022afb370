/* test_rundata.c -- a run's data keep as much as the page has room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>

#include "spine/files/merge.h"
#include "spine/pages/rundata.h"
#include "support/directory.h"
#include "support/shards.h"

static cJSON *make_data(const struct spine_rundata_options *options)
{
    const struct path path = join_path(&directory, "codes.h5ad");
    struct spine_merge_report report;
    cJSON *data = NULL;
    bool is_listed;
    write_shards(&directory, 1);
    TRY(spine_merge_into(directory.text, path.text, NULL, NULL, &report, &err));
    TRY(spine_rundata_make(path.text, options, &data, &is_listed, &err));
    assert_false(is_listed);
    return data;
}

static void expect_kept(const cJSON *data, const char *name, double expected)
{
    const cJSON *kept = cJSON_GetObjectItemCaseSensitive(data, "kept");
    assert_true(cJSON_GetObjectItemCaseSensitive(kept, name)->valuedouble == expected);
}

static void test_where_there_is_room_all_is_kept(void **state)
{
    (void)state;
    cJSON *data = make_data(&(struct spine_rundata_options){.words = SPINE_RUNDATA_FIT,
                                                            .dimensions = SPINE_RUNDATA_FIT,
                                                            .rows = SPINE_RUNDATA_FIT,
                                                            .bytes = 1000000});
    expect_kept(data, "words", 50);
    expect_kept(data, "dimensions", 20);
    expect_kept(data, "rows", RUN_ROWS);
    cJSON_Delete(data);
}

static void test_where_there_is_none_the_least_is_kept(void **state)
{
    (void)state;
    cJSON *data = make_data(&(struct spine_rundata_options){.words = SPINE_RUNDATA_FIT,
                                                            .dimensions = SPINE_RUNDATA_FIT,
                                                            .rows = SPINE_RUNDATA_FIT,
                                                            .bytes = 1});
    expect_kept(data, "words", 8);
    expect_kept(data, "dimensions", 8);
    cJSON_Delete(data);
}

static void test_what_is_given_is_kept(void **state)
{
    (void)state;
    cJSON *data = make_data(&(struct spine_rundata_options){
        .words = 3, .dimensions = SPINE_RUNDATA_FIT, .rows = 2, .bytes = 1});
    expect_kept(data, "words", 3);
    expect_kept(data, "dimensions", 8);
    expect_kept(data, "rows", 2);
    cJSON_Delete(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_where_there_is_room_all_is_kept),
        TEST(test_where_there_is_none_the_least_is_kept),
        TEST(test_what_is_given_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
