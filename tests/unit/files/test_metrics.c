/* test_metrics.c -- a line of metrics.jsonl is an object with these names in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "spine/files/metrics.h"
#include "support/expect.h"
#include "support/temporary.h"

static const struct spine_metrics full = {
    .epoch = 1000000000,
    .rl = 0.1,
    .asl = 1.0 / 3,
    .psl = 1e-300,
    .total = 0.12345678901234567,
    .learning_rate = 1e-12,
    .seconds = 3600.25,
    .words_per_second = 123456789.5,
    .comm_share = 0,
    .density = 0.0625,
    .evaluated = 1,
    .eval_rl = 0.07,
    .explained_variance = -0.5,
    .sparsity = 0.97,
    .l0 = 31.5,
    .dead = 3,
    .saturated = 1048576,
};

static const char *const names[] = {"epoch", "rl", "asl", "psl", "total", "learning_rate",
                                    "seconds", "words_per_second", "comm_share", "density",
                                    /* only when evaluated: */
                                    "eval_rl", "explained_variance", "sparsity", "l0", "dead",
                                    "saturated"};

static void check_line(const char *line, const struct spine_metrics *metrics)
{
    const double values[] = {(double)metrics->epoch, metrics->rl,
                             metrics->asl,           metrics->psl,
                             metrics->total,         metrics->learning_rate,
                             metrics->seconds,       metrics->words_per_second,
                             metrics->comm_share,    metrics->density,
                             metrics->eval_rl,       metrics->explained_variance,
                             metrics->sparsity,      metrics->l0,
                             (double)metrics->dead,  (double)metrics->saturated};
    const size_t count = metrics->evaluated ? 16 : 10;
    cJSON *object = cJSON_ParseWithOpts(line, NULL, 1);
    assert_non_null(object);
    const cJSON *item = object->child;
    for (size_t i = 0; i < count; i++, item = item->next) {
        assert_non_null(item);
        assert_string_equal(item->string, names[i]);
        assert_true(cJSON_IsNumber(item));
        assert_true(item->valuedouble == values[i]); /* with all its digits */
    }
    assert_null(item);
    cJSON_Delete(object);
}

static void test_each_epoch_is_a_line_with_the_names_in_order(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct spine_metrics brief = full;
    brief.evaluated = 0;
    TRY(spine_metrics_write(file, "metrics.jsonl", &brief, &err));
    TRY(spine_metrics_write(file, "metrics.jsonl", &full, &err));
    fclose(file);
    char *end = strchr(text, '\n');
    assert_non_null(end);
    *end = '\0';
    check_line(text, &brief);
    char *second = end + 1;
    end = strchr(second, '\n');
    assert_non_null(end);
    *end = '\0';
    check_line(second, &full);
    assert_ptr_equal(end + 1, text + size);
    free(text);
}

static void test_a_line_is_in_the_file_at_once(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "metrics.jsonl");
    FILE *file = fopen(path.text, "w");
    TRY(spine_metrics_write(file, path.text, &full, &err));
    char *text = get_bytes(&path, NULL); /* before the file is closed */
    assert_non_null(strstr(text, "\"saturated\":1048576}\n"));
    free(text);
    fclose(file);
    remove_all(&directory);
}

/* Open the file behind 'epochs' of them, append a mark and give what the file then has. */
static char *open_and_mark(const struct path *path, int64_t epochs)
{
    FILE *file = NULL;
    TRY(spine_metrics_open(&file, path->text, epochs, &err));
    TRY(spine_metrics_sync(file, path->text, &err));
    assert_true(fputs("mark", file) >= 0);
    assert_int_equal(fclose(file), 0);
    return get_bytes(path, NULL);
}

