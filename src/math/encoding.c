/* encoding.c -- the codes of a block of rows for a range of units. */
#include "spine/math/encoding.h"

#include <assert.h>
#include <endian.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/math/products.h"

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = SPINE_BLOCK_ROWS, MOST_UNITS = SPINE_PRODUCT_UNITS };

/* z += bias; flags[i] = 1 if z_i reaches the threshold, else 0. A NaN counts, so that it isn't
 * lost. */
SPINE_CLONES
static void flag_active(float bias, float threshold, float *restrict z, uint8_t *restrict flags)
{
    for (size_t i = 0; i < ROWS; i++) {
        z[i] += bias;
        flags[i] = (uint8_t)(z[i] < threshold ? 0 : 1);
    }
}

/* flags[i] = 1 if z_i is above 0 and reaches the row's bound, else 0; counts += flags. Returns
 * whether any is NaN. */
SPINE_CLONES
static bool flag_reaching(size_t rows, const float *restrict z, const float *restrict bounds,
                          uint8_t *restrict flags, uint32_t *restrict counts)
{
    int bad = 0;
    for (size_t i = 0; i < rows; i++) {
        flags[i] = (uint8_t)((z[i] > 0) & (z[i] >= bounds[i]));
        counts[i] += flags[i];
        bad |= !(z[i] == z[i]);
    }
    return bad != 0;
}

static int64_t scaled(float value)
{
    return (int64_t)(value * (float)SPINE_BLOCK_SCALE + 0.5F);
}

/* What the pairs of a unit in a block add to the sums. */
struct unit_sums {
    int64_t h, partial, active;
    bool not_finite;
};

static void add_sums(struct spine_block_sums *sums, size_t j, const struct unit_sums *unit)
{
    if (sums->h != NULL)
        sums->h[j] += unit->h;
    sums->partial += unit->partial;
    sums->active += unit->active;
    sums->not_finite |= unit->not_finite;
}

INLINE void sum_code(float h, float cap, struct unit_sums *sums)
{
    const float most = 0x1p16F;
    if (!(h <= cap)) {
        sums->not_finite = true;
        return;
    }
    sums->h += scaled(h < most ? h : most);
    sums->partial += h < 1 ? scaled(h * (1 - h)) : 0;
    sums->active += h > 0;
}

/* Set an active pair by unit. */
INLINE void set_pair(struct spine_block *block, size_t at, size_t row, float z,
                     struct unit_sums *sums)
{
    const float cap = spine_activation_cap(&block->activation), h = z > cap ? cap : z;
    block->row[at] = (uint8_t)row;
    block->unit_value[at] = block->is_unclamped ? z : h;
    block->open[at] = (uint8_t) !(z > cap);
    sum_code(h, cap, sums);
}

/* A bit for each of the first 'rows' flags, all 0 or 1, row i in bit i. */
static uint64_t flag_bits(const uint8_t *flags, size_t rows)
{
    const uint64_t gather = 0x0102040810204080; /* moves bit 0 of byte i to bit 56 + i */
    uint64_t bits = 0;

    for (size_t i = 0; i < ROWS; i += sizeof(uint64_t)) {
        uint64_t eight;
        memcpy(&eight, flags + i, sizeof eight);
        bits |= le64toh(eight) * gather >> 56 << i;
    }
    return rows < ROWS ? bits & (((uint64_t)1 << rows) - 1) : bits;
}

/* List the pairs of unit j of the block's range whose rows' bits are set; returns what they add to
 * the sums. z (ROWS) may lie where the list will, but not before it. */
static struct unit_sums list_unit(struct spine_block *block, size_t j, const float *z,
                                  uint64_t bits)
{
    size_t count = block->unit_begin[j];
    struct unit_sums unit = {0};

    assert((uintptr_t)z >= (uintptr_t)(block->unit_value + count) ||
           (uintptr_t)(z + ROWS) <= (uintptr_t)block->unit_value);
    for (; bits != 0; bits &= bits - 1) {
        const size_t row = (size_t)__builtin_ctzll(bits);
        set_pair(block, count++, row, z[row], &unit);
    }
    block->unit_begin[j + 1] = (uint32_t)count;
    return unit;
}

/* Set row_begin from the number of pairs of each row, and next: the places of their first. */
static void begin_rows(struct spine_block *block, const uint32_t *counts, uint32_t *next)
{
    uint32_t end = 0;

    for (size_t i = 0; i < ROWS; i++) {
        block->row_begin[i] = next[i] = end;
        end += counts[i];
    }
    block->row_begin[ROWS] = end;
}

