/* error.c -- how a function says what went wrong. */
#include "spine/error.h"

#include <stdarg.h>
#include <stdio.h>

int spine_fail(struct spine_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->status = SPINE_EXIT_FAILED;
    return -1;
}

int spine_refuse(struct spine_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->status = SPINE_EXIT_REFUSED;
    return -1;
}
