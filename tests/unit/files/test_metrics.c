/* test_metrics.c -- a line of metrics.jsonl is an object with these names in this order, and all
 * lines are columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "spine/files/metrics.h"
#include "support/directory.h"
#include "support/expect.h"

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
    const struct path path = join_path(&directory, "metrics.jsonl");
    FILE *file = fopen(path.text, "w");
    TRY(spine_metrics_write(file, path.text, &full, &err));
    char *text = get_bytes(&path, NULL); /* before the file is closed */
    assert_non_null(strstr(text, "\"saturated\":1048576}\n"));
    free(text);
    fclose(file);
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

#define REPAIR "repair the line, or move the file away"
#define OTHER_LINE "is not an epoch's JSON object; " REPAIR

static const struct {
    const char *before; /* NULL: there is no file */
    int64_t epochs;
    const char *after; /* up to the mark; NULL: refused */
    const char *error; /* behind the path */
} openings[] = {
    {NULL, 0, "", NULL},
    {"", 0, "", NULL},
    {"{\"epoch\":1}\n{\"epoch\":2}\n", 0, "", NULL},
    {"{\"epoch\":1}\n{\"epoch\":2}\n{\"epoch\":3}\n", 2, "{\"epoch\":1}\n{\"epoch\":2}\n", NULL},
    {"{\"epoch\":1}\n{\"epoch\":2}\n{\"epoch\":3}\n", 3,
     "{\"epoch\":1}\n{\"epoch\":2}\n{\"epoch\":3}\n", NULL},
    /* Cut in a line. */
    {"{\"epoch\":1}\n{\"epo", 1, "{\"epoch\":1}\n", NULL},
    {"{\"epoch\":1}\n{\"epoch\":2}", 2, NULL,
     ": ends with epoch 1, but the checkpoint is of epoch 2; move the file away to resume without "
     "it"},
    {"{\"epoch\":1}\n", 5, NULL,
     ": ends with epoch 1, but the checkpoint is of epoch 5; move the file away to resume without "
     "it"},
    {"{\"epoch\":1}\nnonsense\n", 2, NULL, ":2: " OTHER_LINE},
    {"{\"epoch\":1}\nnonsense\n", 1, NULL, ":2: " OTHER_LINE},
    /* As people's programs write them. */
    {"\xEF\xBB\xBF{\"epoch\":1}\n{\"epoch\":2}\n", 2, "\xEF\xBB\xBF{\"epoch\":1}\n{\"epoch\":2}\n",
     NULL},
    {"\n{\"rl\": 1, \"epoch\": 1}\r\n \n{\"epoch\": 2}\n{\"epoch\":3}\n", 2,
     "\n{\"rl\": 1, \"epoch\": 1}\r\n \n{\"epoch\": 2}\n", NULL},
    /* Damaged: nothing is cut off. */
    {"{\"epXch\":1}\n{\"epoch\":2}\n", 2, NULL, ":1: " OTHER_LINE},
    {"X\"epoch\":1}\n{\"epoch\":2}\n{\"epoch\":3}\n", 3, NULL, ":1: " OTHER_LINE},
    {"nonsense\n", 1, NULL, ":1: " OTHER_LINE},
    {"{\"epoch\":9}\n{\"epoch\":2}\n", 2, NULL, ":2: is of epoch 2, after epoch 9; " REPAIR},
    {"{\"epoch\":2}\n{\"epoch\":1}\n", 2, NULL, ":2: is of epoch 1, after epoch 2; " REPAIR},
    {"{\"epoch\":1}\n\n{\"epoch\":3}\n", 1, NULL, ":3: is of epoch 3, after epoch 1; " REPAIR},
    /* Of a run that went on from another's checkpoint. */
    {NULL, 3, "", NULL},
    {"", 3, "", NULL},
    {"{\"epoch\":4}\n{\"epoch\":5}\n", 3, "", NULL},
    {"{\"epoch\":4}\n{\"epo", 3, "", NULL},
    {"\n\n", 3, "\n\n", NULL},
    {"{\"epo", 3, NULL,
     ": has no whole line of an epoch, but the checkpoint is of epoch 3; move the file away to "
     "resume without it"},
    {"{\"epoch\":4}\n{\"epoch\":5}\n{\"epoch\":6}\n", 5, "{\"epoch\":4}\n{\"epoch\":5}\n", NULL},
};

static void test_a_run_goes_on_behind_its_epochs(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "metrics.jsonl");
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        char expected[200];
        FILE *file = NULL;
        remove(path.text);
        if (openings[i].before != NULL)
            assert_int_equal(put_text(&path, openings[i].before), 0);
        if (openings[i].after == NULL) {
            EXPECT_REFUSED(spine_metrics_open(&file, path.text, openings[i].epochs, &err), "%s%s",
                           path.text, openings[i].error);
            assert_null(file);
            char *kept = get_bytes(&path, NULL);
            assert_string_equal(kept, openings[i].before);
            free(kept);
            continue;
        }
        char *text = open_and_mark(&path, openings[i].epochs);
        assert_non_null(text);
        snprintf(expected, sizeof expected, "%smark", openings[i].after);
        assert_string_equal(text, expected);
        free(text);
    }
}

