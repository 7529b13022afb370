/* store.c -- HDF5 files: the only door to HDF5.
 *
 * 1. Every id is closed in the function that opened it, so H5Fclose really closes the file.
 * 2. HDF5's own error printing is off; the innermost description goes into our one line.
 * 3. HDF5's next call, be it to close something, forgets why the last one failed: fail first.
 * 4. There is no MPI-IO: Open MPI's loses read errors and hangs where one rank fails. Ranks read a
 *    file that all opened each for itself, and agree on whether a transfer failed.
 */
#include "spine/files/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"

enum {
    /* One transfer's bytes at most: buffers should stay small. */
    TRANSFER_BYTES = 8 << 20,
#ifdef SPINE_FUZZ /* small files go beyond these */
    CHUNK = 64,
    WORDS_CHUNK = 16,
#else
    /* A growing vector's chunk, in elements. */
    CHUNK = 1 << 16,
    WORDS_CHUNK = 1 << 13,
#endif
};

struct spine_store {
    hid_t file;
    struct spine_comm *comm; /* borrowed; NULL where one rank works alone */
    struct stat facts;       /* of the file when it was opened for reading */
    char path[];             /* the name that messages use */
};

/* --- Errors ------------------------------------------------------------------------------- */

/* Why HDF5 failed. */
struct cause {
    char text[256]; /* the innermost description */
    int code;       /* errno of the system call that failed; 0 if none did */
    bool is_lock;   /* it was to lock the file */
};

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *context)
{
    /* A failed system call is described in lines of numbers; the C library's words are enough. */
    static const char number[] = "errno = ", quoted[] = "error message = '";
    struct cause *cause = context;
    (void)depth;

    if (entry->min_num == H5E_NOSPACE || entry->maj_num == H5E_RESOURCE)
        cause->code = ENOMEM;
    if (entry->desc == NULL || entry->desc[0] == '\0')
        return 0;

    const char *code = strstr(entry->desc, number), *system = strstr(entry->desc, quoted);
    if (code != NULL)
        cause->code = atoi(code + strlen(number));
    if (strstr(entry->desc, "unable to lock") != NULL)
        cause->is_lock = true;

    const char *begin = system == NULL ? entry->desc : system + strlen(quoted);
    const size_t length = strcspn(begin, system == NULL ? "\n" : "'\n");
    snprintf(cause->text, sizeof cause->text, "%.*s", (int)length, begin);
    return 0;
}

static struct cause find_cause(void)
{
    struct cause cause = {.text = "unknown HDF5 error"};

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &cause);
    return cause;
}

/* Fill err from HDF5's error stack. */
static int fail_hdf5(const char *path, const char *what, struct spine_error *err)
{
    const struct cause cause = find_cause();
    return spine_fail(err, "%s: %s: %s", path, what, cause.text);
}

static int fail_object(const struct spine_store *store, const char *doing, const char *name,
                       struct spine_error *err)
{
    char what[256];
    snprintf(what, sizeof what, "can't %s '%s'", doing, name);
    return fail_hdf5(store->path, what, err);
}

/* A question to HDF5 was answered by an error: a negative answer, if no system call failed. */
static int fail_answer(const char *path, struct spine_error *err)
{
    const struct cause cause = find_cause();

    if (cause.code == 0)
        return 0;
    return spine_fail(err, "%s: can't read it: %s", path, strerror(cause.code));
}

static int agree(const struct spine_store *store, int rc, struct spine_error *err)
{
    return store->comm == NULL ? rc : spine_comm_agree(store->comm, rc, err);
}

/* HDF5 1.10 keeps a file that it couldn't close (the disk is full, say) in its list with nothing
 * behind it, and crashes on it when it shuts down: at exit, or in MPI_Finalize() if MPI ran before
 * HDF5. We close what we open, so it needn't shut down. */
void spine_store_init(void)
{
    H5dont_atexit();
    H5open();
}

/* --- Opening and closing ------------------------------------------------------------------ */

/* Released by free(). */
static struct spine_store *new_store(const char *path, struct spine_comm *comm,
                                     struct spine_error *err)
{
    H5dont_atexit(); /* for programs without MPI, which need not call spine_store_init() */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    struct spine_store *store =
        spine_memory_get(sizeof *store + strlen(path) + 1, 1, "an HDF5 file", err);
    if (store == NULL)
        return NULL;

