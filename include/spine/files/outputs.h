/* outputs.h -- several files with the same rows (output.h), which appear together or not at all.
 *
 *     open, write, ..., close, dispose
 *
 * All functions are local. */
#ifndef SPINE_FILES_OUTPUTS_H
#define SPINE_FILES_OUTPUTS_H

#include "spine/files/output.h"

struct spine_outputs {
    struct spine_output **all;           /* owned; (count); while they are open */
    struct spine_output_report *reports; /* owned; (count); of those that were closed */
    size_t count;
};

/* Begin all files. Of outputs that have their words in the same list, the first writes it. 'paths',
 * and what 'options' and 'source' point to, are borrowed until the outputs are closed; the structs
 * themselves are copied. The caller closes the outputs even after a failure. */
int spine_outputs_open(struct spine_outputs *outputs, const char *const *paths, size_t count,
                       const struct spine_output_shape *shape,
                       const struct spine_output_options *options,
                       const struct spine_output_source *source, struct spine_error *err);

int spine_outputs_write(struct spine_outputs *outputs, const struct spine_output_rows *rows,
                        struct spine_error *err);

/* Complete and publish all files (spine_output_close()) if rc, the caller's result until now, is 0;
 * else remove what was written. Returns the new result. */
int spine_outputs_close(struct spine_outputs *outputs, int rc, struct spine_error *err);

/* Free what outputs owns, which must be closed, and zero it. */
void spine_outputs_dispose(struct spine_outputs *outputs);

#endif
