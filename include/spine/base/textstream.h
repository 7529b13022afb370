/* textstream.h -- printing text into memory.
 *
 *     struct spine_textstream stream;
 *     if (spine_textstream_open(&stream, "the configuration's text", err))
 *         return NULL;
 *     fprintf(stream.file, "...");
 *     return spine_textstream_close(&stream, err);
 */
#ifndef SPINE_BASE_TEXTSTREAM_H
#define SPINE_BASE_TEXTSTREAM_H

#include <stddef.h>
#include <stdio.h>

#include "spine/base/error.h"

struct spine_textstream {
    FILE *file;       /* what is printed here becomes the text */
    const char *what; /* borrowed; completes the message "out of memory for ..." */
    char *text;       /* valid after closing; without its NUL it has 'length' bytes */
    size_t length;
};

int spine_textstream_open(struct spine_textstream *stream, const char *what,
                          struct spine_error *err);

/* Return the text, NUL-terminated, which the caller frees; NULL when out of memory. */
char *spine_textstream_close(struct spine_textstream *stream, struct spine_error *err);

#endif