    store->file = H5I_INVALID_HID;
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

/* Make the HDF5 file PATH.part of an empty one, and say what it holds. */
static int begin_file(struct spine_store *store, const char *part, const char *format,
                      struct spine_error *err)
{
    const int64_t version = SPINE_STORE_VERSION;
    const hid_t access = make_access(false);
    store->file = H5Fcreate(part, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    const int rc = store->file < 0 ? fail_hdf5(store->path, "can't create the file", err) : 0;
    H5Pclose(access);
    if (rc != 0)
        return -1;
    if (format != NULL &&
        (spine_store_set_text(store, "/", "format", format, err) ||
         spine_store_set_integers(store, "/", "format_version", &version, 1, err)))
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
    /* HDF5 doesn't say why it can't create a file; the C library does. */
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
    if (spine_store_get_text(store, "/", "format", &found, err) ||
        spine_store_get_integer(store, "/", "format_version", &version, err)) {
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

/* What HDF5 would say obscurely: no such file, a directory, a pipe, not HDF5. */
static int check_readable(const char *path, struct stat *facts, struct spine_error *err)
{
    unsigned char byte;
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* don't wait for a pipe */
    const bool theirs = errno == ENOENT || errno == EACCES || errno == EISDIR || errno == ENOTDIR ||
                        errno == ELOOP || errno == ENAMETOOLONG || errno == ENXIO;
    if (file < 0) {
        spine_fail(err, "%s: %s", path, strerror(errno));
        if (theirs)
            err->status = SPINE_EXIT_REFUSED;
        return -1;
    }

    int rc = 0;
    ssize_t length = 0;
    if (fstat(file, facts) != 0)
        rc = spine_fail(err, "%s: can't tell what it is: %s", path, strerror(errno));
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
    if (is_hdf5 < 0 && fail_answer(path, err))
        return -1;
    if (is_hdf5 <= 0)
        return spine_refuse(err, "%s: not an HDF5 file", path);
    return 0;
}

/* Say why HDF5 couldn't open a file that has its signature. */
static int fail_opening(const char *path, const struct cause *cause, struct spine_error *err)
{
    const bool is_held = cause->code == EAGAIN || cause->code == EACCES;

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
    return spine_refuse(err, "%s: the HDF5 file is damaged", path);
}

/* Open a file for reading. Where the file system has no locks, none is needed. */
static int open_file(struct spine_store *store, struct spine_error *err)
{
    struct cause cause = {.code = 0};

    for (int locked = 1; locked >= 0; locked--) {
        const hid_t access = make_access(locked);
        store->file = H5Fopen(store->path, H5F_ACC_RDONLY, access);
        if (store->file < 0)
            cause = find_cause();
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
            err->status = SPINE_EXIT_FAILED; /* some machines have it: so name one that hasn't */
        rc = spine_comm_agree(comm, rc, err);
    }

    if (rc == 0) {
        rc = open_file(made, err);
        if (rc == 0)
            rc = spine_store_check_format(made, format, err);
        rc = agree(made, rc, err);
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
    const struct stat *was = &store->facts;
    struct stat is;
    int rc = 0;
    if (stat(store->path, &is) != 0 || is.st_ino != was->st_ino || is.st_size != was->st_size ||
        is.st_mtim.tv_sec != was->st_mtim.tv_sec || is.st_mtim.tv_nsec != was->st_mtim.tv_nsec)
        rc = spine_refuse(err, "%s: the file was changed while it was read", store->path);
    return agree(store, rc, err);
}

int spine_store_close(struct spine_store *store, struct spine_error *err)
{
    if (store == NULL)
        return 0;
    int rc = 0;
    if (store->file >= 0 && H5Fclose(store->file) < 0)
        rc = fail_hdf5(store->path, "can't close the file", err);
    rc = agree(store, rc, err);
    free(store);
    return rc;
}

/* --- Datasets ----------------------------------------------------------------------------- */

/* An element in memory and on the disk. */
struct element {
    hid_t memory, disk;
    size_t bytes;
};

static struct element element_of(enum spine_store_type type)
{
    const struct element elements[] = {
        [SPINE_STORE_FLOAT] = {H5T_NATIVE_FLOAT, H5T_IEEE_F32LE, sizeof(float)},
        [SPINE_STORE_INT32] = {H5T_NATIVE_INT32, H5T_STD_I32LE, sizeof(int32_t)},
        [SPINE_STORE_INT64] = {H5T_NATIVE_INT64, H5T_STD_I64LE, sizeof(int64_t)},
    };
    return elements[type];
}

/* Strings as h5py and anndata write them: variable length, UTF-8, ended by NUL. */
static hid_t make_string_type(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* Creation properties that also create the groups above the object. */
static hid_t make_link_creation(void)
{
    const hid_t properties = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(properties, 1);
    return properties;
}

int spine_store_make_group(struct spine_store *store, const char *name, struct spine_error *err)
{
    const hid_t links = make_link_creation();
    const hid_t group = H5Gcreate2(store->file, name, links, H5P_DEFAULT, H5P_DEFAULT);
    const int rc = group < 0 ? fail_object(store, "make the group", name, err) : 0;
    H5Pclose(links);
    if (group >= 0)
        H5Gclose(group);
    return rc;
}

/* Create a dataset; 'space' and 'creation' are closed. */
static int make_dataset(struct spine_store *store, const char *name, hid_t type, hid_t space,
                        hid_t creation, struct spine_error *err)
{
    const hid_t links = make_link_creation();
    H5Pset_obj_track_times(creation, 0); /* so that equal runs write equal bytes */
    const hid_t dataset =
        space < 0 ? H5I_INVALID_HID
                  : H5Dcreate2(store->file, name, type, space, links, creation, H5P_DEFAULT);
    const int rc = dataset < 0 ? fail_object(store, "make the dataset", name, err) : 0;
    if (dataset >= 0)
        H5Dclose(dataset);
    if (space >= 0)
        H5Sclose(space);
    H5Pclose(creation);
    H5Pclose(links);
    return rc;
}

/* Create a fixed-size dataset; closes 'creation'. Seven parameters: H5Dcreate2() has as many. */
static int make_fixed(struct spine_store *store, const char *name, enum spine_store_type type,
                      size_t rows, size_t columns, hid_t creation, struct spine_error *err)
{
    const hsize_t extent[2] = {rows, columns};
    const hid_t space = H5Screate_simple(columns == 0 ? 1 : 2, extent, NULL);
    return make_dataset(store, name, element_of(type).disk, space, creation, err);
}

int spine_store_make(struct spine_store *store, const char *name, enum spine_store_type type,
                     size_t rows, size_t columns, struct spine_error *err)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    /* All of it will be written: don't fill it first. */
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    return make_fixed(store, name, type, rows, columns, creation, err);
}

/* Seven parameters: those of spine_store_make(), and where its rows are. */
int spine_store_make_at(struct spine_store *store, const char *name, enum spine_store_type type,
                        size_t rows, size_t columns, int64_t *offset, struct spine_error *err)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    if (make_fixed(store, name, type, rows, columns, creation, err))
        return -1;

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const haddr_t address = dataset < 0 ? HADDR_UNDEF : H5Dget_offset(dataset);
    const int rc = address == HADDR_UNDEF ? fail_object(store, "find", name, err) : 0;
    if (dataset >= 0)
        H5Dclose(dataset);
    *offset = (int64_t)address;
    return rc;
}

int spine_store_make_checked(struct spine_store *store, const char *name,
                             enum spine_store_type type, size_t rows, size_t columns,
                             struct spine_error *err)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const size_t width = columns > 0 ? columns : 1, fitting = CHUNK / width > 0 ? CHUNK / width : 1;
    const hsize_t chunk[2] = {rows < fitting ? rows : fitting, columns};
    H5Pset_chunk(creation, columns == 0 ? 1 : 2, chunk);
    H5Pset_fletcher32(creation);
    return make_fixed(store, name, type, rows, columns, creation, err);
}

static int make_growing(struct spine_store *store, const char *name, hid_t type, hsize_t chunk,
                        struct spine_error *err)
{
    const hsize_t none = 0, unlimited = H5S_UNLIMITED;
    const hid_t space = H5Screate_simple(1, &none, &unlimited);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &chunk);
    return make_dataset(store, name, type, space, creation, err);
}

int spine_store_make_growing(struct spine_store *store, const char *name,
                             enum spine_store_type type, struct spine_error *err)
{
    return make_growing(store, name, element_of(type).disk, CHUNK, err);
}

enum direction { READ, WRITE };

/* Move rows [first, first + count) of the dataset; in memory, of elements of 'type', rows begin
 * every 'stride'. Eight parameters: those of H5Dread(), with plain numbers for its selections. */
static int transfer_rows(hid_t dataset, enum direction direction, hid_t type, size_t first,
                         size_t count, size_t stride, void *data)
{
    const hid_t file = H5Dget_space(dataset);
    hsize_t extent[2] = {0, 1};
    const int dimensions = H5Sget_simple_extent_ndims(file);
    if (dimensions < 1 || dimensions > 2 || H5Sget_simple_extent_dims(file, extent, NULL) < 0) {
        H5Sclose(file);
        return -1;
    }
    assert(dimensions == 1 || stride >= extent[1]);
    const hsize_t start[2] = {first, 0}, size[2] = {count, extent[1]};
    const hsize_t zero[2] = {0, 0}, memory_extent[2] = {count, stride};
    const hid_t memory = H5Screate_simple(dimensions, memory_extent, NULL);
    H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL);
    H5Sselect_hyperslab(memory, H5S_SELECT_SET, zero, NULL, size, NULL);
    const herr_t rc = direction == READ ? H5Dread(dataset, type, memory, file, H5P_DEFAULT, data)
                                        : H5Dwrite(dataset, type, memory, file, H5P_DEFAULT, data);
    const hid_t reason = H5Eget_current_stack(); /* why it failed, if it did */
    H5Sclose(memory);
    H5Sclose(file);
    H5Eset_current_stack(reason);
    if (rc < 0)
        return -1;

