/* list.c -- room in a list that grows. */
#include "spine/base/list.h"

#include <stdlib.h>
#include <string.h>

int spine_list_reserve(void *list, size_t *capacity, size_t needed, size_t size, const char *what,
                       struct spine_error *err)
{
    if (needed <= *capacity)
        return 0;
    const size_t wanted = needed > 2 * *capacity ? needed + 64 : 2 * *capacity;
    void *first;
    memcpy(&first, list, sizeof first); /* whatever it points to */
    void *larger = realloc(first, wanted * size);
    if (larger == NULL)
        return spine_fail(err, "out of memory for %zu %s", wanted, what);
    memcpy(list, &larger, sizeof larger);
    *capacity = wanted;
    return 0;
}
