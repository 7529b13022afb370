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

/* Read the number at 'begin', without accessing 'end' or beyond. Returns a pointer to what follows
 * the number, which may be anything. Returns NULL, with *value unchanged, if there is no number or
 * its exponent has no digits. */
const char *spine_number_scan(const char *begin, const char *end, float *value);

/* Read a number that fills [begin, end). Returns -1, with *value unchanged, if it isn't one. */
int spine_number_parse(const char *begin, const char *end, float *value);

/* Is the string 'text' a whole decimal number, of any size, with no blanks, no '+' and nothing else
 * around it? */
bool spine_number_is_whole(const char *text);

/* Read a whole number in [least, most]. Returns -1, with *value unchanged, if the text isn't
 * one. */
int spine_number_whole(const char *text, int64_t least, int64_t most, int64_t *value);

#endif
