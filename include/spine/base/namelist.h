/* namelist.h -- names in a message, as many as there is room for: "a, b, and 3 more". */
#ifndef SPINE_BASE_NAMELIST_H
#define SPINE_BASE_NAMELIST_H

#include <stddef.h>

#include "spine/base/printable.h"

enum { SPINE_NAMELIST_BYTES = 400 };

/* A zeroed struct is empty. */
struct spine_namelist {
    char text[SPINE_NAMELIST_BYTES];
    size_t used, count, left_out; /* bytes; all names; those without room */
};

/* Add a name, such as "%s (%zu x %zu)". One that is too long is left out, and counted. */
void spine_namelist_add(struct spine_namelist *list, const char *format, ...) SPINE_PRINTF(2, 3);

/* Write how many are left out. Returns the list's text, to which nothing can be added any more. */
const char *spine_namelist_end(struct spine_namelist *list);

#endif
