/* activation.c -- which pairs of a row and a unit are active, and with what value. */
#include "spine/math/activation.h"

#include <math.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/math/tree.h"

enum { ROWS = SPINE_TREE_BLOCK, LANES = 16, PASSES = 12 };

/* The k-th largest value, k from 1, by Hoare's selection, which reorders the values. */
static float select_largest(size_t k, size_t count, float *values)
{
    const ptrdiff_t wanted = (ptrdiff_t)k - 1;
    ptrdiff_t first = 0, last = (ptrdiff_t)count - 1;

    while (first < last) {
        const float pivot = values[wanted];
        ptrdiff_t i = first, j = last;
        while (i <= j) {
            while (values[i] > pivot)
                i++;
            while (values[j] < pivot)
                j--;
            if (i > j)
                break;
            const float moved = values[i];
            values[i++] = values[j];
            values[j--] = moved;
        }
        if (j < wanted)
            first = i;
        if (wanted < i)
            last = j;
    }
    return values[wanted];
}

/* The least bits from 'bound' on, and how many are below it; (count) is a multiple of 16. Written
 * so that compilers vectorise it. */
SPINE_CLONES
static uint32_t find_next(size_t count, const uint32_t *restrict bits, uint32_t bound,
                          uint32_t *below)
{
    uint32_t least = UINT32_MAX, sum = 0;

    for (size_t i = 0; i < count / LANES * LANES; i++) {
        const uint32_t distance = bits[i] - bound; /* the sign bit is set below the bound */
        least = distance < least ? distance : least;
        sum += distance >> 31;
    }
    *below = sum;
    return bound + least;
}

/* The same by dropping the least values one after the other, for few more values than k. Positive
 * floats are in the order of their bits. */
static float drop_least(size_t k, size_t count, const float *values, uint32_t *bits)
{
    const size_t padded = (count + LANES - 1) / LANES * LANES;
    uint32_t found = 0, below;
    float value;

    memcpy(bits, values, count * sizeof *bits);
    for (size_t i = count; i < padded; i++)
        bits[i] = INT32_MAX;
    for (;;) {
        const uint32_t next = find_next(padded, bits, found + 1, &below);
        if (below > count - k)
            break;
        found = next;
    }
    memcpy(&value, &found, sizeof value);
    return value;
}

/* The k-th largest of more than k values. */
static float kth_largest(size_t k, size_t count, const float *values, float *scratch)
{
    enum { MOST_DROPPED = 24, MOST_VALUES = 512 };

    if (count - k <= MOST_DROPPED && count <= MOST_VALUES) {
        _Alignas(64) uint32_t bits[MOST_VALUES];
        return drop_least(k, count, values, bits);
    }
    memcpy(scratch, values, count * sizeof *scratch);
    return select_largest(k, count, scratch);
}

struct spine_cut spine_activation_cut(size_t k, size_t count, const float *value,
                                      const int32_t *unit, float *scratch)
{
    if (count <= k)
        return (struct spine_cut){0, -1};

    struct spine_cut cut = {kth_largest(k, count, value, scratch), -1};
    size_t left = k;
    for (size_t i = 0; i < count; i++)
        left -= value[i] > cut.value;
    for (size_t i = 0; i < count && left > 0; i++)
        if (value[i] == cut.value) {
            cut.unit = unit[i];
            left--;
        }
    return cut;
}

/* Count the z of each of 16 rows that reach the row's bound. */
SPINE_CLONES
static void count_reaching(size_t units, const float *restrict z, const float *restrict bounds,
                           int32_t *restrict counts)
{
    int32_t sums[LANES] = {0};
    for (size_t j = 0; j < units; j++)
        for (size_t lane = 0; lane < LANES; lane++)
            sums[lane] += z[j * ROWS + lane] >= bounds[lane];
    memcpy(counts, sums, sizeof sums);
}