    return 0;
}

/* Move rows between memory and a dataset, TRANSFER_BYTES at a time. Nine parameters: those of
 * spine_store_write(), and where to. */
static int transfer(struct spine_store *store, const char *name, enum direction direction,
                    enum spine_store_type type, size_t first, size_t count, size_t stride,
                    void *data, struct spine_error *err)
{
    const struct element element = element_of(type);
    const size_t row_bytes = stride * element.bytes;
    const size_t block = row_bytes < TRANSFER_BYTES ? TRANSFER_BYTES / row_bytes : 1;
    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const char *doing = direction == READ ? "read" : "write";
    int rc = dataset < 0 ? fail_object(store, doing, name, err) : 0;

    for (size_t done = 0; rc == 0 && done < count; done += block) {
        const size_t rows = count - done < block ? count - done : block;
        char *at = (char *)data + done * row_bytes;
        if (transfer_rows(dataset, direction, element.memory, first + done, rows, stride, at))
            rc = fail_object(store, doing, name, err);
    }

    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = fail_object(store, "finish", name, err);
    return agree(store, rc, err);
}

/* Eight parameters: a dataset, which of its rows, and their layout in memory. So too for reading. */
int spine_store_write(struct spine_store *store, const char *name, enum spine_store_type type,
                      size_t first, size_t count, size_t stride, const void *data,
                      struct spine_error *err)
{
    return transfer(store, name, WRITE, type, first, count, stride, (void *)data, err);
}

/* The same eight parameters. */
int spine_store_read(struct spine_store *store, const char *name, enum spine_store_type type,
                     size_t first, size_t count, size_t stride, void *data, struct spine_error *err)
{
    return transfer(store, name, READ, type, first, count, stride, data, err);
}

/* Make the vector 'count' elements longer. Its old length goes to *length. */
static int lengthen(hid_t dataset, size_t count, hsize_t *length)
{
    const hid_t space = H5Dget_space(dataset);
    const int known = space >= 0 && H5Sget_simple_extent_dims(space, length, NULL) == 1;
    if (space >= 0)
        H5Sclose(space);
    const hsize_t longer = *length + count;
    return known && H5Dset_extent(dataset, &longer) >= 0 ? 0 : -1;
}

/* Append elements that are of 'type' in memory. */
static int append(struct spine_store *store, const char *name, hid_t type, size_t count,
                  const void *data, struct spine_error *err)
{
    if (count == 0)
        return 0;
    hsize_t length = 0;
    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const int failed = dataset < 0 || lengthen(dataset, count, &length) ||
                       transfer_rows(dataset, WRITE, type, length, count, 1, (void *)data);
    int rc = failed ? fail_object(store, "append to", name, err) : 0;
    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = fail_object(store, "append to", name, err);
    return rc;
}

int spine_store_append(struct spine_store *store, const char *name, enum spine_store_type type,
                       size_t count, const void *data, struct spine_error *err)
{
    return append(store, name, element_of(type).memory, count, data, err);
}

int spine_store_append_words(struct spine_store *store, const char *name,
                             const struct spine_words *words, struct spine_error *err)
{
    const char **pointers =
        spine_memory_get(words->count + 1, sizeof *pointers, "words to write", err);
    if (pointers == NULL)
        return -1;
    for (size_t i = 0; i < words->count; i++)
        pointers[i] = spine_words_get(words, i);
    const hid_t type = make_string_type();
    bool has = false;
    int rc = spine_store_find(store, name, &has, err);
    if (rc == 0 && !has)
        rc = make_growing(store, name, type, WORDS_CHUNK, err);
    if (rc == 0)
        rc = append(store, name, type, words->count, pointers, err);
    H5Tclose(type);
    free(pointers);
    return rc;
}

int spine_store_find(struct spine_store *store, const char *name, bool *has,
                     struct spine_error *err)
{
    const htri_t answer = H5Lexists(store->file, name, H5P_DEFAULT);

