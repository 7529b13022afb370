/* number.h -- decimal numbers to float, exactly and fast.
 *
 *     number:  [+-] digits [. [digits]] [e [+-] digits]     or with digits only after the point
 *              [+-] nan | inf | infinity                    in any case
 *
 * The result is the float nearest to the decimal number, ties to even: what strtof() gives in the C
 * locale, whatever the locale is. Overflow gives Inf, underflow a denormal or 0. Hexadecimal
 * numbers aren't accepted. */
#ifndef SPINE_BASE_NUMBER_H
#define SPINE_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Read the number that begins at 'begin', without accessing 'end' or beyond. Returns a pointer to
 * what follows it, which may be anything; NULL, with *value as it was, if there is no number or
 * its exponent has no digits. */
const char *spine_number_scan(const char *begin, const char *end, float *value);

/* Read a number that fills [begin, end). Returns 0; -1, with *value as it was, if it isn't one. */
int spine_number_parse(const char *begin, const char *end, float *value);

/* Is the string 'text' a whole number in decimal, of any size? No blanks, no '+', nothing before or
 * after it. */
bool spine_number_is_whole(const char *text);

/* Read such a number that lies in [least, most]. Returns 0, or -1, with *value as it was, if it
 * isn't one. */
int spine_number_whole(const char *text, int64_t least, int64_t most, int64_t *value);

#endif
