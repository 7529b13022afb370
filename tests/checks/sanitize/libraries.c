/* libraries.c -- for builds with sanitizers: what tells leaks of Open MPI and other libraries,
 * which are suppressed by the names of libraries in their stacks, from ours. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Plugins stay loaded until the leak check, which else would have no names for them. */
int dlclose(void *handle)
{
    (void)handle;
    return 0;
}

/* libc's own have no frame pointers, and a stack that is found by those ended there. */
static int print(char **text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);

    *text = length < 0 ? NULL : malloc((size_t)length + 1);
    return *text == NULL ? -1 : vsnprintf(*text, (size_t)length + 1, format, arguments);
}

int vasprintf(char **text, const char *format, va_list arguments)
{
    return print(text, format, arguments);
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = print(text, format, arguments);
    va_end(arguments);
    return length;
}

int __vasprintf_chk(char **text, int flag, const char *format, va_list arguments);
int __vasprintf_chk(char **text, int flag, const char *format, va_list arguments)
{
    (void)flag;
    return print(text, format, arguments);
}

int __asprintf_chk(char **text, int flag, const char *format, ...);
int __asprintf_chk(char **text, int flag, const char *format, ...)
{
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    const int length = print(text, format, arguments);
    va_end(arguments);
    return length;
}
