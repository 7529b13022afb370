/* option.h -- one option: how its value is read, checked and printed. config.c has the table of them. */
#ifndef SPINE_CONFIG_OPTION_H
#define SPINE_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

enum { SPINE_OPTION_LENGTH = 1024 }; /* of a text's field, NUL included */

/* What an option takes, and what its field is: char[SPINE_OPTION_LENGTH] for texts, double for real
 * numbers, int64_t for all others. */
enum spine_option_type {
    SPINE_OPTION_TEXT,
    SPINE_OPTION_COUNT,
    SPINE_OPTION_REAL,
    SPINE_OPTION_SWITCH,
    SPINE_OPTION_CHOICE, /* one of its words: their number */
    SPINE_OPTION_SET,    /* some of its words: a bit for each */
};

/* What follows if an option changes between the sessions of a run, or the trials of a sweep. */
enum spine_option_role {
    SPINE_OPTION_FIXED, /* other results: a run can't be resumed with another value */
    SPINE_OPTION_FREE,  /* a run can be resumed with another value, and trials may differ in it */
    SPINE_OPTION_IDLE,  /* the same results, whatever it is: no parameter of a sweep */
    SPINE_OPTION_OWN,   /* as FREE, but each trial of a sweep gets its own value from the sweep */
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

/* Print the value as it is read; and what may be set, "; 1 to 1000". */
void spine_option_print(const struct spine_option *option, const void *values, FILE *file);
void spine_option_print_bounds(const struct spine_option *option, FILE *file);

/* Refuse a path with ~ or $VARIABLE, of which a directory of that name would be made. The message
 * leaves out whose path it is. */
int spine_option_check_path(const char *path, struct spine_error *err);

#endif
