/* store.c -- HDF5 files: creating, opening and closing them. */
#include "spine/files/store.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/filefacts.h"
#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/files/attribute.h"
#include "spine/files/h5.h"

/* If HDF5 1.10 can't close a file (when the disk is full, for example), it keeps a dangling entry
 * for it and crashes when it shuts down: at exit, or in MPI_Finalize() if MPI started before HDF5.
 * We close everything we open, so HDF5 needn't shut down. */
void spine_store_init(void)
{
    H5dont_atexit();
    H5open();
}

/* Released by free(). */
static struct spine_store *new_store(const char *path, struct spine_comm *comm,
                                     struct spine_error *err)
{
    H5dont_atexit(); /* for programs without MPI, which don't call spine_store_init() */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (H5Lis_registered(H5L_TYPE_EXTERNAL) > 0) /* links to other files are not followed */
        H5Lunregister(H5L_TYPE_EXTERNAL);
    struct spine_store *store =
        spine_memory_get(sizeof *store + strlen(path) + 1, 1, "an HDF5 file", err);
    if (store == NULL)
        return NULL;

    store->file = H5I_INVALID_HID;
    store->has_failed = false;
    store->categories_of = NULL;
    store->categories = (struct spine_words){0};
    store->comm = comm != NULL && comm->size > 1 ? comm : NULL;
    strcpy(store->path, path);
    return store;
}

/* The file access properties. A file that is being written has a lock of its own (outfile.h). */
static hid_t make_access(bool is_locked)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (!is_locked)
        H5Pset_file_locking(access, 0, 1);
    return access;
}

/* Turn the empty PATH.part into an HDF5 file, and write its format. */
static int begin_file(struct spine_store *store, const char *part, const char *format,
                      struct spine_error *err)
{
    const int64_t version = SPINE_STORE_VERSION;
    const hid_t access = make_access(false);
    store->file = H5Fcreate(part, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    const int rc = store->file < 0 ? spine_h5_fail(store->path, "can't create the file", err) : 0;
    H5Pclose(access);
    if (rc != 0)
        return -1;
    if (format != NULL &&
        (spine_attribute_set_text(store, "/", "format", format, err) ||
         spine_attribute_set_integers(store, "/", "format_version", &version, 1, err)))
        return -1;
    return 0;
}

int spine_store_create(struct spine_store **store, const char *path, const char *format,
                       struct spine_error *err)
{
    *store = NULL;
    char *part = spine_outfile_part(path, err);
    struct spine_store *made = new_store(path, NULL, err);
    int rc = -1;
    /* The C library reports why it can't create a file; HDF5 doesn't. */
    if (part == NULL || made == NULL || spine_outfile_create(path, err)) {
        free(made);
    } else if ((rc = begin_file(made, part, format, err)) == 0) {
        *store = made;
    } else {
        spine_store_close(made, &(struct spine_error){0});
        spine_outfile_discard(path);
    }
    free(part);
    return rc;
}

int spine_store_check_format(struct spine_store *store, const char *format, struct spine_error *err)
{
    if (format == NULL)
        return 0;
    char *found = NULL;
    int64_t version = 0;
    int rc = -1;
    if (spine_attribute_get_text(store, "/", "format", &found, err) ||
        spine_attribute_get_integer(store, "/", "format_version", &version, err)) {
        if (err->status == SPINE_EXIT_REFUSED)
            spine_refuse(err, "%s: not a file of the format '%s'", store->path, format);
    } else if (strcmp(found, format) != 0)
        spine_refuse(err, "%s: holds '%.60s', expected '%s'", store->path, found, format);
    else if (version != SPINE_STORE_VERSION)
        spine_refuse(err, "%s: is version %lld of '%s', this program reads version %d", store->path,
                     (long long)version, format, SPINE_STORE_VERSION);
    else
        rc = 0;
    free(found);
    return rc;
}

/* Refuse with a clear message: no such file, a directory, a pipe, not HDF5. */
static int check_readable(const char *path, struct stat *facts, struct spine_error *err)
{
    unsigned char byte;
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* don't wait for a pipe */
    if (file < 0)
        return spine_infile_fail(path, err);

    int rc = 0;
    ssize_t length = 0;
    if (fstat(file, facts) != 0)
        rc = spine_fail(err, "%s: can't examine it: %s", path, strerror(errno));
    else if (S_ISDIR(facts->st_mode))
        rc = spine_refuse(err, "%s: %s", path, strerror(EISDIR));
    else if (!S_ISREG(facts->st_mode))
        rc = spine_refuse(err, "%s: is not a regular file", path);
    else if ((length = read(file, &byte, 1)) < 0)
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    close(file);
    if (rc != 0)
        return -1;

    const htri_t is_hdf5 = length == 0 ? 0 : H5Fis_hdf5(path);
    if (is_hdf5 < 0 && spine_h5_fail_answer(path, err))
        return -1;
    if (is_hdf5 <= 0)
        return spine_refuse(err, "%s: not an HDF5 file", path);
    return 0;
}

/* Refuse a file of which HDF5 says what is wrong with it. It ends early if it was cut off, but also
 * if it is the first one of those that HDF5's family driver writes. */
static int refuse_contents(const char *path, const char *what, struct spine_error *err)
{
    unsigned long long there = 0, base = 0, stored = 0;

    if (sscanf(what, "truncated file: eof = %llu, sblock->base_addr = %llu, stored_eof = %llu",
               &there, &base, &stored) == 3)
        return spine_refuse(err,
                            "%s: has only %llu of %llu bytes: it is cut off, or the first of "
                            "several files that make up one",
                            path, there, base + stored);
    /* Of a file without a name, HDF5's driver forgets what was wrong. */
    const bool is_known = strcmp(what, "unable to open file") != 0;
    return spine_refuse(err,
                        "%s: HDF5 can't read it%s%s; it is damaged, cut off, or of a newer format",
                        path, is_known ? ": " : "", is_known ? what : "");
}

/* Report why HDF5 couldn't open a file that has its signature. */
static int fail_opening(const char *path, const struct spine_h5_cause *cause,
                        struct spine_error *err)
{
    const bool is_held = cause->code == EAGAIN || cause->code == EACCES;

