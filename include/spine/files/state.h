/* state.h -- the state of a run on disk: is it running, paused, finished, diverged or damaged?
 *
 * While a process trains a run, it holds the lock of the directory (rundir.h). The locked file
 * .lock describes the process in lines "name value": host, process, ranks, since (seconds since
 * 1970), epochs, last_epoch. The lines remain when the process has ended. All functions are
 * local. */
#ifndef SPINE_FILES_STATE_H
#define SPINE_FILES_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/config/config.h"

enum spine_state_kind {
    SPINE_STATE_NONE,     /* there is no run in the directory */
    SPINE_STATE_RUNNING,  /* a process holds its lock */
    SPINE_STATE_PAUSED,   /* it was begun, and the same command resumes or restarts it */
    SPINE_STATE_FINISHED, /* it has its results */
    SPINE_STATE_DIVERGED, /* it has results, of a model that explains nothing */
    SPINE_STATE_DAMAGED,  /* its model is damaged, or all of its checkpoints are */
};

/* The process that trains the run, or was the last to do so. */
struct spine_state_owner {
    char host[64]; /* empty: unknown, as is the rest */
    long process;
    int ranks;
    double since; /* seconds since 1970 */
};

struct spine_state {
    enum spine_state_kind kind;
    int64_t epoch, step;        /* epochs saved, and steps after them; of a running run, done */
    int64_t epochs, last_epoch; /* to train in all, and for now; 0: unknown */
    bool has_codes;             /* there are files of codes */
    bool is_saved;              /* a paused run has a checkpoint */
    bool is_at_end;             /* it is of nnse, and of the end of epoch + 1 */
    double seconds_left;        /* of a running run; NaN: unknown */
    double explained;           /* explained variance of a diverged run */
    bool has_rate;              /* a diverged run uses train.learning_rate */
    struct spine_state_owner owner;
    struct spine_error damage; /* what is damaged */
};

/* Find the state of the run in 'directory'. A process that holds the directory's lock must not call
 * this: it would lose the lock. Fails only if the files can't be read. */
int spine_state_read(struct spine_state *state, const char *directory, struct spine_error *err);

/* Describe the state in a phrase to print after the directory's name: "saved after 18 of 4000
 * epochs; run the same command to resume, or train.stop_after=18 for codes now". */
void spine_state_describe(const struct spine_state *state, char *text, size_t size);

/* For a reader that found files of the run in 'directory' missing: if the run's state explains
 * that, refuse with a description of the state and return true; so if there is no such
 * directory. */
bool spine_state_explains(const char *directory, struct spine_error *err);

/* The exit status of spine-mpi --status: 0 finished; 75 running or paused; 1 diverged or damaged; 2
 * no run. */
int spine_state_status(const struct spine_state *state);

/* Describe this process in the locked file. Errors are ignored: the lines are for people only. */
void spine_state_sign(int lock, const struct spine_config *config, int ranks);

#endif
