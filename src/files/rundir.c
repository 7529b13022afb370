/* rundir.c -- the directory of a run. */
#include "spine/files/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/lock.h"
#include "spine/base/path.h"
#include "spine/config/config.h"

static const char own_option[] = "output.directory"; /* it gives a run's directory */

static const char model_name[] = "model.h5";

int spine_rundir_join(char *path, const char *directory, const char *name, struct spine_error *err)
{
    if (snprintf(path, SPINE_RUNDIR_PATH, "%s/%s", directory, name) < SPINE_RUNDIR_PATH)
        return 0;
    return spine_refuse(err, "%.60s...: the path is too long", directory);
}

int spine_rundir_model(char *path, const char *directory, struct spine_error *err)
{
    return spine_rundir_join(path, directory, model_name, err);
}

static int make_directory(const char *option, const char *path, struct spine_error *err)
{
    struct stat facts;
    if (mkdir(path, 0777) == 0 ||
        (errno == EEXIST && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return 0;
    if (errno == ENOENT && lstat(path, &facts) == 0)
        return spine_refuse(err,
                            "%s: %s is a symbolic link to a missing directory: create it, or "
                            "remove the link",
                            option, path);
    if (errno == EEXIST)
        return spine_refuse(err, "%s: %s is a file; expected a directory, or a new name", option,
                            path);
    return spine_refuse(err, "%s: can't make %s: %s", option, path, strerror(errno));
}

/* Make the directory of the shards. The run's directory may be a symbolic link, but this one may
 * not: files outside of the run would be written and removed. */
static int make_shards(const char *path, struct spine_error *err)
{
    struct stat facts;
    if (lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode))
        return spine_refuse(err, "output.directory: %s is a symbolic link", path);
    return make_directory(own_option, path, err);
}

int spine_rundir_make(const char *option, const char *directory, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    if (spine_rundir_join(path, directory, "", err))
        return -1;
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_directory(option, path, err))
            return -1;
        *slash = '/';
    }
    return 0;
}

/* "FILE", "FILE.part", or the temporary "FILE.a1b2c3.part" beside it (sink.c) */
static int is_named(const char *name, const char *expected)
{
    const size_t length = strlen(expected);
    const char *end = name + length;

    if (strncmp(name, expected, length) != 0)
        return 0;
    if (strlen(end) == strlen(".XXXXXX.part") && *end == '.')
        end += strlen(".XXXXXX");
    return *end == '\0' || strcmp(end, ".part") == 0;
}

/* What follows a checkpoint's name: "", or ".part" if it is half-written; NULL if it isn't one. */
static const char *checkpoint_suffix(const char *name)
{
    int end = 0;
    if (sscanf(name, "checkpoint-%*10[0-9].h5%n", &end) != 0 || end == 0)
        return NULL;
    return name[end] == '\0' || strcmp(name + end, ".part") == 0 ? name + end : NULL;
}

/* Is it a file of codes in any format, or one of the files beside them? */
static int is_codes(const char *name)
{
    char codes[64];

    for (size_t i = 0; spine_format_names[i] != NULL; i++) {
        snprintf(codes, sizeof codes, "codes.%s", spine_format_names[i]);
        if (is_named(name, codes))
            return 1;
    }
    return is_named(name, "codes.words.txt") || is_named(name, "codes.metadata.tsv") ||
           is_named(name, "codes.index");
}

static int is_result(const char *name)
{
    const char *suffix = checkpoint_suffix(name);
    return is_named(name, model_name) || is_codes(name) || (suffix != NULL && *suffix != '\0');
}

static int is_run_file(const char *name)
{
    return is_result(name) || is_named(name, "metrics.jsonl") ||
           is_named(name, "events.out.tfevents") || checkpoint_suffix(name) != NULL;
}

static int is_shard_file(const char *name)
{
    int digits = 0, end = 0;
    if (sscanf(name, "codes-%*d%n.h5%n", &digits, &end) != 0 || end == 0)
        return 0;
    return name[end] == '\0' || strcmp(name + end, ".part") == 0;
}

/* Is it one of our files, half-written? */
static bool is_half(const char *name)
{
    return spine_path_ends_in(name, ".part");
}

/* Called for a file of a run; the context is the visitor's own. */
typedef int visitor(const char *path, const char *name, void *context, struct spine_error *err);

/* Visit a directory's files with such names. A directory that doesn't exist has none. */
static int visit(const char *directory, int (*is_ours)(const char *), visitor *act, void *context,
                 struct spine_error *err)
{
    DIR *listing = opendir(directory);
    if (listing == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (listing == NULL)
        return spine_refuse(err, "output.directory: %s: %s", directory, strerror(errno));

    int rc = 0;
    errno = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(listing)) != NULL; errno = 0) {
        char path[SPINE_RUNDIR_PATH];
        if (!is_ours(entry->d_name))
            continue;
        rc = spine_rundir_join(path, directory, entry->d_name, err);
        if (rc == 0)
            rc = act(path, entry->d_name, context, err);
    }
    if (rc == 0 && errno != 0)
        rc = spine_fail(err, "output.directory: can't list %s: %s", directory, strerror(errno));

    closedir(listing);
    return rc;
}

/* Visit the run's files with such names, and its shards. */
static int visit_run(const char *directory, int (*is_ours)(const char *), visitor *act,
                     void *context, struct spine_error *err)
{
    char shards[SPINE_RUNDIR_PATH];

    if (spine_rundir_join(shards, directory, "shards", err) ||
        visit(directory, is_ours, act, context, err) ||
        visit(shards, is_shard_file, act, context, err))
        return -1;
    return 0;
}

