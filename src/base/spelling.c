/* spelling.c -- how far apart two names are. */
#include "spine/base/spelling.h"

#include <string.h>

static size_t least_of(size_t a, size_t b, size_t c)
{
    const size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t spine_spelling_distance(const char *a, const char *b)
{
    enum { MOST = 63 };
    size_t row[MOST + 1];
    const size_t length_a = strnlen(a, MOST), length_b = strnlen(b, MOST);
    for (size_t j = 0; j <= length_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            const size_t above = row[j];
            row[j] = least_of(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length_b];
}
