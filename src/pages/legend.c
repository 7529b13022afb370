/* legend.c -- names that people or programs gave to dimensions. */
#include "spine/pages/legend.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/text/tabular.h"

enum { DIMENSION, LABEL, NOTE, FIELDS };

/* What was read so far; line[j] is 0 while dimension j has no label. */
struct reading {
    const char *path;
    const struct spine_tabular *table;
    size_t dimensions;
    uint64_t *line; /* (dimensions): where each one's label is */
    cJSON *list;
};

static int add_label(const struct reading *reading, const struct spine_tabular_row *row,
                     struct spine_error *err)
{
    char range[80];
    int64_t dimension;

    snprintf(range, sizeof range, "a dimension from 0 to %zu", reading->dimensions - 1);
    if (spine_number_whole(row->field[DIMENSION], 0, (int64_t)reading->dimensions - 1, &dimension))
        return spine_tabular_refuse(reading->table, row, range, DIMENSION, err);
    if (row->count <= LABEL || row->field[LABEL][0] == '\0')
        return spine_tabular_refuse(reading->table, row, "a dimension, a tab and its label", LABEL,
                                    err);
    if (row->count > FIELDS)
        return spine_tabular_refuse(reading->table, row, "dimension, label and note only", FIELDS,
                                    err);
    if (reading->line[dimension] != 0)
        return spine_refuse(err, "%s:%llu: dimension %lld has a label on line %llu already",
                            reading->path, (unsigned long long)row->line, (long long)dimension,
                            (unsigned long long)reading->line[dimension]);

    reading->line[dimension] = row->line;
    cJSON *label = cJSON_CreateObject();
    cJSON_AddNumberToObject(label, "dimension", (double)dimension);
    cJSON_AddStringToObject(label, "label", row->field[LABEL]);
    if (row->count > NOTE && row->field[NOTE][0] != '\0')
        cJSON_AddStringToObject(label, "note", row->field[NOTE]);
    cJSON_AddItemToArray(reading->list, label);
    return 0;
}

static int read_rows(const struct reading *reading, struct spine_tabular *table,
                     struct spine_error *err)
{
    struct spine_tabular_row row;
    bool is_first = true;
    int rc;

    while ((rc = spine_tabular_next(table, &row, err)) == 1) {
        const bool is_header = is_first && strcmp(row.field[DIMENSION], "dimension") == 0;
        is_first = false;
        if (!is_header && add_label(reading, &row, err))
            return -1;
    }
    return rc;
}

int spine_legend_add(const char *path, size_t dimensions, struct cJSON *object,
                     struct spine_error *err)
{
    struct spine_tabular *table;

    if (spine_tabular_open(&table, path, SPINE_TABULAR_TABS, err))
        return -1;

    struct reading reading = {
        .path = path,
        .table = table,
        .dimensions = dimensions,
        .line = spine_memory_zeroed(dimensions, sizeof *reading.line, "the labels", err),
        .list = cJSON_AddArrayToObject(object, "labels")};
    const int rc = reading.line == NULL ? -1 : read_rows(&reading, table, err);

    free(reading.line);
    spine_tabular_close(table);
    return rc;
}
