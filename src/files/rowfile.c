/* rowfile.c -- the rows of vectors.h5, read in any order, in the background. */
#include "spine/files/rowfile.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/filefacts.h"
#include "spine/base/memory.h"
#include "spine/files/vectorsfile.h"

struct spine_rowfile {
    const char *path; /* borrowed */
    int file;         /* owned; -1: none */
    int64_t offset;   /* in bytes, of row 0 */
    size_t dim;       /* D */
    float *packed;    /* owned; scratch, (SPINE_ROWFILE_ROWS, D) */
    struct stat facts;
    bool has_failed;
    struct spine_error reason; /* of the first failure */
};

static int open_file(struct spine_rowfile *rows, struct spine_store *store, struct spine_error *err)
{
    if (spine_vectorsfile_find(store, rows->path, &rows->offset, err))
        return -1;
    rows->packed =
        spine_memory_get(SPINE_ROWFILE_ROWS * rows->dim, sizeof *rows->packed, "some rows", err);
    if (rows->packed == NULL)
        return -1;

    rows->file = open(rows->path, O_RDONLY | O_CLOEXEC);
    if (rows->file < 0 || fstat(rows->file, &rows->facts) != 0)
        return spine_fail(err, "%s: %s", rows->path, strerror(errno));
    return 0;
}

int spine_rowfile_open(struct spine_rowfile **rows, struct spine_store *store, const char *path,
                       size_t dim, struct spine_error *err)
{
    *rows = spine_memory_zeroed(1, sizeof **rows, "an open file", err);
    if (*rows == NULL)
        return -1;

    **rows = (struct spine_rowfile){.path = path, .file = -1, .dim = dim};
    if (open_file(*rows, store, err) == 0)
        return 0;
    spine_rowfile_close(*rows);
    *rows = NULL;
    return -1;
}

static void fail(struct spine_rowfile *rows, size_t row, const char *reason)
{
    if (!rows->has_failed)
        spine_fail(&rows->reason, "%s: can't read row %zu: %s", rows->path, row + 1, reason);
    rows->has_failed = true;
}

/* Read rows that lie one after the other. */
static bool read_packed(struct spine_rowfile *rows, size_t first, size_t count, float *values)
{
    const size_t row = rows->dim * sizeof *values, bytes = count * row;
    size_t done = 0;

    while (done < bytes) {
        const off_t at = (off_t)(rows->offset + (int64_t)(first * row + done));
        const ssize_t now = pread(rows->file, (char *)values + done, bytes - done, at);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0) {
            fail(rows, first + done / row, now < 0 ? strerror(errno) : "the file ends before it");
            return false;
        }
        done += (size_t)now;
    }
    return true;
}

void spine_rowfile_read(struct spine_rowfile *rows, size_t first, size_t count, size_t stride,
                        float *values)
{
    const size_t dim = rows->dim;

    for (size_t done = 0; done < count; done += SPINE_ROWFILE_ROWS) {
        const size_t left = count - done;
        const size_t now = left < SPINE_ROWFILE_ROWS ? left : SPINE_ROWFILE_ROWS;
        const bool is_read = read_packed(rows, first + done, now, rows->packed);
        for (size_t i = 0; i < now; i++) {
            float *row = values + (done + i) * stride;
            if (is_read)
                memcpy(row, rows->packed + i * dim, dim * sizeof *row);
            for (size_t k = is_read ? dim : 0; k < stride; k++)
                row[k] = k < dim ? NAN : 0;
        }
    }
}

void spine_rowfile_expect(const struct spine_rowfile *rows, size_t first, size_t count)
{
    const int64_t row = (int64_t)(rows->dim * sizeof(float));

    /* Advice: what it returns changes nothing. */
    (void)posix_fadvise(rows->file, rows->offset + (int64_t)first * row, (int64_t)count * row,
                        POSIX_FADV_WILLNEED);
}

int spine_rowfile_check(const struct spine_rowfile *rows, struct spine_error *err)
{
    struct stat is;

    if (rows->has_failed) {
        *err = rows->reason;
        return -1;
    }
    if (fstat(rows->file, &is) != 0)
        return spine_fail(err, "%s: %s", rows->path, strerror(errno));
    if (!spine_filefacts_unchanged(&is, &rows->facts))
        return spine_refuse(err, "%s: the file was changed while it was read", rows->path);

    return 0;
}

void spine_rowfile_close(struct spine_rowfile *rows)
{
    if (rows == NULL)
        return;
    if (rows->file >= 0)
        close(rows->file);
    free(rows->packed);
    free(rows);
}
