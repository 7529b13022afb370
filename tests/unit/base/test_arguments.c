/* test_arguments.c -- options are found, and all else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spine/base/arguments.h"
#include "spine/base/interrupt.h"
#include "support/expect.h"

enum { COUNT = SPINE_ARGUMENT_OWN, QUIET };

static const struct option options[] = {{"count", required_argument, NULL, COUNT},
                                        {"quiet", no_argument, NULL, QUIET},
                                        {"output", required_argument, NULL, 'o'},
                                        SPINE_ARGUMENTS_COMMON};

static void test_options_come_one_by_one(void **state)
{
    (void)state;
    char *argv[] = {"tool", "run", "--count=3", "-o", "file", "--quiet", "--help", "-h", NULL};
    static const int expected[] = {COUNT, 'o', QUIET, SPINE_ARGUMENT_HELP, SPINE_ARGUMENT_HELP};
    static const char *const values[] = {"3", "file", NULL, NULL, NULL};
    int option = 0;
    optind = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(spine_arguments_next("tool", 8, argv, ":o:", options, &option, &err), 1);
        assert_int_equal(option, expected[i]);
        if (values[i] != NULL)
            assert_string_equal(optarg, values[i]);
    }
    assert_int_equal(spine_arguments_next("tool", 8, argv, ":o:", options, &option, &err), 0);
    assert_int_equal(optind, 7);
    assert_string_equal(argv[optind], "run");
}

static void test_what_is_no_option_is_refused(void **state)
{
    (void)state;
    static const struct {
        char *first, *text;
    } cases[] = {
        {"--bogus", "--bogus: unknown option; see tool --help"},
        {"-x", "-x: unknown option; see tool --help"},
        {"-xyz", "-x: unknown option; see tool --help"},
        {"--quiet=yes", "--quiet=yes: takes no value; see tool --help"},
        {"--count", "--count: needs a value; see tool --help"},
        {"-o", "-o: needs a value; see tool --help"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *argv[] = {"tool", cases[i].first, NULL};
        int option = 0;
        optind = 0;
        EXPECT_REFUSED(spine_arguments_next("tool", 2, argv, ":o:", options, &option, &err), "%s",
                       cases[i].text);
    }
}

static void test_whole_numbers_have_bounds(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "x", "1x", "-1", "+1", " 1", "1 ", "21", "0.5", "4", "99999999999999999999"};
    size_t value = 0;
    TRY(spine_arguments_whole("--words", "5", 5, 20, &value, &err));
    assert_int_equal(value, 5);
    TRY(spine_arguments_whole("--words", "20", 5, 20, &value, &err));
    assert_int_equal(value, 20);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT_REFUSED(spine_arguments_whole("--words", wrong[i], 5, 20, &value, &err),
                       "--words: '%s' is not a whole number from 5 to 20", wrong[i]);
    assert_int_equal(value, 20);
}

/* mpirun, told to end, reads nothing more of what its ranks write. */
static void test_the_last_line_waits_for_no_reader_after_SIGTERM(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        int ends[2] = {-1, -1};
        struct spine_error failure;
        if (pipe(ends) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
            _exit(1);
        while (write(ends[1], "full ", 5) == 5)
            continue;
        fcntl(ends[1], F_SETFL, 0);
        dup2(ends[1], STDERR_FILENO);
        alarm(20); /* it would wait for ever */
        spine_interrupt_install();
        raise(SIGTERM);
        _exit(spine_arguments_finish("tool", spine_fail(&failure, "no"), &failure));
    }

    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SPINE_EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_come_one_by_one),
        cmocka_unit_test(test_what_is_no_option_is_refused),
        cmocka_unit_test(test_whole_numbers_have_bounds),
        cmocka_unit_test(test_the_last_line_waits_for_no_reader_after_SIGTERM),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
