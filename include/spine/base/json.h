/* json.h -- cJSON with errors reported: exhausted memory, and numbers that aren't finite.
 *
 * When memory runs out, cJSON's functions that add to an object silently leave the item out. So
 * build an object between spine_json_watch() and spine_json_print(), which reports it. */
#ifndef SPINE_BASE_JSON_H
#define SPINE_BASE_JSON_H

#include <stdbool.h>

#include "spine/base/error.h"

struct cJSON;

/* Watch cJSON's allocations from now on. */
void spine_json_watch(void);

/* Note that something was left out because an allocation outside cJSON failed. */
void spine_json_cut(void);

/* Print an object, indented or on one line; the caller frees the text with cJSON_free(). Returns
 * NULL, out of memory for 'what', if printing or any allocation since spine_json_watch() failed. */
char *spine_json_print(const struct cJSON *json, bool indented, const char *what,
                       struct spine_error *err);

/* Parse a text; the caller deletes *json. *json is NULL if the text is NULL, isn't one JSON value,
 * or has a number that isn't finite (1e999). Returns -1 only when out of memory for 'what'. */
int spine_json_parse(const char *text, const char *what, struct cJSON **json,
                     struct spine_error *err);

/* Add a number with 'digits' significant digits; null if it is not finite. */
void spine_json_add_real(struct cJSON *object, const char *name, double value, int digits);

/* The same at the end of an array. */
void spine_json_append_real(struct cJSON *array, double value, int digits);

#endif
