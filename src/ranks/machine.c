/* machine.c -- the machine that a process runs on.
 *
 * Two CPUs may be two threads of one core, which two busy ranks should not share. So cores are
 * counted, not CPUs; a core has the number of its first CPU. */
#include "spine/ranks/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "spine/base/path.h"
#include "spine/base/printable.h"

/* --- Cores -------------------------------------------------------------------------------- */

/* Load the machine's packages and cores, also those that this process may not use. */
static int load_topology(hwloc_topology_t *topology, const char *synthetic)
{
    if (hwloc_topology_init(topology) != 0)
        return -1;

    hwloc_topology_set_all_types_filter(*topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter(*topology, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL);
    hwloc_topology_set_type_filter(*topology, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
    hwloc_topology_set_flags(*topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    if ((synthetic != NULL && hwloc_topology_set_synthetic(*topology, synthetic) != 0) ||
        hwloc_topology_load(*topology) != 0) {
        hwloc_topology_destroy(*topology);
        return -1;
    }
    return 0;
}

/* Count the cores that have a CPU of 'allowed', and mark them in machine->cores. */
static int32_t count_cores(hwloc_topology_t topology, hwloc_const_bitmap_t allowed,
                           struct spine_machine *machine)
{
    /* If the machine doesn't report cores, every CPU counts as one. */
    const int depth = hwloc_get_type_or_below_depth(topology, HWLOC_OBJ_CORE);
    int32_t count = 0;

    for (hwloc_obj_t core = NULL;
         (core = hwloc_get_next_obj_by_depth(topology, depth, core)) != NULL;) {
        const int first = hwloc_bitmap_first(core->cpuset);
        if (first < 0 || first >= SPINE_MACHINE_CORES ||
            !hwloc_bitmap_intersects(core->cpuset, allowed))
            continue;
        machine->cores[first / 64] |= UINT64_C(1) << first % 64;
        count++;
    }
    return count;
}

static void describe_cores(hwloc_topology_t topology, const char *binding,
                           struct spine_machine *machine)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    const char *model = package == NULL ? NULL : hwloc_obj_get_info_by_name(package, "CPUModel");
    const int host_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    hwloc_bitmap_t allowed = hwloc_bitmap_alloc();

    if (model != NULL) /* which some virtual machines pad with blanks */
        snprintf(machine->processor, sizeof machine->processor, "%.*s",
                 spine_printable_trimmed(model, SPINE_MACHINE_NAME - 1), model);
    machine->host_cores =
        host_cores > 0 ? host_cores : hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    if (allowed == NULL)
        return;
    if (binding != NULL ? hwloc_bitmap_list_sscanf(allowed, binding) == 0
                        : hwloc_get_cpubind(topology, allowed, HWLOC_CPUBIND_PROCESS) == 0)
        machine->num_cores = count_cores(topology, allowed, machine);
    hwloc_bitmap_free(allowed);
}

void spine_machine_describe(struct spine_machine *machine, const char *synthetic,
                            const char *binding)
{
    hwloc_topology_t topology;

    memset(machine, 0, sizeof *machine); /* the gaps too: it is sent to other ranks */
    gethostname(machine->host, sizeof machine->host - 1);
    machine->host[strcspn(machine->host, ".")] = '\0';
    if (load_topology(&topology, synthetic))
        return;
    describe_cores(topology, binding, machine);
    hwloc_topology_destroy(topology);
}

bool spine_machine_is_bound(const struct spine_machine *machine)
{
    return machine->num_cores > 0 && machine->num_cores < machine->host_cores;
}

/* Does the name of the process begin with 'name'? */
static bool is_called(const char *id, const char *name)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof path, "/proc/%.20s/comm", id);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;

    const bool is =
        fgets(line, sizeof line, file) != NULL && strncmp(line, name, strlen(name)) == 0;
    fclose(file);
    return is;
}

int spine_machine_rivals(const char *name, int32_t *ids, int most)
{
    cpu_set_t mine, others;
    DIR *processes = sched_getaffinity(0, sizeof mine, &mine) == 0 ? opendir("/proc") : NULL;
    int count = 0;
    if (processes == NULL)
        return 0;

    for (const struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        const pid_t id = (pid_t)strtol(entry->d_name, NULL, 10);
        if (id <= 0 || id == getpid() || !is_called(entry->d_name, name) ||
            sched_getaffinity(id, sizeof others, &others) != 0 || !CPU_EQUAL(&mine, &others))
            continue;
        if (count < most)
            ids[count] = id;
        count++;
    }
    closedir(processes);
    return count;
}

