/* json.h -- whether cJSON ran out of memory while an object was built.
 *
 * cJSON's functions that add to an object leave out what they have no memory for, and nothing shows
 * that it is missing. So what is to be written is built between these two. */
#ifndef SPINE_BASE_JSON_H
#define SPINE_BASE_JSON_H

#include <stdbool.h>

/* Watch cJSON's allocations from now on. */
void spine_json_watch(void);

/* Did one of them fail since then? */
bool spine_json_is_cut(void);

#endif
