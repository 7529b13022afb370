/* archive.c -- one file of a zip archive, unpacked. */
#include "spine/text/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/namelist.h"
#include "spine/base/path.h"

struct spine_archive {
    zip_t *zip;
    zip_file_t *member;
};

int spine_archive_is(const char *file, bool *is, struct spine_error *err)
{
    char start[4] = "";
    struct spine_error why;
    FILE *opened = spine_infile_open_stream(file);

    *is = false;
    if (opened == NULL) {
        spine_infile_fail(file, &why);
        return spine_fail_as(&why, err);
    }
    *is = fread(start, 1, sizeof start, opened) == sizeof start &&
          memcmp(start, "PK\3\4", sizeof start) == 0;
    const int rc = ferror(opened) && errno != EISDIR ? spine_infile_fail(file, err) : 0;
    fclose(opened);
    return rc;
}

static int open_zip(zip_t **zip, const char *file, struct spine_error *err)
{
    int code = 0;
    zip_error_t reason;

    errno = 0;
    *zip = zip_open(file, ZIP_RDONLY, &code);
    if (*zip != NULL)
        return 0;
    if (errno != 0 && (code == ZIP_ER_OPEN || code == ZIP_ER_READ || code == ZIP_ER_SEEK))
        return spine_infile_fail(file, err);
    zip_error_init_with_code(&reason, code);
    spine_refuse(err, "%s: a zip archive that can't be read: %s; was it cut off?", file,
                 zip_error_strerror(&reason));
    zip_error_fini(&reason);
    return -1;
}

/* The name of a file in the archive; NULL for a directory or macOS metadata. */
static const char *member_name(zip_t *zip, zip_int64_t index)
{
    const char *name = zip_get_name(zip, (zip_uint64_t)index, ZIP_FL_ENC_RAW);

    if (name == NULL || name[0] == '\0' || name[strlen(name) - 1] == '/' ||
        strncmp(name, "__MACOSX/", 9) == 0)
        return NULL;
    return name;
}

int spine_archive_list(const char *file, bool (*visit)(const char *name, void *data), void *data,
                       struct spine_error *err)
{
    zip_t *zip = NULL;
    bool wants_more = true;

    if (open_zip(&zip, file, err))
        return -1;
    for (zip_int64_t i = 0; wants_more && i < zip_get_num_entries(zip, 0); i++) {
        const char *name = member_name(zip, i);
        wants_more = name == NULL || visit(name, data);
    }
    zip_discard(zip);
    return 0;
}

/* Is the name 'inner', perhaps with .npy added? */
static bool is_called(const char *name, const char *inner)
{
    const size_t length = strlen(inner);

    return strncmp(name, inner, length) == 0 &&
           (name[length] == '\0' || strcmp(name + length, ".npy") == 0);
}

/* Find the member 'inner', or the only member. */
static int choose_member(zip_t *zip, const char *file, const char *inner, zip_int64_t *index,
                         struct spine_error *err)
{
    struct spine_namelist names = {0};

    for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); i++) {
        const char *name = member_name(zip, i);
        if (name == NULL)
            continue;
        *index = i;
        if (inner != NULL && is_called(name, inner))
            return 0;
        spine_namelist_add(&names, "%s", name);
    }
    if (inner == NULL && names.count == 1)
        return 0;
    if (names.count == 0)
        return spine_refuse(err, "%s: a zip archive without files", file);
    if (inner == NULL)
        return spine_refuse(err, "%s: a zip archive of %zu files; name one of them as %s:FILE: %s",
                            file, names.count, file, spine_namelist_end(&names));
    return spine_refuse(err, "%s: has no file '%.100s'; it has: %s", file, inner,
                        spine_namelist_end(&names));
}

/* Fail, with -1, if reading the archive failed, rather than its contents being damaged. */
static int check_reading(zip_error_t *error, const char *path, struct spine_error *err)
{
    const int code = zip_error_code_zip(error), reason = zip_error_code_system(error);

    if (code == ZIP_ER_MEMORY)
        return spine_memory_fail("an archive", err);
    if ((code != ZIP_ER_READ && code != ZIP_ER_SEEK && code != ZIP_ER_OPEN) || reason == 0)
        return 0;
    errno = reason;
    return spine_infile_fail(path, err);
}