/* Sort the listed pairs by row; units stay in order. */
static void list_rows(struct spine_block *block)
{
    uint32_t counts[ROWS] = {0}, next[ROWS];
    const uint32_t count = block->unit_begin[block->units];

    for (uint32_t p = 0; p < count; p++)
        counts[block->row[p]]++;
    begin_rows(block, counts, next);

    for (size_t j = 0; j < block->units; j++)
        for (uint32_t p = block->unit_begin[j]; p < block->unit_begin[j + 1]; p++) {
            const uint32_t place = next[block->row[p]]++;
            block->unit[place] = (int32_t)(block->first_unit + j);
            block->value[place] = block->unit_value[p];
        }
}

/* --- The largest of rows -----------------------------------------------------------------------
 *
 * z (units, ROWS) lies in unit_value. Candidates are marked, and listed by row, from which the cuts
 * are found; then the cuts drop some of them. The list by unit is made of z and of what is still
 * marked, in place: it is never longer than what was read. */

SPINE_CLONES
static void add_bias(float bias, float *z)
{
    for (size_t i = 0; i < ROWS; i++)
        z[i] += bias;
}

/* Mark unit j's z that reach their rows' bounds, and count them by row. Returns whether any is
 * NaN. */
static bool mark_unit(struct spine_block *block, size_t j, const float *z, const float *bounds,
                      uint8_t *flags, uint32_t *counts)
{
    const bool is_bad = flag_reaching(block->rows, z, bounds, flags, counts);

    block->candidates[j] = flag_bits(flags, block->rows);
    return is_bad;
}

/* List the marked z by row. */
static void list_candidates(struct spine_block *block, const uint32_t *counts)
{
    uint32_t next[ROWS];

    begin_rows(block, counts, next);
    for (size_t j = 0; j < block->units; j++) {
        const float *z = block->unit_value + j * ROWS;
        for (uint64_t bits = block->candidates[j]; bits != 0; bits &= bits - 1) {
            const size_t row = (size_t)__builtin_ctzll(bits);
            const uint32_t place = next[row]++;
            block->unit[place] = (int32_t)(block->first_unit + j);
            block->value[place] = z[row];
        }
    }
}

/* Mark and list the z that may be among the largest of their rows. */
static void find_candidates(struct spine_block *block, struct spine_scratch *scratch,
                            struct spine_block_sums *sums)
{
    float bounds[ROWS] = {0};
    uint32_t counts[ROWS] = {0};

    spine_activation_bounds(block->activation.k, block->rows, block->units, block->unit_value,
                            &scratch->guess, bounds);
    memset(scratch->flags, 0, ROWS); /* those of missing rows */
    for (size_t j = 0; j < block->units; j++)
        sums->not_finite |=
            mark_unit(block, j, block->unit_value + j * ROWS, bounds, scratch->flags, counts);
    list_candidates(block, counts);
}

/* Move the candidates [begin, end) of a row that the cut keeps to 'at', as codes, and unmark the
 * others. Returns where they end. */
static uint32_t keep_row(struct spine_block *block, size_t row, struct spine_cut cut,
                         uint32_t begin, uint32_t end, uint32_t at)
{
    const float cap = block->is_unclamped ? INFINITY : spine_activation_cap(&block->activation);

    for (uint32_t p = begin; p < end; p++) {
        const int32_t unit = block->unit[p];
        const float z = block->value[p];
        if (!spine_cut_keeps(cut, z, unit)) {
            block->candidates[(size_t)unit - block->first_unit] &= ~((uint64_t)1 << row);
            continue;
        }
        block->unit[at] = unit;
        block->value[at++] = z > cap ? cap : z;
    }
    return at;
}

/* Add what a unit's kept pairs sum to. */
static void add_kept(struct spine_block_sums *sums, size_t j, struct unit_sums unit)
{
    unit.h = unit.h == 0 ? unit.active : unit.h;
    add_sums(sums, j, &unit);
}

static void keep_of_rows(struct spine_block *block, const struct spine_cut *cuts,
                         struct spine_block_sums *sums)
{
    uint32_t begin = 0, at = 0;

    for (size_t i = 0; i < ROWS; i++) {
        const uint32_t end = block->row_begin[i + 1];
        if (begin < end)
            at = keep_row(block, i, cuts[i], begin, end, at);
        block->row_begin[i + 1] = at;
        begin = end;
    }
    for (size_t j = 0; j < block->units; j++)
        add_kept(sums, j, list_unit(block, j, block->unit_value + j * ROWS, block->candidates[j]));
}

