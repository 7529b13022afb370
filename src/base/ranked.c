/* ranked.c -- lists of numbers with their strengths, strongest first.
 *
 * A long list whose indices ascend, as those of a dimension's words do, is sorted by the digits of its
 * strengths: three passes that keep the order of equals, several times as fast as comparing. */
#include "spine/base/ranked.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum { LONG = 1024, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static bool is_before(struct spine_ranked first, struct spine_ranked second)
{
    return first.strength > second.strength ||
           (first.strength == second.strength && first.index < second.index);
}

static int by_strength(const void *a, const void *b)
{
    return is_before(*(const struct spine_ranked *)a, *(const struct spine_ranked *)b) ? -1 : 1;
}

/* A number that is the greater the weaker it is; equal strengths have equal ones. */
static uint32_t weakness(float strength)
{
    const float canonical = strength + 0.0F; /* -0 becomes 0 */
    uint32_t bits;
    memcpy(&bits, &canonical, sizeof bits);
    return bits & 0x80000000U ? bits : ~bits & 0x7fffffffU;
}

/* Move the entries from 'from' to 'to', by a digit of their weakness. */
static void sort_digit(const struct spine_ranked *from, struct spine_ranked *to, size_t count,
                       unsigned shift)
{
    size_t place[DIGITS] = {0}, next = 0;
    for (size_t i = 0; i < count; i++)
        place[weakness(from[i].strength) >> shift & (DIGITS - 1)]++;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        const size_t size = place[digit];
        place[digit] = next;
        next += size;
    }
    for (size_t i = 0; i < count; i++)
        to[place[weakness(from[i].strength) >> shift & (DIGITS - 1)]++] = from[i];
}

/* Returns false where memory is short; the list is as it was. */
static bool sort_digits(struct spine_ranked *list, size_t count)
{
    struct spine_error ignored;
    struct spine_ranked *other = spine_memory_get(count, sizeof *other, "a sorted list", &ignored);
    if (other == NULL)
        return false;

    sort_digit(list, other, count, 0);
    sort_digit(other, list, count, DIGIT_BITS);
    sort_digit(list, other, count, 2 * DIGIT_BITS);
    memcpy(list, other, count * sizeof *list);
    free(other);
    return true;
}

void spine_ranked_sort(struct spine_ranked *list, size_t count)
{
    bool ascends = count >= LONG;
    for (size_t i = 1; ascends && i < count; i++)
        ascends = list[i - 1].index < list[i].index;
    if (!ascends || !sort_digits(list, count))
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
