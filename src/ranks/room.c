/* room.c -- how much memory and disk space there still is. */
#include "spine/ranks/room.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "spine/ranks/place.h"

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* --- Memory ------------------------------------------------------------------------------- */

/* The number behind 'key' at the beginning of one of the file's lines; UINT64_MAX if there is none.
 * The key "" takes the file's first number. */
static uint64_t read_number(const char *directory, const char *name, const char *key)
{
    char path[PATH_MAX], line[256];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return UINT64_MAX;
    FILE *file = fopen(path, "r");
    uint64_t number = UINT64_MAX;
    while (file != NULL && number == UINT64_MAX && fgets(line, sizeof line, file) != NULL) {
        char *end, *start = line + strlen(key);
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const uint64_t found = strtoull(start, &end, 10);
        number = end > start ? found : UINT64_MAX; /* memory.max may be "max" */
    }
    if (file != NULL)
        fclose(file);
    return number;
}

/* The names of a control group's files. */
struct group_files {
    const char *mount, *limit, *usage, *inactive, *active;
};

static const struct group_files version_1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                             "memory.usage_in_bytes", "total_inactive_file ",
                                             "total_active_file "};
static const struct group_files version_2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                             "inactive_file ", "active_file "};

/* What a control group leaves. Its usage has the page cache in it, which gives way. */
static uint64_t group_room(const struct group_files *files, const char *directory)
{
    const uint64_t limit = read_number(directory, files->limit, "");
    uint64_t usage = read_number(directory, files->usage, "");
    if (limit == UINT64_MAX || usage == UINT64_MAX)
        return UINT64_MAX;
    const char *const caches[] = {files->inactive, files->active};
    for (int i = 0; i < 2; i++) {
        const uint64_t cache = read_number(directory, "memory.stat", caches[i]);
        usage -= cache == UINT64_MAX ? 0 : least_of(cache, usage);
    }
    return limit > usage ? limit - usage : 0;
}

/* What a control group and those above it leave. In a container its path may begin above what is
 * mounted: what isn't there says nothing. */
static uint64_t groups_room(const char *root, const struct group_files *files, const char *group)
{
    char directory[PATH_MAX];
    const int least = snprintf(directory, sizeof directory, "%s%s", root, files->mount);
    if (least < 0 || (size_t)least + strlen(group) >= sizeof directory)
        return UINT64_MAX;
    strcat(directory, group);
    uint64_t room = UINT64_MAX;
    for (;;) {
        room = least_of(room, group_room(files, directory));
        char *slash = strrchr(directory, '/');
        if (slash < directory + least)
            return room;
        *slash = '\0';
    }
}

/* Is "memory" among controllers separated by commas? */
static int has_memory(const char *controllers)
{
    for (;; controllers += strcspn(controllers, ",") + 1) {
        const size_t length = strcspn(controllers, ",");
        if (length == strlen("memory") && strncmp(controllers, "memory", length) == 0)
            return 1;
        if (controllers[length] == '\0')
            return 0;
    }
}

uint64_t spine_room_memory(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/proc", root);
    const uint64_t kilobytes = read_number(path, "meminfo", "MemAvailable:");
    uint64_t room = kilobytes == UINT64_MAX ? UINT64_MAX : kilobytes * 1024;
    strcat(path, "/self/cgroup");
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        /* number:controllers:path; version 2 has no controllers there. */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *group++ = '\0';
        if (controllers[1] == '\0')
            room = least_of(room, groups_room(root, &version_2, group));
        else if (has_memory(controllers + 1))
            room = least_of(room, groups_room(root, &version_1, group));
    }
    if (file != NULL)
        fclose(file);
    return room;
}

/* --- Disk --------------------------------------------------------------------------------- */

uint64_t spine_room_disk(const char *path)
{
    char directory[PATH_MAX];
    struct statvfs facts;
    if (!spine_place_find_directory(path, directory) || statvfs(directory, &facts) != 0)
        return UINT64_MAX;
    return facts.f_blocks == 0 ? UINT64_MAX : (uint64_t)facts.f_bavail * facts.f_frsize;
}
