/* textrow.c -- what a row of a text file looks like. */
#include "spine/text/textrow.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MOST_DIGITS = 18 }; /* of a whole number */

static bool parse_integer(struct spine_field text, uint64_t *value)
{
    *value = 0;
    if (spine_field_is_empty(text) || text.end - text.begin > MOST_DIGITS)
        return false;
    for (const char *at = text.begin; at < text.end; at++) {
        if (!isdigit((unsigned char)*at))
            return false;
        *value = *value * 10 + (uint64_t)(*at - '0');
    }
    return true;
}

bool spine_textrow_is_header(struct spine_field row, uint64_t integers[2])
{
    struct spine_field rest = row, first, second;

    return spine_field_cut_last(&rest, &second) && spine_field_cut_last(&rest, &first) &&
           spine_field_is_empty(rest) && parse_integer(first, &integers[0]) &&
           parse_integer(second, &integers[1]);
}

bool spine_textrow_begins(struct spine_field text, const char *word)
{
    const size_t length = strlen(word);
    return (size_t)(text.end - text.begin) >= length && strncasecmp(text.begin, word, length) == 0;
}

static bool is_quoted(struct spine_field text)
{
    return text.end - text.begin >= 2 && text.begin[0] == '"' && text.end[-1] == '"';
}

struct spine_field spine_textrow_unquote(struct spine_field text)
{
    return is_quoted(text) ? (struct spine_field){text.begin + 1, text.end - 1} : text;
}

bool spine_textrow_is_name_part(struct spine_field text)
{
    const char *at = text.begin;

    while (at < text.end && isdigit((unsigned char)*at))
        at++;
    if (at > text.begin && text.end - at == 2 && *at == '.' && isdigit((unsigned char)at[1]))
        return true;
    return at > text.begin && at == text.end;
}

/* The last 'count' fields. */
static struct spine_field last_fields(struct spine_field row, size_t count)
{
    struct spine_field last, fields = {row.end, row.end};

    while (count-- > 0 && spine_field_cut_last(&row, &last))
        fields.begin = last.begin;
    return fields;
}

/* Count the first fields that may belong to a name. */
static size_t count_name_parts(struct spine_field fields)
{
    size_t count = 0;

    while (!spine_field_is_empty(fields)) {
        const char *end = spine_field_skip(fields.begin, fields.end);
        if (!spine_textrow_is_name_part((struct spine_field){fields.begin, end}))
            break;
        count++;
        fields.begin = spine_field_skip_separators(end, fields.end);
    }
    return count;
}

/* Count the numbers after the first tab; 0 if there is anything else. */
static size_t count_tab_numbers(struct spine_field row)
{
    const char *tab = memchr(row.begin, '\t', (size_t)(row.end - row.begin));
    if (tab == NULL)
        return 0;

    const struct spine_field rest = spine_field_trim((struct spine_field){tab, row.end});
    const size_t fields = spine_field_count(rest), numbers = spine_field_count_numbers(rest);
    const struct spine_field first = {rest.begin, spine_field_skip(rest.begin, rest.end)};
    return numbers + 1 == fields && spine_field_is_number(first) ? fields : 0;
}

/* "word 0 1 2 ... 299", with or without the first field, from 0 or 1 on: column numbers. */
static bool is_counting(struct spine_field row, size_t least)
{
    struct spine_field last;
    uint64_t value, after = 0;
    size_t count = 0;

    while (spine_field_cut_last(&row, &last) &&
           parse_integer(spine_textrow_unquote(last), &value) &&
           (count == 0 || value + 1 == after)) {
        after = value;
        count++;
    }
    return count >= least && after <= 1;
}

/* Is it a value rather than a name: a number with something behind it, such as 1.0D0, or a
 * constant? */
static bool is_value(struct spine_field text)
{
    static const char *const constants[] = {"true", "false", "null", "none", "na", "n/a"};
    const size_t length = (size_t)(text.end - text.begin);
    const char *at = text.begin;

    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (length == strlen(constants[i]) && spine_textrow_begins(text, constants[i]))
            return true;
    while (at < text.end && *at != '\0' && strchr("+-.$", *at) != NULL)
        at++;
    return at < text.end && isdigit((unsigned char)*at);
}

bool spine_textrow_may_be_names(struct spine_field row)
{
    enum { LEAST_COUNTED = 3 };
    struct spine_field rest = row, last;

    if (is_counting(row, LEAST_COUNTED))
        return true;
    while (spine_field_cut_last(&rest, &last))
        if (spine_field_is_number(spine_textrow_unquote(last)) ||
            (!spine_field_is_empty(rest) && is_value(spine_textrow_unquote(last))))
            return false;
    return true;
}

/* Is the last of several fields of digits, points, commas and signs, but no number? */
static bool ends_in_remains(struct spine_field word)
{
    struct spine_field last;
    bool has_digit = false;

    if (!spine_field_cut_last(&word, &last) || spine_field_is_empty(word) ||
        spine_field_is_number(last))
        return false;
    for (const char *at = last.begin; at < last.end; at++) {
        const bool is_digit = isdigit((unsigned char)*at);
        if (!is_digit && (*at == '\0' || strchr("+-.,eE", *at) == NULL))
            return false;
        has_digit = has_digit || is_digit;
    }
    return has_digit;
}

struct spine_textrow spine_textrow_describe(struct spine_field row, uint64_t line)
{
    const struct spine_field first = {row.begin, spine_field_skip(row.begin, row.end)};
    struct spine_textrow described = {.line = line, .index = -1};
    uint64_t index;

    described.numbers = spine_field_count_numbers(row);
    described.fields = spine_field_count(row);
    described.is_clean = described.numbers > 0 && described.numbers + 1 == described.fields;
    described.tab_numbers = count_tab_numbers(row);
    described.name_parts = count_name_parts(last_fields(row, described.numbers));
    if (parse_integer(spine_textrow_unquote(first), &index))
        described.index = (int64_t)index;
    described.is_real = spine_field_is_number(first) &&
                        memchr(first.begin, '.', (size_t)(first.end - first.begin)) != NULL;

    struct spine_field word = {row.begin, last_fields(row, described.numbers).begin};
    word = spine_field_trim(word);
    described.has_quotes = is_quoted(word);
    described.has_blank = spine_field_skip(word.begin, word.end) < word.end;
    described.has_colon = word.end - word.begin > 1 && word.end[-1] == ':';
    described.has_remains = ends_in_remains(word);
    return described;
}

bool spine_textrow_begins_page(struct spine_field row)
{
    static const char *const starts[] = {"<!doctype", "<html", "<?xml", "<head", "<!--", "<table"};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (spine_textrow_begins(row, starts[i]))
            return true;
    return false;
}
