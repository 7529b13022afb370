/* path.c -- parts of a path. */
#include "spine/base/path.h"

#include <string.h>

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