/* What a directory holds of a run. */
struct tally {
    bool any, codes, model;
    uint64_t bytes; /* on the disk */
};

static int count(const char *path, const char *name, void *context, struct spine_error *err)
{
    struct tally *tally = context;
    struct stat facts;
    (void)err;

    tally->any = true;
    if (strcmp(name, model_name) == 0)
        tally->model = true;
    else if (strncmp(name, "codes", strlen("codes")) == 0 && !is_half(name))
        tally->codes = true;
    if (lstat(path, &facts) == 0)
        tally->bytes += (uint64_t)facts.st_blocks * 512;
    return 0;
}

int spine_rundir_inspect(const char *directory, enum spine_rundir_state *state, uint64_t *bytes,
                         struct spine_error *err)
{
    struct tally tally = {.any = false};

    if (visit_run(directory, is_run_file, count, &tally, err))
        return -1;

    *state = tally.model   ? SPINE_RUNDIR_FINISHED
             : tally.codes ? SPINE_RUNDIR_CODES
             : tally.any   ? SPINE_RUNDIR_BEGUN
                           : SPINE_RUNDIR_EMPTY;
    if (bytes != NULL)
        *bytes = tally.bytes;
    return 0;
}

int spine_rundir_lock(const char *directory, int *lock, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    *lock = -1;
    if (spine_rundir_join(path, directory, "shards", err) ||
        spine_rundir_make(own_option, directory, err) || make_shards(path, err) ||
        spine_rundir_join(path, directory, ".lock", err))
        return -1;
    const int descriptor = spine_lock_open(path);
    if (descriptor < 0)
        return spine_refuse(err, "output.directory: %s: %s", path, strerror(errno));
    if (spine_lock_take(descriptor, 0) == SPINE_LOCK_HELD) {
        spine_lock_release(descriptor);
        return spine_refuse(err, "output.directory: another process is training in %s", directory);
    }
    *lock = descriptor;
    return 0;
}

void spine_rundir_release(int lock)
{
    spine_lock_release(lock);
}

static int remove_file(const char *path, const char *name, void *context, struct spine_error *err)
{
    (void)name;
    (void)context;

    if (unlink(path) == 0 || errno == ENOENT)
        return 0;
    return spine_fail(err, "can't remove %s: %s", path, strerror(errno));
}

static int (*names_of(enum spine_rundir_part part))(const char *)
{
    return part == SPINE_RUNDIR_ALL ? is_run_file : is_result;
}

int spine_rundir_clear(const char *directory, enum spine_rundir_part part, struct spine_error *err)
{
    return visit_run(directory, names_of(part), remove_file, NULL, err);
}

/* --- Setting aside ------------------------------------------------------------------------ */

static const char aside_name[] = "replaced";

/* Make the first of replaced, replaced-2, ... that doesn't exist, with a directory for shards. */
static int make_aside(const char *directory, char *aside, struct spine_error *err)
{
    char name[32], shards[SPINE_RUNDIR_PATH];

    snprintf(name, sizeof name, "%s", aside_name);
    for (int i = 2;; i++) {
        if (spine_rundir_join(aside, directory, name, err))
            return -1;
        if (mkdir(aside, 0777) == 0)
            break;
        if (errno != EEXIST)
            return spine_fail(err, "%s: can't create it for the old run: %s", aside,
                              strerror(errno));
        snprintf(name, sizeof name, "%s-%d", aside_name, i);
    }

    if (spine_rundir_join(shards, aside, "shards", err) || make_shards(shards, err))
        return -1;
    return 0;
}

/* Move a file to 'context', the directory set aside; a shard to shards/ in it. */
static int move_file(const char *path, const char *name, void *context, struct spine_error *err)
{
    char target[SPINE_RUNDIR_PATH];

    if (is_half(name))
        return remove_file(path, name, NULL, err);

    const int length = snprintf(target, sizeof target, "%s/%s%s", (const char *)context,
                                is_shard_file(name) ? "shards/" : "", name);
    if (length >= (int)sizeof target)
        return spine_refuse(err, "%.60s...: the path is too long", path);
    if (rename(path, target) != 0)
        return spine_fail(err, "can't move %s to %s: %s", path, target, strerror(errno));
    return 0;
}

int spine_rundir_set_aside(const char *directory, enum spine_rundir_part part, char *aside,
                           struct spine_error *err)
{
    struct tally tally = {.any = false};

    aside[0] = '\0';
    if (visit_run(directory, names_of(part), count, &tally, err))
        return -1;
    if (!tally.any)
        return 0;

    if (make_aside(directory, aside, err))
        return -1;
    return visit_run(directory, names_of(part), move_file, aside, err);
}

static int is_aside(const char *name)
{
    int end = (int)strlen(aside_name);

    if (strncmp(name, aside_name, (size_t)end) != 0)
        return 0;
    if (name[end] != '\0')
        sscanf(name, "replaced-%*9[0-9]%n", &end);
    return name[end] == '\0';
}

/* Remove a directory that was set aside, unless it has other files. */
static int remove_aside(const char *path, const char *name, void *context, struct spine_error *err)
{
    char shards[SPINE_RUNDIR_PATH];
    struct stat facts;
    (void)name;
    (void)context;

    if (lstat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return 0;
    if (spine_rundir_join(shards, path, "shards", err) ||
        spine_rundir_clear(path, SPINE_RUNDIR_ALL, err))
        return -1;
    rmdir(shards);
    rmdir(path);
    return 0;
}

int spine_rundir_forget_aside(const char *directory, struct spine_error *err)
{
    return visit(directory, is_aside, remove_aside, NULL, err);
}
