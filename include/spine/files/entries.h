/* entries.h -- the values of a sparse matrix, collected in any order. All functions are local. */
#ifndef SPINE_FILES_ENTRIES_H
#define SPINE_FILES_ENTRIES_H

#include "spine/files/csr.h"

struct spine_matrix_entry {
    int32_t row, column; /* from 0 */
    float value;
};

/* A zeroed struct is empty. */
struct spine_entries {
    struct spine_matrix_entry *list; /* owned; (count) */
    size_t count, capacity;
};

/* Append a value; one that is 0 is dropped. */
int spine_entries_add(struct spine_entries *entries, int32_t row, int32_t column, float value,
                      struct spine_error *err);

/* Make 'csr', which is empty, a matrix of 'rows' rows; all places are in it. Refuses two values in
 * one place, and values that are not finite; 'path' is for messages. */
int spine_entries_arrange(const struct spine_entries *entries, size_t rows, const char *path,
                          struct spine_csr *csr, struct spine_error *err);

void spine_entries_dispose(struct spine_entries *entries);

#endif
