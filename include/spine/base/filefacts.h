/* filefacts.h -- what stat() says of two files, compared. All functions are local. */
#ifndef SPINE_BASE_FILEFACTS_H
#define SPINE_BASE_FILEFACTS_H

#include <stdbool.h>
#include <sys/stat.h>

/* Are they of the same file? */
bool spine_filefacts_are_same(const struct stat *one, const struct stat *other);

/* Has a file that is open, or what its name names now, still the number, the size and the time of
 * modification that it had? */
bool spine_filefacts_unchanged(const struct stat *is, const struct stat *was);

/* Was a file modified later than another? As exactly as the file system keeps times. */
bool spine_filefacts_is_newer(const struct stat *file, const struct stat *than);

#endif
