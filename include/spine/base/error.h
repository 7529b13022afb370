/* error.h -- errors: one line of text and an exit status.
 *
 * A function that can fail returns 0, or -1 with one line of text in the caller's struct:
 *
 *     if (rows == 0)
 *         return spine_refuse(err, "%s: no vectors", path);
 *
 * The text is for the person who typed the command: what, where, what was expected. It names no
 * function and doesn't begin with "error". A caller passes a lower message up unchanged. */
#ifndef SPINE_BASE_ERROR_H
#define SPINE_BASE_ERROR_H

#include "spine/base/printable.h"

/* What the process should exit with. */
enum {
    SPINE_EXIT_DONE = 0,
    SPINE_EXIT_FAILED = 1,  /* the machine: disk, memory, network, a training that diverged */
    SPINE_EXIT_REFUSED = 2, /* the user: command line, configuration or input */
    SPINE_EXIT_AGAIN = 75,  /* no error: stopped early and saved; the same command resumes */
};

struct spine_error {
    int status; /* any of the above except SPINE_EXIT_DONE */
    char text[1024];
};

/* Describe a failure of the machine. Returns -1, so that failing is one statement.
 * Control bytes are escaped; text that is too long is cut in the middle. */
int spine_fail(struct spine_error *err, const char *format, ...) SPINE_PRINTF(2, 3);

/* The same for a run that stops early with everything saved: exit status 75. */
int spine_leave(struct spine_error *err, const char *format, ...) SPINE_PRINTF(2, 3);

/* The same for errors that the user can fix: exit status 2. */
int spine_refuse(struct spine_error *err, const char *format, ...) SPINE_PRINTF(2, 3);

/* For an attempt that may be refused: if 'why' is a failure of the machine, which says nothing
 * about the file that was tried, copy it to err and return -1; else return 0. */
int spine_fail_as(const struct spine_error *why, struct spine_error *err);

/* Replace the file name 'from', which isn't empty, in the text by 'to', the name that the user
 * gave. */
void spine_error_rename(struct spine_error *err, const char *from, const char *to);

#endif
