/* outfile.h -- files that appear whole or not at all.
 *
 * A file is written under the name PATH.part and gets its own name when it is whole, so that what
 * stands under PATH is never half a file:
 *
 *     create, write, close, publish; from the creation on, discard where something fails
 *
 * What can't be created isn't ours and stays: creating cleans up after itself. All of this is
 * local. */
#ifndef SPINE_BASE_OUTFILE_H
#define SPINE_BASE_OUTFILE_H

#include <stdio.h>

#include "spine/base/error.h"

/* The name PATH.part, which the caller frees. NULL, with err filled, when memory runs out. */
char *spine_outfile_part(const char *path, struct spine_error *err);

/* Make PATH.part, empty, in place of one that a crash left; but not through a symbolic link, which
 * somebody may have planted. Refuses what the user can mend: a missing directory, no permission;
 * and to take the place of a device or a pipe. */
int spine_outfile_create(const char *path, struct spine_error *err);

/* The same, and open it for fprintf; ended by fclose(), or spine_outfile_finish_text(). NULL, with
 * err filled, on failure. */
FILE *spine_outfile_create_text(const char *path, struct spine_error *err);

/* Give PATH.part, closed, its own name, so that it survives a crash: the file and its directory are
 * brought to the disk. If only the latter fails, the file has its name already. */
int spine_outfile_publish(const char *path, struct spine_error *err);

/* Close what spine_outfile_create_text() opened and publish it; if anything was not written,
 * discard it. */
int spine_outfile_finish_text(FILE *file, const char *path, struct spine_error *err);

/* Remove PATH.part, if there is one. */
void spine_outfile_discard(const char *path);

#endif
