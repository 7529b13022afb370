/* error.c -- errors: one line of text and an exit status. */
#include "spine/base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spine/base/printable.h"

SPINE_PRINTF(3, 0)
static int describe(struct spine_error *err, int status, const char *format, va_list args)
{
    char text[4 * sizeof err->text];

    vsnprintf(text, sizeof text, format, args);
    spine_printable_copy(err->text, sizeof err->text, text);
    err->status = status;
    return -1;
}

int spine_fail(struct spine_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    describe(err, SPINE_EXIT_FAILED, format, args);
    va_end(args);
    return -1;
}

int spine_leave(struct spine_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    describe(err, SPINE_EXIT_AGAIN, format, args);
    va_end(args);
    return -1;
}

int spine_refuse(struct spine_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    describe(err, SPINE_EXIT_REFUSED, format, args);
    va_end(args);
    return -1;
}

int spine_fail_as(const struct spine_error *why, struct spine_error *err)
{
    if (why->status != SPINE_EXIT_FAILED)
        return 0;
    *err = *why;
    return -1;
}

void spine_error_rename(struct spine_error *err, const char *from, const char *to)
{
    assert(from[0] != '\0');
    const char *at = strstr(err->text, from);

    while (at != NULL) {
        const struct spine_error was = *err;
        const size_t before = (size_t)(at - err->text), done = before + strlen(to);

        spine_fail(err, "%.*s%s%s", (int)before, was.text, to, was.text + before + strlen(from));
        err->status = was.status;
        at = done < strlen(err->text) ? strstr(err->text + done, from) : NULL; /* it may be cut */
    }
}
