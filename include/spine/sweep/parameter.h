/* parameter.h -- a parameter of a sweep: an option with a list or a range of values.
 *
 *     model.hidden = 500, 1000, 2000               a list
 *     train.learning_rate = log 1e-4 .. 1e-2       a range, uniform in the logarithm
 *     loss.sparsity = uniform 0.8 .. 0.95
 *     train.batch_size = int 32 .. 256             whole numbers; also int log
 *
 * Every option that changes what is computed can be a parameter. Pure: no files, no
 * communication. */
#ifndef SPINE_SWEEP_PARAMETER_H
#define SPINE_SWEEP_PARAMETER_H

#include <stdio.h>

#include "spine/base/words.h"
#include "spine/config/inifile.h"

enum spine_parameter_kind {
    SPINE_PARAMETER_LIST,
    SPINE_PARAMETER_UNIFORM,
    SPINE_PARAMETER_LOG,
    SPINE_PARAMETER_INT,
    SPINE_PARAMETER_INT_LOG,
};

/* "list", or the words that a range of this kind begins with. */
const char *spine_parameter_kind_name(enum spine_parameter_kind kind);

struct spine_parameter {
    char name[SPINE_INIFILE_NAME]; /* section.key */
    enum spine_parameter_kind kind;
    struct spine_words values; /* of a list; owned */
    double least, most;        /* of a range */
};

/* Parse the values of the option 'name'. Refuses an unknown option, one that can't be a parameter,
 * and values that the option doesn't accept. Dispose of the parameter even after a failure. */
int spine_parameter_read(struct spine_parameter *parameter, const char *name, const char *text,
                         struct spine_error *err);
void spine_parameter_dispose(struct spine_parameter *parameter);

/* Write the value for u in [0, 1), as a user would write it, to text of SPINE_PARAMETER_VALUE
 * bytes. Numbers of a range are rounded to six digits, so that a table shows exactly what was
 * used. */
enum { SPINE_PARAMETER_VALUE = SPINE_CONFIG_TEXT };
void spine_parameter_draw(const struct spine_parameter *parameter, double u, char *text);

/* Print "name = values" in the form in which it is parsed. */
void spine_parameter_print(const struct spine_parameter *parameter, FILE *file);

#endif
