/* spine-top.c -- look at a model: the dimensions of a word, the words of a dimension. */
#include "spine/arguments.h"
#include "spine/tops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char program[] = "spine-top";

static const char usage[] =
    "Usage: spine-top [OPTION...] RUN [WORD...]\n"
    "\n"
    "RUN is the directory of a merged run, or a codes.h5ad file. For each WORD, print the\n"
    "dimensions of its code, strongest first, each with the words that it is strongest for.\n"
    "Without words, print the best-filled dimensions: those whose top words are strongest on\n"
    "average.\n"
    "\n"
    "  --dimension=J    print this dimension, counted from 0; may be repeated\n"
    "  --dimensions=N   how many dimensions to print for a word, or without words [10]\n"
    "  --words=N        how many words to print for a dimension [10]\n"
    "  --help, --version\n"
    "\n"
    "Codes end at 1: dimensions and words that are tied there are ordered by the value before\n"
    "the clamp, then by row (dimensions by number).\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or the file is wrong.\n";

struct request {
    const char *run;
    char *const *words;
    int num_words;
    size_t num_dimensions, num_tops;
    size_t *dimensions; /* asked for by number */
    size_t num_asked;
};

/* The run's merged file: RUN itself, or codes.h5ad in the directory RUN. */
static int open_run(struct spine_codes *codes, const char *run, struct spine_error *err)
{
    char path[SPINE_PATH];
    struct stat facts;
    if (stat(run, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return spine_codes_open_merged(codes, run, err);
    if (snprintf(path, sizeof path, "%s/codes.h5ad", run) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", run);
    if (stat(path, &facts) != 0)
        return spine_refuse(err, "%s: has no codes.h5ad; 'spine-merge %s' makes it", run, run);
    return spine_codes_open_merged(codes, path, err);
}

static void print_words(const struct spine_tops *tops, size_t unit)
{
    if (tops->count[unit] == 0)
        printf(" (no word)");
    for (size_t place = 0; place < tops->count[unit]; place++)
        printf(" %s", spine_tops_word(tops, unit, place));
    putchar('\n');
}

static int print_dimension(const struct spine_tops *tops, size_t unit, struct spine_error *err)
{
    if (unit >= tops->hidden)
        return spine_refuse(err, "--dimension: %zu is not below %zu, the number of dimensions",
                            unit, tops->hidden);
    printf("dimension %zu: on for %zu of %zu words\n", unit, tops->active[unit], tops->words.count);
    for (size_t place = 0; place < tops->count[unit]; place++)
        printf("  %6.3f  %s\n", (double)spine_tops_get(tops, unit, place)->strength,
               spine_tops_word(tops, unit, place));
    return 0;
}

static int print_best(const struct spine_tops *tops, size_t num_dimensions)
{
    char *printed = calloc(tops->hidden, 1);
    if (printed == NULL)
        return -1;
    for (size_t i = 0; i < num_dimensions && i < tops->hidden; i++) {
        size_t best = tops->hidden;
        for (size_t unit = 0; unit < tops->hidden; unit++)
            if (!printed[unit] &&
                (best == tops->hidden || spine_tops_mean(tops, unit) > spine_tops_mean(tops, best)))
                best = unit;
        printed[best] = 1;
        printf("%6zu ", best);
        print_words(tops, best);
    }
    free(printed);
    return 0;
}

static int find_row(const struct spine_words *words, const char *word, size_t *row)
{
    for (*row = 0; *row < words->count; ++*row)
        if (strcmp(spine_words_get(words, *row), word) == 0)
            return 0;
    return -1;
}

static int print_word(struct spine_codes *codes, const struct spine_tops *tops, const char *word,
                      size_t num_dimensions, struct spine_error *err)
{
    size_t row, count;
    struct spine_unit *units;
    if (find_row(&tops->words, word, &row))
        return spine_refuse(err, "'%s' is not among the %zu words", word, tops->words.count);
    if (spine_tops_units_of(codes, row, &units, &count, err))
        return -1;
    printf("%s: %zu dimensions\n", word, count);
    for (size_t i = 0; i < count && i < num_dimensions; i++) {
        printf("  %6.3f %6zu ", (double)units[i].strength, units[i].unit);
        print_words(tops, units[i].unit);
    }
    free(units);
    return 0;
}

static int answer(const struct request *request, struct spine_error *err)
{
    struct spine_codes codes;
    struct spine_tops tops;
    if (open_run(&codes, request->run, err))
        return -1;
    int rc = spine_tops_init(&tops, &codes, request->num_tops, err);
    if (rc == 0 && request->num_words == 0 && request->num_asked == 0 &&
        print_best(&tops, request->num_dimensions))
        rc = spine_fail(err, "out of memory for %zu dimensions", tops.hidden);
    for (size_t i = 0; rc == 0 && i < request->num_asked; i++)
        rc = print_dimension(&tops, request->dimensions[i], err);
    for (int i = 0; rc == 0 && i < request->num_words; i++)
        rc = print_word(&codes, &tops, request->words[i], request->num_dimensions, err);
    spine_tops_dispose(&tops);
    spine_codes_close(&codes);
    return rc;
}

enum { DIMENSION = SPINE_ARGUMENT_OWN, DIMENSIONS, WORDS };

/* Returns 1 when the option was answered, and nothing is left to do. */
static int parse_arguments(int argc, char **argv, struct request *request, struct spine_error *err)
{
    static const struct option options[] = {{"dimension", required_argument, NULL, DIMENSION},
                                            {"dimensions", required_argument, NULL, DIMENSIONS},
                                            {"words", required_argument, NULL, WORDS},
                                            SPINE_ARGUMENTS_COMMON};
    int option, rc;
    while ((rc = spine_arguments_next(program, argc, argv, ":", options, &option, err)) > 0) {
        if (spine_arguments_answer(program, usage, option))
            return 1;
        if (option == DIMENSION)
            rc = spine_arguments_whole("--dimension", optarg, 0, INT32_MAX,
                                       &request->dimensions[request->num_asked++], err);
        else if (option == DIMENSIONS)
            rc = spine_arguments_whole("--dimensions", optarg, 1, 1000000, &request->num_dimensions,
                                       err);
        else
            rc = spine_arguments_whole("--words", optarg, 1, 100000, &request->num_tops, err);
        if (rc != 0)
            return -1;
    }
    if (rc != 0)
        return -1;
    if (optind == argc)
        return spine_refuse(err, "the directory of a run is missing; see spine-top --help");
    request->run = argv[optind];
    request->words = argv + optind + 1;
    request->num_words = argc - optind - 1;
    return 0;
}

int main(int argc, char **argv)
{
    struct spine_error err;
    struct request request = {.num_dimensions = 10, .num_tops = 10};
    request.dimensions = calloc((size_t)argc, sizeof *request.dimensions);
    int rc = request.dimensions == NULL ? spine_fail(&err, "out of memory")
                                        : parse_arguments(argc, argv, &request, &err);
    if (rc == 0)
        rc = answer(&request, &err);
    free(request.dimensions);
    return spine_arguments_finish(program, rc < 0 ? rc : 0, &err);
}
