/* spine-encode.c -- encode vectors with a trained model: the command line. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/arguments.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/files/store.h"
#include "spine/ranks/comm.h"
#include "spine/space/encode.h"

static const char program[] = "spine-encode";

static const char usage[] =
    "Usage: spine-encode [OPTION...] RUN FILE [WORD...]\n"
    "\n"
    "Encode the vectors of FILE, which may be in any form that spine-convert reads, with the\n"
    "trained model of RUN. Under mpirun, the ranks divide the work. The suffix of the output's\n"
    "name selects the format:\n"
    "\n" SPINE_OUTPUT_FORMATS "\n"
    "  -o, --output=FILE   where to write; may be repeated\n"
    "  --decode            decode: FILE has codes, the outputs get vectors\n"
    "  --words-from=FILE   words for a FILE without words, such as .npy: a word a line, an\n"
    "                      array or a dataset of strings\n"
    "  --words             print the codes of the WORDs: word, dimension, value, top "
    "words\n" SPINE_OUTPUT_USAGE "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line, the run or the input is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-encode run rare-words.txt -o rare.h5ad\n"
    "  $ mpirun -np 8 spine-encode run glove.840B.300d.zip -o all.npz --top=30\n"
    "  $ spine-encode run glove.txt --words remote music\n";

struct command {
    int question; /* --help or --version; else 0 */
    bool has_words;
    const char **outputs; /* owned */
    struct spine_encode_options options;
};

enum { DECODE = SPINE_ARGUMENT_OWN, WORDS, WORDS_FROM };

static int set_operands(struct command *command, int count, char **operands,
                        struct spine_error *err)
{
    struct spine_encode_options *options = &command->options;

    if (count < 2)
        return spine_refuse(err, "expected the directory of a run and a file; see %s --help",
                            program);
    if (!command->has_words && count > 2)
        return spine_refuse(err, "'%s': expected one run and one file, and words after --words",
                            operands[2]);
    if (command->has_words && count == 2)
        return spine_refuse(err, "--words: expected words after the file");
    if (!command->has_words && options->num_outputs == 0)
        return spine_refuse(err, "expected an output, -o FILE, or --words; see %s --help", program);

    options->run = operands[0];
    options->input = operands[1];
    options->words = (const char *const *)operands + 2;
    options->num_words = (size_t)(count - 2);
    return 0;
}

static int parse_arguments(struct command *command, int argc, char **argv, struct spine_error *err)
{
    static const struct option table[] = {{"output", required_argument, NULL, 'o'},
                                          {"decode", no_argument, NULL, DECODE},
                                          {"words", no_argument, NULL, WORDS},
                                          {"words-from", required_argument, NULL, WORDS_FROM},
                                          SPINE_OUTPUT_ARGUMENTS,
                                          SPINE_ARGUMENTS_COMMON};
    struct spine_encode_options *options = &command->options;
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":o:", table, &option, err)) > 0) {
        const int is_common = spine_output_argument(&options->output, option, optarg, err);
        if (is_common < 0)
            return -1;
        if (is_common > 0)
            continue;
        if (option == 'o')
            command->outputs[options->num_outputs++] = optarg;
        else if (option == DECODE)
            options->decode = true;
        else if (option == WORDS_FROM)
            options->words_from = optarg;
        else if (option == WORDS)
            command->has_words = true;
        else
            command->question = option;
        if (command->question != 0)
            return 0;
    }
    if (rc != 0)
        return -1;
    return set_operands(command, argc - optind, argv + optind, err);
}

int main(int argc, char **argv)
{
    struct spine_comm comm;
    struct spine_error err;
    struct command command = {0};
    spine_store_init();
    spine_comm_init(&comm, &argc, &argv);
    spine_log_init(program, comm.rank, comm.size, SPINE_LOG_INFO);

    command.outputs =
        spine_memory_zeroed((size_t)argc + 1, sizeof *command.outputs, "the command line", &err);
    command.options.outputs = command.outputs;
    int rc = command.outputs == NULL ? -1 : parse_arguments(&command, argc, argv, &err);
    rc = spine_comm_agree(&comm, rc, &err);
    if (rc == 0 && command.question == 0)
        rc = spine_encode(&comm, &command.options, &err);
    else if (rc == 0 && comm.rank == 0)
        spine_arguments_answer(program, usage, command.question);
    const int status = spine_arguments_finish_rank(program, comm.rank, rc, &err);

    free(command.outputs);
    spine_comm_finalize(&comm);
    return status;
}
