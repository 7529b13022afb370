/* cache.c -- a run's input in any form, converted to vectors.h5 once and then reused. */
#include "spine/files/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spine/base/filefacts.h"
#include "spine/base/infile.h"
#include "spine/base/interrupt.h"
#include "spine/base/lock.h"
#include "spine/base/log.h"
#include "spine/base/outfile.h"
#include "spine/base/present.h"
#include "spine/files/attribute.h"
#include "spine/files/convert.h"
#include "spine/files/inputfacts.h"
#include "spine/files/rundir.h"
#include "spine/files/runinput.h"
#include "spine/files/store.h"
#include "spine/files/vectorsfile.h"

/* What is to be done. */
enum state { USE_INPUT, USE_CACHE, CONVERT };

/* Is the input HDF5 with /vectors, to be used with its own words? Other files are left to the
 * conversion; a file that can't be read now isn't mistaken for one of another kind. */
static int is_vectorsfile(const struct spine_config *config, bool *is, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error why;
    enum spine_form form;
    struct stat facts;

    *is = false;
    if (config->words[0] != '\0' || strcmp(config->input, "-") == 0)
        return 0;
    if (stat(config->input, &facts) != 0) /* if it doesn't exist, it may be FILE:DATASET */
        return errno == ENOENT || errno == ENOTDIR ? 0 : spine_infile_fail(config->input, err);
    if (!S_ISREG(facts.st_mode))
        return 0;
    if (spine_form_detect(config->input, &form, &why))
        return spine_fail_as(&why, err);
    if (form != SPINE_FORM_HDF5)
        return 0;

    if (spine_store_open(&store, config->input, NULL, &why)) {
        *is = true; /* opening it again will report why */
        return spine_fail_as(&why, err);
    }
    /* Another of our formats isn't converted: the refusal on opening it names the format. */
    *is = spine_vectorsfile_has_vectors(store) || spine_attribute_has(store, "/", "format");
    return spine_store_close(store, err);
}

/* Does the file at a path exist? Standard input always does. */
static int exists(const char *path, bool *does, struct spine_error *err)
{
    const char *inner = NULL;
    char *file = NULL;

    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    *does = strcmp(path, "-") == 0;
    const int rc = *does ? 0 : spine_present(file, does, err);
    free(file);
    return rc;
}

/* Was the cache made from these files as they are? */
static int is_usable(const struct spine_inputfacts *facts, const char *cache, bool *is,
                     struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error why;

    *is = false;
    if (spine_vectorsfile_open(&store, NULL, cache, &why))
        return spine_fail_as(&why, err);
    int rc = spine_inputfacts_match(facts, store, is, &why) ? spine_fail_as(&why, err) : 0;
    if (spine_store_close(store, &why) && rc == 0)
        rc = spine_fail_as(&why, err);
    return rc;
}

/* CACHE.lock, which exists during a conversion, so that two runs don't convert to one file at
 * once. */
struct lock {
    int file; /* -1: none */
    char path[SPINE_PATH + 8];
};

/* Lock the open file; wait while another process converts, but not on after a signal. */
static int wait_for_lock(int file, const char *cache, struct spine_error *err)
{
    const struct timespec nap = {.tv_nsec = 100 * 1000 * 1000};

    for (bool said = false; spine_lock_take(file, 0) == SPINE_LOCK_HELD; said = true) {
        if (spine_interrupt_leave() || spine_interrupt_hurry())
            return spine_leave(err,
                               "stopped while another process was converting data.input to "
                               "%s; run the same command again",
                               cache);
        if (!said)
            spine_log(SPINE_LOG_INFO, "data.input: another process converts it to %s: waiting",
                      cache);
        nanosleep(&nap, NULL);
    }
    return 0;
}

/* Is the open file still that of its name? The process that was waited for has removed it. */
static bool is_current(const struct lock *lock)
{
    struct stat own, named;

    if (fstat(lock->file, &own) != 0)
        return true;
    if (stat(lock->path, &named) != 0)
        return errno != ENOENT;
    return spine_filefacts_are_same(&own, &named);
}

static void name_lock(const char *cache, struct lock *lock)
{
    snprintf(lock->path, sizeof lock->path, "%s.lock", cache);
}

static int take_lock(const char *cache, struct lock *lock, struct spine_error *err)
{
    name_lock(cache, lock);
    for (;;) {
        lock->file = spine_lock_open(lock->path);
        if (lock->file < 0)
            return spine_refuse(err, "data.cache: %s: %s", lock->path, strerror(errno));

        const int rc = wait_for_lock(lock->file, cache, err);
        if (rc == 0 && is_current(lock))
            return 0;
        spine_lock_release(lock->file);
        lock->file = -1;
        if (rc != 0)
            return -1;
    }
}

static void release_lock(const struct lock *lock)
{
    if (lock->file < 0)
        return;
    unlink(lock->path); /* a process that waits for it has it open, and opens it again */
    spine_lock_release(lock->file);
}

/* Remove the lock file of a process that was killed after its conversion. It is locked for that:
 * otherwise another process may have taken it in the meantime. */
static void remove_leftover(const char *cache)
{
    struct lock lock;

    name_lock(cache, &lock);
    if (access(lock.path, F_OK) != 0)
        return;
    lock.file = spine_lock_open(lock.path);
    if (lock.file >= 0 && spine_lock_take(lock.file, 0) == SPINE_LOCK_TAKEN && is_current(&lock))
        unlink(lock.path);
    spine_lock_release(lock.file);
}