static void test_a_file_that_cannot_be_opened_is_named(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "no/metrics");
    for (int64_t epochs = 0; epochs < 2; epochs++) {
        FILE *file = NULL;
        char expected[PATH_SIZE + 64];
        snprintf(expected, sizeof expected, "%s: No such file or directory", path.text);
        assert_int_equal(spine_metrics_open(&file, path.text, epochs, &err), -1);
        assert_string_equal(err.text, expected);
        assert_int_equal(err.status, SPINE_EXIT_FAILED);
        assert_null(file);
    }
}

static void test_a_link_is_not_followed(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "metrics.jsonl");
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
static char *column(const cJSON *columns, const char *field)
{
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(columns, field));
    assert_non_null(text);
    return text;
}

static void check_column(const cJSON *columns, const char *field, const char *expected)
{
    char *text = column(columns, field);
    assert_string_equal(text, expected);
    cJSON_free(text);
}

static void test_fields_become_columns(void **state)
{
    (void)state;
    const struct path path = write_epochs(3);
    cJSON *columns;
    TRY(spine_metrics_read_columns(path.text, 100, &columns, &err));
    check_column(columns, "epoch", "[1,2,3]");
    check_column(columns, "rl", "[0.333333,0.333333,0.333333]");
    check_column(columns, "dead", "[null,null,3]");
    assert_int_equal(cJSON_GetArraySize(columns), 16);
    cJSON_Delete(columns);
}

static void test_of_many_epochs_the_evaluated_and_some_stay(void **state)
{
    (void)state;
    const struct path path = write_epochs(25);
    cJSON *columns;
    TRY(spine_metrics_read_columns(path.text, 5, &columns, &err)); /* every 6th */
    check_column(columns, "epoch", "[1,7,10,13,19,20,25]");
    cJSON_Delete(columns);
}

static void test_a_line_that_is_being_written_is_left_out(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "metrics.jsonl");
    cJSON *columns;
    assert_int_equal(put_text(&path, "{\"epoch\":1,\"rl\":0.5}\n{\"epoch\":2,\"rl\""), 0);
    TRY(spine_metrics_read_columns(path.text, 100, &columns, &err));
    check_column(columns, "epoch", "[1]");
    check_column(columns, "asl", "[null]");
    cJSON_Delete(columns);
}

static void test_other_lines_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"nonsense", "{}", "{\"epoch\":\"2\"}", "", "[1]"};
    const struct path path = join_path(&directory, "metrics.jsonl");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[100];
        cJSON *columns;
        snprintf(text, sizeof text, "{\"epoch\":1}\n%s\n", texts[i]);
        assert_int_equal(put_text(&path, text), 0);
        EXPECT_REFUSED(spine_metrics_read_columns(path.text, 100, &columns, &err),
                       "%s:2: is not an epoch's JSON object", path.text);
        assert_null(columns);
    }
}

static void *allocate_nothing(size_t size)
{
    (void)size;
    return NULL;
}

static void test_memory_for_the_list_may_run_out(void **state)
{
    (void)state;
    const struct path path = write_epochs(2);
    cJSON *columns;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = allocate_nothing, .free_fn = free});
    assert_int_equal(spine_metrics_read_columns(path.text, 100, &columns, &err), -1);
    assert_string_equal(err.text, "out of memory for the epochs of a run");
    cJSON_InitHooks(NULL);
    assert_null(columns);
}

static void test_a_run_may_have_none(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "nowhere");
    cJSON *columns;
    TRY(spine_metrics_read_columns(path.text, 100, &columns, &err));
    assert_null(columns);
}

/* Of the reconstruction loss in the first and the last epoch, and the explained variance. */
static void test_a_loss_that_rose_above_the_variance_has_diverged(void **state)
{
    (void)state;
    static const struct {
        double first, last, explained;
        bool diverged;
    } runs[] = {
        {0.5, 0.4, 0.2, false},  {0.5, 0.9, 0.2, false}, {0.5, 0.4, -0.2, false},
        {0.5, 0.5, -0.2, false}, {0.5, 0.9, -0.2, true}, {900, 0.5, -1.5, true},
    };
    const struct path path = join_path(&directory, "metrics.jsonl");
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        FILE *file = fopen(path.text, "w");
        bool diverged = !runs[i].diverged;
        double explained = 0;
        assert_non_null(file);
        fprintf(file, "{\"epoch\":1,\"rl\":%g}\n{\"epoch\":2,\"rl\":0.1}\n", runs[i].first);
        fprintf(file, "{\"epoch\":3,\"rl\":%g,\"explained_variance\":%g}\n{\"epo", runs[i].last,
                runs[i].explained);
        fclose(file);
        TRY(spine_metrics_diverged(directory.text, &diverged, &explained, &err));
        assert_true(explained == runs[i].explained);
        assert_int_equal(diverged, runs[i].diverged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_loss_that_rose_above_the_variance_has_diverged),
        TEST(test_each_epoch_is_a_line_with_the_names_in_order),
        TEST(test_a_line_is_in_the_file_at_once),
        TEST(test_a_run_goes_on_behind_its_epochs),
        TEST(test_a_file_that_cannot_be_opened_is_named),
        TEST(test_a_link_is_not_followed),
        TEST(test_a_full_disk_is_named),
        TEST(test_fields_become_columns),
        TEST(test_of_many_epochs_the_evaluated_and_some_stay),
        TEST(test_a_line_that_is_being_written_is_left_out),
        TEST(test_other_lines_are_refused),
        TEST(test_memory_for_the_list_may_run_out),
        TEST(test_a_run_may_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
