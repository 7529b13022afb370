/* json.c -- cJSON with errors reported: exhausted memory, and numbers that aren't finite. */
#include "spine/base/json.h"

#include <cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/memory.h"

static bool is_cut;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL)
        is_cut = true;
    return memory;
}

void spine_json_watch(void)
{
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = free};

    is_cut = false;
    cJSON_InitHooks(&hooks);
}

void spine_json_cut(void)
{
    is_cut = true;
}

char *spine_json_print(const struct cJSON *json, bool indented, const char *what,
                       struct spine_error *err)
{
    char *text = indented ? cJSON_Print(json) : cJSON_PrintUnformatted(json);

    if (text != NULL && !is_cut)
        return text;
    cJSON_free(text);
    spine_memory_fail(what, err);
    return NULL;
}

/* Are all numbers in a list of items finite, nested ones included? */
static bool is_finite(const cJSON *item)
{
    for (; item != NULL; item = item->next)
        if ((cJSON_IsNumber(item) && !isfinite(item->valuedouble)) || !is_finite(item->child))
            return false;
    return true;
}

int spine_json_parse(const char *text, const char *what, struct cJSON **json,
                     struct spine_error *err)
{
    const bool was_cut = is_cut;

    spine_json_watch();
    *json = text == NULL ? NULL : cJSON_ParseWithOpts(text, NULL, 1); /* nothing may follow it */
    const bool failed = is_cut;
    is_cut = was_cut;
    if (failed) {
        cJSON_Delete(*json);
        *json = NULL;
        return spine_memory_fail(what, err);
    }

    if (!is_finite(*json)) {
        cJSON_Delete(*json);
        *json = NULL;
    }
    return 0;
}

/* The caller owns the item. */
static cJSON *make_real(double value, int digits)
{
    char text[40];

    if (!isfinite(value))
        return cJSON_CreateNull();
    snprintf(text, sizeof text, "%.*g", digits, value);
    return cJSON_CreateRaw(text);
}

void spine_json_add_real(struct cJSON *object, const char *name, double value, int digits)
{
    cJSON_AddItemToObject(object, name, make_real(value, digits));
}

void spine_json_append_real(struct cJSON *array, double value, int digits)
{
    cJSON_AddItemToArray(array, make_real(value, digits));
}
