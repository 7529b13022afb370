/* spine-mpi.c -- train sparse, interpretable embeddings: the command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/arguments.h"
#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/base/printable.h"
#include "spine/config/combination.h"
#include "spine/config/config.h"
#include "spine/config/inifile.h"
#include "spine/files/cache.h"
#include "spine/files/state.h"
#include "spine/files/store.h"
#include "spine/math/kernels.h"
#include "spine/ranks/comm.h"
#include "spine/train/doctor.h"
#include "spine/train/earlier.h"
#include "spine/train/forecast.h"
#include "spine/train/train.h"

static const char usage[] =
    "Usage: mpirun -np RANKS spine-mpi [OPTION...] CONFIG.ini [section.key=value...]\n"
    "  or:  spine-mpi --status RUN\n"
    "\n"
    "Train sparse interpretable embeddings (by default NNSE; or SPINE, TopK and others) on the\n"
    "vectors that CONFIG.ini names, and write the model and the codes to output.directory.\n"
    "Without mpirun it runs on one rank.\n"
    "\n"
    "  --doctor         check the machine: its speed, and what would slow training down;\n"
    "                   trains nothing and needs no CONFIG.ini\n"
    "  --dry-run        print configuration, rows, steps, memory, disk space, and the time\n"
    "                   estimated from some measured steps; train nothing\n"
    "  --print-config   print every option with its meaning, bounds and default, as an INI file\n"
    "  --status         print the state of the run in the directory RUN: running (by which "
    "process,\n"
    "                   epochs done, time left), paused, finished, diverged or damaged; exit "
    "status\n"
    "                   75 if it isn't finished\n"
    "  --timeline=FILE  record what each rank does in the last epoch, or 100 steps of it, in\n"
    "                   Chrome's trace format (chrome://tracing, ui.perfetto.dev)\n"
    "  --quiet          print warnings and errors only\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 the command line, the configuration or the input is wrong;\n"
    "75 stopped early and saved: run the same command again.\n"
    "\n"
    "Signals: USR2 save; USR1 save and leave; TERM, INT, HUP and XCPU the same if there is time.\n"
    "mpirun itself kills the ranks a second after TERM or INT, saved or not; send it USR1 "
    "instead.\n"
    "\n"
    "Examples:\n"
    "  $ mpirun -np 64 spine-mpi config.ini\n"
    "  $ mpirun -np 64 spine-mpi config.ini model.hidden=2000 output.directory=wide\n"
    "  $ spine-mpi --print-config >config.ini\n"
    "  $ spine-mpi --print-config model.objective=spine >spine.ini\n"
    "  $ spine-mpi --status run\n";

enum job {
    TRAIN,
    PRINT_HELP = SPINE_ARGUMENT_HELP,
    PRINT_VERSION = SPINE_ARGUMENT_VERSION,
    DRY_RUN = SPINE_ARGUMENT_OWN,
    PRINT_CONFIG,
    DOCTOR,
    STATUS,
};
enum { QUIET = STATUS + 1, TIMELINE };

struct request {
    enum job job;
    enum spine_log_level level;
    const char *path;     /* of the INI file, or the run's directory; NULL if none is given */
    const char *timeline; /* file to record to, or NULL */
    char *const *overrides;
    int num_overrides;
};

static int parse_arguments(int argc, char **argv, struct request *request, struct spine_error *err)
{
    static const struct option options[] = {{"doctor", no_argument, NULL, DOCTOR},
                                            {"dry-run", no_argument, NULL, DRY_RUN},
                                            {"print-config", no_argument, NULL, PRINT_CONFIG},
                                            {"quiet", no_argument, NULL, QUIET},
                                            {"status", no_argument, NULL, STATUS},
                                            {"timeline", required_argument, NULL, TIMELINE},
                                            SPINE_ARGUMENTS_COMMON};
    *request = (struct request){.job = TRAIN, .level = SPINE_LOG_INFO};

    int option, rc;
    while ((rc = spine_arguments_next("spine-mpi", argc, argv, ":", options, &option, err)) > 0)
        if (option == QUIET)
            request->level = SPINE_LOG_QUIET;
        else if (option == TIMELINE)
            request->timeline = optarg;
        else
            request->job = (enum job)option;

    if (rc != 0)
        return -1;

    if (optind < argc && strchr(argv[optind], '=') == NULL)
        request->path = argv[optind++];
    request->overrides = argv + optind;
    request->num_overrides = argc - optind;

    if (request->path == NULL && (request->job == TRAIN || request->job == DRY_RUN))
        return spine_refuse(err, "the configuration file is missing; it needs only '[data]' and "
                                 "'input = FILE'; see spine-mpi --help");
    if (request->job == STATUS && (request->path == NULL || request->num_overrides > 0))
        return spine_refuse(err, "--status needs the directory of one run; see spine-mpi --help");
    return 0;
}

