/* spine-sweep.c -- train many configurations: the command line. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/arguments.h"
#include "spine/base/infile.h"
#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/base/printable.h"
#include "spine/config/combination.h"
#include "spine/config/inifile.h"
#include "spine/files/rundir.h"
#include "spine/files/store.h"
#include "spine/ranks/comm.h"
#include "spine/sweep/cost.h"
#include "spine/sweep/inputs.h"
#include "spine/sweep/origin.h"
#include "spine/sweep/sweep.h"
#include "spine/sweep/trials.h"

static const char program[] = "spine-sweep";
static const char usage[] =
    "Usage: spine-sweep plan CONFIG.ini [section.key=value...]\n"
    "  or:  mpirun -np RANKS spine-sweep run [--retry] CONFIG.ini [section.key=value...]\n"
    "  or:  mpirun -np RANKS spine-sweep trial I CONFIG.ini [section.key=value...]\n"
    "  or:  spine-sweep status|summary|report CONFIG.ini|DIRECTORY [section.key=value...]\n"
    "\n"
    "Train the many configurations that the section [sweep] of CONFIG.ini describes.\n"
    "\n"
    "  plan     print the trials and their parameters as a table (TSV), and on stderr an estimate\n"
    "           of their time and memory from some measured steps\n"
    "  run      train the trials that are left; each idle group of sweep.ranks_per_trial ranks\n"
    "           begins the next one. Run it again to resume, or elsewhere to help\n"
    "  trial    train trial I, counted from 0, on all ranks; for the tasks of a job array\n"
    "  status   print the state of the trials\n"
    "  summary  print the table of results so far (TSV), and write it to the sweep's directory as\n"
    "           summary.tsv, summary.json and summary.html, as run does at its end\n"
    "  report   write the page of every finished trial, trials/I/report.html, which summary.html\n"
    "           then links to; existing pages stay\n"
    "\n"
    "Once a sweep has begun, its directory may be given instead of CONFIG.ini.\n"
    "\n"
    "  --retry  also train trials that have failed\n"
    "  --help, --version\n"
    "\n"
    "An example of [sweep]:\n"
    "\n"
    "  method = grid                             or random, asha (successive halving)\n"
    "  objective = maximize intrusion            or coherence, distratio, diversity, or a name in\n"
    "                                            metrics.jsonl\n"
    "  subject_to = explained_variance >= 0.6, dead <= 50\n"
    "                                            limits that the best trial must meet\n"
    "  ranks_per_trial = 1                       ranks that train one trial together\n"
    "  directory = sweep                         trial 7 is the run sweep/trials/0007\n"
    "  model.hidden = 500, 1000, 2000            any option; with method = random also\n"
    "  model.l0 = log 10 .. 80                   uniform a .. b, int a .. b, int log a .. b\n"
    "  trials = 50                               random: number of trials drawn; asha: the\n"
    "                                            same, or the whole grid if not given\n"
    "  seed = 1                                  random and asha: seed of all random draws\n"
    "  draws = distinct                          no trial repeats another; independent: draw as\n"
    "                                            earlier versions did, to resume their sweeps\n"
    "  min_epochs = 5                            asha: epochs before the first comparison\n"
    "  reduction = 3                             asha: continue the best 1 in 3 trials\n"
    "\n"
    "Exit status: 0 done; 1 failed, or a trial has; 2 the command line, the configuration or the\n"
    "input is wrong; 75 stopped early and saved: run the same command again.\n"
    "\n"
    "Examples:\n"
    "  $ spine-sweep plan config.ini\n"
    "  $ mpirun -np 64 spine-sweep run config.ini\n"
    "  $ spine-sweep status config.ini\n";

enum { RETRY = SPINE_ARGUMENT_OWN };

enum job { PLAN, RUN, TRIAL, STATUS, SUMMARY, REPORT };

struct request {
    enum job job;
    enum spine_sweep_failed failed;
    size_t trial;
    const char *path;
    char *const *words;
    int num_words;
    int answered; /* --help or --version */
};