    *has = answer > 0;
    return answer < 0 ? fail_answer(store->path, err) : 0;
}

int spine_store_has(struct spine_store *store, const char *name)
{
    return H5Lexists(store->file, name, H5P_DEFAULT) > 0;
}

/* Make a dataset of one value. */
static int put_scalar(struct spine_store *store, const char *name, hid_t disk, hid_t memory,
                      const void *value, struct spine_error *err)
{
    if (make_dataset(store, name, disk, H5Screate(H5S_SCALAR), H5Pcreate(H5P_DATASET_CREATE), err))
        return -1;

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    int rc = 0;
    if (dataset < 0 || H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) < 0)
        rc = fail_object(store, "write", name, err);
    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = fail_object(store, "finish", name, err);
    return rc;
}

int spine_store_put_text(struct spine_store *store, const char *name, const char *text,
                         struct spine_error *err)
{
    const hid_t type = make_string_type();
    const int rc = put_scalar(store, name, type, type, &text, err);
    H5Tclose(type);
    return rc;
}

int spine_store_put_real(struct spine_store *store, const char *name, double value,
                         struct spine_error *err)
{
    return put_scalar(store, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, err);
}

/* What a dataset is. */
struct facts {
    H5T_class_t class; /* of its elements */
    int is_text;       /* they are strings, */
    size_t length;     /* of so many bytes each; 0: of variable length */
    int dimensions;
    hsize_t extent[H5S_MAX_RANK];
    int is_held; /* the file is large enough for all of them */
};