/* --- The largest of a batch ------------------------------------------------------------------- */

/* List the flagged z of unit j of the block's range, but for NaN. Returns whether any is NaN. */
static bool list_flagged(struct spine_block *block, size_t j, const float *z, const uint8_t *flags)
{
    size_t count = block->unit_begin[j];
    bool is_bad = false;

    for (uint64_t bits = flag_bits(flags, block->rows); bits != 0; bits &= bits - 1) {
        const size_t row = (size_t)__builtin_ctzll(bits);
        const bool is_number = z[row] == z[row];
        block->row[count] = (uint8_t)row;
        block->unit_value[count] = z[row];
        count += is_number;
        is_bad |= !is_number;
    }
    block->unit_begin[j + 1] = (uint32_t)count;
    return is_bad;
}

static void keep_of_batch(struct spine_block *block, struct spine_cut cut,
                          struct spine_block_sums *sums)
{
    uint32_t begin = 0;
    size_t count = 0;
    for (size_t j = 0; j < block->units; j++) {
        const uint32_t end = block->unit_begin[j + 1];
        struct unit_sums unit = {0};
        for (uint32_t p = begin; p < end; p++) {
            const float z = block->unit_value[p];
            if (spine_cut_keeps(cut, z, (int32_t)(block->first_unit + j)))
                set_pair(block, count++, block->row[p], z, &unit);
        }
        add_kept(sums, j, unit);
        begin = end;
        block->unit_begin[j + 1] = (uint32_t)count;
    }
    list_rows(block);
}

void spine_block_keep(struct spine_block *block, const struct spine_cut *cuts,
                      struct spine_block_sums *sums)
{
    if (block->activation.selection == SPINE_OF_ROW)
        keep_of_rows(block, cuts, sums);
    else
        keep_of_batch(block, cuts[0], sums);
}

/* --- All ranges ------------------------------------------------------------------------------- */

/* z += bias, and h. */
SPINE_CLONES
static void clamp_rows(size_t rows, float bias, float *restrict z, float *restrict h)
{
    for (size_t i = 0; i < rows; i++) {
        z[i] += bias;
        const float above = z[i] < 0 ? 0 : z[i];
        h[i] = above > 1 ? 1 : above;
    }
}

/* Count the h above 0. Returns whether any is NaN. */
SPINE_CLONES
static bool count_active(size_t rows, const float *h, int64_t *active)
{
    int32_t above = 0, finite = 0;
    for (size_t i = 0; i < rows; i++) {
        above += h[i] > 0 ? 1 : 0;
        finite += h[i] <= 1 ? 1 : 0;
    }
    *active += above;
    return finite != (int32_t)rows;
}

/* Add h and h (1 - h) of a unit and all rows of a block; a NaN counts as 0. */
SPINE_CLONES
static void sum_codes(size_t rows, const float *h, int64_t *h_sum, int64_t *partial_sum)
{
    int32_t total = 0, partial = 0;
    for (size_t i = 0; i < rows; i++) {
        const float value = h[i] <= 1 ? h[i] : 0;
        total += (int32_t)(value * (float)SPINE_BLOCK_SCALE + 0.5F);
        partial += (int32_t)(value * (1 - value) * (float)SPINE_BLOCK_SCALE + 0.5F);
    }
    *h_sum += total;
    *partial_sum += partial;
}

/* The same without a cap. */
static void rectify_unit(size_t rows, float bias, float *restrict z, float *restrict h,
                         struct unit_sums *sums)
{
    for (size_t i = 0; i < rows; i++) {
        z[i] += bias;
        h[i] = z[i] < 0 ? 0 : z[i];
        sum_code(h[i], FLT_MAX, sums);
    }
}

/* The codes of unit j of the range from its products 'z', in dense mode. */
static void set_dense(struct spine_block *block, size_t j, float bias, float *z,
                      struct spine_block_sums *sums)
{
    float *h = block->value + j * ROWS;
    struct unit_sums unit = {0};
    if (!block->activation.is_uncapped) {
        clamp_rows(block->rows, bias, z, h);
        sum_codes(block->rows, h, &unit.h, &unit.partial);
        unit.not_finite = count_active(block->rows, h, &unit.active);
    } else {
        rectify_unit(block->rows, bias, z, h, &unit);
    }
    add_sums(sums, j, &unit);
}