static const struct {
    const char *before; /* NULL: there is no file */
    int64_t epochs;
    const char *after; /* up to the mark; NULL: refused */
    const char *error; /* behind the path */
} openings[] = {
    {NULL, 0, "", NULL},
    {"", 0, "", NULL},
    {"{\"epoch\":1,}\n{\"epoch\":2,}\n", 0, "", NULL},
    {"{\"epoch\":1,}\n{\"epoch\":2,}\n{\"epoch\":3,}\n", 2, "{\"epoch\":1,}\n{\"epoch\":2,}\n",
     NULL},
    {"{\"epoch\":1,}\n{\"epoch\":2,}\n{\"epoch\":3,}\n", 3,
     "{\"epoch\":1,}\n{\"epoch\":2,}\n{\"epoch\":3,}\n", NULL},
    /* Cut in a line. */
    {"{\"epoch\":1,}\n{\"epo", 1, "{\"epoch\":1,}\n", NULL},
    {"{\"epoch\":1,}\n{\"epoch\":2,}", 2, NULL,
     "ends with epoch 1, but the checkpoint is of epoch 2"},
    {"{\"epoch\":1,}\n", 5, NULL, "ends with epoch 1, but the checkpoint is of epoch 5"},
    {"{\"epoch\":1,}\nnonsense\n", 2, NULL, "ends with epoch 1, but the checkpoint is of epoch 2"},
    /* Of a run that went on from another's checkpoint. */
    {NULL, 3, "", NULL},
    {"", 3, "", NULL},
    {"{\"epoch\":4,}\n{\"epoch\":5,}\n", 3, "", NULL},
    {"{\"epoch\":4,}\n{\"epoch\":5,}\n{\"epoch\":6,}\n", 5, "{\"epoch\":4,}\n{\"epoch\":5,}\n",
     NULL},
};

static void test_a_run_goes_on_behind_its_epochs(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "metrics.jsonl");
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        char expected[200];
        FILE *file = NULL;
        remove(path.text);
        if (openings[i].before != NULL)
            assert_int_equal(put_text(&path, openings[i].before), 0);
        if (openings[i].after == NULL) {
            EXPECT_REFUSED(spine_metrics_open(&file, path.text, openings[i].epochs, &err), "%s: %s",
                           path.text, openings[i].error);
            assert_null(file);
            continue;
        }
        char *text = open_and_mark(&path, openings[i].epochs);
        assert_non_null(text);
        snprintf(expected, sizeof expected, "%smark", openings[i].after);
        assert_string_equal(text, expected);
        free(text);
    }
    remove_all(&directory);
}

static void test_a_file_that_cannot_be_opened_is_named(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "no/metrics");
    for (int64_t epochs = 0; epochs < 2; epochs++) {
        FILE *file = NULL;
        char expected[PATH_SIZE + 64];
        snprintf(expected, sizeof expected, "%s: No such file or directory", path.text);
        assert_int_equal(spine_metrics_open(&file, path.text, epochs, &err), -1);
        assert_string_equal(err.text, expected);
        assert_int_equal(err.status, SPINE_EXIT_FAILED);
        assert_null(file);
    }
    remove_all(&directory);
}

static void test_a_link_is_not_followed(void **state)
{
    (void)state;
    const struct path directory = make_temporary(), path = join_path(&directory, "metrics.jsonl");
    const struct path there = join_path(&directory, "there");
    assert_int_equal(put_text(&there, "{\"epoch\":1,\n"), 0);
    assert_int_equal(symlink(there.text, path.text), 0);
    for (int64_t epochs = 0; epochs < 2; epochs++) {
        FILE *file = NULL;
        EXPECT_REFUSED(spine_metrics_open(&file, path.text, epochs, &err), "%s: is a symbolic link",
                       path.text);
        assert_null(file);
    }
    char *text = get_bytes(&there, NULL);
    assert_string_equal(text, "{\"epoch\":1,\n");
    free(text);
    remove_all(&directory);
}

static void test_a_full_disk_is_named(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/full", "w");
    if (file == NULL)
        skip();
    assert_int_equal(spine_metrics_write(file, "run/metrics.jsonl", &full, &err), -1);
    assert_string_equal(err.text, "run/metrics.jsonl: No space left on device");
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_epoch_is_a_line_with_the_names_in_order),
        cmocka_unit_test(test_a_line_is_in_the_file_at_once),
        cmocka_unit_test(test_a_run_goes_on_behind_its_epochs),
        cmocka_unit_test(test_a_file_that_cannot_be_opened_is_named),
        cmocka_unit_test(test_a_link_is_not_followed),
        cmocka_unit_test(test_a_full_disk_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
