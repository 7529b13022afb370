/* json.c -- whether cJSON ran out of memory. */
#include "spine/base/json.h"

#include <cJSON.h>
#include <stdlib.h>

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

bool spine_json_is_cut(void)
{
    return is_cut;
}
