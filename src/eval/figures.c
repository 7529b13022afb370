/* figures.c -- the results of an evaluation: as a list, as a table, as JSON. */
#include "spine/eval/figures.h"

#include <cJSON.h>
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/printable.h"
#include "spine/base/words.h"

/* Eight parameters, each a column of the table; callers compute them in the call. */
int spine_figures_add(struct spine_figures *figures, const char *group, const char *name,
                      struct spine_estimate estimate, int64_t count, int64_t missing, int decimals,
                      struct spine_error *err)
{
    if (spine_figures_find(figures, group, name) != NULL)
        return spine_refuse(err, "%s, '%s': duplicate measure", group, name);
    if (spine_memory_reserve(&figures->list, &figures->capacity, figures->count + 1,
                             sizeof *figures->list, "figures", err))
        return -1;
    struct spine_figure *figure = &figures->list[figures->count++];
    *figure = (struct spine_figure){
        .estimate = estimate, .count = count, .missing = missing, .decimals = decimals};
    snprintf(figure->group, sizeof figure->group, "%s", group);
    snprintf(figure->name, sizeof figure->name, "%s", name);

    return 0;
}

int spine_figures_add_plain(struct spine_figures *figures, const char *group, const char *name,
                            double value, int decimals, struct spine_error *err)
{
    const struct spine_estimate estimate = {value, NAN, NAN};
    return spine_figures_add(figures, group, name, estimate, -1, -1, decimals, err);
}

const struct spine_figure *spine_figures_find(const struct spine_figures *figures,
                                              const char *group, const char *name)
{
    for (size_t i = 0; i < figures->count; i++)
        if (strcmp(figures->list[i].group, group) == 0 && strcmp(figures->list[i].name, name) == 0)
            return &figures->list[i];
    return NULL;
}

void spine_figures_dispose(struct spine_figures *figures)
{
    free(figures->list);
    *figures = (struct spine_figures){0};
}

enum { CELL = 96, GAP = 2 };

/* --- The table ---------------------------------------------------------------------------- */

static int width_of(const char *text)
{
    return (int)spine_printable_width(text);
}

/* Print a text, padded with spaces to a width. */
static void pad(FILE *out, const char *text, int width)
{
    const int missing = width - width_of(text);
    spine_printable_print(out, text);
    fprintf(out, "%*s", missing > 0 ? missing : 0, "");
}

/* "0.962 (0.950 to 0.971)" */
static void write_cell(const struct spine_figure *figure, char cell[CELL])
{
    if (figure == NULL || isnan(figure->estimate.value)) {
        snprintf(cell, CELL, "-");
        return;
    }
    const int decimals = figure->decimals;
    const int length = snprintf(cell, CELL, "%.*f", decimals, figure->estimate.value);
    if (!isnan(figure->estimate.low) && length < CELL)
        snprintf(cell + length, CELL - (size_t)length, " (%.*f to %.*f)", decimals,
                 figure->estimate.low, decimals, figure->estimate.high);
}

/* The same, followed by how many questions couldn't be answered. */
static void write_full_cell(const struct spine_figure *figure, char cell[CELL])
{
    write_cell(figure, cell);
    const size_t length = strlen(cell);
    if (figure != NULL && figure->missing > 0)
        snprintf(cell + length, CELL - length, ", %lld missing", (long long)figure->missing);
}

/* The figures of all files, by group and name, in the order in which they first appear. */
struct table {
    const struct spine_evaluation *files;
    size_t num_files;
    const struct spine_figure **rows; /* owned; (count): one figure of each name */
    size_t count;
    int name_width, *widths; /* owned; (num_files) */
};

static bool has_row(const struct table *table, const struct spine_figure *figure)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i]->group, figure->group) == 0 &&
            strcmp(table->rows[i]->name, figure->name) == 0)
            return true;
    return false;
}

static void list_rows(struct table *table)
{
    for (size_t i = 0; i < table->num_files; i++) {
        const struct spine_figures *figures = &table->files[i].figures;
        for (size_t k = 0; k < figures->count; k++)
            if (!has_row(table, &figures->list[k])) {
                table->rows[table->count++] = &figures->list[k];
                const int width = width_of(figures->list[k].name);
                table->name_width = width > table->name_width ? width : table->name_width;
            }
    }
}

static void find_widths(struct table *table)
{
    for (size_t i = 0; i < table->num_files; i++) {
        table->widths[i] = width_of(table->files[i].path);
        for (size_t k = 0; k < table->files[i].figures.count; k++) {
            char cell[CELL];
            write_full_cell(&table->files[i].figures.list[k], cell);
            const int width = width_of(cell);
            table->widths[i] = width > table->widths[i] ? width : table->widths[i];
        }
    }
}

