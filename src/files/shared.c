/* shared.c -- do all ranks see the same file? */
#include "spine/files/shared.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What identifies a file on all nodes: its number or, if a network file system numbers files
 * differently on each node, size and time. */
struct identity {
    uint64_t number, size;
    int64_t seconds, nanoseconds;
};

static bool are_same(const struct identity *one, const struct identity *other)
{
    return one->number == other->number ||
           (one->size == other->size && one->seconds == other->seconds &&
            one->nanoseconds == other->nanoseconds);
}

int spine_shared_check(const struct spine_comm *comm, const char *path, const char *what,
                       struct spine_error *err)
{
    struct stat facts = {.st_size = 0};
    const bool is_seen = stat(path, &facts) == 0;
    const int reason = errno;
    const struct identity seen = {facts.st_ino, (uint64_t)facts.st_size, facts.st_mtim.tv_sec,
                                  facts.st_mtim.tv_nsec};
    struct identity expected = seen;
    char host[64] = "";
    int rc = 0;

    spine_comm_broadcast(comm, &expected, sizeof expected);
    gethostname(host, sizeof host - 1);
    if (!is_seen && reason != ENOENT && reason != ENOTDIR)
        rc = spine_fail(err, "%s: %s", path, strerror(reason));
    else if (!is_seen || !are_same(&seen, &expected))
        rc = spine_fail(err, "%s is not visible on %s: a shared file system is needed", what, host);

    return spine_comm_agree(comm, rc, err);
}