static int find_job(const char *name, enum job *job, struct spine_error *err)
{
    static const char *const names[] = {
        [PLAN] = "plan",     [RUN] = "run",         [TRIAL] = "trial",
        [STATUS] = "status", [SUMMARY] = "summary", [REPORT] = "report"};
    const size_t count = sizeof names / sizeof *names;
    char all[64] = "";

    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            *job = (enum job)i;
            return 0;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    return spine_refuse(err, "'%s' is none of %s; see spine-sweep --help", name, all);
}

static int parse_arguments(int argc, char **argv, int speaks, struct request *request,
                           struct spine_error *err)
{
    static const struct option options[] = {{"retry", no_argument, NULL, RETRY},
                                            SPINE_ARGUMENTS_COMMON};
    int option, rc;

    *request = (struct request){.failed = SPINE_SWEEP_KEEP_FAILED};
    while ((rc = spine_arguments_next(program, argc, argv, ":", options, &option, err)) > 0) {
        if (option == RETRY)
            request->failed = SPINE_SWEEP_RETRY_FAILED;
        else if (!speaks || spine_arguments_answer(program, usage, option))
            request->answered = 1;
    }

    if (rc != 0 || request->answered)
        return rc;
    if (optind == argc)
        return spine_refuse(err, "the command is missing: plan, run, trial, status, summary or "
                                 "report; see spine-sweep --help");
    if (find_job(argv[optind++], &request->job, err))
        return -1;
    if (request->failed == SPINE_SWEEP_RETRY_FAILED && request->job != RUN)
        return spine_refuse(err, "--retry is for run; see spine-sweep --help");
    if (request->job == TRIAL && optind == argc)
        return spine_refuse(err, "the trial's number is missing; see spine-sweep --help");
    if (request->job == TRIAL &&
        spine_arguments_whole("trial", argv[optind++], 0, 1000000, &request->trial, err))
        return -1;
    if (optind == argc)
        return spine_refuse(err, "the configuration file is missing; see spine-sweep --help");
    request->path = argv[optind];
    request->words = argv + optind + 1;
    request->num_words = argc - optind - 1;

    return 0;
}

/* Refuse words that set a parameter of the sweep: they would have no effect. */
static int check_words(const struct request *request, const struct spine_trials *trials,
                       struct spine_error *err)
{
    for (int i = 0; i < request->num_words; i++)
        for (size_t p = 0; p < trials->num_parameters; p++) {
            const char *name = trials->parameters[p].name;
            if (strncmp(request->words[i], name, strlen(name)) == 0 &&
                request->words[i][strlen(name)] == '=')
                return spine_refuse(
                    err, "command line: %s: is a parameter of the sweep; set sweep.%s", name, name);
        }
    return 0;
}

/* Find the INI file to read: the path itself, or if it is a sweep's directory, the file in it. Rank
 * 0 decides, so that all ranks use one directory. */
static int find_ini(const char *path, struct spine_comm *world, char *ini, bool *is_directory,
                    struct spine_error *err)
{
    struct stat facts;
    int rc = 0;

    *is_directory = false;
    if (world->rank == 0 && stat(path, &facts) == 0)
        *is_directory = S_ISDIR(facts.st_mode);
    else if (world->rank == 0)
        rc = spine_infile_fail(path, err);
    if (spine_comm_agree(world, rc, err))
        return -1;

    spine_comm_broadcast(world, is_directory, sizeof *is_directory);
    if (!*is_directory && snprintf(ini, SPINE_RUNDIR_PATH, "%s", path) < SPINE_RUNDIR_PATH)
        return 0;
    return spine_rundir_join(ini, path, "sweep.ini", err);
}

static int read_trials(const struct request *request, struct spine_comm *world,
                       struct spine_trials *trials, struct spine_error *err)
{
    struct spine_config base;
    struct spine_inifile_lines lines = {0};
    char path[SPINE_RUNDIR_PATH];
    bool is_directory = false;

