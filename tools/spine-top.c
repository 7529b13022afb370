/* spine-top.c -- explore codes: the dimensions of a word, the words of a dimension. */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/arguments.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/space/listing.h"

static const char program[] = "spine-top";

static const char usage[] =
    "Usage: spine-top [OPTION...] RUN [WORD...]\n"
    "\n"
    "RUN is the directory of a run, codes in any form that spine-merge writes, but .tsv, or an\n"
    "embedding in any form that spine-convert reads. For each WORD, print the dimensions of its\n"
    "code, strongest first, each with its top words. A WORD that isn't among the words is tried\n"
    "in lower and in upper case; then, a number is a dimension, and a WORD with *, ? or [...] is\n"
    "a pattern that prints all words that match. Words that begin with - follow --. Without\n"
    "words, print the dimensions whose top words are strongest on average.\n"
    "\n"
    "  --dimension=J    print this dimension, counted from 0; may be repeated\n"
    "  --near=WORD      print the words whose codes have the greatest cosine with that of WORD;\n"
    "                   may be repeated\n"
    "  --scale=columns  with --near: divide each dimension by the standard deviation of its\n"
    "                   values first, so that rare dimensions count as much\n"
    "  --dimensions=N   number of dimensions to print for a word, or without words [10]\n"
    "  --words=N        number of words to print for a dimension, and near a word [10]\n"
    "  --words-from=FILE\n"
    "                   words for a RUN without words, such as .npy: a word a line, an array\n"
    "                   or a dataset of strings [NAME.words.txt beside it, or row numbers]\n"
    "  --json           print one JSON object\n"
    "  --dump           print all dimensions as TSV: dimension, number of words that activate it,\n"
    "                   and its top words, each with its strength\n"
    "  --for-labelling  print all dimensions as JSON, one object a line: top words with their\n"
    "                   activations, and contrast words; for programs that name dimensions\n"
    "  --help, --version\n"
    "\n"
    "Where codes are clamped at 1 (model.cap; nnse's aren't), dimensions and words that are equal\n"
    "there are ordered by the value before the clamp, then by row (dimensions by number).\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or the file is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-top run remote music\n"
    "  $ spine-top run 'comp*' --near=king\n"
    "  $ spine-top run 93 -- -lrb-\n"
    "  $ spine-top run --dump --words=50 >dimensions.tsv\n";

enum {
    DIMENSION = SPINE_ARGUMENT_OWN,
    DIMENSIONS,
    WORDS,
    WORDS_FROM,
    NEAR,
    SCALE,
    JSON,
    DUMP,
    FOR_LABELLING
};

struct request {
    struct spine_listing_options options;
    char *const *words;
    size_t num_words;
    size_t *dimensions; /* owned; given by number */
    size_t num_dimensions;
    const char **near; /* owned; words */
    size_t num_near;
    int dump, for_labelling;
};

static int set_option(struct request *request, int option, struct spine_error *err)
{
    switch (option) {
    case DIMENSION:
        return spine_arguments_whole("--dimension", optarg, 0, INT32_MAX,
                                     &request->dimensions[request->num_dimensions++], err);
    case DIMENSIONS:
        return spine_arguments_whole("--dimensions", optarg, 1, 1000000,
                                     &request->options.most_dimensions, err);
    case WORDS:
        return spine_arguments_whole("--words", optarg, 1, 100000, &request->options.most_words,
                                     err);
    case WORDS_FROM:
        request->options.words = optarg;
        return 0;
    case NEAR:
        request->near[request->num_near++] = optarg;
        return 0;
    case SCALE:
        request->options.is_scaled = true;
        if (strcmp(optarg, "columns") != 0)
            return spine_refuse(err, "--scale: expected columns, got '%.60s'", optarg);
        return 0;
    case JSON:
        request->options.as_json = true;
        return 0;
    case FOR_LABELLING:
        request->for_labelling = 1;
        return 0;
    default:
        request->dump = 1;
        return 0;
    }
}

