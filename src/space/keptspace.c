/* keptspace.c -- a small dense space kept in memory between uses. */
#include "spine/space/keptspace.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum { MOST_VALUES = (64 << 20) / sizeof(float) };

int spine_keptspace_read(struct spine_keptspace *kept, struct spine_space *space, const char *path,
                         const char *words, struct spine_error *err)
{
    const bool is_here = kept != NULL && kept->path != NULL && strcmp(kept->path, path) == 0;

    if (is_here) {
        *space = kept->space;
        kept->space = (struct spine_space){0};
    }
    if (kept != NULL)
        spine_keptspace_dispose(kept);
    return is_here ? 0 : spine_space_read_listed(space, path, words, err);
}

void spine_keptspace_end(struct spine_keptspace *kept, struct spine_space *space, const char *path)
{
    struct spine_error ignored; /* when out of memory, it isn't kept */

    if (kept != NULL && space->dense != NULL && space->dimensions > 0 &&
        space->rows <= MOST_VALUES / space->dimensions) {
        spine_keptspace_dispose(kept);
        kept->path = spine_memory_copy(path, "a path", &ignored);
        if (kept->path != NULL) {
            kept->space = *space;
            *space = (struct spine_space){0};
        }
    }
    spine_space_dispose(space);
}

void spine_keptspace_dispose(struct spine_keptspace *kept)
{
    free(kept->path);
    spine_space_dispose(&kept->space);
    *kept = (struct spine_keptspace){0};
}
