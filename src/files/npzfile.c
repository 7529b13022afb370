/* npzfile.c -- NumPy's .npz. */
#include "spine/files/npzfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/files/sink.h"

int spine_npzfile_begin(struct spine_npzfile_array *array, const char *path,
                        struct spine_error *err)
{
    const char room[SPINE_SINK_NPY] = {0};

    array->spool = spine_sink_spool(path, err);
    if (array->spool == NULL)
        return -1;
    return fwrite(room, sizeof room, 1, array->spool) == 1 ? 0 : spine_sink_fail_spool(path, err);
}

int spine_npzfile_end(struct spine_npzfile_array *array, const char *path, const char *shape,
                      struct spine_error *err)
{
    char header[SPINE_SINK_NPY];

    spine_sink_npy_header(header, array->descr, shape);
    if (fseeko(array->spool, 0, SEEK_SET) != 0 ||
        fwrite(header, sizeof header, 1, array->spool) != 1 || fflush(array->spool) != 0)
        return spine_sink_fail_spool(path, err);
    return 0;
}

/* Members are dated 1980, so that equal archives have equal bytes. */
static int add_member(zip_t *archive, struct spine_npzfile_array *array)
{
    enum { FIRST_OF_JANUARY = 0x21 };
    zip_source_t *source = zip_source_filep(archive, array->spool, 0, -1);
    if (source == NULL)
        return -1;

    array->spool = NULL; /* the source closes it */
    const zip_int64_t index = zip_file_add(archive, array->name, source, ZIP_FL_OVERWRITE);
    if (index < 0) {
        zip_source_free(source);
        return -1;
    }
    if (zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive, (zip_uint64_t)index, 0, FIRST_OF_JANUARY, 0) != 0)
        return -1;
    return 0;
}

/* 'code' is zip_open()'s; a failed call's reason is in errno. */
static int fail_creating(const char *path, int code, struct spine_error *err)
{
    zip_error_t reason;

    zip_error_init_with_code(&reason, code);
    spine_fail(err, "%s: can't create the archive: %s", path, zip_error_strerror(&reason));
    zip_error_fini(&reason);
    return -1;
}

static int write_archive(const char *path, const char *part, struct spine_npzfile_array *arrays,
                         size_t count, struct spine_error *err)
{
    int reason = 0;
    zip_t *archive = zip_open(part, ZIP_CREATE | ZIP_TRUNCATE, &reason);
    if (archive == NULL)
        return fail_creating(path, reason, err);

    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (fseeko(arrays[i].spool, 0, SEEK_SET) != 0) {
            zip_discard(archive);
            return spine_sink_fail_spool(path, err);
        }
        rc = add_member(archive, &arrays[i]);
    }
    if (rc != 0 || zip_close(archive) != 0) {
        spine_fail(err, "%s: %s", path, zip_strerror(archive));
        zip_discard(archive);
        return -1;
    }
    return 0;
}

/* Copy a file to a sink. */
static int copy_file(const char *path, struct spine_sink *sink, struct spine_error *err)
{
    char bytes[1 << 14];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return spine_sink_fail_spool(path, err);

    for (size_t size; (size = fread(bytes, 1, sizeof bytes, file)) > 0;)
        spine_sink_put(sink, bytes, size);
    const bool failed = ferror(file);
    fclose(file);
    if (failed)
        return spine_sink_fail_spool(path, err);
    return spine_sink_check(sink, err);
}

/* Remove what a killed process left: libzip writes to NAME.XXXXXX first. This process has the
 * output's own temporary file, so no other is writing the archive. */
static void remove_leftovers(const char *archive)
{
    const char *base = spine_path_name(archive);
    const size_t length = strlen(base);
    struct spine_error ignored;
    char *directory = spine_memory_copy(base == archive ? "." : archive, "a directory", &ignored);

    if (directory != NULL && base != archive)
        directory[base - archive] = '\0';
    DIR *listing = directory == NULL ? NULL : opendir(directory);
    for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        const char *name = entry->d_name, *end = name + length;
        struct stat facts;
        if (strncmp(name, base, length) == 0 &&
            (*end == '\0' || (*end == '.' && strlen(end) == strlen(".XXXXXX"))) &&
            fstatat(dirfd(listing), name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(facts.st_mode) && facts.st_uid == geteuid())
            unlinkat(dirfd(listing), name, 0);
    }

    if (listing != NULL)
        closedir(listing);
    free(directory);
}

/* libzip replaces the file that it writes, but ours must not be replaced; so it writes another. */
int spine_npzfile_write(const char *path, struct spine_npzfile_array *arrays, size_t count,
                        struct spine_error *err)
{
    struct spine_sink *sink = NULL;
    const size_t bytes = strlen(path) + sizeof ".zip.part";
    char *archive = spine_memory_get(bytes, 1, "a file's temporary name", err);
    if (archive == NULL || spine_sink_open(&sink, path, err)) {
        free(archive);
        return -1;
    }

    snprintf(archive, bytes, "%s.zip.part", path);
    remove_leftovers(archive);
    int rc = write_archive(path, archive, arrays, count, err);
    if (rc == 0)
        rc = copy_file(archive, sink, err);
    unlink(archive);
    free(archive);
    if (rc == 0)
        return spine_sink_complete(sink, err);
    spine_sink_discard(sink);
    return -1;
}

void spine_npzfile_dispose(struct spine_npzfile_array *arrays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (arrays[i].spool != NULL) {
            fclose(arrays[i].spool);
            arrays[i].spool = NULL;
        }
}