/* Is the file large enough for a dataset of this extent? A few bytes may announce any extent, and
 * memory is allocated by it. Filters, such as gzip, don't make data more than 1032 times smaller;
 * what was never written takes no room, and counts as missing. */
static int is_held(const struct spine_store *store, hid_t dataset, hid_t type,
                   const struct facts *facts)
{
    const hid_t creation = H5Dget_create_plist(dataset);
    const hsize_t stored = H5Dget_storage_size(dataset);
    const hsize_t ratio = H5Pget_nfilters(creation) > 0 ? 1032 : 1;
    const size_t size = H5Tget_size(type); /* 0 if the type is damaged */
    hsize_t file = 0;
    H5Pclose(creation);
    if (size == 0 || H5Fget_filesize(store->file, &file) < 0 || stored > file)
        return 0;
    hsize_t most = stored * ratio / size; /* elements */
    int fits = 1;
    for (int i = 0; i < facts->dimensions; i++) {
        if (facts->extent[i] == 0)
            return 1;
        most /= facts->extent[i];
        fits = fits && most > 0;
    }
    return fits;
}

/* Fails if there is no such dataset, or it isn't one. */
static int look_at(struct spine_store *store, const char *name, struct facts *facts,
                   struct spine_error *err)
{
    bool has = false;
    if (spine_store_find(store, name, &has, err))
        return -1;
    if (!has)
        return spine_refuse(err, "%s: has no dataset '%s'", store->path, name);

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    if (dataset < 0 && fail_answer(store->path, err))
        return -1;
    if (dataset < 0)
        return spine_refuse(err, "%s: '%s' is not a dataset", store->path, name);

    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    facts->class = H5Tget_class(type);
    facts->is_text = facts->class == H5T_STRING;
    facts->length = H5Tis_variable_str(type) > 0 ? 0 : H5Tget_size(type);
    facts->dimensions = H5Sget_simple_extent_dims(space, facts->extent, NULL);
    facts->is_held = is_held(store, dataset, type, facts);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
    return 0;
}

