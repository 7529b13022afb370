/* path.h -- parts of a path. */
#ifndef SPINE_BASE_PATH_H
#define SPINE_BASE_PATH_H

#include <stdbool.h>

/* The last component of a path, what follows its last slash; borrowed. Empty if the path ends in a
 * slash. */
const char *spine_path_name(const char *path);

/* Does the path end in 'ending', such as ".npz"? */
bool spine_path_ends_in(const char *path, const char *ending);

#endif
