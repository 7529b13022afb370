/* tabular.h -- small tables of text, plain or compressed: test sets, lists of words, answers.
 *
 * A line is a row; blank lines, a byte order mark and comments are skipped. A comment is a line
 * that begins with #. In lists and in tables with tabs, whose words may begin with #, it is a line
 * that begins with # followed by a blank, another # or !. Fields may be in quotes, as spreadsheets
 * and R write them: separators between the quotes don't count, and two quotes mean one. Text that
 * isn't UTF-8 is refused: its words would silently be unknown. The form says what separates fields:
 */
#ifndef SPINE_TEXT_TABULAR_H
#define SPINE_TEXT_TABULAR_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

enum spine_tabular_form {
    SPINE_TABULAR_LINES,  /* nothing: the line is one field */
    SPINE_TABULAR_TABS,   /* tabs */
    SPINE_TABULAR_BLANKS, /* any number of spaces and tabs */
    SPINE_TABULAR_ANY, /* decided for each line: tabs if it has one; else semicolons if it has two,
                             or one and no comma; else commas; else blanks */
};

enum { SPINE_TABULAR_FIELDS = 64 };

struct spine_tabular_row {
    uint64_t line;
    size_t count;                            /* of fields, at least 1 */
    char separator;                          /* of the fields; a blank: any number of blanks */
    const char *field[SPINE_TABULAR_FIELDS]; /* trimmed; borrowed */
};

struct spine_tabular;

/* The path is borrowed until spine_tabular_close(), which releases the handle. */
int spine_tabular_open(struct spine_tabular **table, const char *path, enum spine_tabular_form form,
                       struct spine_error *err);

/* Read the next row; what *row points at is borrowed until the next call. Returns 1; 0 at the end;
 * -1 on failure. Lines with a NUL byte or more than SPINE_TABULAR_FIELDS fields are refused. */
int spine_tabular_next(struct spine_tabular *table, struct spine_tabular_row *row,
                       struct spine_error *err);

/* The number of comments skipped. */
size_t spine_tabular_comments(const struct spine_tabular *table);

/* Refuse the row: "PATH:LINE: expected WHAT, got 'the field'". Fields count from 0; if the row
 * doesn't have this field, the message says so. Returns -1. */
int spine_tabular_refuse(const struct spine_tabular *table, const struct spine_tabular_row *row,
                         const char *what, size_t field, struct spine_error *err);

/* NULL is allowed. */
void spine_tabular_close(struct spine_tabular *table);

#endif
