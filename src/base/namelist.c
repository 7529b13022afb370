/* namelist.c -- names in a message. */
#include "spine/base/namelist.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REST = 24 }; /* bytes for how many are left out */

void spine_namelist_add(struct spine_namelist *list, const char *format, ...)
{
    char name[SPINE_NAMELIST_BYTES];
    const size_t room = sizeof list->text - REST - list->used, comma = list->used > 0 ? 2 : 0;
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);

    list->count++;
    if (length < 0 || (size_t)length + comma >= room) {
        list->left_out++;
        return;
    }
    memcpy(list->text + list->used, ", ", comma);
    memcpy(list->text + list->used + comma, name, (size_t)length + 1);
    list->used += comma + (size_t)length;
}

const char *spine_namelist_end(struct spine_namelist *list)
{
    if (list->left_out > 0)
        snprintf(list->text + list->used, sizeof list->text - list->used, "%s%zu %s",
                 list->used > 0 ? ", and " : "", list->left_out,
                 list->used > 0 ? "more" : "with long names");
    return list->text;
}
