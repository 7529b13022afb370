/* textfile.h -- small text files, read whole, and the byte order mark of any text. */
#ifndef SPINE_BASE_TEXTFILE_H
#define SPINE_BASE_TEXTFILE_H

#include <stddef.h>

#include "spine/base/error.h"

/* Read the file 'path' into memory: *text is NUL-terminated after its *length bytes (which may
 * include NULs), and the caller frees it. Refuses a file of more than 'most' bytes (the message
 * asks "is it WHAT?", such as "a configuration"), a directory, and what can't be opened. An I/O
 * error is a failure. length may be NULL. On failure *text and *length are unchanged. */
int spine_textfile_read(const char *path, const char *what, size_t most, char **text,
                        size_t *length, struct spine_error *err);

/* The same, but if there is no such file, return 0 with *text NULL. */
int spine_textfile_find(const char *path, const char *what, size_t most, char **text,
                        struct spine_error *err);

/* The length of the UTF-8 byte order marks (U+FEFF) at the start of the text: 3, or 0 without one.
 * Some editors write one, also before another. */
size_t spine_textfile_mark(const char *text, size_t length);

#endif