/* The least z that is listed. Of a batch, candidates are above 0. */
static float least_listed(const struct spine_activation *activation)
{
    const bool is_of_batch = activation->selection == SPINE_OF_BATCH;

    return is_of_batch && !(activation->threshold > 0) ? FLT_TRUE_MIN : activation->threshold;
}

/* The codes of unit j of the range, or what is listed of it, from its products 'z'. Of the largest
 * of rows, z alone: find_candidates() lists them. */
static void set_unit(struct spine_block *block, size_t j, float bias, float *z, uint8_t *flags,
                     struct spine_block_sums *sums)
{
    if (block->mode == SPINE_DENSE) {
        set_dense(block, j, bias, z, sums);
        return;
    }
    if (block->activation.selection == SPINE_OF_ROW) {
        add_bias(bias, z);
        return;
    }

    flag_active(bias, least_listed(&block->activation), z, flags);
    if (block->activation.selection == SPINE_ABOVE) {
        const struct unit_sums unit = list_unit(block, j, z, flag_bits(flags, block->rows));
        add_sums(sums, j, &unit);
    } else {
        sums->not_finite |= list_flagged(block, j, z, flags);
    }
}

/* A block, a range of units, and the parameters. */
void spine_block_encode(struct spine_block *block, struct spine_scratch *scratch,
                        enum spine_mode mode, size_t first_unit, size_t units,
                        const struct spine_params *params, const float *packed,
                        struct spine_block_sums *sums)
{
    const enum spine_selection selection = block->activation.selection;
    assert(block->rows <= ROWS && !(selection != SPINE_ABOVE && mode == SPINE_DENSE));
    block->mode = mode;
    block->first_unit = first_unit;
    block->units = units;
    block->unit_begin[0] = 0;

    for (size_t j = 0; j < units; j += MOST_UNITS) {
        const size_t count = units - j < MOST_UNITS ? units - j : MOST_UNITS;
        const bool has_all = mode == SPINE_DENSE || selection == SPINE_OF_ROW;
        float *out = has_all ? block->unit_value + j * ROWS : scratch->tile;
        spine_products.product(count, block->rows, params->dim, params->stride, packed,
                               params->W1 + (first_unit + j) * params->stride, out);
        for (size_t u = 0; u < count; u++)
            set_unit(block, j + u, params->b1[first_unit + j + u], out + u * ROWS, scratch->flags,
                     sums);
    }
    if (selection == SPINE_OF_ROW)
        find_candidates(block, scratch, sums);
    else if (selection == SPINE_ABOVE && mode == SPINE_SPARSE)
        list_rows(block);
}

/* The z (listed units, ROWS) of those units, into block->unit_value; returns how many they are. */
static size_t find_listed(struct spine_block *block, const uint8_t *is_listed,
                          const struct spine_params *params, const float *packed)
{
    size_t found = 0;

    for (size_t j = 0; j < block->units;) {
        size_t count = 0;
        while (count < MOST_UNITS && j + count < block->units && is_listed[j + count] != 0)
            count++;
        const size_t unit = block->first_unit + j;
        float *z = block->unit_value + found * ROWS;
        if (count > 0)
            spine_products.product(count, block->rows, params->dim, params->stride, packed,
                                   params->W1 + unit * params->stride, z);
        for (size_t u = 0; u < count; u++)
            add_bias(params->b1[unit + u], z + u * ROWS);
        found += count;
        j += count > 0 ? count : 1;
    }
    return found;
}

/* A range of units, those that are marked, and the parameters that they are of. */
void spine_block_encode_listed(struct spine_block *block, struct spine_scratch *scratch,
                               size_t first_unit, size_t units, const uint8_t *is_listed,
                               const struct spine_params *params, const float *packed, float *guess)
{
    float bounds[ROWS] = {0};
    uint32_t counts[ROWS] = {0};

    block->mode = SPINE_SPARSE;
    block->first_unit = first_unit;
    block->units = units;
    block->unit_begin[0] = 0;

    size_t left = find_listed(block, is_listed, params, packed);
    if (left > block->activation.k)
        spine_activation_bounds(block->activation.k, block->rows, left, block->unit_value, guess,
                                bounds);
    memset(scratch->flags, 0, ROWS);
    for (size_t j = units; j-- > 0;) {
        float *z = block->unit_value + j * ROWS;
        block->candidates[j] = 0;
        if (is_listed[j] == 0)
            continue;
        memmove(z, block->unit_value + --left * ROWS, ROWS * sizeof *z); /* to its unit's place */
        mark_unit(block, j, z, bounds, scratch->flags, counts);
    }
    list_candidates(block, counts);
}