/* What rank 0 finds. *lock is held if the input is to be converted. */
struct finding {
    enum state state;
    char path[SPINE_PATH];
    bool is_stale; /* there is a file at 'path', but not of the input as it is */
    bool has_made_directory;
    struct lock lock;
    struct spine_inputfacts
        facts; /* before the conversion, so that a change during it is noticed */
};

/* Set the path of the cache. The directory is created if it is to be there. */
static int name_cache(const struct spine_config *config, const char *directory,
                      struct finding *found, struct spine_error *err)
{
    if (config->cache[0] != '\0') {
        snprintf(found->path, sizeof found->path, "%s", config->cache);
        return 0;
    }
    found->has_made_directory = access(directory, F_OK) != 0;
    if (spine_rundir_make("output.directory", directory, err) ||
        spine_rundir_join(found->path, directory, "input.h5", err))
        return -1;
    return 0;
}

/* Use the cache, or take its lock to convert to it. */
static int check_cache(struct finding *found, struct spine_error *err)
{
    const char *path = found->path;
    struct lock *lock = &found->lock;
    bool usable = false;

    if (is_usable(&found->facts, path, &usable, err) || (!usable && take_lock(path, lock, err)))
        return -1;
    /* Another run may have converted it in the meantime. */
    if (!usable && is_usable(&found->facts, path, &usable, err))
        return -1;
    if (usable && lock->file < 0)
        remove_leftover(path);
    found->is_stale = !usable && access(path, F_OK) == 0;
    found->state = usable ? USE_CACHE : CONVERT;
    return 0;
}

static int find(const struct spine_config *config, const char *directory, struct finding *found,
                struct spine_error *err)
{
    bool is_there = true, is_vectors = false;

    if (exists(config->input, &is_there, err) ||
        (is_there && is_vectorsfile(config, &is_vectors, err)))
        return -1;
    if (!is_there || is_vectors) {
        snprintf(found->path, sizeof found->path, "%s", config->input);
        return 0;
    }

    if (spine_inputfacts_get(&found->facts, config->input, config->words, err) ||
        name_cache(config, directory, found, err) || check_cache(found, err))
        return -1;
    return 0;
}

/* Release what rank 0 holds. */
static void dispose(struct finding *found)
{
    release_lock(&found->lock);
    spine_inputfacts_dispose(&found->facts);
}

/* Publish what was converted to PATH.part, unless the run in 'directory' was trained on another
 * input and isn't to be replaced: it will be refused, and must keep its input. */
static int publish(const struct spine_config *config, const char *directory, const char *path,
                   struct spine_error *err)
{
    const bool is_replaced = config->overwrite || strcmp(config->resume, "never") == 0;
    char *part = spine_outfile_part(path, err);
    int rc = -(part == NULL);

    if (rc == 0 && !is_replaced)
        rc = spine_runinput_check(directory, part, config->input, err);
    free(part);
    if (rc == 0)
        rc = spine_outfile_publish(path, err);
    if (rc != 0)
        spine_outfile_discard(path);
    return rc;
}

static int convert(const struct spine_config *config, const char *directory,
                   const struct finding *found, struct spine_comm *comm, struct spine_error *err)
{
    char notice[4 * SPINE_PATH];
    const struct spine_convert_options conversion = {
        .source = {.path = config->input,
                   .words = config->words[0] == '\0' ? NULL : config->words,
                   .words_option = "data.words"},
        .output = found->path,
        .report = stderr,
        .notice = notice,
        .is_temporary = true,
        .facts = comm->rank == 0 ? &found->facts : NULL};

    snprintf(notice, sizeof notice, "data.input: converting %s to %s first%s", config->input,
             found->path,
             found->is_stale
                 ? "; the file there isn't recorded as made from this input as it is now"
                 : "");
    if (spine_convert(comm, &conversion, err))
        return -1;
    const int rc = comm->rank == 0 ? publish(config, directory, found->path, err) : 0;
    return spine_comm_agree(comm, rc, err);
}

/* Convert if need be; collective. */
static int follow(const struct spine_config *config, const char *directory, struct finding *found,
                  struct spine_comm *comm, struct spine_error *err)
{
    spine_comm_broadcast(comm, found->path, sizeof found->path);
    spine_comm_broadcast(comm, &found->state, sizeof found->state);

    if (found->state == USE_CACHE)
        spine_log(SPINE_LOG_INFO, "data.input: %s was converted before: using %s", config->input,
                  found->path);
    return found->state == CONVERT ? convert(config, directory, found, comm, err) : 0;
}

int spine_cache_use(struct spine_config *config, const char *directory, struct spine_comm *comm,
                    struct spine_error *err)
{
    struct finding found = {.state = USE_INPUT, .lock = {.file = -1}};

    int rc = comm->rank == 0 ? find(config, directory, &found, err) : 0;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = follow(config, directory, &found, comm, err);
    dispose(&found);
    if (rc != 0 && found.has_made_directory)
        rmdir(directory); /* fails unless it is empty */
    if (rc != 0)
        return -1;

    if (strlen(found.path) >= sizeof config->input)
        return spine_refuse(err, "data.cache: %.60s...: the path is too long", found.path);
    if (found.state != USE_INPUT)
        config->words[0] = '\0';
    strcpy(config->input, found.path);
    return 0;
}
