/* spine-merge.c -- merge the shards of a run into files of any format. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/arguments.h"
#include "spine/base/memory.h"
#include "spine/base/printable.h"
#include "spine/config/settings.h"
#include "spine/files/merge.h"
#include "spine/files/modelexport.h"
#include "spine/files/run.h"

static const char program[] = "spine-merge";

static const char usage[] =
    "Usage: spine-merge [OPTION...] RUN\n"
    "\n"
    "Merge the codes that the ranks of a run wrote, RUN/shards/codes-*.h5, into one file\n"
    "or several, in one pass. The suffix of a name selects its format:\n"
    "\n" SPINE_OUTPUT_FORMATS "\n"
    "  -o, --output=FILE   where to write [RUN/codes.h5ad]; may be repeated\n" SPINE_OUTPUT_USAGE
    "  --model=OUT         write the model instead: OUT.npz, OUT.safetensors with cfg.json, or "
    "the\n"
    "                      directory OUT, which SAELens loads\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or the run is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-merge run\n"
    "  $ spine-merge run -o glove-spine.h5ad -o glove-spine.txt\n"
    "  $ spine-merge run --top=20 --digits=4 -o glove-spine.sparse.gz\n";

struct command {
    int question;         /* --help or --version; else 0 */
    const char **outputs; /* owned */
    size_t num_outputs;
    const char *model; /* NULL: none */
    struct spine_output_options options;
};

static void describe(const char *path, const struct spine_merge_report *report)
{
    char text[512];

    spine_output_describe(&report->output, text, sizeof text);
    spine_printable_line(stdout, "%s: %zu shard%s, %s", path, report->shards,
                         report->shards == 1 ? "" : "s", text);
    spine_output_describe_notes(&report->output, text, sizeof text);
    if (text[0] != '\0')
        spine_printable_line(stdout, "%s: %s", path, text);
}

static int merge(const struct command *command, const char *run, struct spine_error *err)
{
    const struct spine_merge_request request = {.directory = run,
                                                .paths = command->outputs,
                                                .num_paths = command->num_outputs,
                                                .options = &command->options};
    struct spine_merge_report *reports =
        spine_memory_zeroed(command->num_outputs, sizeof *reports, "the outputs", err);

    const int rc = reports == NULL ? -1 : spine_merge(&request, reports, err);
    for (size_t i = 0; rc == 0 && i < command->num_outputs; i++)
        describe(command->outputs[i], &reports[i]);
    free(reports);
    return rc;
}

static int export_model(const char *directory, const char *path, struct spine_error *err)
{
    struct spine_run run;
    if (spine_run_require_model(&run, directory, err))
        return -1;

    const struct spine_activation activation = spine_settings_activation(&run.config);
    const bool has_encoder = run.config.objective != SPINE_OBJECTIVE_NNSE;
    const int rc = has_encoder
                       ? spine_modelexport_write(&run.model, &activation, path, err)
                       : spine_refuse(err,
                                      "%s: a run of model.objective = nnse has no encoder to "
                                      "export; its dictionary is W1 of model.h5",
                                      directory);
    if (rc == 0)
        spine_printable_line(stdout, "%s: the model, %zu x %zu", path, run.model.params.hidden,
                             run.model.params.dim);
    spine_run_dispose(&run);
    return rc;
}

static int merge_all(const struct command *command, const char *run, struct spine_error *err)
{
    if (spine_output_check_names(command->outputs, command->num_outputs, err))
        return -1;
    if (command->model != NULL && export_model(run, command->model, err))
        return -1;
    return command->num_outputs == 0 ? 0 : merge(command, run, err);
}

enum { MODEL = SPINE_ARGUMENT_OWN };

static int parse_arguments(struct command *command, int argc, char **argv, struct spine_error *err)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"model", required_argument, NULL, MODEL},
                                            SPINE_OUTPUT_ARGUMENTS,
                                            SPINE_ARGUMENTS_COMMON};
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":o:", options, &option, err)) > 0) {
        const int is_common = spine_output_argument(&command->options, option, optarg, err);
        if (is_common < 0)
            return -1;
        if (is_common == 0 && option == MODEL) {
            command->model = optarg;
            continue;
        }
        if (is_common == 0 && option != 'o') {
            command->question = option;
            return 0;
        }
        if (is_common == 0)
            command->outputs[command->num_outputs++] = optarg;
    }
    if (rc == 0 && optind != argc - 1)
        return spine_refuse(err, "expected the directory of one run; see spine-merge --help");
    return rc;
}

int main(int argc, char **argv)
{
    struct spine_error err;
    struct command command = {0};
    char standard[4096];
    command.outputs =
        spine_memory_zeroed((size_t)argc + 1, sizeof *command.outputs, "the command line", &err);

    int rc = command.outputs == NULL ? -1 : parse_arguments(&command, argc, argv, &err);
    if (rc == 0 && command.question != 0) {
        spine_arguments_answer(program, usage, command.question);
    } else if (rc == 0) {
        snprintf(standard, sizeof standard, "%s/codes.h5ad", argv[optind]);
        if (command.num_outputs == 0 && command.model == NULL)
            command.outputs[command.num_outputs++] = standard;
        rc = merge_all(&command, argv[optind], &err);
    }

    free(command.outputs);
    return spine_arguments_finish(program, rc, &err);
}
