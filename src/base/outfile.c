/* outfile.c -- files that appear whole or not at all. */
#include "spine/base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/filefacts.h"
#include "spine/base/infile.h"
#include "spine/base/lock.h"
#include "spine/base/memory.h"
#include "spine/base/path.h"

char *spine_outfile_part(const char *path, struct spine_error *err)
{
    const size_t bytes = strlen(path) + sizeof ".part";
    char *part = spine_memory_get(bytes, 1, "a file's temporary name", err);

    if (part != NULL)
        snprintf(part, bytes, "%s.part", path);
    return part;
}

static int fail_path(const char *path, struct spine_error *err)
{
    return spine_fail(err, "%s: %s", path, strerror(errno));
}

/* Refuse what isn't a file. */
static int check_is_file(const char *path, const struct stat *facts, struct spine_error *err)
{
    if (S_ISREG(facts->st_mode))
        return 0;
    return spine_refuse(err, "%s: is a %s: not replaced by a file", path,
                        S_ISDIR(facts->st_mode) ? "directory" : "device or a pipe");
}

/* Publishing would fail for a directory, after all the work, and replace /dev/null, or what
 * /dev/stdout names, with a file. */
int spine_outfile_check_place(const char *path, struct spine_error *err)
{
    struct stat facts;

    return stat(path, &facts) != 0 ? 0 : check_is_file(path, &facts, err);
}

/* Find the first byte of a file's text, after a byte order mark and white space; that of an empty
 * file stays as it is. Returns -1, with errno set, on failure. */
static int read_first(int file, char *first)
{
    char bytes[64] = "";
    const ssize_t got = read(file, bytes, sizeof bytes - 1);

    if (got < 0)
        return -1;
    if (got > 0) {
        const char *start = strncmp(bytes, "\xef\xbb\xbf", 3) == 0 ? bytes + 3 : bytes;
        *first = start[strspn(start, " \t\r\n")];
    }
    return 0;
}

int spine_outfile_check_kind(const char *path, const char *first, const char *kind,
                             struct spine_error *err)
{
    struct stat facts;
    char byte = first[0];
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0; /* creating it says what can't be */
    if (file < 0)
        return spine_infile_fail(path, err);
    int rc = fstat(file, &facts) != 0 ? fail_path(path, err) : 0;
    if (rc == 0 && S_ISDIR(facts.st_mode))
        rc = check_is_file(path, &facts, err);
    else if (rc == 0 && S_ISREG(facts.st_mode) && read_first(file, &byte) != 0)
        rc = fail_path(path, err);
    else if (rc == 0 && (byte == '\0' || strchr(first, byte) == NULL))
        rc = spine_refuse(err, "%s: exists and is not %s: not overwritten", path, kind);

    close(file);
    return rc;
}

/* --- Ownership of temporary files ----------------------------------------------------------- */

/* A PATH.part that this process created and has neither published nor discarded. */
struct claim {
    struct claim *next;
    int descriptor; /* has the file locked */
    struct stat facts;
    char part[];
};

static struct claim *claims;
static pthread_mutex_t claims_lock = PTHREAD_MUTEX_INITIALIZER; /* checkpoints have a thread */

/* Keep a copy of the descriptor, and with it the lock. */
static int add_claim(const char *part, int descriptor, struct spine_error *err)
{
    struct claim *claim =
        spine_memory_get(sizeof *claim + strlen(part) + 1, 1, "a file's temporary name", err);
    if (claim == NULL)
        return -1;

    claim->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (claim->descriptor < 0 || fstat(descriptor, &claim->facts) != 0) {
        fail_path(part, err);
        if (claim->descriptor >= 0)
            close(claim->descriptor);
        free(claim);
        return -1;
    }

    strcpy(claim->part, part);
    pthread_mutex_lock(&claims_lock);
    claim->next = claims;
    claims = claim;
    pthread_mutex_unlock(&claims_lock);
    return 0;
}

/* Remove the claim to a file from the list and return it, or NULL. Release it with end_claim(). */
static struct claim *take_claim(const char *part)
{
    pthread_mutex_lock(&claims_lock);
    struct claim **at = &claims;
    while (*at != NULL && strcmp((*at)->part, part) != 0)
        at = &(*at)->next;
    struct claim *found = *at;
    if (found != NULL)
        *at = found->next;
    pthread_mutex_unlock(&claims_lock);
    return found;
}

