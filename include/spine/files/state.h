/* state.h -- the state of a run on disk: is it running, paused, finished, diverged or damaged?
 *
 * While a process trains a run, it holds the lock of the directory (rundir.h), and the locked file
 * .lock says who it is, a "name value" a line: host, process, ranks, since (seconds since 1970),
 * epochs, last_epoch. The lines stay when the process has ended. All of this is local. */
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
    SPINE_STATE_DAMAGED,  /* it has checkpoints, none of which is whole, or a model that isn't */
};

/* Who trains, or trained last. */
struct spine_state_owner {
    char host[64]; /* empty: unknown, as is the rest */
    long process;
    int ranks;
    double since; /* seconds since 1970 */
};

struct spine_state {
    enum spine_state_kind kind;
    int64_t epoch, step; /* epochs done and saved, steps after them; of a running one, done */
    int64_t epochs, last_epoch; /* to train in all, and for now; 0: unknown */
    bool has_codes;             /* some files of codes are there */
    bool is_saved;              /* a paused run has a checkpoint */
    double seconds_left;        /* of a running one; NaN: unknown */
    double explained;           /* explained variance of a diverged one */
    struct spine_state_owner owner;
    struct spine_error damage; /* what is damaged */
};

/* Find the state of the run in 'directory'. Not to be called by a process that holds the directory's
 * lock, which it would lose. Fails only if the files can't be read. */
int spine_state_read(struct spine_state *state, const char *directory, struct spine_error *err);

/* Describe it, in a line that follows the directory's name: "saved after 18 of 4000 epochs; run the
 * same command to resume, or train.stop_after=18 for codes now". */
void spine_state_describe(const struct spine_state *state, char *text, size_t size);

/* For a reader that misses files of the run in 'directory': where its state explains that, refuse
 * with the state and return true. */
bool spine_state_explains(const char *directory, struct spine_error *err);

/* The exit status that tells a script the state: 0 finished; 75 running or paused; 1 diverged or
 * damaged; 2 there is no run. */
int spine_state_status(const struct spine_state *state);

/* Write into the locked file who trains the run now. What can't be written is left out: it is for
 * people only. */
void spine_state_sign(int lock, const struct spine_config *config, int ranks);

#endif