static int refuse_member(zip_t *zip, const char *path, struct spine_error *err)
{
    if (check_reading(zip_get_error(zip), path, err))
        return -1;
    if (zip_error_code_zip(zip_get_error(zip)) == ZIP_ER_NOPASSWD)
        return spine_refuse(err, "%s: is encrypted; unpack it first: unzip", path);
    return spine_refuse(err, "%s: can't be unpacked here: %s; unpack it first: unzip or 7z", path,
                        zip_strerror(zip));
}

int spine_archive_open(struct spine_archive **archive, const char *file, const char *inner,
                       const char *path, struct spine_error *err)
{
    struct spine_archive *opened = spine_memory_zeroed(1, sizeof *opened, "an archive", err);
    zip_int64_t index = 0;
    if (opened == NULL)
        return -1;

    int rc = open_zip(&opened->zip, file, err);
    if (rc == 0)
        rc = choose_member(opened->zip, file, inner, &index, err);
    if (rc == 0) {
        opened->member = zip_fopen_index(opened->zip, (zip_uint64_t)index, 0);
        if (opened->member == NULL)
            rc = refuse_member(opened->zip, path, err);
    }

    if (rc == 0)
        *archive = opened;
    else
        spine_archive_close(opened);
    return rc;
}

int spine_archive_read(struct spine_archive *archive, void *to, size_t size, size_t *got,
                       const char *path, struct spine_error *err)
{
    const zip_int64_t count = zip_fread(archive->member, to, size);

    if (count < 0 && check_reading(zip_file_get_error(archive->member), path, err))
        return -1;
    if (count < 0)
        return spine_refuse(err, "%s: the compressed data are damaged (%s)", path,
                            zip_error_strerror(zip_file_get_error(archive->member)));
    *got = (size_t)count;
    return 0;
}

void spine_archive_close(struct spine_archive *archive)
{
    if (archive == NULL)
        return;
    if (archive->member != NULL)
        zip_fclose(archive->member);
    if (archive->zip != NULL)
        zip_discard(archive->zip);
    free(archive);
}

/* Read up to 'most' first bytes of a member. Seven parameters: the member, and where it goes. */
static int read_start(zip_t *zip, zip_int64_t index, const char *path, void *start, size_t most,
                      size_t *bytes, struct spine_error *err)
{
    struct spine_archive archive = {.zip = zip};
    size_t got = 1;
    int rc = 0;

    archive.member = zip_fopen_index(zip, (zip_uint64_t)index, 0);
    if (archive.member == NULL)
        return refuse_member(zip, path, err);

    for (*bytes = 0; rc == 0 && got > 0 && *bytes < most; *bytes += rc == 0 ? got : 0)
        rc = spine_archive_read(&archive, (char *)start + *bytes, most - *bytes, &got, path, err);
    zip_fclose(archive.member);
    return rc;
}

int spine_archive_list_starts(const char *file, const char *ending, size_t most,
                              int (*visit)(const char *name, const void *start, size_t bytes,
                                           void *data),
                              void *data, struct spine_error *err)
{
    zip_t *zip = NULL;
    char path[4096]; /* for messages */
    if (open_zip(&zip, file, err))
        return -1;

    char *start = spine_memory_get(most, 1, "the start of a file", err);
    int rc = -(start == NULL);
    for (zip_int64_t i = 0; rc == 0 && i < zip_get_num_entries(zip, 0); i++) {
        const char *name = member_name(zip, i);
        size_t bytes = 0;
        if (name == NULL || !spine_path_ends_in(name, ending))
            continue;
        snprintf(path, sizeof path, "%s:%s", file, name);
        rc = read_start(zip, i, path, start, most, &bytes, err);
        if (rc == 0)
            rc = visit(name, start, bytes, data);
    }
    free(start);
    zip_discard(zip);
    return rc;
}