/* The next bound to try, in (low, high). In the first passes it is where the count would be 'aimed'
 * if counts fell with the fourth power of the bound, about as in the tail of a normal distribution
 * at 2 to 5 %. If that isn't in the range, or after those, the range is halved; where it has one
 * end, that is far from it. */
static float next_bound(float at, int32_t count, float aimed, float low, float high, int pass)
{
    enum { AIMED_PASSES = 3 };
    const float next = at * sqrtf(sqrtf((float)count / aimed));

    if (pass < AIMED_PASSES && next > low && next < high)
        return next;
    if (high == FLT_MAX)
        return 8 * low;
    if (low == 0)
        return high / 8;
    return high > 4 * low ? sqrtf(low * high) : low + (high - low) / 2;
}

/* Narrow the ranges of up to 16 rows' bounds until about k values reach each. Counting once more is
 * cheaper than listing, sorting and dropping more candidates. */
static void narrow(size_t k, size_t rows, size_t units, const float *z, float guess, float *bounds)
{
    const int32_t wanted = (int32_t)k, enough = wanted + wanted / 8 + 4;
    const float aimed = 0.5F * (float)(wanted + enough);
    float low[LANES] = {0}, high[LANES], at[LANES];
    int32_t counts[LANES];
    bool is_open = true;

    for (size_t lane = 0; lane < LANES; lane++) {
        high[lane] = FLT_MAX;
        at[lane] = guess;
    }
    for (int pass = 0; is_open && pass < PASSES; pass++) {
        count_reaching(units, z, at, counts);
        is_open = false;
        for (size_t lane = 0; lane < rows; lane++) {
            if (counts[lane] >= wanted)
                low[lane] = at[lane];
            else
                high[lane] = at[lane];
            if (counts[lane] >= wanted && counts[lane] <= enough)
                continue;
            is_open = true;
            at[lane] = next_bound(at[lane], counts[lane], aimed, low[lane], high[lane], pass);
        }
    }
    memcpy(bounds, low, rows * sizeof *low);
}

void spine_activation_bounds(size_t k, size_t rows, size_t units, const float *z, float *guess,
                             float *bounds)
{
    const float begin = *guess > 0 && *guess < FLT_MAX / 4 ? *guess : 0.25F;
    float sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < rows; i += LANES)
        narrow(k, rows - i < LANES ? rows - i : LANES, units, z + i, begin, bounds + i);
    for (size_t i = 0; i < rows; i++)
        if (bounds[i] > 0) {
            sum += bounds[i];
            count++;
        }
    if (count > 0)
        *guess = sum / (float)count;
}

/* --- The largest of a batch ------------------------------------------------------------------- */

/* The lowest bit of each round: first sign, exponent and part of the mantissa, then the rest. */
static const int shifts[SPINE_SEARCH_ROUNDS] = {20, 10, 0};

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void spine_search_begin(struct spine_search *search, int64_t n)
{
    *search = (struct spine_search){.left = n};
}

void spine_search_count(const struct spine_search *search, size_t count, const float *values,
                        int64_t *histogram)
{
    const int shift = shifts[search->round];
    const uint32_t width = search->round == 0 ? 32 : (uint32_t)shifts[search->round - 1];

    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = bits_of(values[i]);
        if (bits >> width == (uint64_t)search->bits >> width)
            histogram[(bits & ((UINT64_C(1) << width) - 1)) >> shift]++;
    }
}

void spine_search_narrow(struct spine_search *search, const int64_t *histogram)
{
    int bin = SPINE_SEARCH_BINS - 1;

    while (bin >= 0 && histogram[bin] < search->left)
        search->left -= histogram[bin--];
    if (bin < 0)
        search->left = -1;
    else
        search->bits |= (uint32_t)bin << shifts[search->round];
    search->round++;
}

float spine_search_found(const struct spine_search *search)
{
    float value;
    memcpy(&value, &search->bits, sizeof value);
    return search->left > 0 ? value : 0;
}
