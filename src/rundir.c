/* rundir.c -- the directory of a run. */
#include "spine/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int spine_rundir_join(char *path, const char *directory, const char *name, struct spine_error *err)
{
    if (snprintf(path, SPINE_RUNDIR_PATH, "%s/%s", directory, name) < SPINE_RUNDIR_PATH)
        return 0;
    return spine_refuse(err, "%.60s...: the path is too long", directory);
}

static int make_directory(const char *path, struct spine_error *err)
{
    struct stat facts;
    if (mkdir(path, 0777) == 0 ||
        (errno == EEXIST && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return 0;
    return spine_refuse(err, "output.directory: can't make %s: %s", path, strerror(errno));
}

/* Make the directory and those above it. */
static int make_directories(const char *directory, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    if (spine_rundir_join(path, directory, "", err))
        return -1;
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_directory(path, err))
            return -1;
        *slash = '/';
    }
    return 0;
}

static int is_run_file(const char *name)
{
    static const char *const names[] = {"metrics.jsonl", "model.h5", "codes.h5ad", "codes.txt"};
    char part[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(part, sizeof part, "%s.part", names[i]);
        if (strcmp(name, names[i]) == 0 || strcmp(name, part) == 0)
            return 1;
    }
    return 0;
}

static int is_shard_file(const char *name)
{
    int digits = 0, end = 0;
    if (sscanf(name, "codes-%*d%n.h5%n", &digits, &end) != 0 || end == 0)
        return 0;
    return name[end] == '\0' || strcmp(name + end, ".part") == 0;
}

/* Go through a directory's files of these names: without 'overwrite' refuse the first, else do
 * 'act' to them (NULL: nothing). One that isn't there has none. */
static int visit(const char *directory, int (*is_ours)(const char *), int overwrite,
                 int (*act)(const char *), struct spine_error *err)
{
    DIR *listing = opendir(directory);
    if (listing == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (listing == NULL)
        return spine_refuse(err, "output.directory: %s: %s", directory, strerror(errno));
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(listing)) != NULL;) {
        char path[SPINE_RUNDIR_PATH];
        if (!is_ours(entry->d_name))
            continue;
        if (!overwrite)
            rc = spine_refuse(err,
                              "output.directory: %s holds a run already (%s); name another one or "
                              "set output.overwrite = yes",
                              directory, entry->d_name);
        else if ((rc = spine_rundir_join(path, directory, entry->d_name, err)) == 0 &&
                 act != NULL && act(path) != 0)
            rc = spine_fail(err, "can't remove %s: %s", path, strerror(errno));
    }
    closedir(listing);
    return rc;
}

int spine_rundir_check(const char *directory, int overwrite, struct spine_error *err)
{
    char shards[SPINE_RUNDIR_PATH];
    return spine_rundir_join(shards, directory, "shards", err) ||
                   visit(directory, is_run_file, overwrite, NULL, err) ||
                   visit(shards, is_shard_file, overwrite, NULL, err)
               ? -1
               : 0;
}

int spine_rundir_prepare(const char *directory, int overwrite, struct spine_error *err)
{
    char shards[SPINE_RUNDIR_PATH];
    return spine_rundir_check(directory, overwrite, err) ||
                   spine_rundir_join(shards, directory, "shards", err) ||
                   make_directories(directory, err) || make_directory(shards, err) ||
                   visit(directory, is_run_file, 1, unlink, err) ||
                   visit(shards, is_shard_file, 1, unlink, err)
               ? -1
               : 0;
}
