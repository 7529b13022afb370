/* spine-convert.c -- convert embeddings to HDF5: the command line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/arguments.h"
#include "spine/base/log.h"
#include "spine/files/convert.h"
#include "spine/files/store.h"
#include "spine/ranks/comm.h"

static const char program[] = "spine-convert";

static const char usage[] =
    "Usage: spine-convert [OPTION...] INPUT OUTPUT\n"
    "\n"
    "Convert word vectors to HDF5: the datasets /vectors (N, D) and /words (N) of OUTPUT. Under\n"
    "mpirun, all ranks read and write together.\n"
    "\n"
    "INPUT may be text (GloVe, word2vec, fastText), a binary file of word2vec or fastText,\n"
    "NumPy's .npy or .npz, safetensors, HDF5 or AnnData (.h5ad). It is recognised by its first\n"
    "bytes. It may be compressed by gzip, zstd, xz or bzip2, or be a file in a zip archive\n"
    "(FILE.zip:NAME), a dataset (FILE.h5:/NAME), an array (FILE.npz:NAME) or standard input (-).\n"
    "\n"
    "  --from=FORM          text, word2vec, fasttext, npy, safetensors or hdf5 [auto: by its first "
    "bytes]\n"
    "  --words=FILE         words for a matrix without words: a word a line, an array or a\n"
    "                       dataset of strings [row numbers]\n"
    "  --tensor=NAME        the tensor to read from a safetensors file [the only matrix]\n"
    "  --header=yes|no|skip whether the first line of text is a header (rows and dimension);\n"
    "                       skip: ignore the first line [detected]\n"
    "  --on-bad=stop|skip   rows with NaN or Inf, without a word, with a wrong count of numbers\n"
    "                       or with a duplicate word: stop at the first, or leave them out and\n"
    "                       report them [stop]\n"
    "  --limit=N            read the first N rows only\n"
    "  --verbose            also print how long each part took\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or the input is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-convert glove.6B.300d.txt glove.h5\n"
    "  $ mpirun -np 8 spine-convert wiki-news-300d-1M.vec.gz fasttext.h5\n"
    "  $ spine-convert GoogleNews-vectors-negative300.bin.gz word2vec.h5\n"
    "  $ spine-convert --words=vocab.txt model.safetensors:embeddings.weight model.h5\n";

struct command {
    int question; /* --help or --version; else 0 */
    struct spine_convert_options options;
    bool is_verbose;
};

static int set_header(struct command *command, const char *value, struct spine_error *err)
{
    if (strcmp(value, "yes") == 0)
        command->options.source.header = SPINE_HEADER_YES;
    else if (strcmp(value, "no") == 0)
        command->options.source.header = SPINE_HEADER_NO;
    else if (strcmp(value, "skip") == 0)
        command->options.source.header = SPINE_HEADER_SKIP;
    else
        return spine_refuse(err, "--header: expected yes, no or skip, got '%s'", value);
    return 0;
}

static int set_on_bad(struct command *command, const char *value, struct spine_error *err)
{
    command->options.skip_bad = strcmp(value, "skip") == 0;
    if (!command->options.skip_bad && strcmp(value, "stop") != 0)
        return spine_refuse(err, "--on-bad: expected stop or skip, got '%s'", value);
    return 0;
}

static int set_paths(struct command *command, int count, char **paths, struct spine_error *err)
{
    if (count != 2)
        return spine_refuse(err, "expected two paths, INPUT and OUTPUT, got %d; see --help", count);
    if (strcmp(paths[1], "-") == 0)
        return spine_refuse(err, "-: HDF5 can't be written to standard output; name a file");
    command->options.source.path = paths[0];
    command->options.output = paths[1];
    return 0;
}

/* Warn about a name that readers, and other programs, take for that of another form. */
static void check_name(const char *path)
{
    static const char *const others[] = {".txt", ".vec", ".bin",  ".npy",        ".npz",
                                         ".csv", ".tsv", ".gz",   ".zst",        ".xz",
                                         ".bz2", ".zip", ".h5ad", ".safetensors"};
    const char *suffix = strrchr(path, '.');

    for (size_t i = 0; suffix != NULL && i < sizeof others / sizeof *others; i++)
        if (strcmp(suffix, others[i]) == 0)
            spine_log_warning("%s: is HDF5, whatever its name says; %s.h5 would tell", path, path);
}

enum { HEADER = SPINE_ARGUMENT_OWN, ON_BAD, LIMIT, VERBOSE, FROM, WORDS, TENSOR };

static int parse_arguments(struct command *command, int argc, char **argv, struct spine_error *err)
{
    static const struct option options[] = {
        {"header", required_argument, NULL, HEADER}, {"on-bad", required_argument, NULL, ON_BAD},
        {"limit", required_argument, NULL, LIMIT},   {"from", required_argument, NULL, FROM},
        {"words", required_argument, NULL, WORDS},   {"tensor", required_argument, NULL, TENSOR},
        {"verbose", no_argument, NULL, VERBOSE},     SPINE_ARGUMENTS_COMMON};
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":", options, &option, err)) > 0) {
        rc = 0;
        if (option == HEADER)
            rc = set_header(command, optarg, err);
        else if (option == ON_BAD)
            rc = set_on_bad(command, optarg, err);
        else if (option == LIMIT)
            rc = spine_arguments_whole("--limit", optarg, 1, 1000000000000, &command->options.limit,
                                       err);
        else if (option == FROM)
            rc = spine_form_parse(optarg, &command->options.source.form, err);
        else if (option == WORDS)
            command->options.source.words = optarg;
        else if (option == TENSOR)
            command->options.source.tensor = optarg;
        else if (option == VERBOSE)
            command->is_verbose = true;
        else
            command->question = option;
        if (rc != 0)
            return -1;
        if (command->question)
            return 0;
    }

    return rc ? rc : set_paths(command, argc - optind, argv + optind, err);
}

int main(int argc, char **argv)
{
    struct spine_comm comm;
    struct spine_error err;
    struct command command = {.options.report = stdout};

    spine_store_init();
    spine_comm_init(&comm, &argc, &argv);
    int rc = parse_arguments(&command, argc, argv, &err);
    rc = spine_comm_agree(&comm, rc, &err);
    spine_log_init(program, comm.rank, comm.size,
                   command.is_verbose ? SPINE_LOG_VERBOSE : SPINE_LOG_INFO);

    if (rc == 0 && command.question == 0)
        rc = spine_convert(&comm, &command.options, &err);
    if (rc == 0 && comm.rank == 0 && command.question == 0)
        check_name(command.options.output);
    else if (rc == 0 && comm.rank == 0)
        spine_arguments_answer(program, usage, command.question);

    const int status = spine_arguments_finish_rank(program, comm.rank, rc, &err);
    spine_comm_finalize(&comm);

    return status;
}