static int refuse_missing(const struct spine_store *store, const char *name,
                          struct spine_error *err)
{
    return spine_refuse(err, "%s: '%s' claims more data than the file holds", store->path, name);
}

int spine_store_extent(struct spine_store *store, const char *name, enum spine_store_type type,
                       size_t *rows, size_t *columns, struct spine_error *err)
{
    const int is_float = type == SPINE_STORE_FLOAT, wanted = columns == NULL ? 1 : 2;
    struct facts facts;
    if (look_at(store, name, &facts, err))
        return -1;
    if (facts.class != (is_float ? H5T_FLOAT : H5T_INTEGER))
        return spine_refuse(err, "%s: '%s' doesn't hold %s", store->path, name,
                            is_float ? "floating-point numbers" : "integers");
    if (facts.dimensions != wanted)
        return spine_refuse(err, "%s: '%s': expected %d dimension%s", store->path, name, wanted,
                            wanted == 1 ? "" : "s");
    if (!facts.is_held)
        return refuse_missing(store, name, err);
    *rows = facts.extent[0];
    if (columns != NULL)
        *columns = facts.extent[1];
    return 0;
}

int spine_store_words_count(struct spine_store *store, const char *name, size_t *count,
                            struct spine_error *err)
{
    struct facts facts;
    if (look_at(store, name, &facts, err))
        return -1;
    if (!facts.is_text || facts.dimensions != 1)
        return spine_refuse(err, "%s: '%s' is not a vector of strings", store->path, name);
    if (!facts.is_held)
        return refuse_missing(store, name, err);
    *count = facts.extent[0];
    return 0;
}

/* Append the strings that HDF5 has read to 'words', and free them. */
static int take_words(struct spine_words *words, char **texts, size_t count,
                      struct spine_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        const char *word = texts[i] == NULL ? "" : texts[i];
        if (rc == 0)
            rc = spine_words_add(words, word, strlen(word), err);
        H5free_memory(texts[i]);
    }
    return rc;
}

/* Strings [first, first + count) of a dataset. */
struct part {
    const char *name;
    hid_t dataset;
    size_t first, count;
};

static int read_variable_words(const struct spine_store *store, struct part part,
                               struct spine_words *words, struct spine_error *err)
{
    const hid_t type = H5Dget_type(part.dataset);
    char **texts = spine_memory_get(WORDS_CHUNK, sizeof *texts, "words to read", err);
    int rc = -(texts == NULL);

    for (size_t done = 0; rc == 0 && done < part.count; done += WORDS_CHUNK) {
        const size_t left = part.count - done, rows = left < WORDS_CHUNK ? left : WORDS_CHUNK;
        rc = transfer_rows(part.dataset, READ, type, part.first + done, rows, 1, texts)
                 ? fail_object(store, "read", part.name, err)
                 : take_words(words, texts, rows, err);
    }
    free(texts);
    H5Tclose(type);
    return rc;
}

/* Strings of 'length' bytes each, filled up with NULs or blanks. */
static int read_fixed_words(const struct spine_store *store, struct part part, size_t length,
                            struct spine_words *words, struct spine_error *err)
{
    const hid_t type = H5Dget_type(part.dataset);
    const bool has_blanks = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    const size_t most = TRANSFER_BYTES / length + 1;
    char *text = spine_memory_get(most, length, "words to read", err);
    int rc = -(text == NULL);

