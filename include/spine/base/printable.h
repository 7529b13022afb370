/* printable.h -- text of any bytes, for people.
 *
 * Words, attributes and paths may hold bytes that a terminal obeys. What we print for people has them
 * escaped, \x1B for one, so that no file can fake a line of ours. */
#ifndef SPINE_BASE_PRINTABLE_H
#define SPINE_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#if defined(__GNUC__)
#define SPINE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SPINE_PRINTF(text, first)
#endif

/* Is a text without control bytes, such as tabs? */
bool spine_printable_is(const char *text);

/* Move *text past its next character, or byte of one, and set 'piece' to what is printed of it;
 * returns its bytes. *text isn't at its end. */
size_t spine_printable_take(const char **text, char piece[16]);

/* How many columns of a terminal a text takes when it is printed: its characters. */
size_t spine_printable_width(const char *text);

/* Copy a text, control bytes escaped. What doesn't fit into 'capacity' bytes, at least 64, is cut out
 * of the middle: a message begins with the place and ends with the reason. */
void spine_printable_copy(char *out, size_t capacity, const char *text);

/* Print a text, control bytes escaped. */
void spine_printable_print(FILE *file, const char *text);

/* Print a line, its control bytes escaped, and a newline. */
void spine_printable_line(FILE *file, const char *format, ...) SPINE_PRINTF(2, 3);

#endif