static void print_row(const struct table *table, const struct spine_figure *row, FILE *out)
{
    pad(out, "", GAP);
    pad(out, row->name, table->name_width + GAP);
    for (size_t i = 0; i < table->num_files; i++) {
        char cell[CELL];
        write_full_cell(spine_figures_find(&table->files[i].figures, row->group, row->name), cell);
        pad(out, cell, i + 1 < table->num_files ? table->widths[i] + GAP : 0);
    }
    fputc('\n', out);
}

/* The first row of a group. */
static size_t find_group(const struct table *table, const char *group)
{
    size_t i = 0;
    assert(group != NULL);
    while (strcmp(table->rows[i]->group, group) != 0)
        i++;
    return i;
}

/* A file may add rows to a group that earlier files lacked, so the rows needn't be adjacent. */
static void print_group(const struct table *table, size_t first, FILE *out)
{
    spine_printable_line(out, "%s", table->rows[first]->group);
    for (size_t i = first; i < table->count; i++)
        if (strcmp(table->rows[i]->group, table->rows[first]->group) == 0)
            print_row(table, table->rows[i], out);
}

int spine_figures_print(const struct spine_evaluation *files, size_t count, FILE *out,
                        struct spine_error *err)
{
    struct table table = {.files = files, .num_files = count};
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += files[i].figures.count;
    table.rows = spine_memory_zeroed(most, sizeof(struct spine_figure *), "the table's rows", err);
    if (table.rows != NULL)
        table.widths = spine_memory_zeroed(count, sizeof *table.widths, "the table's widths", err);

    if (table.widths != NULL) {
        list_rows(&table);
        find_widths(&table);
        pad(out, "", table.name_width + 2 * GAP);
        for (size_t i = 0; i < count; i++)
            pad(out, files[i].path, i + 1 < count ? table.widths[i] + GAP : 0);
        fputc('\n', out);
    }

    for (size_t i = 0; table.widths != NULL && i < table.count; i++)
        if (find_group(&table, table.rows[i]->group) == i)
            print_group(&table, i, out);

    const bool failed = table.widths == NULL;
    free(table.rows);
    free(table.widths);
    if (failed)
        return -1;
    return 0;
}

/* --- JSON --------------------------------------------------------------------------------- */

/* Add a text of any bytes. */
static int add_text(cJSON *object, const char *name, const char *text)
{
    struct spine_words valid = {0};
    struct spine_error ignored;
    bool escaped = false;
    int rc = 0;
    if (spine_words_add_escaped(&valid, text, &escaped, &ignored) ||
        cJSON_AddStringToObject(object, name, spine_words_get(&valid, 0)) == NULL)
        rc = -1;
    spine_words_dispose(&valid);
    return rc;
}

static int add_number(cJSON *object, const char *name, double value)
{
    if (cJSON_AddNumberToObject(object, name, value) == NULL)
        return -1;
    return 0;
}

static int add_figure(cJSON *measures, const struct spine_figure *figure)
{
    const struct spine_estimate *estimate = &figure->estimate;
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !cJSON_AddItemToArray(measures, object)) {
        cJSON_Delete(object);
        return -1;
    }

    /* cJSON writes NaN as null. */
    if (add_text(object, "group", figure->group) || add_text(object, "name", figure->name) ||
        add_number(object, "value", estimate->value))
        return -1;

    if (!isnan(estimate->low) &&
        (add_number(object, "low", estimate->low) || add_number(object, "high", estimate->high)))
        return -1;
    if (figure->count >= 0 && (add_number(object, "count", (double)figure->count) ||
                               add_number(object, "missing", (double)figure->missing)))
        return -1;

    return 0;
}

static int add_file(cJSON *files, const struct spine_evaluation *file)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !cJSON_AddItemToArray(files, object)) {
        cJSON_Delete(object);
        return -1;
    }

    if (add_text(object, "path", file->path) || add_number(object, "rows", (double)file->rows) ||
        add_number(object, "columns", (double)file->columns))
        return -1;
    cJSON *measures = cJSON_AddArrayToObject(object, "measures");
    for (size_t i = 0; measures != NULL && i < file->figures.count; i++)
        if (add_figure(measures, &file->figures.list[i]))
            return -1;

    if (measures == NULL)
        return -1;
    return 0;
}

char *spine_figures_json(const struct spine_evaluation *files, size_t count)
{
    struct spine_error ignored;
    char *text = NULL;
    cJSON *object = cJSON_CreateObject(), *list = NULL;
    int rc = 0;
    if (object == NULL || add_text(object, "program", "spine-eval") ||
        add_text(object, "version", SPINE_VERSION) ||
        (list = cJSON_AddArrayToObject(object, "files")) == NULL)
        rc = -1;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_file(list, &files[i]);

    char *printed = rc == 0 ? cJSON_PrintUnformatted(object) : NULL;
    if (printed != NULL)
        text = spine_memory_get(strlen(printed) + 2, 1, "the JSON", &ignored);
    if (text != NULL) {
        strcpy(text, printed);
        strcat(text, "\n");
    }

    cJSON_free(printed);
    cJSON_Delete(object);
    return text;
}
