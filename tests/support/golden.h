/* golden.h -- the records of tests/golden (its README.md has the layout). After cmocka.h. */
#ifndef SPINE_GOLDEN_H
#define SPINE_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    char name[32];
    size_t count;
    double *values; /* owned */
};

static inline FILE *open_golden(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", SPINE_TEST_GOLDEN, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

/* The next record, which must have this name; free its values. */
static inline struct record read_record(FILE *file, const char *name)
{
    struct record record;
    assert_int_equal(fscanf(file, "%31s %zu", record.name, &record.count), 2);
    assert_string_equal(record.name, name);
    record.values = calloc(record.count + 1, sizeof *record.values);
    for (size_t i = 0; i < record.count; i++)
        assert_int_equal(fscanf(file, "%lf", &record.values[i]), 1);
    return record;
}

/* A record of one number. */
static inline double read_number(FILE *file, const char *name)
{
    const struct record record = read_record(file, name);
    assert_int_equal(record.count, 1);
    const double number = record.values[0];
    free(record.values);
    return number;
}

#endif
