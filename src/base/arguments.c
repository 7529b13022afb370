/* arguments.c -- command lines of the programs. */
#include "spine/base/arguments.h"

#include <stdint.h>
#include <stdio.h>

#include "spine/base/log.h"
#include "spine/base/number.h"

/* Seven parameters: those of getopt_long(), and the program's name for messages. */
int spine_arguments_next(const char *program, int argc, char **argv, const char *letters,
                         const struct option *options, int *option, struct spine_error *err)
{
    opterr = 0;
    *option = getopt_long(argc, argv, letters, options, NULL);
    if (*option == -1)
        return 0;
    if (*option == ':')
        return spine_refuse(err, "%s: needs a value; see %s --help", argv[optind - 1], program);
    if (*option == '?' && optopt == 'h')
        *option = SPINE_ARGUMENT_HELP;
    if (*option != '?')
        return 1;

    if (optopt >= SPINE_ARGUMENT_HELP) /* one of ours, written --quiet=yes */
        return spine_refuse(err, "%s: takes no value; see %s --help", argv[optind - 1], program);
    if (optopt != 0) /* getopt_long() is still inside -xyz, and optind before it */
        return spine_refuse(err, "-%c: unknown option; see %s --help", optopt, program);
    return spine_refuse(err, "%s: unknown option; see %s --help", argv[optind - 1], program);
}

bool spine_arguments_answer(const char *program, const char *usage, int option)
{
    if (option == SPINE_ARGUMENT_HELP)
        fputs(usage, stdout);
    else if (option == SPINE_ARGUMENT_VERSION)
        printf("%s %s\n", program, SPINE_VERSION);
    return option == SPINE_ARGUMENT_HELP || option == SPINE_ARGUMENT_VERSION;
}

int spine_arguments_whole(const char *option, const char *text, size_t least, size_t most,
                          size_t *value, struct spine_error *err)
{
    const size_t limit = most < INT64_MAX ? most : INT64_MAX;
    int64_t number;

    if (spine_number_whole(text, (int64_t)least, (int64_t)limit, &number))
        return spine_refuse(err, "%s: '%s' is not a whole number from %zu to %zu", option, text,
                            least, most);
    *value = (size_t)number;
    return 0;
}

int spine_arguments_finish(const char *program, int rc, struct spine_error *err)
{
    return spine_arguments_finish_rank(program, 0, rc, err);
}

int spine_arguments_finish_rank(const char *program, int rank, int rc, struct spine_error *err)
{
    if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        rc = spine_fail(err, "can't write to the standard output");
    if (rc == 0)
        return SPINE_EXIT_DONE;
    if (rank == 0)
        spine_log_failure(program, err->text);
    return err->status;
}
