/* test_history.c -- metrics.jsonl as columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "spine/files/history.h"
#include "spine/files/metrics.h"
#include "support/directory.h"
#include "support/expect.h"

/* A file of these epochs, of which every 10th and the last was evaluated. */
static struct path write_epochs(int64_t count)
{
    const struct path path = join_path(&directory, "metrics.jsonl");
    FILE *file = NULL;
    TRY(spine_metrics_open(&file, path.text, 0, &err));
    for (int64_t epoch = 1; epoch <= count; epoch++) {
        const struct spine_metrics metrics = {.epoch = epoch,
                                              .rl = 1.0 / 3,
                                              .density = 0.5,
                                              .evaluated = epoch % 10 == 0 || epoch == count,
                                              .dead = epoch};
        TRY(spine_metrics_write(file, path.text, &metrics, &err));
    }
    fclose(file);
    return path;
}

/* One field's column as text; the caller frees. */
static char *column(const cJSON *history, const char *field)
{
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(history, field));
    assert_non_null(text);
    return text;
}

static void check_column(const cJSON *history, const char *field, const char *expected)
{
    char *text = column(history, field);
    assert_string_equal(text, expected);
    cJSON_free(text);
}

static void test_fields_become_columns(void **state)
{
    (void)state;
    const struct path path = write_epochs(3);
    cJSON *history;
    TRY(spine_history_read(path.text, 100, &history, &err));
    check_column(history, "epoch", "[1,2,3]");
    check_column(history, "rl", "[0.333333,0.333333,0.333333]");
    check_column(history, "dead", "[null,null,3]");
    assert_int_equal(cJSON_GetArraySize(history), 16);
    cJSON_Delete(history);
}

static void test_of_many_epochs_the_evaluated_and_some_stay(void **state)
{
    (void)state;
    const struct path path = write_epochs(25);
    cJSON *history;
    TRY(spine_history_read(path.text, 5, &history, &err)); /* every 6th */
    check_column(history, "epoch", "[1,7,10,13,19,20,25]");
    cJSON_Delete(history);
}

static void test_a_line_that_is_being_written_is_left_out(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "metrics.jsonl");
    cJSON *history;
    assert_int_equal(put_text(&path, "{\"epoch\":1,\"rl\":0.5}\n{\"epoch\":2,\"rl\""), 0);
    TRY(spine_history_read(path.text, 100, &history, &err));
    check_column(history, "epoch", "[1]");
    check_column(history, "asl", "[null]");
    cJSON_Delete(history);
}

static void test_other_lines_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"nonsense", "{}", "{\"epoch\":\"2\"}", "", "[1]"};
    const struct path path = join_path(&directory, "metrics.jsonl");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[100];
        cJSON *history;
        snprintf(text, sizeof text, "{\"epoch\":1}\n%s\n", texts[i]);
        assert_int_equal(put_text(&path, text), 0);
        EXPECT_REFUSED(spine_history_read(path.text, 100, &history, &err),
                       "%s:2: is not an epoch's JSON object", path.text);
        assert_null(history);
    }
}

static void test_a_run_may_have_none(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "nowhere");
    cJSON *history;
    TRY(spine_history_read(path.text, 100, &history, &err));
    assert_null(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fields_become_columns),
        TEST(test_of_many_epochs_the_evaluated_and_some_stay),
        TEST(test_a_line_that_is_being_written_is_left_out),
        TEST(test_other_lines_are_refused),
        TEST(test_a_run_may_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
