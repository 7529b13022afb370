/* spine-compat.c -- train with the command line of the published SPINE program. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/arguments.h"
#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/base/path.h"
#include "spine/config/combination.h"
#include "spine/config/config.h"
#include "spine/config/option.h"
#include "spine/files/cache.h"
#include "spine/files/merge.h"
#include "spine/files/rundir.h"
#include "spine/files/store.h"
#include "spine/ranks/comm.h"
#include "spine/train/train.h"

static const char program[] = "spine-compat";

static const char usage[] =
    "Usage: spine-compat [OPTION...] [section.key=value...]\n"
    "  or:  mpirun -np RANKS spine-compat [OPTION...] [section.key=value...]\n"
    "\n"
    "Convert, train and merge as main.py of github.com/harsh19/SPINE does, with its options and\n"
    "defaults, SGD with learning rate 0.1 and unscaled input. Write its output: one line a word,\n"
    "the word and all values. At the end, print the command that trains SPINE in 60 epochs.\n"
    "\n"
    "  --input=FILE        vectors in any form that spine-convert reads [data/glove.6B.300d.txt]\n"
    "  --output=FILE       the codes, as text [INPUT.spine]; the run is in FILE.run\n"
    "  --hdim=N            dimensions of a code [1000]\n"
    "  --denoising         add noise to the input, as main.py also when the final codes are\n"
    "                      computed; not then with output.noisy_codes=no\n"
    "  --noise=STD         standard deviation of that noise [0.2]\n"
    "  --num_epochs=N      passes over the input [100]\n"
    "  --batch_size=N      rows of a step [64]\n"
    "  --sparsity=SHARE    wanted mean of 1 - h [0.85]\n"
    "  --help, --version\n"
    "\n"
    "Words section.key=value set any other option of spine-mpi, such as train.seed=2.\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or the input is wrong;\n"
    "75 stopped early and saved: run the same command again.\n"
    "\n"
    "Examples:\n"
    "  $ spine-compat --input glove.txt --num_epochs 4000 --denoising --noise 0.2 \\\n"
    "        --sparsity 0.85 --output spine.txt --hdim 1000\n";

/* Settings that the published program fixes and whose defaults in spine-mpi differ. */
static const char *const published[][2] = {
    {"model.objective", "spine"}, {"data.center", "no"},          {"data.rms", "keep"},
    {"train.optimizer", "sgd"},   {"train.schedule", "constant"}, {"train.learning_rate", "0.1"},
    {"train.warmup", "0"},        {"train.rate_batch", "0"},
};

/* The published program's options, their names in spine-mpi, and defaults that differ. */
static const struct renamed {
    const char *name, *standard;
} renamed[] = {
    {"data.input", "data/glove.6B.300d.txt"},
    {"model.hidden", NULL},
    {"train.noise", "0.2"},
    {"train.epochs", "100"},
    {"train.batch_size", NULL},
    {"loss.sparsity", NULL},
};
enum { RENAMED = sizeof renamed / sizeof *renamed, FIRST = SPINE_ARGUMENT_OWN };
enum { DENOISING = FIRST + RENAMED, OUTPUT };

struct request {
    int question; /* --help or --version; else 0 */
    bool has_noise;
    char output[SPINE_CONFIG_TEXT];
    struct spine_config config;
};

static int set(struct spine_config *config, const char *name, const char *value,
               struct spine_error *err)
{
    struct spine_config_given given = {{false}};
    return spine_config_set(config, &given, name, value, err);
}

/* Set the published program's settings and defaults. */
static int init_request(struct request *request, struct spine_error *err)
{
    *request = (struct request){.question = 0};
    spine_config_init(&request->config);

    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (set(&request->config, published[i][0], published[i][1], err))
            return -1;
    for (size_t i = 0; i < RENAMED; i++)
        if (renamed[i].standard != NULL &&
            set(&request->config, renamed[i].name, renamed[i].standard, err))
            return -1;
    return 0;
}

/* Prefix a refusal of an option's value with the option. Returns -1. */
static int name_option(const char *name, struct spine_error *err)
{
    char text[sizeof err->text];
    strcpy(text, err->text);
    return spine_refuse(err, "--%s: %s", name, text);
}

/* Parse the options; the words after them are left. */
static int take_options(struct request *request, int argc, char **argv, struct spine_error *err)
{
    /* The first options are in the order of 'renamed'. */
    static const struct option options[] = {{"input", required_argument, NULL, FIRST},
                                            {"hdim", required_argument, NULL, FIRST + 1},
                                            {"noise", required_argument, NULL, FIRST + 2},
                                            {"num_epochs", required_argument, NULL, FIRST + 3},
                                            {"batch_size", required_argument, NULL, FIRST + 4},
                                            {"sparsity", required_argument, NULL, FIRST + 5},
                                            {"denoising", no_argument, NULL, DENOISING},
                                            {"output", required_argument, NULL, OUTPUT},
                                            SPINE_ARGUMENTS_COMMON};
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":", options, &option, err)) > 0)
        if (option == DENOISING)
            request->has_noise = true;
        else if (option == OUTPUT && strlen(optarg) >= sizeof request->output)
            return spine_refuse(err, "--output: '%.40s...' is too long", optarg);
        else if (option == OUTPUT)
            strcpy(request->output, optarg);
        else if (option >= FIRST && option < DENOISING) {
            if (set(&request->config, renamed[option - FIRST].name, optarg, err))
                return name_option(options[option - FIRST].name, err);
        } else
            request->question = option;
    return rc;
}

