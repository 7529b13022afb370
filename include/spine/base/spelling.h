/* spelling.h -- how far apart two names are, to suggest which one was meant. */
#ifndef SPINE_BASE_SPELLING_H
#define SPINE_BASE_SPELLING_H

#include <stddef.h>

/* Levenshtein's distance between two names; only their first 63 bytes count. */
size_t spine_spelling_distance(const char *a, const char *b);

#endif
