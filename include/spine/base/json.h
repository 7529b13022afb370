/* json.h -- what cJSON doesn't say: memory that ran out, and numbers that are none.
 *
 * cJSON's functions that add to an object leave out what they have no memory for, and nothing shows
 * that it is missing. So what is to be written is built between spine_json_watch() and
 * spine_json_print(). */
#ifndef SPINE_BASE_JSON_H
#define SPINE_BASE_JSON_H

#include <stdbool.h>

#include "spine/base/error.h"

struct cJSON;

/* Watch cJSON's allocations from now on. */
void spine_json_watch(void);

/* Note that something was left out for want of memory other than cJSON's. */
void spine_json_cut(void);

/* Was something left out since spine_json_watch()? */
bool spine_json_is_cut(void);

/* Print an object, indented or on one line; the caller frees with cJSON_free(). NULL, which says that
 * there is too little memory for 'what', if that or anything since spine_json_watch() failed. */
char *spine_json_print(const struct cJSON *json, bool indented, const char *what,
                       struct spine_error *err);

/* Parse a text. *json is NULL where it is not JSON, has a number that is not finite (1e999) or is
 * NULL; the caller deletes. Returns -1 only if there is too little memory for 'what'. */
int spine_json_parse(const char *text, const char *what, struct cJSON **json,
                     struct spine_error *err);

/* Add a number with 'digits' significant digits; null if it is not finite. */
void spine_json_add_real(struct cJSON *object, const char *name, double value, int digits);

/* The same at the end of an array. */
void spine_json_append_real(struct cJSON *array, double value, int digits);

#endif