static void end_claim(struct claim *claim)
{
    if (claim != NULL)
        close(claim->descriptor);
    free(claim);
}

/* Fail unless the file with this name is still the one that was created. */
static int check_ours(const struct claim *claim, struct spine_error *err)
{
    struct stat facts;
    const bool is_there = lstat(claim->part, &facts) == 0;

    if (!is_there && errno != ENOENT)
        return fail_path(claim->part, err);
    if (is_there && spine_filefacts_are_same(&facts, &claim->facts))
        return 0;
    return spine_fail(err, "%s: another program has replaced or removed it while it was written",
                      claim->part);
}

static bool is_ours(const struct claim *claim)
{
    struct spine_error ignored;

    return check_ours(claim, &ignored) == 0;
}

/* --- Creating ------------------------------------------------------------------------------ */

/* Refuse an existing file unless a crash left it: a plain file that no process has locked. */
static int check_leftover(const char *part, struct spine_error *err)
{
    struct stat facts;
    if (lstat(part, &facts) != 0)
        return errno == ENOENT ? 0 : fail_path(part, err);
    if (S_ISLNK(facts.st_mode) || S_ISDIR(facts.st_mode))
        return spine_refuse(err, "%s: %s", part, strerror(S_ISLNK(facts.st_mode) ? ELOOP : EISDIR));
    if (!S_ISREG(facts.st_mode) || facts.st_nlink > 1)
        return spine_refuse(err, "%s: is in the way: %s", part,
                            S_ISREG(facts.st_mode) ? "a file with other hard links"
                                                   : "a device or a pipe");

    const int descriptor = open(part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return errno == EACCES ? spine_refuse(err, "%s: %s", part, strerror(errno))
                               : fail_path(part, err);
    const bool is_held = spine_lock_claim(descriptor) == SPINE_LOCK_HELD;
    close(descriptor);
    if (is_held)
        return spine_refuse(err, "%s: another program is writing it", part);
    return 0;
}

/* Name the wanted file in the message, or the temporary one if that is in the way. */
static int fail_creating(const char *path, const char *part, struct spine_error *err)
{
    if (errno == ENOENT)
        return spine_refuse(err, "%s: its directory doesn't exist", path);
    if (errno == EACCES || errno == ENOTDIR || errno == EROFS)
        return spine_refuse(err, "%s: %s", path, strerror(errno));
    if (errno == EISDIR || errno == ELOOP)
        return spine_refuse(err, "%s: %s", part, strerror(errno));
    return fail_path(path, err);
}

/* Returns the descriptor of the new file, or -1. */
static int open_part(const char *path, const char *part, struct spine_error *err)
{
    if (spine_outfile_check_place(path, err))
        return -1;
    end_claim(take_claim(part));

    int descriptor = -1;
    for (int attempt = 0; descriptor < 0; attempt++) {
        descriptor = open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (descriptor >= 0)
            break;
        if (errno != EEXIST || attempt > 2)
            return fail_creating(path, part, err);
        if (check_leftover(part, err))
            return -1;
        unlink(part);
    }

    /* If the file system can't lock, publishing notices that the file was replaced. */
    const bool is_held = spine_lock_claim(descriptor) == SPINE_LOCK_HELD;
    if (!is_held && add_claim(part, descriptor, err) == 0)
        return descriptor;

    if (is_held)
        spine_refuse(err, "%s: another program is writing it", part);
    else
        unlink(part);
    close(descriptor);
    return -1;
}

int spine_outfile_create(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    const int descriptor = part == NULL ? -1 : open_part(path, part, err);

    if (descriptor >= 0)
        close(descriptor);
    free(part);
    if (descriptor < 0)
        return -1;
    return 0;
}

FILE *spine_outfile_create_text(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    const int descriptor = part == NULL ? -1 : open_part(path, part, err);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");

    if (descriptor >= 0 && file == NULL) {
        fail_path(part, err);
        close(descriptor);
        spine_outfile_discard(path);
    }
    free(part);
    return file;
}

int spine_outfile_write_all(int descriptor, int64_t offset, const void *data, size_t count)
{
    enum { MOST = 1 << 30 }; /* a call may write no more than 2 GiB */
    const char *bytes = data;

    for (size_t done = 0; done < count;) {
        const size_t rest = count - done, piece = rest < MOST ? rest : MOST;
        const ssize_t written = pwrite(descriptor, bytes + done, piece, offset + (int64_t)done);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written == 0) {
            errno = EIO;
            return -1;
        }
        if (written > 0)
            done += (size_t)written;
    }
    return 0;
}