/* Returns 1 if --help or --version was answered and nothing else is to be done. */
static int parse_arguments(int argc, char **argv, struct request *request, struct spine_error *err)
{
    static const struct option options[] = {{"dimension", required_argument, NULL, DIMENSION},
                                            {"dimensions", required_argument, NULL, DIMENSIONS},
                                            {"words", required_argument, NULL, WORDS},
                                            {"words-from", required_argument, NULL, WORDS_FROM},
                                            {"near", required_argument, NULL, NEAR},
                                            {"scale", required_argument, NULL, SCALE},
                                            {"json", no_argument, NULL, JSON},
                                            {"dump", no_argument, NULL, DUMP},
                                            {"for-labelling", no_argument, NULL, FOR_LABELLING},
                                            SPINE_ARGUMENTS_COMMON};
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":", options, &option, err)) > 0) {
        if (spine_arguments_answer(program, usage, option))
            return 1;
        if (set_option(request, option, err))
            return -1;
    }

    if (rc != 0 && option == '?' && optopt < SPINE_ARGUMENT_HELP) {
        const struct spine_error plain = *err;
        return spine_refuse(err, "%s; words that begin with - follow --: spine-top RUN -- -WORD",
                            plain.text);
    }
    if (rc != 0)
        return -1;
    if (optind == argc)
        return spine_refuse(err, "the directory of a run is missing; see spine-top --help");
    request->options.path = argv[optind];
    request->words = argv + optind + 1;
    request->num_words = (size_t)(argc - optind - 1);
    const int asked = request->num_words + request->num_dimensions + request->num_near > 0;
    if (request->dump && (asked || request->options.as_json))
        return spine_refuse(err,
                            "--dump prints all dimensions as TSV and can be combined only with "
                            "--words%s",
                            request->options.as_json
                                ? "; for JSON: --for-labelling, or --json --dimensions=N"
                                : "");

    if (request->options.is_scaled &&
        (request->num_near == 0 || request->num_words + request->num_dimensions > 0))
        return spine_refuse(err,
                            "--scale can be used only with --near, without words and --dimension");

    if (request->for_labelling && (asked || request->options.as_json || request->dump))
        return spine_refuse(err,
                            "--for-labelling prints all dimensions and can be combined only with "
                            "--words");

    return 0;
}

static int answer(const struct request *request, struct spine_listing *listing,
                  struct spine_error *err)
{
    int rc = 0;
    if (request->dump)
        rc = spine_listing_dump(listing, err);
    else if (request->for_labelling)
        rc = spine_listing_for_labelling(listing, err);
    else if (request->num_words + request->num_dimensions + request->num_near == 0)
        rc = spine_listing_best(listing, err);

    for (size_t i = 0; rc == 0 && i < request->num_dimensions; i++)
        rc = spine_listing_dimension(listing, request->dimensions[i], err);
    for (size_t i = 0; rc == 0 && i < request->num_words; i++)
        rc = spine_listing_word(listing, request->words[i], err);
    for (size_t i = 0; rc == 0 && i < request->num_near; i++)
        rc = spine_listing_near(listing, request->near[i], err);

    return rc == 0 ? spine_listing_end(listing, err) : -1;
}

int main(int argc, char **argv)
{
    struct spine_error err;
    struct spine_listing listing;
    struct request request = {.options = {.most_dimensions = 10, .most_words = 10}};
    request.dimensions =
        spine_memory_zeroed((size_t)argc, sizeof *request.dimensions, "the command line", &err);
    request.near =
        spine_memory_zeroed((size_t)argc, sizeof *request.near, "the command line", &err);
    spine_log_init(program, 0, 1, SPINE_LOG_INFO);
    setlocale(LC_CTYPE, "C.UTF-8"); /* a pattern's ? is a character */
    int rc = request.dimensions == NULL || request.near == NULL
                 ? -1
                 : parse_arguments(argc, argv, &request, &err);
    if (rc == 0)
        rc = spine_listing_open(&listing, &request.options, stdout, &err);

    if (rc == 0) {
        rc = answer(&request, &listing, &err);
        spine_listing_close(&listing);
    }

    free(request.dimensions);
    free(request.near);
    return spine_arguments_finish(program, rc < 0 ? rc : 0, &err);
}
