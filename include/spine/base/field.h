/* field.h -- fields of a line of text, separated by spaces and tabs only. */
#ifndef SPINE_BASE_FIELD_H
#define SPINE_BASE_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/* Part of a line, borrowed: one or more fields. */
struct spine_field {
    const char *begin, *end;
};

static inline bool spine_field_is_separator(char c)
{
    return c == ' ' || c == '\t';
}

/* Return the first byte from 'at' on that isn't a separator, or 'end'. */
static inline const char *spine_field_skip_separators(const char *at, const char *end)
{
    while (at < end && spine_field_is_separator(*at))
        at++;
    return at;
}

/* Return the first separator from 'at' on, or 'end'. */
static inline const char *spine_field_skip(const char *at, const char *end)
{
    while (at < end && !spine_field_is_separator(*at))
        at++;
    return at;
}

static inline bool spine_field_is_empty(struct spine_field text)
{
    return text.begin == text.end;
}

/* The text without the separators before and after it. */
struct spine_field spine_field_trim(struct spine_field text);

/* The same for a NUL-terminated text, in place: a new NUL cuts off the separators at its end. */
char *spine_field_trim_text(char *text);

/* Cut the last field off 'rest', which must be trimmed and is trimmed again. False if there is
 * none. */
bool spine_field_cut_last(struct spine_field *rest, struct spine_field *last);

bool spine_field_is_number(struct spine_field text);

/* Count the numbers at the end of a trimmed text; its first field isn't counted. */
size_t spine_field_count_numbers(struct spine_field text);

/* Count the fields of a trimmed text. */
size_t spine_field_count(struct spine_field text);

#endif
