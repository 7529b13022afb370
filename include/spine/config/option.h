/* option.h -- one option: how its value is read, checked and printed. The table is in config.c. */
#ifndef SPINE_CONFIG_OPTION_H
#define SPINE_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

enum { SPINE_OPTION_LENGTH = 1024 }; /* bytes of a text field, NUL included */

/* The type of an option's value. Its field is char[SPINE_OPTION_LENGTH] for a text, double for a
 * real number, and int64_t for the others. */
enum spine_option_type {
    SPINE_OPTION_TEXT,
    SPINE_OPTION_COUNT,
    SPINE_OPTION_REAL,
    SPINE_OPTION_SWITCH,
    SPINE_OPTION_CHOICE, /* one of its words, as that word's index */
    SPINE_OPTION_SET,    /* some of its words, as a bit for each */
};

/* Whether an option may change when a run is resumed, or vary between the trials of a sweep. */
enum spine_option_role {
    SPINE_OPTION_FIXED, /* changes the results: may vary in a sweep, may not change on resuming */
    SPINE_OPTION_FREE,  /* may change on resuming, and may vary in a sweep */
    SPINE_OPTION_IDLE,  /* never changes the results: may change on resuming, can't be swept */
    SPINE_OPTION_OWN,   /* may change on resuming; the sweep sets it for each trial */
};

struct spine_option {
    const char *name; /* section.key */
    enum spine_option_role role;
    enum spine_option_type type;
    size_t field; /* offset in the struct of all */
    double least, most;
    const char *initial;      /* as a user would write it */
    const char *const *words; /* ended by NULL; of a real number: the one word that means 0 */
    const char *meaning;
};

/* Read 'value' into the option's field of the struct at 'values'. Refuses what doesn't fit. */
int spine_option_set(const struct spine_option *option, void *values, const char *value,
                     struct spine_error *err);

/* Is the value the same in both structs? */
bool spine_option_equal(const struct spine_option *option, const void *a, const void *b);

/* Print the value as it would be read back; print the allowed values, such as "; 1 to 1000". */
void spine_option_print(const struct spine_option *option, const void *values, FILE *file);
void spine_option_print_bounds(const struct spine_option *option, FILE *file);

/* Refuse a path with ~ or $VARIABLE: a directory with that literal name would be made. The message
 * doesn't say which option has the path. */
int spine_option_check_path(const char *path, struct spine_error *err);

#endif