    for (size_t done = 0; rc == 0 && done < part.count; done += most) {
        const size_t left = part.count - done, rows = left < most ? left : most;
        if (transfer_rows(part.dataset, READ, type, part.first + done, rows, 1, text))
            rc = fail_object(store, "read", part.name, err);
        for (size_t i = 0; rc == 0 && i < rows; i++) {
            const char *word = text + i * length;
            size_t bytes = strnlen(word, length);
            while (has_blanks && bytes > 0 && word[bytes - 1] == ' ')
                bytes--;
            rc = spine_words_add(words, word, bytes, err);
        }
    }
    free(text);
    H5Tclose(type);
    return rc;
}

int spine_store_read_words(struct spine_store *store, const char *name, size_t first, size_t count,
                           struct spine_words *words, struct spine_error *err)
{
    enum { MOST_LENGTH = 1 << 20 };
    struct facts facts;
    size_t total = 0;

    if (spine_store_words_count(store, name, &total, err) || look_at(store, name, &facts, err))
        return -1;
    if (facts.length > MOST_LENGTH)
        return spine_refuse(err, "%s: '%s' has strings of %zu bytes", store->path, name,
                            facts.length);

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const struct part part = {name, dataset, first, count};
    const int rc = facts.length == 0 ? read_variable_words(store, part, words, err)
                                     : read_fixed_words(store, part, facts.length, words, err);
    H5Dclose(dataset);
    return rc;
}

/* --- What others have made ---------------------------------------------------------------- */

static void describe(const struct facts *facts, const char *name, struct spine_store_facts *out)
{
    *out = (struct spine_store_facts){
        .name = name, .kind = SPINE_STORE_OTHER, .num_sizes = facts->dimensions};
    if (facts->class == H5T_FLOAT)
        out->kind = SPINE_STORE_REALS;
    else if (facts->is_text)
        out->kind = SPINE_STORE_STRINGS;
    for (int i = 0; i < 2 && i < facts->dimensions; i++)
        out->sizes[i] = (size_t)facts->extent[i];
}

struct visitor {
    struct spine_store *store;
    void (*visit)(const struct spine_store_facts *facts, void *data);
    void *data;
};

static herr_t visit_object(hid_t object, const char *name, const H5O_info_t *info, void *data)
{
    const struct visitor *visitor = data;
    struct spine_store_facts described;
    struct spine_error ignored;
    struct facts facts;
    char path[1024];
    (void)object;

    if (info->type != H5O_TYPE_DATASET || strlen(name) + 2 > sizeof path)
        return 0;
    snprintf(path, sizeof path, "/%s", name);
    if (look_at(visitor->store, path, &facts, &ignored))
        return 0;
    describe(&facts, path, &described);
    visitor->visit(&described, visitor->data);
    return 0;
}

int spine_store_visit(struct spine_store *store,
                      void (*visit)(const struct spine_store_facts *facts, void *data), void *data,
                      struct spine_error *err)
{
    struct visitor visitor = {store, visit, data};

    if (H5Ovisit2(store->file, H5_INDEX_NAME, H5_ITER_INC, visit_object, &visitor, H5O_INFO_BASIC) <
        0)
        return fail_hdf5(store->path, "can't list its datasets", err);
    return 0;
}

bool spine_store_is(struct spine_store *store, const char *name, enum spine_store_kind kind,
                    struct spine_store_facts *facts)
{
    struct spine_error ignored;
    struct facts found;

    /* H5Lexists() fails where a group of the path is missing. */
    if (H5Oexists_by_name(store->file, name, H5P_DEFAULT) <= 0 ||
        look_at(store, name, &found, &ignored))
        return false;
    describe(&found, name, facts);
    return facts->kind == kind;
}

/* --- Attributes --------------------------------------------------------------------------- */

/* Create an attribute and write its value, if there is one; 'space' is closed. Eight parameters: what
 * HDF5 needs to know of an attribute. */
static int set_attribute(struct spine_store *store, const char *object, const char *name,
                         hid_t disk, hid_t memory, hid_t space, const void *value,
                         struct spine_error *err)
{
    const hid_t attribute = H5Acreate_by_name(store->file, object, name, disk, space, H5P_DEFAULT,
                                              H5P_DEFAULT, H5P_DEFAULT);
    int rc = 0;
    if (attribute < 0 || (value != NULL && H5Awrite(attribute, memory, value) < 0))
        rc = fail_object(store, "write the attribute", name, err);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return rc;
}

