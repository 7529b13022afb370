/* arguments.h -- command lines of the programs.
 *
 *     while ((rc = spine_arguments_next(name, argc, argv, ":o:", options, &option, err)) > 0)
 *         ... use option and optarg
 *     ... argv[optind] is the first operand
 *
 * Unknown options are refused, as are numbers out of bounds or with trailing characters. */
#ifndef SPINE_BASE_ARGUMENTS_H
#define SPINE_BASE_ARGUMENTS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "spine/base/error.h"

/* Values of options without a letter; a program numbers its own from SPINE_ARGUMENT_OWN. */
enum { SPINE_ARGUMENT_HELP = 256, SPINE_ARGUMENT_VERSION, SPINE_ARGUMENT_OWN };

/* The end of every table of options. */
/* clang-format off */
#define SPINE_ARGUMENTS_COMMON                                                                     \
    {"help", no_argument, NULL, SPINE_ARGUMENT_HELP},                                              \
    {"version", no_argument, NULL, SPINE_ARGUMENT_VERSION},                                        \
    {NULL, 0, NULL, 0}
/* clang-format on */

/* Find the next option by getopt_long(): its value goes to *option, its argument to optarg.
 * 'letters' begins with a colon and has no h: -h means --help. Returns 1; 0 when none is left; -1
 * when the option is refused. */
int spine_arguments_next(const char *program, int argc, char **argv, const char *letters,
                         const struct option *options, int *option, struct spine_error *err);

/* Answer --help and --version by printing the help or the version. Returns whether the option was
 * one of the two. */
bool spine_arguments_answer(const char *program, const char *usage, int option);

/* Parse a whole number in [least, most]; messages name 'option', such as "--words". */
int spine_arguments_whole(const char *option, const char *text, size_t least, size_t most,
                          size_t *value, struct spine_error *err);

/* End main(): flush stdout, print the error on stderr if rc isn't 0, and return the exit status. */
int spine_arguments_finish(const char *program, int rc, struct spine_error *err);

/* The same in a program of several ranks: only rank 0 prints the error. */
int spine_arguments_finish_rank(const char *program, int rank, int rc, struct spine_error *err);

#endif
