/* printable.h -- text with any bytes, made safe to print.
 *
 * Words, attributes and paths may hold control bytes that a terminal would obey. We print them
 * escaped, such as \x1B, so that no file can fake a line of our output. */
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

/* Is the text free of control bytes, such as tabs? */
bool spine_printable_is(const char *text);

/* Move *text past its next byte, or past both bytes of a control character that has two, and write
 * what is printed for it to 'piece'. Returns the length of 'piece'. *text must not be at its
 * end. */
size_t spine_printable_next(const char **text, char piece[16]);

/* The length of a text, or of its first 'most' bytes, without blanks at their end. */
int spine_printable_trimmed(const char *text, int most);

/* The columns that a text fills on a terminal: its characters. */
size_t spine_printable_width(const char *text);

/* Copy a text with control bytes escaped. 'capacity' is at least 64 bytes; what doesn't fit is cut
 * out of the middle, because a message begins with the place and ends with the reason. */
void spine_printable_copy(char *out, size_t capacity, const char *text);

/* Print a text, control bytes escaped. */
void spine_printable_print(FILE *file, const char *text);

/* Print a line, its control bytes escaped, and a newline. */
void spine_printable_line(FILE *file, const char *format, ...) SPINE_PRINTF(2, 3);

#endif