static int set_strings(struct spine_store *store, const char *object, const char *name, hid_t space,
                       const char *const *texts, struct spine_error *err)
{
    const hid_t type = make_string_type();
    const int rc = set_attribute(store, object, name, type, type, space, texts, err);
    H5Tclose(type);
    return rc;
}

int spine_store_set_text(struct spine_store *store, const char *object, const char *name,
                         const char *text, struct spine_error *err)
{
    return set_strings(store, object, name, H5Screate(H5S_SCALAR), &text, err);
}

int spine_store_set_texts(struct spine_store *store, const char *object, const char *name,
                          const char *const *texts, size_t count, struct spine_error *err)
{
    return set_strings(store, object, name, H5Screate_simple(1, &(hsize_t){count}, NULL),
                       count > 0 ? texts : NULL, err);
}

int spine_store_set_integers(struct spine_store *store, const char *object, const char *name,
                             const int64_t *values, size_t count, struct spine_error *err)
{
    return set_attribute(store, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64,
                         count == 1 ? H5Screate(H5S_SCALAR)
                                    : H5Screate_simple(1, &(hsize_t){count}, NULL),
                         values, err);
}

int spine_store_set_real(struct spine_store *store, const char *object, const char *name,
                         double value, struct spine_error *err)
{
    return set_attribute(store, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                         H5Screate(H5S_SCALAR), &value, err);
}

/* Read an attribute of one value. It must be what 'type' is, an integer, a floating-point number or
 * a string of variable length; messages call that 'kind'. Seven parameters, as
 * set_attribute(). */
static int get_attribute(struct spine_store *store, const char *object, const char *name,
                         hid_t type, const char *kind, void *value, struct spine_error *err)
{
    hid_t attribute = H5I_INVALID_HID;
    const htri_t exists = H5Aexists_by_name(store->file, object, name, H5P_DEFAULT);
    if (exists > 0)
        attribute = H5Aopen_by_name(store->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (exists != 0 && attribute < 0 && fail_answer(store->path, err))
        return -1;
    if (attribute < 0)
        return spine_refuse(err, "%s: '%s' has no attribute '%s'", store->path, object, name);

    const hid_t found = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const int fits = H5Tget_class(found) == H5Tget_class(type) &&
                     H5Tis_variable_str(found) == H5Tis_variable_str(type);
    int rc = 0;
    if (H5Sget_simple_extent_npoints(space) != 1)
        rc = spine_refuse(err, "%s: the attribute '%s' is not a single value", store->path, name);
    else if (!fits)
        rc = spine_refuse(err, "%s: the attribute '%s' is not %s", store->path, name, kind);
    else if (H5Aread(attribute, type, value) < 0) {
        rc = -1;
        if (!fail_answer(store->path, err))
            spine_refuse(err, "%s: the attribute '%s' is not %s", store->path, name, kind);
    }

    H5Sclose(space);
    H5Tclose(found);
    H5Aclose(attribute);
    return rc;
}

bool spine_store_has_attribute(struct spine_store *store, const char *object, const char *name)
{
    return H5Aexists_by_name(store->file, object, name, H5P_DEFAULT) > 0;
}

int spine_store_get_text(struct spine_store *store, const char *object, const char *name,
                         char **text, struct spine_error *err)
{
    char *value = NULL;
    const hid_t type = make_string_type();
    int rc = get_attribute(store, object, name, type, "text", &value, err);
    H5Tclose(type);

    *text = NULL;
    if (rc == 0 && value == NULL)
        rc = spine_refuse(err, "%s: the attribute '%s' is not text", store->path, name);
    else if (rc == 0 && (*text = spine_memory_copy(value, "an attribute", err)) == NULL)
        rc = -1;
    H5free_memory(value);
    return rc;
}

int spine_store_get_integer(struct spine_store *store, const char *object, const char *name,
                            int64_t *value, struct spine_error *err)
{
    return get_attribute(store, object, name, H5T_NATIVE_INT64, "an integer", value, err);
}

int spine_store_get_real(struct spine_store *store, const char *object, const char *name,
                         double *value, struct spine_error *err)
{
    return get_attribute(store, object, name, H5T_NATIVE_DOUBLE, "a floating-point number", value,
                         err);
}

void spine_store_library(char *text, size_t size)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(text, size, "%u.%u.%u", major, minor, release);
}
