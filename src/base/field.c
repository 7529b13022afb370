/* field.c -- fields of a line of text, separated by spaces and tabs. */
#include "spine/base/field.h"

#include <string.h>

#include "spine/base/number.h"

struct spine_field spine_field_trim(struct spine_field text)
{
    text.begin = spine_field_skip_separators(text.begin, text.end);
    while (text.end > text.begin && spine_field_is_separator(text.end[-1]))
        text.end--;
    return text;
}

char *spine_field_trim_text(char *text)
{
    const struct spine_field trimmed =
        spine_field_trim((struct spine_field){text, strchr(text, '\0')});
    text[trimmed.end - text] = '\0';
    return text + (trimmed.begin - text);
}

bool spine_field_cut_last(struct spine_field *rest, struct spine_field *last)
{
    if (spine_field_is_empty(*rest))
        return false;
    last->end = rest->end;
    last->begin = rest->end;
    while (last->begin > rest->begin && !spine_field_is_separator(last->begin[-1]))
        last->begin--;
    rest->end = last->begin;
    *rest = spine_field_trim(*rest);
    return true;
}

bool spine_field_is_number(struct spine_field text)
{
    float value;
    return spine_number_parse(text.begin, text.end, &value) == 0;
}

size_t spine_field_count_numbers(struct spine_field text)
{
    struct spine_field last;
    size_t count = 0;
    while (spine_field_cut_last(&text, &last) && !spine_field_is_empty(text) &&
           spine_field_is_number(last))
        count++;
    return count;
}

size_t spine_field_count(struct spine_field text)
{
    struct spine_field last;
    size_t count = 0;
    while (spine_field_cut_last(&text, &last))
        count++;
    return count;
}
