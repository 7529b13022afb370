/* test_events.c -- the event file follows metrics.jsonl, whatever happened to either. What its
 * bytes mean is checked by another reader: cli/tensorboard.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/files/events.h"
#include "support/directory.h"
#include "support/expect.h"

/* An epoch's record: header 12, time 9, step 2, summary 2 + value 2 + tag 4 + number 5, end 4. The
 * version's: 12, 9, text 15, 4. */
enum { VERSION_BYTES = 40, EPOCH_BYTES = 40 };

static struct path metrics_path, events_path;

static void put_epochs(int count, const char *end)
{
    char text[1000] = "";
    for (int epoch = 1; epoch <= count; epoch++)
        sprintf(text + strlen(text), "{\"epoch\":%d,\"rl\":0.5}\n", epoch);
    strcat(text, end);
    assert_int_equal(put_text(&metrics_path, text), 0);
}

/* Open the event file behind 'epochs' epochs, and close it. */
static void follow(int64_t epochs)
{
    struct spine_events events;
    TRY(spine_events_open(&events, events_path.text, metrics_path.text, epochs, &err));
    TRY(spine_events_close(&events, &err));
}

/* The file has the version and these many epochs, the n-th record that of epoch n. */
static void expect_epochs(size_t count)
{
    size_t size = 0;
    char *bytes = get_bytes(&events_path, &size);
    assert_non_null(bytes);
    assert_int_equal(size, VERSION_BYTES + count * EPOCH_BYTES);
    assert_memory_equal(bytes + 12 + 9 + 2, "brain.Event:2", 13);
    for (size_t i = 0; i < count; i++) {
        const char *data = bytes + VERSION_BYTES + i * EPOCH_BYTES + 12;
        assert_int_equal(data[9], 2 << 3);
        assert_int_equal(data[10], i + 1);
        assert_memory_equal(data + 11 + 2 + 2 + 2, "rl", 2);
    }
    free(bytes);
}

static int set_up(void **state)
{
    make_directory(state);
    metrics_path = join_path(&directory, "metrics.jsonl");
    events_path = join_path(&directory, "events.out.tfevents");
    return 0;
}

static void test_lines_become_events_as_they_come(void **state)
{
    (void)state;
    struct spine_events events;
    put_epochs(0, "");
    TRY(spine_events_open(&events, events_path.text, metrics_path.text, 0, &err));
    expect_epochs(0);
    for (int epochs = 1; epochs <= 3; epochs++) {
        FILE *file = fopen(metrics_path.text, "a");
        fprintf(file, "{\"epoch\":%d,\"rl\":0.5}\n", epochs);
        fclose(file);
        TRY(spine_events_update(&events, &err));
        expect_epochs((size_t)epochs);
        TRY(spine_events_update(&events, &err));
        expect_epochs((size_t)epochs);
    }
    TRY(spine_events_close(&events, &err));
    TRY(spine_events_close(&events, &err));
    TRY(spine_events_update(&events, &err));
}

static void test_a_run_that_goes_on_has_no_epoch_twice(void **state)
{
    (void)state;
    put_epochs(5, "");
    follow(5);
    expect_epochs(5);
    put_epochs(3, ""); /* as metrics.c cuts it */
    follow(3);
    expect_epochs(3);
    put_epochs(5, "");
    follow(5);
    expect_epochs(5);
}

static void test_what_is_missing_is_added(void **state)
{
    (void)state;
    put_epochs(4, ""); /* the option was off until now */
    follow(4);
    expect_epochs(4);
    put_epochs(7, ""); /* and was off again */
    follow(7);
    expect_epochs(7);
}

static void test_what_is_damaged_is_made_anew(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < VERSION_BYTES + 3 * EPOCH_BYTES; cut += 7) {
        put_epochs(3, "");
        follow(3);
        assert_int_equal(truncate(events_path.text, (off_t)cut), 0);
        follow(3);
        expect_epochs(3);
    }
    for (size_t place = 0; place < VERSION_BYTES + 3 * EPOCH_BYTES; place++) {
        FILE *file = fopen(events_path.text, "r+");
        fseek(file, (long)place, SEEK_SET);
        const int byte = fgetc(file);
        fseek(file, (long)place, SEEK_SET);
        fputc(byte ^ 0x10, file);
        fclose(file);
        follow(3);
        expect_epochs(3);
    }
    assert_int_equal(put_text(&events_path, "something else"), 0);
    follow(3);
    expect_epochs(3);
}

static void test_a_line_too_long_for_an_epoch_is_refused(void **state)
{
    (void)state;
    enum { LENGTH = 1 << 17 };
    static const char begin[] = "{\"epoch\":1,\"", end[] = "\":1}\n";
    struct spine_events events;
    char *text = malloc(LENGTH);
    assert_non_null(text);
    memset(text, 'x', LENGTH);
    memcpy(text, begin, sizeof begin - 1);
    memcpy(text + LENGTH - sizeof end, end, sizeof end);
    assert_int_equal(put_text(&metrics_path, text), 0);
    free(text);
    EXPECT_REFUSED(spine_events_open(&events, events_path.text, metrics_path.text, 1, &err),
                   "%s: has a line that isn't of an epoch", metrics_path.text);
}

static void test_a_planted_link_is_refused(void **state)
{
    (void)state;
    const struct path other = join_path(&directory, "other");
    struct spine_events events;
    put_epochs(1, "");
    assert_int_equal(put_text(&other, "mine"), 0);
    assert_int_equal(symlink(other.text, events_path.text), 0);
    EXPECT_REFUSED(spine_events_open(&events, events_path.text, metrics_path.text, 1, &err),
                   "%s: is a symbolic link", events_path.text);
    assert_null(events.file);
}

#define EVENTS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENTS_TEST(test_lines_become_events_as_they_come),
        EVENTS_TEST(test_a_run_that_goes_on_has_no_epoch_twice),
        EVENTS_TEST(test_what_is_missing_is_added),
        EVENTS_TEST(test_what_is_damaged_is_made_anew),
        EVENTS_TEST(test_a_line_too_long_for_an_epoch_is_refused),
        EVENTS_TEST(test_a_planted_link_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
