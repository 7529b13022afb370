/* encoding.c -- the codes of a block of rows for a range of units. */
#include "spine/math/encoding.h"

#include <assert.h>
#include <endian.h>
#include <float.h>
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

/* flags[i] = 1 if z_i is above 0 and reaches the row's bound, else 0. Returns whether any is
 * NaN. */
SPINE_CLONES
static bool flag_reaching(size_t rows, const float *restrict z, const float *restrict bounds,
                          uint8_t *restrict flags)
{
    int bad = 0;
    for (size_t i = 0; i < rows; i++) {
        flags[i] = (uint8_t)((z[i] > 0) & (z[i] >= bounds[i]));
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

/* List the pairs of unit j of the block's range, and sum h. */
static void list_unit(struct spine_block *block, size_t j, const float *z, const uint8_t *flags,
                      struct spine_block_sums *sums)
{
    size_t count = block->unit_begin[j];
    struct unit_sums unit = {0};

    for (uint64_t bits = flag_bits(flags, block->rows); bits != 0; bits &= bits - 1) {
        const size_t row = (size_t)__builtin_ctzll(bits);
        set_pair(block, count++, row, z[row], &unit);
    }
    add_sums(sums, j, &unit);
    block->unit_begin[j + 1] = (uint32_t)count;
}

/* Sort the listed pairs by row; units stay in order. */
static void list_rows(struct spine_block *block)
{
    uint32_t next[ROWS] = {0}, end = 0;
    const uint32_t count = block->unit_begin[block->units];

    for (uint32_t p = 0; p < count; p++)
        next[block->row[p]]++;
    for (size_t i = 0; i < ROWS; i++) {
        block->row_begin[i] = end;
        end += next[i];
        next[i] = block->row_begin[i];
    }
    block->row_begin[ROWS] = end;

    for (size_t j = 0; j < block->units; j++)
        for (uint32_t p = block->unit_begin[j]; p < block->unit_begin[j + 1]; p++) {
            const uint32_t place = next[block->row[p]]++;
            block->unit[place] = (int32_t)(block->first_unit + j);
            block->value[place] = block->unit_value[p];
        }
}

SPINE_CLONES
static void add_bias(size_t rows, float bias, float *z)
{
    for (size_t i = 0; i < rows; i++)
        z[i] += bias;
}

/* List the flagged z of unit j of the block's range, but for NaN. Return whether any is NaN. */
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

/* List the z of unit j of the block's range that reach their rows' bounds. Return whether any is NaN. */
static bool list_reaching(struct spine_block *block, size_t j, const float *z, const float *bounds,
                          uint8_t *flags)
{
    const bool is_bad = flag_reaching(block->rows, z, bounds, flags);

    list_flagged(block, j, z, flags);
    return is_bad;
}

/* List the pairs that may be among the largest of their rows, from z (units, ROWS) in block->value, which
 * the list by row then replaces. */
static void list_candidates(struct spine_block *block, struct spine_scratch *scratch,
                            struct spine_block_sums *sums)
{
    float bounds[ROWS] = {0};

    spine_activation_bounds(block->activation.k, block->rows, block->units, block->value,
                            &scratch->guess, bounds);
    memset(scratch->flags, 0, ROWS);
    for (size_t j = 0; j < block->units; j++)
        sums->not_finite |=
            list_reaching(block, j, block->value + j * ROWS, bounds, scratch->flags);
    list_rows(block);
}

void spine_block_keep(struct spine_block *block, const struct spine_cut *cuts,
                      struct spine_block_sums *sums)
{
    uint32_t begin = 0;
    size_t count = 0;
    for (size_t j = 0; j < block->units; j++) {
        const uint32_t end = block->unit_begin[j + 1];
        struct unit_sums unit = {0};
        for (uint32_t p = begin; p < end; p++) {
            const size_t row = block->row[p];
            const float z = block->unit_value[p];
            if (spine_cut_keeps(cuts[row], z, (int32_t)(block->first_unit + j)))
                set_pair(block, count++, row, z, &unit);
        }
        unit.h = unit.h == 0 ? unit.active : unit.h;
        add_sums(sums, j, &unit);
        begin = end;
        block->unit_begin[j + 1] = (uint32_t)count;
    }
    list_rows(block);
}

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

/* The codes of unit j of the range, or what is listed of it, from its products 'z'. Of the largest of rows,
 * z alone: list_candidates() lists them. */
static void set_unit(struct spine_block *block, size_t j, float bias, float *z, uint8_t *flags,
                     struct spine_block_sums *sums)
{
    if (block->mode == SPINE_DENSE) {
        set_dense(block, j, bias, z, sums);
        return;
    }
    if (block->activation.selection == SPINE_OF_ROW) {
        add_bias(block->rows, bias, z);
        return;
    }

    flag_active(bias, least_listed(&block->activation), z, flags);
    if (block->activation.selection == SPINE_ABOVE)
        list_unit(block, j, z, flags, sums);
    else
        sums->not_finite |= list_flagged(block, j, z, flags);
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
        float *out = mode == SPINE_DENSE         ? block->unit_value + j * ROWS
                     : selection == SPINE_OF_ROW ? block->value + j * ROWS
                                                 : scratch->tile;
        spine_products.product(count, block->rows, params->dim, params->stride, packed,
                               params->W1 + (first_unit + j) * params->stride, out);
        for (size_t u = 0; u < count; u++)
            set_unit(block, j + u, params->b1[first_unit + j + u], out + u * ROWS, scratch->flags,
                     sums);
    }
    if (selection == SPINE_OF_ROW)
        list_candidates(block, scratch, sums);
    else if (selection == SPINE_ABOVE && mode == SPINE_SPARSE)
        list_rows(block);
}

/* The z (listed units, ROWS) of those units, into block->value; returns how many they are. */
static size_t find_listed(struct spine_block *block, const uint8_t *is_listed,
                          const struct spine_params *params, const float *packed)
{
    size_t found = 0;

    for (size_t j = 0; j < block->units;) {
        size_t count = 0;
        while (count < MOST_UNITS && j + count < block->units && is_listed[j + count] != 0)
            count++;
        const size_t unit = block->first_unit + j;
        float *z = block->value + found * ROWS;
        if (count > 0)
            spine_products.product(count, block->rows, params->dim, params->stride, packed,
                                   params->W1 + unit * params->stride, z);
        for (size_t u = 0; u < count; u++)
            add_bias(block->rows, params->b1[unit + u], z + u * ROWS);
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

    block->mode = SPINE_SPARSE;
    block->first_unit = first_unit;
    block->units = units;
    block->unit_begin[0] = 0;

    const size_t listed = find_listed(block, is_listed, params, packed);
    const float *z = block->value;
    if (listed > block->activation.k)
        spine_activation_bounds(block->activation.k, block->rows, listed, z, guess, bounds);
    memset(scratch->flags, 0, ROWS);
    for (size_t j = 0; j < units; j++) {
        block->unit_begin[j + 1] = block->unit_begin[j];
        if (is_listed[j] == 0)
            continue;
        list_reaching(block, j, z, bounds, scratch->flags);
        z += ROWS;
    }
    list_rows(block);
}
