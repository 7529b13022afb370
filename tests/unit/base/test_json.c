/* test_json.c -- JSON with numbers that are none, and without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/json.h"
#include "support/expect.h"

static void test_what_is_not_json_is_null(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",       "{", "{\"a\": 1e999}", "{\"a\": [1, {\"b\": -1e400}]}", "{\"a\": inf}", "{} x",
        "{}\n{}", NULL};
    struct cJSON *json = NULL;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        TRY(spine_json_parse(texts[i], "a test", &json, &err));
        assert_null(json);
    }
    TRY(spine_json_parse("{\"a\": [1, {\"b\": -1e300}]} \r\n", "a test", &json, &err));
    assert_non_null(json);
    cJSON_Delete(json);
}

static void test_numbers_that_are_not_finite_are_null(void **state)
{
    (void)state;
    spine_json_watch();
    cJSON *json = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(json, "list");

    spine_json_add_real(json, "a", .1, 17);
    spine_json_add_real(json, "b", (double)NAN, 17);
    spine_json_append_real(list, (double)INFINITY, 3);
    spine_json_append_real(list, 2. / 3, 3);

    char *text = spine_json_print(json, false, "a test", &err);
    assert_string_equal(text, "{\"list\":[null,0.667],\"a\":0.10000000000000001,\"b\":null}");
    cJSON_free(text);
    cJSON_Delete(json);
}

static void test_what_was_left_out_is_not_printed(void **state)
{
    (void)state;
    spine_json_watch();
    cJSON *json = cJSON_CreateObject();
    cJSON *other = NULL;

    spine_json_cut();
    TRY(spine_json_parse("{}", "a test", &other, &err)); /* forgets nothing */
    assert_null(spine_json_print(json, true, "a test", &err));
    assert_string_equal(err.text, "out of memory for a test");

    spine_json_watch();
    char *text = spine_json_print(json, true, "a test", &err);
    assert_string_equal(text, "{\n}");
    cJSON_free(text);
    cJSON_Delete(other);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_json_is_null),
        cmocka_unit_test(test_numbers_that_are_not_finite_are_null),
        cmocka_unit_test(test_what_was_left_out_is_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