    if (cause->is_mark)
        return spine_refuse(err,
                            "%s: is marked as open for writing; close it in the program that "
                            "writes it or, if that has crashed, remove the mark with 'h5clear -s "
                            "%s'",
                            path, path);
    if (cause->is_lock && is_held)
        return spine_fail(err,
                          "%s: another program has it open for writing and has locked it; close it "
                          "there",
                          path);
    if (cause->is_lock)
        return spine_fail(err,
                          "%s: can't lock it: %s; HDF5_USE_FILE_LOCKING=FALSE in the environment "
                          "opens it without a lock",
                          path, strerror(cause->code));
    if (cause->code == ENOMEM)
        return spine_memory_fail("an HDF5 file", err);
    if (cause->code != 0)
        return spine_fail(err, "%s: %s", path, strerror(cause->code));
    return refuse_contents(path, cause->text, err);
}

/* May it be the descriptor of a file without a name (sourcefiles.h)? */
static bool is_descriptor(const char *path)
{
    static const char directory[] = "/proc/";

    return strncmp(path, directory, strlen(directory)) == 0;
}

/* Open a file for reading. If the file system has no locks, open it without one; so too a temporary
 * file, which has a lock of its own (outfile.h). */
static int open_file(struct spine_store *store, struct spine_error *err)
{
    struct spine_h5_cause cause = {.code = 0};

    for (int locked = !spine_path_ends_in(store->path, ".part"); locked >= 0; locked--) {
        const hid_t access = make_access(locked);
        /* HDF5's usual driver looks for the file's name, and fails if there is none. */
        if (is_descriptor(store->path))
            H5Pset_fapl_stdio(access);
        store->file = H5Fopen(store->path, H5F_ACC_RDONLY, access);
        if (store->file < 0)
            cause = spine_h5_find_cause();
        H5Pclose(access);
        if (store->file >= 0)
            return 0;
        if (!cause.is_lock ||
            (cause.code != ENOLCK && cause.code != EOPNOTSUPP && cause.code != ENOSYS))
            break;
    }

    return fail_opening(store->path, &cause, err);
}

int spine_store_open_all(struct spine_store **store, struct spine_comm *comm, const char *path,
                         const char *format, struct spine_error *err)
{
    struct spine_store *made = new_store(path, comm, err);
    *store = NULL;
    int rc = made == NULL ? -1 : check_readable(path, &made->facts, err);

    if (comm != NULL) {
        int64_t failures = rc != 0;
        spine_comm_sum_counts(comm, &failures, 1);
        if (rc != 0 && failures < comm->size)
            err->status = SPINE_EXIT_FAILED; /* some ranks may have it: report one that doesn't */
        rc = spine_comm_agree(comm, rc, err);
    }

    if (rc == 0) {
        rc = open_file(made, err);
        if (rc == 0)
            rc = spine_store_check_format(made, format, err);
        rc = spine_h5_agree(made, rc, err);
    }

    if (rc != 0 && made != NULL) {
        if (made->file >= 0)
            H5Fclose(made->file);
        free(made);
        return -1;
    }

    *store = made;
    return rc;
}

int spine_store_open(struct spine_store **store, const char *path, const char *format,
                     struct spine_error *err)
{
    return spine_store_open_all(store, NULL, path, format, err);
}

int spine_store_check_unchanged(struct spine_store *store, struct spine_error *err)
{
    struct stat is;
    int rc = 0;
    if (stat(store->path, &is) != 0)
        rc = spine_infile_fail(store->path, err);
    else if (!spine_filefacts_unchanged(&is, &store->facts))
        rc = spine_refuse(err, "%s: the file was changed while it was read", store->path);
    return spine_h5_agree(store, rc, err);
}

int spine_store_reserve(struct spine_store *store, int64_t bytes, int64_t *offset,
                        struct spine_error *err)
{
    haddr_t end = 0;

    if (H5Fflush(store->file, H5F_SCOPE_LOCAL) < 0 ||
        H5Fincrement_filesize(store->file, (hsize_t)bytes) < 0 || H5Fget_eoa(store->file, &end) < 0)
        return spine_h5_fail(store->path, "can't make the file longer", err);
    *offset = (int64_t)end - bytes;
    return 0;
}

int spine_store_close(struct spine_store *store, struct spine_error *err)
{
    if (store == NULL)
        return 0;
    int rc = spine_h5_check(store, err);
    if (store->file >= 0 && H5Fclose(store->file) < 0)
        rc = spine_h5_fail(store->path, "can't close the file", err);
    rc = spine_h5_agree(store, rc, err);
    free(store->categories_of);
    spine_words_dispose(&store->categories);
    free(store);
    return rc;
}

int spine_store_finish(struct spine_store *store, const char *path, int rc, struct spine_error *err)
{
    struct spine_error ignored;

    if (spine_store_close(store, rc == 0 ? err : &ignored) && rc == 0)
        rc = -1;
    if (rc == 0 && spine_outfile_publish(path, err) == 0)
        return 0;
    spine_outfile_discard(path);
    return -1;
}

void spine_store_library(char *text, size_t size)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(text, size, "%u.%u.%u", major, minor, release);
}
