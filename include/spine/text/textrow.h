/* textrow.h -- what a row of a text file looks like: a word and numbers, names of columns, or
 * none. */
#ifndef SPINE_TEXT_TEXTROW_H
#define SPINE_TEXT_TEXTROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/field.h"

struct spine_textrow {
    uint64_t line;
    size_t fields;
    size_t numbers;     /* at the end of the row */
    size_t tab_numbers; /* fields after the first tab, if all are numbers; else 0 */
    size_t name_parts;  /* numbers at the beginning that may belong to a name */
    int64_t index;      /* the first field as a whole number, in quotes or not; -1: it isn't one */
    bool is_clean;      /* all fields but the first are numbers */
    bool is_real;       /* the first field is a number with a point */
    bool has_quotes;    /* its word begins and ends with a double quote */
    bool has_blank;     /* and has a blank inside */
    bool has_colon;     /* its word ends in a colon */
    bool has_remains;   /* or in a field of digits and signs that is no number, such as 0.5-0.25 */
};

/* Describe a row, trimmed, on this line. */
struct spine_textrow spine_textrow_describe(struct spine_field row, uint64_t line);

/* May it name columns: is none of its fields a number, or do they count? What is written like a
 * value names no column, but for the first, which may be the name of the words. */
bool spine_textrow_may_be_names(struct spine_field row);

/* Is it two whole numbers, as in a header? */
bool spine_textrow_is_header(struct spine_field row, uint64_t integers[2]);

/* Does a web page begin with it, or XML? */
bool spine_textrow_begins_page(struct spine_field row);

/* Does it begin with 'word', in upper or lower case? */
bool spine_textrow_begins(struct spine_field text, const char *word);

/* Could this field be part of a word, as "13" is in "Apollo 13"? */
bool spine_textrow_is_name_part(struct spine_field text);

/* The text without double quotes around it, if it has them. */
struct spine_field spine_textrow_unquote(struct spine_field text);

#endif