/* Refuse an output that would replace the input, or that can't be a file in the directory of the
 * run. */
static int check_output(const struct request *request, struct spine_error *err)
{
    const char *output = request->output;
    const size_t length = strlen(output);
    char directory[SPINE_CONFIG_TEXT + 8];
    struct stat out;

    if (spine_option_check_path(output, err))
        return name_option("output", err);
    snprintf(directory, sizeof directory, "%s.run", output);
    if (strcmp(request->config.directory, directory) != 0)
        return spine_refuse(
            err, "output.directory: with --output=FILE the run is in FILE.run; leave this out");

    const bool exists = stat(output, &out) == 0;
    if ((exists && !S_ISREG(out.st_mode)) || output[length - 1] == '/')
        return spine_refuse(err, "--output: '%.500s' is not a file; name one", output);
    if (spine_path_are_same(output, request->config.input))
        return spine_refuse(err, "--output: '%.500s' is the input; name another file", output);
    return 0;
}

/* Parse the command line. */
static int parse_arguments(struct request *request, int argc, char **argv, struct spine_error *err)
{
    struct spine_config *config = &request->config;
    if (init_request(request, err) || take_options(request, argc, argv, err))
        return -1;
    if (request->question != 0)
        return 0;

    /* Without --denoising there is no noise; with it, the final codes have noise, too. */
    config->noisy_codes = request->has_noise;
    if (!request->has_noise)
        config->noise = 0;
    if (request->output[0] == '\0' && snprintf(request->output, sizeof request->output, "%s.spine",
                                               config->input) >= (int)sizeof request->output)
        return spine_refuse(err, "--input: the name is too long");
    if (snprintf(config->directory, sizeof config->directory, "%s.run", request->output) >=
        (int)sizeof config->directory)
        return spine_refuse(err, "--output: the name is too long");

    if (spine_config_override(config, argv + optind, argc - optind, err) ||
        check_output(request, err))
        return -1;
    return spine_combination_check(config, err);
}

/* Write the codes of the run to the output. */
static int write_output(const struct request *request, struct spine_error *err)
{
    const char *directory = request->config.directory;
    char path[SPINE_RUNDIR_PATH], text[512];
    struct spine_merge_report report;

    /* The suffix of a name selects the format; the user's name may have any suffix. */
    if (spine_rundir_join(path, directory, "codes.txt", err) ||
        spine_merge_into(directory, path, NULL, NULL, &report, err))
        return -1;
    if (rename(path, request->output) != 0)
        return spine_fail(err, "%s: can't be renamed to %s: %s", path, request->output,
                          strerror(errno));
    spine_output_describe(&report.output, text, sizeof text);
    printf("%s: %s; the run is in %s\n", request->output, text, directory);
    return 0;
}

/* Print a word, quoted for the shell. */
static void print_quoted(const char *word)
{
    putchar('\'');
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    putchar('\'');
}

static void print_next(const struct request *request, const char *input, int ranks)
{
    fputs("What main.py takes 4000 epochs for, the defaults of spine-mpi for SPINE reach in 60:\n"
          "  printf '[data]\\ninput = %s\\n' ",
          stdout);
    print_quoted(input);
    printf(" >config.ini && mpirun -np %d spine-mpi config.ini model.objective=spine "
           "model.hidden=%lld\n",
           ranks, (long long)request->config.hidden);
}

static int work(struct request *request, struct spine_comm *comm, struct spine_error *err)
{
    char input[SPINE_CONFIG_TEXT];
    strcpy(input, request->config.input);

    if (spine_cache_use(&request->config, request->config.directory, comm, err) ||
        spine_train(&request->config, comm, NULL, NULL, err) ||
        spine_train_check(&request->config, comm, err))
        return -1;

    const int rc = comm->rank == 0 ? write_output(request, err) : 0;
    if (spine_comm_agree(comm, rc, err))
        return -1;
    if (comm->rank == 0)
        print_next(request, input, comm->size);
    return 0;
}

int main(int argc, char **argv)
{
    struct spine_comm world;
    static struct request request;
    struct spine_error err = {.status = SPINE_EXIT_DONE};

    spine_interrupt_install(); /* first: a signal would end us while MPI starts */
    spine_store_init();
    spine_comm_init(&world, &argc, &argv);
    int rc = parse_arguments(&request, argc, argv, &err);
    rc = spine_comm_agree(&world, rc, &err);
    if (rc == 0 && request.question != 0 && world.rank == 0)
        spine_arguments_answer(program, usage, request.question);
    if (rc == 0 && request.question == 0) {
        spine_log_init(program, world.rank, world.size, SPINE_LOG_INFO);
        rc = work(&request, &world, &err);
    }
    const int status = spine_arguments_finish_rank(program, world.rank, rc, &err);
    spine_comm_finalize(&world);

    return status;
}
