/* printable.h -- text of any bytes, for people.
 *
 * Words, attributes and paths may hold bytes that a terminal obeys. What we print for people has them
 * escaped, \x1B for one, so that no file can fake a line of ours. */
#ifndef SPINE_BASE_PRINTABLE_H
#define SPINE_BASE_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* Copy a text, control bytes escaped. What doesn't fit into 'capacity' bytes, at least 64, is cut out
 * of the middle: a message begins with the place and ends with the reason. */
void spine_printable_copy(char *out, size_t capacity, const char *text);

/* Print a text, control bytes escaped. */
void spine_printable_print(FILE *file, const char *text);

#endif
