/* spine-report.c -- show runs as a page in a browser. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/arguments.h"
#include "spine/base/infile.h"
#include "spine/base/log.h"
#include "spine/base/outfile.h"
#include "spine/base/printable.h"
#include "spine/pages/report.h"

static const char program[] = "spine-report";

static const char usage[] =
    "Usage: spine-report RUN [RUN] [-o PAGE.html]\n"
    "  or:  spine-report --follow RUN [-o PAGE.html]\n"
    "\n"
    "Write a page that shows a run, or two side by side, in any browser: its training, all\n"
    "dimensions, all words. The page is one file and needs no network. RUN is the directory of a\n"
    "run, or a file of codes: .h5ad, .npz, .mtx or .sparse.\n"
    "\n"
    "  -o, --output=FILE  where to write [report.html]\n"
    "  --eval=FILE        show the measures that spine-eval --json wrote\n"
    "  --labels=FILE      names of dimensions: dimension, label and an optional note, with tabs\n"
    "                     between them; if given twice, for the first and the second RUN\n"
    "  --space=FILE       the reference space, by which coherence is measured [the run's input]\n"
    "  --words-from=FILE  words for a RUN without words, .npz or .mtx: a word a line, an array or "
    "a\n"
    "                     dataset of strings [NAME.words.txt beside it]\n"
    "  --follow           rewrite the page while RUN trains; the page reloads itself\n"
    "  --every=SECONDS    how often --follow rewrites it [5]\n"
    "  --words=N          keep the N strongest words of a dimension\n"
    "  --dimensions=N     keep the N strongest dimensions of a word\n"
    "  --rows=N           keep the first N words, and the strongest of all dimensions\n"
    "  --help, --version\n"
    "\n"
    "The last three are 50, 20 and 50000 by default, or less if the page would be larger than\n"
    "6 MB; the program then prints what is left out.\n"
    "\n"
    "Links into the page: #word=remote, #dim=873; for the second run, #dim=2:873; #map=music\n"
    "highlights the dimensions with this word on the map.\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line or a file is wrong.\n"
    "\n"
    "Examples:\n"
    "  $ spine-report run -o report.html\n"
    "  $ spine-report small wide --eval=figures.json -o both.html\n"
    "  $ spine-report run --labels=names.tsv\n"
    "  $ spine-report --follow run\n";

enum {
    EVALUATION = SPINE_ARGUMENT_OWN,
    LABELS,
    SPACE,
    WORDS_FROM,
    FOLLOW,
    EVERY,
    WORDS,
    DIMENSIONS,
    ROWS
};

struct request {
    struct spine_report report;
    const char *output;
    int follow;
    size_t seconds;
};

static int set_option(struct request *request, int option, struct spine_error *err)
{
    struct spine_rundata_options *keep = &request->report.options;

    switch (option) {
    case 'o':
        request->output = optarg;
        return 0;
    case EVALUATION:
        request->report.evaluation = optarg;
        return 0;
    case LABELS:
        if (request->report.num_labels == SPINE_REPORT_RUNS)
            return spine_refuse(err, "--labels: is given more than twice");
        request->report.labels[request->report.num_labels++] = optarg;
        return 0;
    case SPACE:
        keep->space = optarg;
        return 0;
    case WORDS_FROM:
        keep->list = optarg;
        return 0;
    case FOLLOW:
        request->follow = 1;
        return 0;
    case EVERY:
        return spine_arguments_whole("--every", optarg, 1, 3600, &request->seconds, err);
    case WORDS:
        return spine_arguments_whole("--words", optarg, 1, 1000, &keep->words, err);
    case DIMENSIONS:
        return spine_arguments_whole("--dimensions", optarg, 1, 1000, &keep->dimensions, err);
    default:
        return spine_arguments_whole("--rows", optarg, 0, INT32_MAX, &keep->rows, err);
    }
}

/* Returns 1 if --help or --version was answered and nothing else is to be done. */
static int parse_arguments(int argc, char **argv, struct request *request, struct spine_error *err)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"eval", required_argument, NULL, EVALUATION},
                                            {"labels", required_argument, NULL, LABELS},
                                            {"space", required_argument, NULL, SPACE},
                                            {"words-from", required_argument, NULL, WORDS_FROM},
                                            {"follow", no_argument, NULL, FOLLOW},
                                            {"every", required_argument, NULL, EVERY},
                                            {"words", required_argument, NULL, WORDS},
                                            {"dimensions", required_argument, NULL, DIMENSIONS},
                                            {"rows", required_argument, NULL, ROWS},
                                            SPINE_ARGUMENTS_COMMON};
    int option, rc;

    while ((rc = spine_arguments_next(program, argc, argv, ":o:", options, &option, err)) > 0) {
        if (spine_arguments_answer(program, usage, option))
            return 1;
        if (set_option(request, option, err))
            return -1;
    }

    if (rc != 0)
        return -1;
    const int count = argc - optind, most = request->follow ? 1 : SPINE_REPORT_RUNS;
    if (count < 1 || count > most)
        return spine_refuse(err, "expected %s; see spine-report --help",
                            request->follow ? "one run to follow" : "one run or two");
    if (request->report.num_labels > (size_t)count)
        return spine_refuse(err, "--labels: is given twice, but there is one run");
    for (int i = 0; i < count; i++)
        request->report.runs[request->report.num_runs++] = argv[optind + i];
    request->report.options.bytes = SPINE_REPORT_BYTES / (size_t)count;

    return 0;
}

static int answer(const struct request *request, struct spine_error *err)
{
    struct stat facts;

    if (spine_outfile_check_kind(request->output, "<", "an HTML page", err))
        return -1;
    if (request->follow) {
        spine_log(SPINE_LOG_INFO, "%s follows %s; open it in a browser, Ctrl-C ends this",
                  request->output, request->report.runs[0]);
        if (spine_report_follow(&request->report, request->output, request->seconds, err))
            return -1;
    } else if (spine_report_write(&request->report, request->output, err)) {
        return -1;
    }

    if (stat(request->output, &facts) != 0)
        return spine_infile_fail(request->output, err);
    spine_printable_line(stdout, "%s: %.1f MB", request->output, 1e-6 * (double)facts.st_size);

    return 0;
}

int main(int argc, char **argv)
{
    struct spine_error err;
    struct request request = {.report = {.options = {.words = SPINE_RUNDATA_FIT,
                                                     .dimensions = SPINE_RUNDATA_FIT,
                                                     .rows = SPINE_RUNDATA_FIT}},
                              .output = "report.html",
                              .seconds = 5};
    spine_log_init(program, 0, 1, SPINE_LOG_INFO);
    int rc = parse_arguments(argc, argv, &request, &err);
    if (rc == 0)
        rc = answer(&request, &err);
    return spine_arguments_finish(program, rc < 0 ? rc : 0, &err);
}
