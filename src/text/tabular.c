/* tabular.c -- small tables of text. */
#include "spine/text/tabular.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/field.h"
#include "spine/base/memory.h"
#include "spine/text/lines.h"

struct spine_tabular {
    const char *path; /* borrowed */
    enum spine_tabular_form form;
    struct spine_lines *lines; /* owned */
    char *copy;                /* owned; (capacity): the line, with NUL behind every field */
    size_t capacity;
};

int spine_tabular_open(struct spine_tabular **table, const char *path, enum spine_tabular_form form,
                       struct spine_error *err)
{
    struct spine_tabular *made = spine_memory_zeroed(1, sizeof *made, "a table", err);
    *table = NULL;
    if (made == NULL)
        return -1;
    made->path = path;
    made->form = form;
    if (spine_lines_open(&made->lines, path, err)) {
        free(made);
        return -1;
    }
    *table = made;
    return 0;
}

/* Copy the line, ended by NUL, without a byte order mark. */
static int copy_line(struct spine_tabular *table, struct spine_line *line, struct spine_error *err)
{
    spine_lines_pass_mark(line);
    if (memchr(line->text, '\0', line->length) != NULL)
        return spine_refuse(err, "%s:%llu: a NUL byte in the line", table->path,
                            (unsigned long long)line->number);
    if (spine_memory_reserve(&table->copy, &table->capacity, line->length + 1, 1, "a line", err))
        return -1;

    memcpy(table->copy, line->text, line->length);
    table->copy[line->length] = '\0';
    return 0;
}

static const char *separators_of(enum spine_tabular_form form, const char *line)
{
    if (form == SPINE_TABULAR_LINES)
        return "";
    if (form == SPINE_TABULAR_TABS || (form == SPINE_TABULAR_ANY && strchr(line, '\t') != NULL))
        return "\t";
    return form == SPINE_TABULAR_ANY && strchr(line, ',') != NULL ? "," : " \t";
}

/* Cut the line into fields. Returns -1 if there are too many. */
static int cut(char *at, const char *separators, struct spine_tabular_row *row)
{
    const int are_runs = separators[0] == ' '; /* any number of blanks is one separator */
    for (row->count = 0; row->count < SPINE_TABULAR_FIELDS;) {
        if (are_runs)
            at += strspn(at, separators);
        char *end = at + strcspn(at, separators);
        const int is_last = *end == '\0';
        *end = '\0';
        if (!are_runs || *at != '\0')
            row->field[row->count++] = spine_field_trim_text(at);
        if (is_last)
            return 0;
        at = end + 1;
    }
    return -1;
}

int spine_tabular_next(struct spine_tabular *table, struct spine_tabular_row *row,
                       struct spine_error *err)
{
    struct spine_line line;
    int rc;
    while ((rc = spine_lines_next(table->lines, &line, err)) == 1) {
        if (copy_line(table, &line, err))
            return -1;
        row->line = line.number;
        char *text = table->copy;
        const char *separators = separators_of(table->form, text);
        if (text[strspn(text, " \t")] == '\0')
            continue;
        if (cut(text, separators, row))
            return spine_refuse(err, "%s:%llu: has more than %d fields", table->path,
                                (unsigned long long)line.number, SPINE_TABULAR_FIELDS);
        return 1;
    }
    return rc;
}

int spine_tabular_refuse(const struct spine_tabular *table, const struct spine_tabular_row *row,
                         const char *what, size_t field, struct spine_error *err)
{
    char quoted[SPINE_LINES_QUOTE];
    if (field >= row->count)
        return spine_refuse(err, "%s:%llu: expected %s, the line has %zu field%s", table->path,
                            (unsigned long long)row->line, what, row->count,
                            row->count == 1 ? "" : "s");
    spine_lines_quote(quoted, row->field[field], strlen(row->field[field]));
    return spine_refuse(err, "%s:%llu: expected %s, got %s", table->path,
                        (unsigned long long)row->line, what, quoted);
}

void spine_tabular_close(struct spine_tabular *table)
{
    if (table == NULL)
        return;
    spine_lines_close(table->lines);
    free(table->copy);
    free(table);
}
