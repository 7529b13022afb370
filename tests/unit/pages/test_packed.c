/* test_packed.c -- numbers in base64: the examples of RFC 4648, and every width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>

#include "spine/pages/packed.h"
#include "support/expect.h"

static const struct {
    uint32_t numbers[6];
    size_t count, width;
    const char *text;
} cases[] = {
    {{0}, 0, 1, ""},
    {{'f'}, 1, 1, "Zg=="},
    {{'f', 'o'}, 2, 1, "Zm8="},
    {{'f', 'o', 'o'}, 3, 1, "Zm9v"},
    {{'f', 'o', 'o', 'b', 'a', 'r'}, 6, 1, "Zm9vYmFy"},
    {{0xfb, 0xff, 0xfe}, 3, 1, "+//+"},
    {{0x6f66, 0x626f, 0x7261}, 3, 2, "Zm9vYmFy"},
    {{0x626f6f66, 0x7261}, 2, 4, "Zm9vYmFyAAA="},
};

static void test_numbers_are_little_endian_bytes_in_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *object = cJSON_CreateObject();
        TRY(spine_packed_add(object, "it", cases[i].numbers, cases[i].count, cases[i].width, &err));
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "it")), cases[i].text);
        cJSON_Delete(object);
    }
}

static void test_lists_follow_each_other(void **state)
{
    (void)state;
    struct spine_lists lists;
    TRY(spine_lists_init(&lists, 3, 2, &err));
    spine_lists_append(&lists, 0, 'f', 'b');
    spine_lists_append(&lists, 0, 'o', 'a');
    spine_lists_append(&lists, 2, 'o', 'r');
    cJSON *object = cJSON_CreateObject();
    TRY(spine_lists_add(&lists, object, "lists", 1, 1, &err));
    char *text = cJSON_PrintUnformatted(object);
    assert_string_equal(
        text, "{\"lists\":{\"counts\":\"AgAAAAEA\",\"items\":\"Zm9v\",\"values\":\"YmFy\"}}");
    cJSON_free(text);
    cJSON_Delete(object);
    spine_lists_dispose(&lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_little_endian_bytes_in_base64),
        cmocka_unit_test(test_lists_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
