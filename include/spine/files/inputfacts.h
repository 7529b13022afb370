/* inputfacts.h -- from which files, in which state, a vectors.h5 was converted. Local. */
#ifndef SPINE_FILES_INPUTFACTS_H
#define SPINE_FILES_INPUTFACTS_H

#include <stdbool.h>

#include "spine/base/error.h"
#include "spine/files/store.h"

/* Of each file (the input; the shard, if the input is an index of shards; the list of words) a
 * line. */
struct spine_inputfacts {
    char *files; /* SIZE MTIME NAME, without directories; MTIME in ns since 1970. Owned */
};

/* Get the facts of an input as they are now; 'words' may be empty or NULL. A file that doesn't
 * exist, such as standard input, has the size and time -1. Dispose of *facts even after a
 * failure. */
int spine_inputfacts_get(struct spine_inputfacts *facts, const char *input, const char *words,
                         struct spine_error *err);

/* Record the facts as an attribute of the root group, "source_files". */
int spine_inputfacts_record(const struct spine_inputfacts *facts, struct spine_store *store,
                            struct spine_error *err);

/* Was the open file converted from these files as they are? That is: are names, sizes and times
 * equal? Directories aren't compared, since nodes mount them differently. */
int spine_inputfacts_match(const struct spine_inputfacts *facts, struct spine_store *store,
                           bool *match, struct spine_error *err);

void spine_inputfacts_dispose(struct spine_inputfacts *facts);

#endif
