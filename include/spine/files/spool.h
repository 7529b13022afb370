/* spool.h -- a file into which a compressed one, a pipe or a member of an archive is unpacked, to
 * be read at any offset. All functions are local. */
#ifndef SPINE_FILES_SPOOL_H
#define SPINE_FILES_SPOOL_H

#include "spine/files/codes.h"

struct spine_spool {
    char path[SPINE_PATH]; /* where it can be opened */
    char name[SPINE_PATH]; /* in messages */
    int descriptor;
};

/* Unpack all of 'from' (stream.h) into the file PREFIX.ENDING; if the prefix is NULL, into a file
 * without a name in the directory for temporary files, which only this process can open. */
int spine_spool_make(struct spine_spool *file, const char *from, const char *prefix,
                     const char *ending, struct spine_error *err);

/* Remove and close it. */
void spine_spool_drop(const char *path, int descriptor);

#endif