    if (find_ini(request->path, world, path, &is_directory, err))
        return -1;
    spine_config_init(&base);
    int rc =
        spine_inifile_read(&base, &lines, world, path, request->words, request->num_words, err);
    if (rc == 0 && lines.count == 0)
        rc = spine_refuse(err, "%s: has no section [sweep]; see spine-sweep --help", path);
    if (rc == 0) {
        spine_origin_follow(&base, &lines, world);
        rc = spine_trials_init(trials, &base, &lines, err);
    }
    spine_inifile_lines_dispose(&lines);
    if (rc != 0 || check_words(request, trials, err))
        return -1;
    if (is_directory) /* which may have been moved */
        snprintf(trials->directory, sizeof trials->directory, "%s", request->path);

    return 0;
}

/* Log what the user may not expect of the trials. */
static int report(const struct spine_trials *trials, struct spine_error *err)
{
    struct spine_config config;

    if (spine_trials_config(trials, 0, &config, err))
        return -1;
    spine_combination_report(&config, trials->reason);
    return 0;
}

static void print_plan(const struct spine_trials *trials)
{
    char value[SPINE_PARAMETER_VALUE];

    fputs("trial", stdout);
    for (size_t p = 0; p < trials->num_parameters; p++)
        printf("\t%s", trials->parameters[p].name);
    putchar('\n');

    for (size_t i = 0; i < trials->count; i++) {
        printf("%zu", i);
        for (size_t p = 0; p < trials->num_parameters; p++) {
            spine_trials_value(trials, i, p, value);
            putchar('\t');
            spine_printable_print(stdout, value);
        }
        putchar('\n');
    }
}

static int work(const struct request *request, struct spine_comm *world, struct spine_error *err)
{
    struct spine_trials trials = {0};
    struct spine_cost cost;
    int rc = spine_comm_agree(world, read_trials(request, world, &trials, err), err);
    const bool reads_input = request->job <= TRIAL;
    const bool trains = request->job == RUN || request->job == TRIAL;
    if (!trains)
        spine_interrupt_release();
    if (rc == 0 && reads_input)
        rc = spine_comm_agree(world, world->rank == 0 ? report(&trials, err) : 0, err);
    if (rc == 0 && reads_input)
        rc = spine_inputs_use(&trials, world, err);
    if (rc == 0)
        switch (request->job) {
        case PLAN:
            if (world->rank == 0)
                print_plan(&trials);
            rc = spine_cost_measure(&trials, world, &cost, err);
            if (rc == 0 && world->rank == 0)
                spine_cost_print(&trials, &cost, stderr);
            break;
        case RUN:
            rc = spine_sweep_run(&trials, world, request->failed, err);
            break;
        case STATUS:
            rc = world->rank == 0 ? spine_sweep_status(&trials, stdout, err) : 0;
            break;
        case SUMMARY:
            rc = world->rank == 0 ? spine_sweep_summary(&trials, stdout, err) : 0;
            break;
        case REPORT:
            rc = world->rank == 0 ? spine_sweep_report(&trials, err) : 0;
            break;
        case TRIAL:
            rc = spine_sweep_trial(&trials, world, request->trial, err);
            break;
        }

    spine_trials_dispose(&trials);
    return rc;
}

int main(int argc, char **argv)
{
    struct spine_comm world;
    struct request request;
    struct spine_error err = {.status = SPINE_EXIT_DONE};

    spine_interrupt_install(); /* first: a signal would end us while MPI starts */
    spine_store_init();
    spine_comm_init(&world, &argc, &argv);
    spine_log_init(program, world.rank, world.size, SPINE_LOG_INFO);
    int rc = parse_arguments(argc, argv, world.rank == 0, &request, &err);
    rc = spine_comm_agree(&world, rc, &err);
    if (rc == 0 && !request.answered)
        rc = work(&request, &world, &err);
    const int status = spine_arguments_finish_rank(program, world.rank, rc, &err);
    spine_comm_finalize(&world);

    return status;
}
