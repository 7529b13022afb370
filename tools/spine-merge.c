/* spine-merge.c -- join the shards of a run into one file. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/arguments.h"
#include "spine/base/memory.h"
#include "spine/files/merge.h"

static const char program[] = "spine-merge";

static const char usage[] =
    "Usage: spine-merge [OPTION...] RUN\n"
    "\n"
    "Join the codes that every rank of a run wrote, RUN/shards/codes-*.h5, into one file. The\n"
    "name's ending says the format:\n"
    "\n"
    "  .h5ad   AnnData: sparse, with the words as obs_names; for anndata, scanpy, h5py, scipy\n"
    "  .txt    one line a word: the word and all its values, as the published program writes\n"
    "\n"
    "  -o, --output=FILE   where to write [RUN/codes.h5ad]; may be repeated\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or the run is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-merge run\n"
    "  $ spine-merge run -o glove-spine.h5ad -o glove-spine.txt\n";

static int merge(const char *run, const char *path, struct spine_error *err)
{
    struct spine_merge_report report;
    enum spine_merge_format format;
    if (spine_merge_format_of(path, &format, err) || spine_merge(run, path, format, &report, err))
        return -1;
    printf("%s: %zu shards, %zu words x %zu dimensions, %.1f values a word\n", path, report.shards,
           report.rows, report.hidden, (double)report.values / (double)report.rows);
    if (report.escaped > 0)
        printf("%s: %zu words are not valid UTF-8; their invalid bytes are written as \\xNN\n",
               path, report.escaped);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            SPINE_ARGUMENTS_COMMON};
    struct spine_error err;
    const char **outputs =
        spine_memory_zeroed((size_t)argc + 1, sizeof *outputs, "the command line", &err);
    int option, num_outputs = 0, rc = outputs == NULL ? -1 : 1;
    while (rc > 0 &&
           (rc = spine_arguments_next(program, argc, argv, ":o:", options, &option, &err)) > 0) {
        if (spine_arguments_answer(program, usage, option)) {
            free(outputs);
            return SPINE_EXIT_DONE;
        }
        outputs[num_outputs++] = optarg;
    }

    if (rc == 0 && optind != argc - 1)
        rc = spine_refuse(&err, "expected the directory of one run; see spine-merge --help");
    char standard[4096];
    if (rc == 0 && num_outputs == 0) {
        snprintf(standard, sizeof standard, "%s/codes.h5ad", argv[optind]);
        outputs[num_outputs++] = standard;
    }

    enum spine_merge_format format;
    for (int i = 0; rc == 0 && i < num_outputs; i++) /* all, before anything is written */
        rc = spine_merge_format_of(outputs[i], &format, &err);
    for (int i = 0; rc == 0 && i < num_outputs; i++)
        rc = merge(argv[optind], outputs[i], &err);

    free(outputs);
    return spine_arguments_finish(program, rc, &err);
}
