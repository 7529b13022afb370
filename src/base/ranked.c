/* ranked.c -- lists of rows or dimensions by strength, strongest first.
 *
 * A long list with ascending indices, such as the words of a dimension, is sorted by the digits of
 * its strengths: three stable passes, several times as fast as comparing. */
#include "spine/base/ranked.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum { LONG = 1024, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, WEAKNESS_DIGITS = 3 };

static bool is_before(struct spine_ranked first, struct spine_ranked second)
{
    return first.strength > second.strength ||
           (first.strength == second.strength && first.index < second.index);
}

static int by_strength(const void *a, const void *b)
{
    return is_before(*(const struct spine_ranked *)a, *(const struct spine_ranked *)b) ? -1 : 1;
}

/* A number that grows as the strength falls; equal strengths have equal numbers. */
static uint32_t weakness(float strength)
{
    const float canonical = strength + 0.0F; /* -0 becomes 0 */
    uint32_t bits;
    memcpy(&bits, &canonical, sizeof bits);
    return bits & 0x80000000U ? bits : ~bits & 0x7fffffffU;
}

/* The digits of a weakness, the lowest first. */
static size_t digit_of(uint32_t weakness, int digit)
{
    return weakness >> (digit * DIGIT_BITS) & (DIGITS - 1);
}

/* Move the entries from 'from' to 'to' by a digit; number[d] of them have the value d. */
static void sort_digit(const struct spine_ranked *from, struct spine_ranked *to, size_t count,
                       int digit, const uint32_t *number)
{
    uint32_t place[DIGITS], next = 0;
    for (size_t value = 0; value < DIGITS; value++) {
        place[value] = next;
        next += number[value];
    }
    for (size_t i = 0; i < count; i++)
        to[place[digit_of(weakness(from[i].strength), digit)]++] = from[i];
}

/* Returns false, with the list unchanged, when out of memory. */
static bool sort_digits(struct spine_ranked *list, size_t count)
{
    uint32_t number[WEAKNESS_DIGITS][DIGITS] = {{0}};
    struct spine_error ignored;
    struct spine_ranked *other = spine_memory_get(count, sizeof *other, "a sorted list", &ignored);
    if (other == NULL)
        return false;

    for (size_t i = 0; i < count; i++) {
        const uint32_t weak = weakness(list[i].strength);
        for (int digit = 0; digit < WEAKNESS_DIGITS; digit++)
            number[digit][digit_of(weak, digit)]++;
    }
    sort_digit(list, other, count, 0, number[0]);
    sort_digit(other, list, count, 1, number[1]);
    sort_digit(list, other, count, 2, number[2]);
    memcpy(list, other, count * sizeof *list);
    free(other);
    return true;
}

/* Digit by digit, keep the entries that share the digits of the wanted one. */
float spine_ranked_select(struct spine_ranked *list, size_t count, size_t place)
{
    for (int digit = WEAKNESS_DIGITS - 1; digit >= 0; digit--) {
        size_t number[DIGITS] = {0}, value = 0, kept = 0;
        for (size_t i = 0; i < count; i++)
            number[digit_of(weakness(list[i].strength), digit)]++;
        for (; place >= number[value]; value++)
            place -= number[value];
        for (size_t i = 0; i < count; i++)
            if (digit_of(weakness(list[i].strength), digit) == value)
                list[kept++] = list[i];
        count = kept;
    }
    return list[0].strength;
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
