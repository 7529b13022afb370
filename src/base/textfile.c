/* textfile.c -- small text files, read whole, and the byte order mark of any text. */
#include "spine/base/textfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"

/* Bytes read at a time. */
enum { BLOCK = 1 << 16 };

static int fail_reading(const char *path, int code, struct spine_error *err)
{
    errno = code;
    return spine_infile_fail(path, err);
}

/* Read all of an open file, and close it. Seven parameters: those of spine_textfile_read(), and the
 * file. */
static int read_all(FILE *file, const char *path, const char *what, size_t most, char **text,
                    size_t *length, struct spine_error *err)
{
    char *bytes = NULL;
    size_t used = 0, capacity = 0;
    int rc = 0;

    for (size_t got = 1; rc == 0 && got > 0 && used <= most; used += got) {
        rc = spine_memory_reserve(&bytes, &capacity, used + BLOCK + 1, 1, what, err);
        got = 0;
        if (rc == 0)
            got = fread(bytes + used, 1, BLOCK, file);
    }
    if (rc == 0 && ferror(file))
        rc = fail_reading(path, errno, err);
    else if (rc == 0 && used > most)
        rc = spine_refuse(err, "%s: is larger than %zu bytes; is it %s?", path, most, what);

    fclose(file);
    if (rc != 0) {
        free(bytes);
        return -1;
    }

    bytes[used] = '\0';
    *text = bytes;
    if (length != NULL)
        *length = used;
    return 0;
}

int spine_textfile_read(const char *path, const char *what, size_t most, char **text,
                        size_t *length, struct spine_error *err)
{
    FILE *file = spine_infile_open_stream(path);

    if (file == NULL)
        return fail_reading(path, errno, err);
    return read_all(file, path, what, most, text, length, err);
}

int spine_textfile_find(const char *path, const char *what, size_t most, char **text,
                        struct spine_error *err)
{
    FILE *file = spine_infile_open_stream(path);

    *text = NULL;
    if (file == NULL)
        return errno == ENOENT ? 0 : fail_reading(path, errno, err);
    return read_all(file, path, what, most, text, NULL, err);
}

size_t spine_textfile_mark(const char *text, size_t length)
{
    static const char mark[3] = {'\xEF', '\xBB', '\xBF'};

    size_t bytes = 0;

    while (length - bytes >= sizeof mark && memcmp(text + bytes, mark, sizeof mark) == 0)
        bytes += sizeof mark;
    return bytes;
}