int spine_outfile_write(const char *path, int64_t offset, const void *data, size_t bytes,
                        struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    if (part == NULL)
        return -1;

    const int descriptor = open(part, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    int rc = descriptor < 0 ? fail_path(part, err) : 0;
    if (rc == 0 && spine_outfile_write_all(descriptor, offset, data, bytes) != 0)
        rc = fail_path(part, err);
    if (descriptor >= 0 && close(descriptor) != 0 && rc == 0)
        rc = fail_path(part, err);

    free(part);
    return rc;
}

/* Sync an open file or directory to the disk, and close it. */
static int sync_and_close(int descriptor, const char *path, struct spine_error *err)
{
    /* Some file systems can't fsync a directory: EINVAL there is not a failure. */
    const int rc = fsync(descriptor) != 0 && errno != EINVAL ? fail_path(path, err) : 0;

    close(descriptor);
    return rc;
}

static int sync_path(const char *path, struct spine_error *err)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0)
        return fail_path(path, err);
    return sync_and_close(descriptor, path, err);
}

int spine_outfile_sync(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    const int rc = part == NULL ? -1 : sync_path(part, err);

    free(part);
    return rc;
}

/* Rename the temporary file, if it is still the one that was created. */
static int rename_part(const char *part, const char *path, struct spine_error *err)
{
    struct claim *claim = take_claim(part);
    int rc = claim == NULL ? 0 : check_ours(claim, err);

    if (rc == 0 && rename(part, path) != 0)
        rc = spine_fail(err, "%s: can't rename the finished file: %s", path, strerror(errno));
    if (claim != NULL && is_ours(claim))
        unlink(part); /* it wasn't renamed */

    end_claim(claim);
    return rc;
}

/* Sync, rename, and sync the directory. The directory is opened first, so that a failure before the
 * renaming leaves nothing. A directory that may be written but not read can't be synced. */
static int publish_part(const char *part, const char *path, const char *directory,
                        struct spine_error *err)
{
    if (sync_path(part, err))
        return -1;
    const int descriptor = open(directory, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno != EACCES)
        return fail_path(directory, err);

    int rc = rename_part(part, path, err);
    if (descriptor >= 0 && rc == 0)
        rc = sync_and_close(descriptor, directory, err);
    else if (descriptor >= 0)
        close(descriptor);
    return rc;
}

int spine_outfile_publish(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    char *copy = part == NULL ? NULL : spine_memory_copy(path, "a file's name", err);
    const int rc =
        copy == NULL ? -1 : publish_part(part, path, spine_path_cut_to_directory(copy), err);

    free(copy);
    free(part);
    return rc;
}

int spine_outfile_close_text(FILE *file, const char *path, struct spine_error *err)
{
    int failed = ferror(file);

    failed = fclose(file) != 0 || failed;
    if (!failed)
        return 0;
    fail_path(path, err);
    spine_outfile_discard(path);
    return -1;
}

int spine_outfile_finish_text(FILE *file, const char *path, struct spine_error *err)
{
    if (spine_outfile_close_text(file, path, err))
        return -1;
    if (spine_outfile_publish(path, err) == 0)
        return 0;
    spine_outfile_discard(path);
    return -1;
}

int spine_outfile_write_text(const char *path, const char *text, struct spine_error *err)
{
    FILE *file = spine_outfile_create_text(path, err);
    if (file == NULL)
        return -1;
    fputs(text, file);
    return spine_outfile_finish_text(file, path, err);
}

int spine_outfile_write_lightly(const char *path, const char *text, struct spine_error *err)
{
    FILE *file = spine_outfile_create_text(path, err);
    if (file == NULL)
        return -1;
    fputs(text, file);
    if (spine_outfile_close_text(file, path, err))
        return -1;

    char *part = spine_outfile_part(path, err);
    const int rc = part == NULL ? -1 : rename_part(part, path, err);
    if (rc != 0)
        spine_outfile_discard(path);
    free(part);
    return rc;
}

void spine_outfile_discard(const char *path)
{
    struct spine_error ignored;
    char *part = spine_outfile_part(path, &ignored);
    struct claim *claim = part == NULL ? NULL : take_claim(part);

    if (claim != NULL && is_ours(claim))
        unlink(part);
    end_claim(claim);
    free(part);
}
