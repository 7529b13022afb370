/* path.h -- parts of a path, and whether paths name the same file. */
#ifndef SPINE_BASE_PATH_H
#define SPINE_BASE_PATH_H

#include <stdbool.h>

/* The last component of a path, what follows its last slash; borrowed. Empty if the path ends in a
 * slash. */
const char *spine_path_name(const char *path);

/* Does the path end in 'ending', such as ".npz"? */
bool spine_path_ends_in(const char *path, const char *ending);

/* Cut a path down to the directory that its last component is in. Returns the path, or "." if it
 * has no slash. */
const char *spine_path_cut_to_directory(char *path);

/* Do the paths name the same file or directory? It must exist. Links are followed. */
bool spine_path_are_same(const char *first, const char *second);

/* Is the file, which needn't exist, in the directory, which must? */
bool spine_path_lies_in(const char *path, const char *directory);

/* Are the files, which needn't exist, in the same directory, which must? If they also have the same
 * name, one would replace the other. */
bool spine_path_are_beside(const char *first, const char *second);

#endif