static void print_version(void)
{
    char mpi[256], hdf5[64], blas[256];
    spine_comm_library(mpi, sizeof mpi);
    spine_store_library(hdf5, sizeof hdf5);
    spine_kernel_library(blas, sizeof blas);
    printf("spine-mpi %s\nMPI: %s\nHDF5: %s\nBLAS: %s\nkernels: %s\n", SPINE_VERSION, mpi, hdf5,
           blas, spine_processor_names[spine_kernel_processor()]);
}

/* Print the state of a run; *status is the exit status for scripts. */
static int print_status(const struct request *request, struct spine_comm *comm, int *status,
                        struct spine_error *err)
{
    struct spine_state state;
    char text[sizeof err->text];
    int rc = 0;

    if (comm->rank == 0)
        rc = spine_state_read(&state, request->path, err);
    if (spine_comm_agree(comm, rc, err))
        return -1;

    if (comm->rank == 0) {
        spine_state_describe(&state, text, sizeof text);
        spine_printable_line(stdout, "%s: %s", request->path, text);
        *status = spine_state_status(&state);
    }
    spine_comm_broadcast(comm, status, sizeof *status);
    return 0;
}

/* *status is the exit status if this succeeds. */
static int work(const struct request *request, struct spine_comm *comm, int *status,
                struct spine_error *err)
{
    struct spine_config config;
    const int first = comm->rank == 0;

    if (request->job == PRINT_HELP || request->job == PRINT_VERSION) {
        if (first && request->job == PRINT_HELP)
            fputs(usage, stdout);
        else if (first)
            print_version();
        return 0;
    }

    if (request->job == STATUS)
        return print_status(request, comm, status, err);

    spine_config_init(&config);
    if (spine_inifile_read(&config, NULL, comm, request->path, request->overrides,
                           request->num_overrides, err))
        return -1;

    if (request->job == PRINT_CONFIG) {
        if (first)
            spine_config_describe(&config, stdout);
        return 0;
    }

    if (request->job != DOCTOR &&
        (spine_earlier_keep(&config, comm, err) ||
         spine_comm_agree(comm, spine_combination_check(&config, err), err)))
        return -1;
    if (request->job != DOCTOR && first) /* --dry-run prints the reason */
        spine_combination_report(&config,
                                 request->job == TRAIN ? spine_config_reason(&config) : NULL);
    if (config.input[0] != '\0' && spine_cache_use(&config, config.directory, comm, err))
        return -1;
    if (request->job == DOCTOR)
        return spine_doctor(&config, comm, stdout, err);
    if (request->job == DRY_RUN)
        return spine_forecast(&config, comm, stdout, err);
    if (spine_train(&config, comm, NULL, request->timeline, err))
        return -1;
    return spine_train_check(&config, comm, err);
}

int main(int argc, char **argv)
{
    struct spine_comm world;
    struct request request;
    int status = SPINE_EXIT_DONE;
    struct spine_error err = {.status = SPINE_EXIT_DONE};
    spine_interrupt_install(); /* first: a signal would end us while MPI starts */
    spine_store_init();
    spine_comm_init(&world, &argc, &argv);
    int rc = parse_arguments(argc, argv, &request, &err);
    rc = spine_comm_agree(&world, rc, &err);
    if (rc == 0) {
        spine_log_init("spine-mpi", world.rank, world.size, request.level);
        if (request.job != TRAIN)
            spine_interrupt_release();
        rc = work(&request, &world, &status, &err);
    }
    const int ended = spine_arguments_finish_rank("spine-mpi", world.rank, rc, &err);
    spine_comm_finalize(&world);

    return ended == SPINE_EXIT_DONE ? status : ended;
}