/* --- Memory ------------------------------------------------------------------------------- */

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number after 'key' at the beginning of a line; UINT64_MAX if there is none. With the key "",
 * the first number of the file. */
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

/* The memory that a control group leaves. Its usage includes the page cache, which can be
 * dropped. */
static uint64_t group_left(const struct group_files *files, const char *directory)
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

/* The memory that a control group and those above it leave. In a container, parts of its path may
 * not be mounted; they are skipped. */
static uint64_t groups_left(const char *root, const struct group_files *files, const char *group)
{
    char directory[PATH_MAX];
    const int least = snprintf(directory, sizeof directory, "%s%s", root, files->mount);
    if (least < 0 || (size_t)least + strlen(group) >= sizeof directory)
        return UINT64_MAX;
    strcat(directory, group);
    uint64_t left = UINT64_MAX;
    for (;;) {
        left = least_of(left, group_left(files, directory));
        char *slash = strrchr(directory, '/');
        if (slash < directory + least)
            return left;
        *slash = '\0';
    }
}

/* Is "memory" among controllers separated by commas? */
static bool has_memory(const char *controllers)
{
    for (;; controllers += strcspn(controllers, ",") + 1) {
        const size_t length = strcspn(controllers, ",");
        if (length == strlen("memory") && strncmp(controllers, "memory", length) == 0)
            return true;
        if (controllers[length] == '\0')
            return false;
    }
}

uint64_t spine_machine_memory_left(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/proc", root);
    const uint64_t kilobytes = read_number(path, "meminfo", "MemAvailable:");
    uint64_t left = kilobytes == UINT64_MAX ? UINT64_MAX : kilobytes * 1024;

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
            left = least_of(left, groups_left(root, &version_2, group));
        else if (has_memory(controllers + 1))
            left = least_of(left, groups_left(root, &version_1, group));
    }

    if (file != NULL)
        fclose(file);
    return left;
}

/* --- The disk ----------------------------------------------------------------------------- */

/* Find the path itself or, if it doesn't exist, the nearest directory above it; 'directory' has
 * PATH_MAX bytes. Returns whether there is one. */
static bool find_directory(const char *path, char *directory)
{
    if (snprintf(directory, PATH_MAX, "%s", path) >= PATH_MAX)
        return false;
    while (access(directory, F_OK) != 0) {
        if (strcmp(directory, ".") == 0 || strcmp(directory, "/") == 0)
            return false;
        if (spine_path_cut_to_directory(directory) != directory)
            strcpy(directory, ".");
    }
    return true;
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
static bool can_lock(const char *directory)
{
    char path[PATH_MAX];
    /* The name is always the same, so that the next start removes what a kill left. */
    if (snprintf(path, sizeof path, "%s/.spine-lock-test", directory) >= (int)sizeof path)
        return true;
    const int file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (file < 0)
        return true;
    unlink(path);
    /* Try one after the other: on NFS they are the same lock and would exclude each other. If
     * another process, testing at the same time, holds the lock, locking works. */
    struct flock taken = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct flock given = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    bool locks = fcntl(file, F_SETLK, &taken) == 0 || errno == EACCES || errno == EAGAIN;
    fcntl(file, F_SETLK, &given);
    locks = locks && (flock(file, LOCK_EX | LOCK_NB) == 0 || errno == EWOULDBLOCK);
    close(file);
    return locks;
}

void spine_machine_filesystem(const char *path, struct spine_filesystem *filesystem)
{
    char directory[PATH_MAX];
    struct statfs facts;
    *filesystem = (struct spine_filesystem){.name = "local", .is_writable = true, .locks = true};
    if (!find_directory(path, directory) || statfs(directory, &facts) != 0)
        return;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if ((uint32_t)facts.f_type == networks[i].type) {
            filesystem->name = networks[i].name;
            filesystem->is_network = true;
        }
    filesystem->is_writable = access(directory, W_OK) == 0;
    filesystem->locks = !filesystem->is_writable || can_lock(directory);
}

uint64_t spine_machine_disk_left(const char *path)
{
    char directory[PATH_MAX];
    struct statvfs facts;
    if (!find_directory(path, directory) || statvfs(directory, &facts) != 0)
        return UINT64_MAX;
    return facts.f_blocks == 0 ? UINT64_MAX : (uint64_t)facts.f_bavail * facts.f_frsize;
}
