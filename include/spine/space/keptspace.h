/* keptspace.h -- a small dense space kept in memory between uses: all evaluations of a sweep need
 * the same one. Local. */
#ifndef SPINE_SPACE_KEPTSPACE_H
#define SPINE_SPACE_KEPTSPACE_H

#include "spine/space/space.h"

/* All zero: nothing is kept. */
struct spine_keptspace {
    char *path; /* owned */
    struct spine_space space;
};

/* Read a space as spine_space_read_listed() does; if it is the one that is kept, which must have
 * been read with the same list of words, move it to *space instead. Nothing is kept afterwards.
 * 'kept' may be NULL. */
int spine_keptspace_read(struct spine_keptspace *kept, struct spine_space *space, const char *path,
                         const char *words, struct spine_error *err);

/* Keep a space that was read from 'path' and is unchanged, if it has at most 64 MiB; else dispose
 * of it. */
void spine_keptspace_end(struct spine_keptspace *kept, struct spine_space *space, const char *path);

/* Free what is kept; there may be nothing. */
void spine_keptspace_dispose(struct spine_keptspace *kept);

#endif
