/* path.c -- parts of a path, and whether paths name the same file. */
#include "spine/base/path.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/filefacts.h"

const char *spine_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

bool spine_path_ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), end = strlen(ending);

    return length >= end && strcmp(path + length - end, ending) == 0;
}

const char *spine_path_cut_to_directory(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    slash[slash == path] = '\0'; /* keep the slash of "/a" */
    return path;
}

bool spine_path_are_same(const char *first, const char *second)
{
    struct stat facts, others;

    return stat(first, &facts) == 0 && stat(second, &others) == 0 &&
           spine_filefacts_are_same(&facts, &others);
}

/* Get the facts of the directory that the file is in; false if there is none. */
static bool stat_directory(const char *path, struct stat *facts)
{
    char copy[PATH_MAX];

    return snprintf(copy, sizeof copy, "%s", path) < (int)sizeof copy &&
           stat(spine_path_cut_to_directory(copy), facts) == 0;
}

bool spine_path_lies_in(const char *path, const char *directory)
{
    struct stat above, facts;

    return stat_directory(path, &above) && stat(directory, &facts) == 0 &&
           spine_filefacts_are_same(&above, &facts);
}

bool spine_path_are_beside(const char *first, const char *second)
{
    struct stat above, other;

    return stat_directory(first, &above) && stat_directory(second, &other) &&
           spine_filefacts_are_same(&above, &other);
}
