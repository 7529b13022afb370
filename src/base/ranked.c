/* ranked.c -- lists of numbers with their strengths, strongest first. */
#include "spine/base/ranked.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_before(struct spine_ranked first, struct spine_ranked second)
{
    return first.strength > second.strength ||
           (first.strength == second.strength && first.index < second.index);
}

static int by_strength(const void *a, const void *b)
{
    return is_before(*(const struct spine_ranked *)a, *(const struct spine_ranked *)b) ? -1 : 1;
}

void spine_ranked_sort(struct spine_ranked *list, size_t count)
{
    qsort(list, count, sizeof *list, by_strength);
}

void spine_ranked_offer(struct spine_ranked *list, size_t *count, size_t most,
                        struct spine_ranked entry)
{
    size_t at = *count;
    while (at > 0 && is_before(entry, list[at - 1]))
        at--;
    if (at == most)
        return;

    if (*count < most)
        (*count)++;
    memmove(list + at + 1, list + at, (*count - 1 - at) * sizeof *list);
    list[at] = entry;
}
