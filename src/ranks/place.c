/* place.c -- where a process runs.
 *
 * Two CPUs may be two threads of one core, which two busy ranks had better not share: cores are
 * counted, by the number of their first CPU. */
#include "spine/ranks/place.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

/* --- Cores -------------------------------------------------------------------------------- */

/* The rest of the line that begins with 'key' in the file root/name; 0 if there is none. The key ""
 * takes the first line. */
static int read_line(const char *root, const char *name, const char *key, char *text, size_t size)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", root, name) >= (int)sizeof path)
        return 0;
    FILE *file = fopen(path, "r");
    int found = 0;
    while (file != NULL && !found && fgets(text, (int)size, file) != NULL)
        found = strncmp(text, key, strlen(key)) == 0;
    if (file != NULL)
        fclose(file);
    if (!found)
        return 0;
    const char *value = text + strlen(key);
    value += strspn(value, ": \t");
    memmove(text, value, strlen(value) + 1);
    text[strcspn(text, "\n")] = '\0';
    return 1;
}

/* The first CPU of this one's core. */
static long core_of(const char *root, long cpu)
{
    char name[128], text[256];
    snprintf(name, sizeof name, "/sys/devices/system/cpu/cpu%ld/topology/thread_siblings_list",
             cpu);
    return read_line(root, name, "", text, sizeof text) ? strtol(text, NULL, 10) : cpu;
}

/* Count the cores of a list of CPUs such as "0-3,8,10-11", and mark them in cores (zeroed). */
static int32_t read_cores(const char *root, const char *list, uint64_t *cores)
{
    int32_t count = 0;
    for (const char *at = list; *at >= '0' && *at <= '9';) {
        char *end;
        const long first = strtol(at, &end, 10);
        const long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        for (long cpu = first; cpu <= last && cpu < SPINE_PLACE_CORES; cpu++) {
            const long core = core_of(root, cpu);
            if (core < 0 || core >= SPINE_PLACE_CORES || cores[core / 64] >> core % 64 & 1)
                continue;
            cores[core / 64] |= UINT64_C(1) << core % 64;
            count++;
        }
        at = *end == ',' ? end + 1 : end;
    }
    return count;
}

void spine_place_look(struct spine_place *place, const char *root)
{
    char text[4096];
    uint64_t online[SPINE_PLACE_CORES / 64] = {0};
    memset(place, 0, sizeof *place);
    gethostname(place->host, sizeof place->host - 1);
    place->host[strcspn(place->host, ".")] = '\0';
    if (read_line(root, "/proc/cpuinfo", "model name", text, sizeof text))
        snprintf(place->processor, sizeof place->processor, "%.*s", SPINE_PLACE_NAME - 1, text);
    if (read_line(root, "/sys/devices/system/cpu/online", "", text, sizeof text))
        place->host_cores = read_cores(root, text, online);
    if (read_line(root, "/proc/self/status", "Cpus_allowed_list:", text, sizeof text))
        place->num_cores = read_cores(root, text, place->cores);
}

int spine_place_is_bound(const struct spine_place *place)
{
    return place->num_cores > 0 && place->num_cores < place->host_cores;
}

/* --- The disk ----------------------------------------------------------------------------- */

int spine_place_find_directory(const char *path, char *directory)
{
    if (snprintf(directory, PATH_MAX, "%s", path) >= PATH_MAX)
        return 0;
    while (access(directory, F_OK) != 0) {
        char *slash = strrchr(directory, '/');
        if (strcmp(directory, ".") == 0 || strcmp(directory, "/") == 0)
            return 0;
        if (slash == NULL)
            strcpy(directory, ".");
        else
            slash[slash == directory] = '\0'; /* of "/a" the slash stays */
    }
    return 1;
}

static const struct {
    uint32_t type; /* statfs(2) */
    const char *name;
} networks[] = {
    {0x00006969, "NFS"},    {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"}, {0xAAD7AAEA, "PanFS"},  {0x00C36400, "Ceph"},
    {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB"},    {0x01021997, "9p"},
    {0x5346414F, "AFS"},    {0x013111A8, "IBRIX"},  {0x65735546, "FUSE"}, /* sshfs and others */
};

/* Can a file in the directory be locked, by POSIX and, as HDF5 does, by BSD locks? */
static int can_lock(const char *directory)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/.lock-XXXXXX", directory) >= (int)sizeof path)
        return 1;
    const int file = mkstemp(path);
    if (file < 0)
        return 1;
    unlink(path);
    /* One after the other: on NFS they are the same and could be in each other's way. */
    struct flock taken = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct flock given = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    const int locked = fcntl(file, F_SETLK, &taken) == 0 && fcntl(file, F_SETLK, &given) == 0 &&
                       flock(file, LOCK_EX | LOCK_NB) == 0;
    close(file);
    return locked;
}

void spine_place_look_at_disk(const char *path, struct spine_filesystem *filesystem)
{
    char directory[PATH_MAX];
    struct statfs facts;
    *filesystem = (struct spine_filesystem){.name = "local", .is_writable = 1, .locks = 1};
    if (!spine_place_find_directory(path, directory) || statfs(directory, &facts) != 0)
        return;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if ((uint32_t)facts.f_type == networks[i].type) {
            filesystem->name = networks[i].name;
            filesystem->is_network = 1;
        }
    filesystem->is_writable = access(directory, W_OK) == 0;
    filesystem->locks = !filesystem->is_writable || can_lock(directory);
}
