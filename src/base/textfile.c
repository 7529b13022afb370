/* textfile.c -- small text files, read whole, and the byte order mark of any text. */
#include "spine/base/textfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"

/* Bytes read at a time. */
enum { BLOCK = 1 << 16 };

static int fail_reading(const char *path, int code, struct spine_error *err)
{
    errno = code;
    return spine_infile_fail(path, err);
}

int spine_textfile_read(const char *path, const char *what, size_t most, char **text,
                        size_t *length, struct spine_error *err)
{
    char *bytes = NULL;
    size_t used = 0, capacity = 0;
    FILE *file = spine_infile_open_stream(path);
    if (file == NULL)
        return fail_reading(path, errno, err);

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

int spine_textfile_find(const char *path, const char *what, size_t most, char **text,
                        struct spine_error *err)
{
    *text = NULL;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    return spine_textfile_read(path, what, most, text, NULL, err);
}

size_t spine_textfile_mark(const char *text, size_t length)
{
    static const char mark[3] = {'\xEF', '\xBB', '\xBF'};

    size_t bytes = 0;

    while (length - bytes >= sizeof mark && memcmp(text + bytes, mark, sizeof mark) == 0)
        bytes += sizeof mark;
    return bytes;
}
