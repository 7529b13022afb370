/* tabular.c -- small tables of text. */
#include "spine/text/tabular.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/field.h"
#include "spine/base/memory.h"
#include "spine/base/words.h"
#include "spine/text/lines.h"

struct spine_tabular {
    const char *path; /* borrowed */
    enum spine_tabular_form form;
    struct spine_lines *lines; /* owned */
    char *copy;                /* owned; (capacity): the line, with NUL after every field */
    size_t capacity;
    size_t num_comments;
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

/* The position of the first byte that isn't UTF-8, from 1; 0 if all are. */
static size_t find_foreign_byte(const char *line)
{
    size_t step = 1;
    const char *at;

    for (at = line; *at != '\0' && step > 0; at += step)
        step = spine_words_character(at);

    return step == 0 ? (size_t)(at - line) + 1 : 0;
}

/* Copy the line, ended by NUL, without a byte order mark. */
static int copy_line(struct spine_tabular *table, struct spine_line *line, struct spine_error *err)
{
    spine_lines_pass_mark(line);
    if (line->is_first && line->length > 1 &&
        (memcmp(line->text, "\xFF\xFE", 2) == 0 || memcmp(line->text, "\xFE\xFF", 2) == 0))
        return spine_refuse(err,
                            "%s: is UTF-16 text, as Excel's \"Unicode text\" is; convert it: iconv "
                            "-f utf-16 -t utf-8",
                            table->path);
    if (memchr(line->text, '\0', line->length) != NULL)
        return spine_refuse(err, "%s:%llu: a NUL byte in the line", table->path,
                            (unsigned long long)line->number);
    if (spine_memory_reserve(&table->copy, &table->capacity, line->length + 1, 1, "a line", err))
        return -1;

    memcpy(table->copy, line->text, line->length);
    table->copy[line->length] = '\0';
    const size_t foreign = find_foreign_byte(table->copy);
    if (foreign > 0)
        return spine_refuse(err,
                            "%s:%llu: is not UTF-8 text: byte %zu of the line is 0x%02X; convert "
                            "the file, as with iconv -f latin1 -t utf-8",
                            table->path, (unsigned long long)line->number, foreign,
                            (unsigned)(unsigned char)table->copy[foreign - 1]);
    return 0;
}

/* Is the line a comment, which begins with #? Words of a list may begin with #, too. */
static bool is_comment(const struct spine_tabular *table, const char *line)
{
    const bool has_words = table->form == SPINE_TABULAR_LINES || table->form == SPINE_TABULAR_TABS;
    return line[0] == '#' && (!has_words || strchr(" \t#!", line[1]) != NULL);
}

/* The length of a quoted field that begins here, quotes included. 0 if it isn't quoted, or the
 * quotes aren't closed before a separator: then they are ordinary characters. */
static size_t quoted_length(const char *at)
{
    if (*at != '"')
        return 0;
    for (size_t i = 1; at[i] != '\0' && at[i] != '\t'; i++)
        if (at[i] == '"' && at[i + 1] == '"')
            i++;
        else if (at[i] == '"')
            return strchr("\t;, ", at[i + 1]) != NULL ? i + 1 : 0; /* also at the end */
    return 0;
}

/* Count the separators in the line outside of quotes. */
static size_t count_separators(const char *line, char separator)
{
    size_t count = 0;
    bool begins = true; /* a field */

    for (const char *at = line; *at != '\0'; at++) {
        at += begins ? quoted_length(at) : 0;
        if (*at == '\0')
            break;
        count += *at == separator;
        begins = strchr("\t;, ", *at) != NULL;
    }
    return count;
}

static const char *separators_of(enum spine_tabular_form form, const char *line)
{
    if (form == SPINE_TABULAR_LINES)
        return "";
    if (form == SPINE_TABULAR_TABS)
        return "\t";
    if (form == SPINE_TABULAR_BLANKS)
        return " \t";

    const size_t commas = count_separators(line, ',');
    const size_t semicolons = count_separators(line, ';');
    if (count_separators(line, '\t') > 0)
        return "\t";
    if (semicolons > 1 || (semicolons == 1 && commas == 0))
        return ";";
    return commas > 0 ? "," : " \t";
}

/* Remove the quotes of a field of 'length' bytes, in place; two quotes inside become one. */
static char *unquote(char *field, size_t length)
{
    char *end = field;

    for (size_t i = 1; i + 1 < length; i++) {
        *end++ = field[i];
        i += field[i] == '"';
    }
    *end = '\0';
    return field;
}

/* Cut the line into fields. Returns -1 if there are too many. */
static int cut(char *at, const char *separators, struct spine_tabular_row *row)
{
    const bool are_runs = separators[0] == ' '; /* any number of blanks is one separator */
    for (row->count = 0; row->count < SPINE_TABULAR_FIELDS;) {
        if (are_runs)
            at += strspn(at, separators);
        const size_t quoted = quoted_length(at);
        char *end = at + quoted + strcspn(at + quoted, separators);
        const bool is_last = *end == '\0';
        *end = '\0';
        if (quoted > 0 && at + quoted == end)
            row->field[row->count++] = unquote(at, quoted);
        else if (!are_runs || *at != '\0')
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

        char *text = table->copy;
        const char *separators = separators_of(table->form, text);
        row->line = line.number;
        row->separator = separators[0];
        if (text[strspn(text, " \t")] == '\0')
            continue;
        if (is_comment(table, text)) {
            table->num_comments++;
            continue;
        }
        if (cut(text, separators, row))
            return spine_refuse(err, "%s:%llu: has more than %d fields", table->path,
                                (unsigned long long)line.number, SPINE_TABULAR_FIELDS);
        return 1;
    }
    return rc;
}

size_t spine_tabular_comments(const struct spine_tabular *table)
{
    return table->num_comments;
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
