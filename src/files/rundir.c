/* rundir.c -- the directory of a run. */
#include "spine/files/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/lock.h"

static const char own_option[] = "output.directory"; /* which names a run's directory */

int spine_rundir_join(char *path, const char *directory, const char *name, struct spine_error *err)
{
    if (snprintf(path, SPINE_RUNDIR_PATH, "%s/%s", directory, name) < SPINE_RUNDIR_PATH)
        return 0;
    return spine_refuse(err, "%.60s...: the path is too long", directory);
}

static int make_directory(const char *option, const char *path, struct spine_error *err)
{
    struct stat facts;
    if (mkdir(path, 0777) == 0 ||
        (errno == EEXIST && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return 0;
    return spine_refuse(err, "%s: can't make %s: %s", option, path, strerror(errno));
}

/* The directory of the shards. The run's own may be a symbolic link, this one may not: it would
 * lead what is written and removed out of the run. */
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

static int is_named(const char *name, const char *expected)
{
    const size_t length = strlen(expected);
    return strncmp(name, expected, length) == 0 &&
           (name[length] == '\0' || strcmp(name + length, ".part") == 0);
}

/* What follows a checkpoint's name: nothing, ".part" if it is half-written; NULL if it is none. */
static const char *checkpoint_suffix(const char *name)
{
    int end = 0;
    if (sscanf(name, "checkpoint-%*10[0-9].h5%n", &end) != 0 || end == 0)
        return NULL;
    return name[end] == '\0' || strcmp(name + end, ".part") == 0 ? name + end : NULL;
}

static int is_result(const char *name)
{
    const char *suffix = checkpoint_suffix(name);
    return is_named(name, "model.h5") || is_named(name, "codes.h5ad") ||
           is_named(name, "codes.txt") || (suffix != NULL && *suffix != '\0');
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

/* What a directory holds of a run. */
struct tally {
    int files;
    uint64_t bytes; /* on the disk */
};

/* Add a directory's files of these names to the tally, and call 'act' with the path of each if it
 * isn't NULL. A directory that isn't there has none. */
static int visit(const char *directory, int (*is_ours)(const char *), int (*act)(const char *),
                 struct tally *tally, struct spine_error *err)
{
    DIR *listing = opendir(directory);
    if (listing == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (listing == NULL)
        return spine_refuse(err, "output.directory: %s: %s", directory, strerror(errno));
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(listing)) != NULL;) {
        char path[SPINE_RUNDIR_PATH];
        struct stat facts;
        if (!is_ours(entry->d_name))
            continue;
        rc = spine_rundir_join(path, directory, entry->d_name, err);
        if (rc == 0 && lstat(path, &facts) == 0) {
            tally->files++;
            tally->bytes += (uint64_t)facts.st_blocks * 512;
        }
        if (rc == 0 && act != NULL && act(path) != 0)
            rc = spine_fail(err, "can't remove %s: %s", path, strerror(errno));
    }
    closedir(listing);
    return rc;
}

/* Visit all of a run's files. */
static int visit_all(const char *directory, struct tally *tally, struct spine_error *err)
{
    char shards[SPINE_RUNDIR_PATH];
    return spine_rundir_join(shards, directory, "shards", err) ||
                   visit(directory, is_run_file, NULL, tally, err) ||
                   visit(shards, is_shard_file, NULL, tally, err)
               ? -1
               : 0;
}

int spine_rundir_look(const char *directory, enum spine_rundir_state *state, uint64_t *bytes,
                      struct spine_error *err)
{
    char model[SPINE_RUNDIR_PATH];
    struct tally tally = {0};
    if (spine_rundir_join(model, directory, "model.h5", err) || visit_all(directory, &tally, err))
        return -1;
    *state = access(model, F_OK) == 0 ? SPINE_RUNDIR_FINISHED
             : tally.files > 0        ? SPINE_RUNDIR_BEGUN
                                      : SPINE_RUNDIR_EMPTY;
    if (bytes != NULL)
        *bytes = tally.bytes;
    return 0;
}

int spine_rundir_take(const char *directory, int *lock, struct spine_error *err)
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
    if (spine_lock_take(descriptor, SPINE_LOCK_TRY) == SPINE_LOCK_HELD) {
        spine_lock_release(descriptor);
        return spine_refuse(err, "output.directory: another run is at work in %s", directory);
    }
    *lock = descriptor;
    return 0;
}

void spine_rundir_release(int lock)
{
    spine_lock_release(lock);
}

int spine_rundir_clear(const char *directory, enum spine_rundir_part part, struct spine_error *err)
{
    char shards[SPINE_RUNDIR_PATH];
    struct tally tally = {0};
    return spine_rundir_join(shards, directory, "shards", err) ||
                   visit(directory, part == SPINE_RUNDIR_ALL ? is_run_file : is_result, unlink,
                         &tally, err) ||
                   visit(shards, is_shard_file, unlink, &tally, err)
               ? -1
               : 0;
}
