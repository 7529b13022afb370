/* spine-convert.c -- text embeddings to HDF5: the command line. */
#include "spine/convert.h"
#include "spine/log.h"
#include "spine/store.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: spine-convert [OPTION]... INPUT OUTPUT\n"
    "Convert word vectors from text (GloVe, word2vec, fastText; plain, gzip or zstd) to HDF5.\n"
    "Run under mpirun, all ranks read and write together.\n"
    "\n"
    "  --header yes|no      is the first line a header, rows and dimension? (default: look)\n"
    "  --on-bad stop|skip   rows with NaN or Inf and repeated words: stop at the first (default),\n"
    "                       or leave them out and say so\n"
    "  --limit N            read the first N rows only\n"
    "  --verbose            also say what took how long\n"
    "  --help               print this and exit\n"
    "  --version            print the version and exit\n"
    "\n"
    "OUTPUT gets the datasets /vectors (N, D) and /words (N).\n"
    "Exit status: 0 done, 1 failed, 2 the command line or the input is wrong.\n";

enum action { CONVERT, PRINT_HELP, PRINT_VERSION };

struct command {
    enum action action;
    struct spine_convert_options options;
    bool is_verbose;
};

static int set_header(struct command *command, const char *value, struct spine_error *err)
{
    if (strcmp(value, "yes") == 0)
        command->options.header = SPINE_HEADER_YES;
    else if (strcmp(value, "no") == 0)
        command->options.header = SPINE_HEADER_NO;
    else
        return spine_refuse(err, "--header: expected yes or no, got '%s'", value);
    return 0;
}

static int set_on_bad(struct command *command, const char *value, struct spine_error *err)
{
    command->options.skip_bad = strcmp(value, "skip") == 0;
    if (!command->options.skip_bad && strcmp(value, "stop") != 0)
        return spine_refuse(err, "--on-bad: expected stop or skip, got '%s'", value);
    return 0;
}

static int set_limit(struct command *command, const char *value, struct spine_error *err)
{
    char *end;
    errno = 0;
    const long long limit = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || limit < 1)
        return spine_refuse(err, "--limit: expected a whole number from 1, got '%s'", value);
    command->options.limit = (uint64_t)limit;
    return 0;
}

static int set_paths(struct command *command, int count, char **paths, struct spine_error *err)
{
    if (count != 2)
        return spine_refuse(err, "expected two paths, INPUT and OUTPUT, got %d; see --help", count);
    command->options.input = paths[0];
    command->options.output = paths[1];
    return 0;
}

static int parse_arguments(struct command *command, int argc, char **argv, struct spine_error *err)
{
    static const struct option options[] = {
        {"header", required_argument, NULL, 'e'},
        {"on-bad", required_argument, NULL, 'b'},
        {"limit", required_argument, NULL, 'l'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int letter, rc = 0;
    while (rc == 0 && (letter = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (letter) {
        case 'e':
            rc = set_header(command, optarg, err);
            break;
        case 'b':
            rc = set_on_bad(command, optarg, err);
            break;
        case 'l':
            rc = set_limit(command, optarg, err);
            break;
        case 'v':
            command->is_verbose = true;
            break;
        case 'h':
        case 'V':
            command->action = letter == 'h' ? PRINT_HELP : PRINT_VERSION;
            return 0;
        case ':':
            return spine_refuse(err, "%s needs a value; see --help", argv[optind - 1]);
        default:
            return spine_refuse(err, "%s is not an option, or not used like this; see --help",
                                argv[optind - 1]);
        }
    }
    return rc ? rc : set_paths(command, argc - optind, argv + optind, err);
}

static int act(struct spine_comm *comm, const struct command *command, struct spine_error *err)
{
    if (command->action == CONVERT)
        return spine_convert(comm, &command->options, err);
    if (comm->rank != 0)
        return 0;
    if (command->action == PRINT_HELP)
        fputs(usage, stdout);
    else
        puts("spine-convert " SPINE_VERSION);
    return 0;
}

int main(int argc, char **argv)
{
    struct spine_comm comm;
    struct spine_error err;
    struct command command = {.action = CONVERT};
    spine_store_init();
    spine_comm_init(&comm, &argc, &argv);
    /* All ranks have the same arguments and come to the same result. */
    int rc = parse_arguments(&command, argc, argv, &err);
    spine_log_init("spine-convert", comm.rank, comm.size,
                   command.is_verbose ? SPINE_LOG_VERBOSE : SPINE_LOG_INFO);
    if (rc == 0)
        rc = act(&comm, &command, &err);
    if (rc != 0 && comm.rank == 0)
        fprintf(stderr, "spine-convert: %s\n", err.text);
    spine_comm_finalize(&comm);
    return rc != 0 ? err.status : SPINE_EXIT_DONE;
}
