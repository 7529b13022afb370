/* block.c -- the products of a training step, for blocks of rows and ranges of units. */
#include "spine/math/block.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS, TILE = 6 };
enum { MOST_LEVELS = SPINE_TREE_LEVELS, MOST_UNITS = 6 };

/* Rows to be summed, each times a factor: in parts, one for each leaf, that are added up as merges
 * says (tree.h). */
struct list {
    size_t count;
    const int32_t *which;
    const float *factor;
    size_t num_parts;
    const size_t *part_end;
    const int *merges;
};

#define LANES 8
#define NAME(name) name##_8
#define CLONES SPINE_CLONES
#include "spine/math/products.h"
#undef LANES
#undef NAME
#undef CLONES

#ifdef SPINE_HAS_CLONES
#define LANES 16
#define NAME(name) name##_16
#define CLONES __attribute__((target("arch=x86-64-v4")))
#include "spine/math/products.h"
#undef LANES
#undef NAME
#undef CLONES
#endif

/* The versions for this processor. */
static struct {
    void (*product)(size_t, size_t, size_t, size_t, const float *, const float *, float *);
    void (*gather)(const struct list *, size_t, size_t, size_t, const float *, const float *,
                   float *);
    void (*dots)(const struct list *, size_t, const float *, const float *, float *);
    void (*outer)(size_t, size_t, const float *, size_t, size_t, size_t, size_t, size_t,
                  const float *, float *);
} use = {product_8, gather_8, dots_8, outer_8};

static void choose_versions(void)
{
#ifdef SPINE_HAS_CLONES
    if (spine_kernel_processor() == SPINE_AVX512) {
        use.product = product_16;
        use.gather = gather_16;
        use.dots = dots_16;
        use.outer = outer_16;
    }
#endif
}

/* --- Memory ------------------------------------------------------------------------------- */

int spine_scratch_init(struct spine_scratch *scratch, size_t most_rows, size_t most_units,
                       size_t dim, struct spine_error *err)
{
    static const char what[] = "the scratch of a step";
    const size_t blocks = (most_rows + ROWS - 1) / ROWS;
    const size_t most = most_rows > most_units ? most_rows : most_units;
    const size_t stride = spine_kernel_stride(dim);

    choose_versions();
    *scratch =
        (struct spine_scratch){.most_rows = blocks * ROWS, .most_units = most_units, .dim = dim};
    if ((scratch->which = spine_memory_aligned(most, sizeof(int32_t), what, err)) == NULL ||
        (scratch->factor = spine_memory_aligned(most, sizeof(float), what, err)) == NULL ||
        (scratch->other = spine_memory_aligned(most, sizeof(float), what, err)) == NULL ||
        (scratch->open = spine_memory_aligned(most_rows, 1, what, err)) == NULL ||
        (scratch->flags = spine_memory_aligned(ROWS, 1, what, err)) == NULL ||
        (scratch->tile =
             spine_memory_aligned((size_t)MOST_UNITS * ROWS, sizeof(float), what, err)) == NULL ||
        (scratch->packed = spine_memory_aligned(blocks * ROWS * dim, sizeof(float), what, err)) ==
            NULL ||
        (scratch->levels = spine_memory_aligned(2 * MOST_LEVELS * SPINE_BLOCK_UNITS * stride,
                                                sizeof(float), what, err)) == NULL ||
        (scratch->part_end = spine_memory_aligned(blocks + 1, sizeof(size_t), what, err)) == NULL ||
        (scratch->merges = spine_memory_aligned(blocks + 1, sizeof(int), what, err)) == NULL) {
        spine_scratch_dispose(scratch);
        return -1;
    }
    return 0;
}

void spine_scratch_dispose(struct spine_scratch *scratch)
{
    free(scratch->which);
    free(scratch->factor);
    free(scratch->other);
    free(scratch->open);
    free(scratch->flags);
    free(scratch->tile);
    free(scratch->packed);
    free(scratch->levels);
    free(scratch->part_end);
    free(scratch->merges);
    *scratch = (struct spine_scratch){0};
}

static size_t aligned(size_t bytes)
{
    return (bytes + SPINE_MEMORY_ALIGN - 1) / SPINE_MEMORY_ALIGN * SPINE_MEMORY_ALIGN;
}

enum { BEGIN_BYTES = 320 }; /* of row_begin, aligned */

size_t spine_block_shared_bytes(size_t most_units)
{
    return BEGIN_BYTES + 2 * aligned(most_units * ROWS * sizeof(float));
}

void spine_block_view(struct spine_block *block, size_t most_units, void *shared)
{
    *block = (struct spine_block){.shared = shared, .is_borrowed = true};
    block->row_begin = shared;
    block->unit = (int32_t *)((char *)shared + BEGIN_BYTES);
    block->value = (float *)((char *)block->unit + aligned(most_units * ROWS * sizeof(float)));
}

int spine_block_init(struct spine_block *block, size_t most_units, void *shared,
                     struct spine_error *err)
{
    static const char what[] = "the codes of a block";
    const size_t pairs = most_units * ROWS;
    const bool is_borrowed = shared != NULL;

    *block = (struct spine_block){0};
    if (!is_borrowed)
        shared = spine_memory_aligned(spine_block_shared_bytes(most_units), 1, what, err);
    if (shared == NULL)
        return -1;
    spine_block_view(block, most_units, shared);
    block->is_borrowed = is_borrowed;
    if ((block->unit_begin = spine_memory_aligned(most_units + 1, sizeof(uint32_t), what, err)) ==
            NULL ||
        (block->row = spine_memory_aligned(pairs, 1, what, err)) == NULL ||
        (block->unit_value = spine_memory_aligned(pairs, sizeof(float), what, err)) == NULL ||
        (block->open = spine_memory_aligned(pairs, 1, what, err)) == NULL) {
        spine_block_dispose(block);
        return -1;
    }
    return 0;
}

void spine_block_dispose(struct spine_block *block)
{
    if (!block->is_borrowed)
        free(block->shared);
    free(block->unit_begin);
    free(block->row);
    free(block->unit_value);
    free(block->open);
    *block = (struct spine_block){0};
}

size_t spine_block_bytes(size_t rows, size_t units, bool has_dense, double density)
{
    const double values = 2 * sizeof(float), lists = sizeof(int32_t) + 2; /* of a pair */
    const double pair = (has_dense ? 1 : density) * values + density * lists;
    const size_t blocks = (rows + ROWS - 1) / ROWS;
    return (size_t)(pair * (double)rows * (double)units) + blocks * units * sizeof(uint32_t);
}

size_t spine_block_packed(size_t dim)
{
    return dim * ROWS;
}

/* Shapes and ranges are parameters of their own, as in BLAS. */
void spine_block_pack(size_t rows, size_t dim, size_t stride, size_t first, size_t end,
                      const float *x, float *panel)
{
    end = end < dim ? end : dim;
    for (size_t k = first; k < end; k++) {
        for (size_t i = 0; i < rows; i++)
            panel[k * PANEL + i] = x[i * stride + k];
        for (size_t i = rows; i < PANEL; i++)
            panel[k * PANEL + i] = 0;
    }
}

/* --- Encoding ------------------------------------------------------------------------------ */

/* z += bias; flags[i] = 1 where z_i counts, else 0. A NaN counts, so that it isn't lost. */
SPINE_CLONES
static void flag_active(float bias, float threshold, float *restrict z, uint8_t *restrict flags)
{
    for (size_t i = 0; i < ROWS; i++) {
        z[i] += bias;
        flags[i] = (uint8_t)(z[i] < threshold ? 0 : 1);
    }
}

/* flags[i] = 1 where z_i is above 0 and reaches the row's bound, else 0; returns whether any is NaN. */
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

/* The rows of eight flags, from row i on: of the lowest byte the first. */
static uint64_t load_flags(const uint8_t *flags, size_t i)
{
    uint64_t eight;
    memcpy(&eight, flags + i, sizeof eight);
    return le64toh(eight);
}

/* List the pairs of unit j of the block's range, and sum h. */
static void list_unit(struct spine_block *block, size_t j, const float *z, uint8_t *flags,
                      struct spine_block_sums *sums)
{
    size_t count = block->unit_begin[j];
    struct unit_sums unit = {0};
    memset(flags + block->rows, 0, ROWS - block->rows);
    for (size_t i = 0; i < ROWS; i += sizeof(uint64_t))
        for (uint64_t eight = load_flags(flags, i); eight != 0; eight &= eight - 1) {
            const size_t row = i + (size_t)__builtin_ctzll(eight) / 8;
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

/* List the pairs that may be among the largest of their rows or batch, by the z (units, ROWS) in
 * block->value, whose place a list by row takes. */
static void list_candidates(struct spine_block *block, struct spine_scratch *scratch,
                            struct spine_block_sums *sums)
{
    const bool is_of_row = block->activation.selection == SPINE_OF_ROW;
    float bounds[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        bounds[i] = block->activation.threshold;
    if (is_of_row)
        spine_activation_bounds(block->activation.k, block->rows, block->units, block->value,
                                &scratch->guess, bounds);
    memset(scratch->flags, 0, ROWS);
    for (size_t j = 0; j < block->units; j++) {
        const float *z = block->value + j * ROWS;
        size_t count = block->unit_begin[j];
        sums->not_finite |= flag_reaching(block->rows, z, bounds, scratch->flags);
        for (size_t i = 0; i < ROWS; i += sizeof(uint64_t))
            for (uint64_t eight = load_flags(scratch->flags, i); eight != 0; eight &= eight - 1) {
                const size_t row = i + (size_t)__builtin_ctzll(eight) / 8;
                block->row[count] = (uint8_t)row;
                block->unit_value[count++] = z[row];
            }
        block->unit_begin[j + 1] = (uint32_t)count;
    }
    if (is_of_row)
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
        add_sums(sums, j, &unit);
        begin = end;
        block->unit_begin[j + 1] = (uint32_t)count;
    }
    list_rows(block);
}

/* z += bias, h, and the sums, of a unit and all rows of a block. */
SPINE_CLONES
static void clamp_unit(size_t rows, float bias, float *restrict z, float *restrict h,
                       int64_t *h_sum, struct spine_block_sums *sums)
{
    int32_t h_total = 0, partial = 0, active = 0, bad = 0;
    for (size_t i = 0; i < rows; i++) {
        z[i] += bias;
        const float above = z[i] < 0 ? 0 : z[i];
        const float value = above > 1 ? 1 : above;
        const float counted = value <= 1 ? value : 0;
        h[i] = value;
        h_total += (int32_t)(counted * (float)SPINE_BLOCK_SCALE + 0.5F);
        partial += (int32_t)(counted * (1 - counted) * (float)SPINE_BLOCK_SCALE + 0.5F);
        active += value > 0 ? 1 : 0;
        bad |= value <= 1 ? 0 : 1;
    }
    *h_sum += h_total;
    sums->partial += partial;
    sums->active += active;
    sums->not_finite |= bad != 0;
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
        clamp_unit(block->rows, bias, z, h, &sums->h[j], sums);
    } else {
        rectify_unit(block->rows, bias, z, h, &unit);
        add_sums(sums, j, &unit);
    }
}

/* A range of units, and the parameters that it is of. */
void spine_block_encode(struct spine_block *block, struct spine_scratch *scratch,
                        enum spine_mode mode, size_t first_unit, size_t units,
                        const struct spine_params *params, const float *packed,
                        struct spine_block_sums *sums)
{
    const bool selects = block->activation.selection != SPINE_ABOVE;
    assert(block->rows <= ROWS && !(selects && mode == SPINE_DENSE));
    block->mode = mode;
    block->first_unit = first_unit;
    block->units = units;
    block->unit_begin[0] = 0;

    for (size_t j = 0; j < units; j += MOST_UNITS) {
        const size_t count = units - j < MOST_UNITS ? units - j : MOST_UNITS;
        float *out = mode == SPINE_DENSE ? block->unit_value + j * ROWS
                     : selects           ? block->value + j * ROWS
                                         : scratch->tile;
        use.product(count, block->rows, params->dim, params->stride, packed,
                    params->W1 + (first_unit + j) * params->stride, out);
        for (size_t u = 0; u < count; u++) {
            const float bias = params->b1[first_unit + j + u];
            float *z = out + u * ROWS;
            if (mode == SPINE_DENSE) {
                set_dense(block, j + u, bias, z, sums);
            } else if (selects) {
                add_bias(block->rows, bias, z);
            } else {
                flag_active(bias, block->activation.threshold, z, scratch->flags);
                list_unit(block, j + u, z, scratch->flags, sums);
            }
        }
    }
    if (selects)
        list_candidates(block, scratch, sums);
    else if (mode == SPINE_SPARSE)
        list_rows(block);
}

/* --- Decoding ------------------------------------------------------------------------------ */

size_t spine_chunks(size_t stride)
{
    return (stride / PANEL + TILE - 1) / TILE;
}

size_t spine_chunk_begin(size_t stride, size_t chunk)
{
    return chunk * (stride / PANEL) / spine_chunks(stride) * PANEL;
}

/* The pairs of a row, of all tiles together: borrowed from one, or copied together. */
static struct list row_list(const struct spine_block *const *tiles, size_t num_tiles, size_t row,
                            struct spine_scratch *scratch)
{
    struct list list = {.num_parts = 1, .merges = scratch->merges};
    if (num_tiles == 1) {
        const uint32_t begin = tiles[0]->row_begin[row];
        list.count = tiles[0]->row_begin[row + 1] - begin;
        list.which = tiles[0]->unit + begin;
        list.factor = tiles[0]->value + begin;
    } else {
        for (size_t t = 0; t < num_tiles; t++) {
            const uint32_t begin = tiles[t]->row_begin[row];
            const size_t count = tiles[t]->row_begin[row + 1] - begin;
            memcpy(scratch->which + list.count, tiles[t]->unit + begin, count * sizeof(int32_t));
            memcpy(scratch->factor + list.count, tiles[t]->value + begin, count * sizeof(float));
            list.count += count;
        }
        list.which = scratch->which;
        list.factor = scratch->factor;
    }
    scratch->part_end[0] = list.count;
    scratch->merges[0] = 0;
    list.part_end = scratch->part_end;
    return list;
}

/* Seven parameters: the tiles, and a part of their rows. */
void spine_block_cut(const struct spine_block *const *tiles, size_t num_tiles,
                     struct spine_scratch *scratch, size_t k, size_t first, size_t end,
                     struct spine_cut *cuts)
{
    for (size_t i = first; i < end; i++) {
        const struct list list = row_list(tiles, num_tiles, i, scratch);
        cuts[i] = spine_activation_cut(k, list.count, list.factor, list.which, scratch->other);
    }
}

/* Ranges of rows and columns, and the parameters. */
static void decode_dense(const struct spine_block *const *tiles, size_t num_tiles, size_t first,
                         size_t end, size_t begin, size_t stop, const struct spine_params *params,
                         float *y)
{
    enum { UNITS = 128 }; /* whose rows of W2 stay in the nearest cache */
    const size_t stride = params->stride;
    for (size_t i = first; i < end; i++)
        memcpy(y + i * stride + begin, params->b2 + begin, (stop - begin) * sizeof *y);
    for (size_t t = 0; t < num_tiles; t++)
        for (size_t j = 0; j < tiles[t]->units; j += UNITS) {
            const size_t units = tiles[t]->units - j < UNITS ? tiles[t]->units - j : UNITS;
            for (size_t i = first; i < end; i += 4)
                use.outer(end - i < 4 ? end - i : 4, units, tiles[t]->value + j * ROWS + i, 1, ROWS,
                          begin, stop, stride, params->W2 + (tiles[t]->first_unit + j) * stride,
                          y + i * stride);
        }
}

/* Ranges of rows and chunks, and the parameters. */
void spine_block_decode(const struct spine_block *const *tiles, size_t num_tiles,
                        struct spine_scratch *scratch, size_t first, size_t end, size_t begin_chunk,
                        size_t end_chunk, const struct spine_params *params, float *y)
{
    const size_t stride = params->stride;
    if (tiles[0]->mode == SPINE_DENSE) {
        decode_dense(tiles, num_tiles, first, end, spine_chunk_begin(stride, begin_chunk),
                     spine_chunk_begin(stride, end_chunk), params, y);
        return;
    }
    for (size_t i = first; i < end; i++) {
        const struct list list = row_list(tiles, num_tiles, i, scratch);
        for (size_t c = begin_chunk; c < end_chunk; c++)
            use.gather(&list, spine_chunk_begin(stride, c), spine_chunk_begin(stride, c + 1),
                       stride, params->W2, params->b2, y + i * stride);
    }
}

SPINE_CLONES
float spine_chunk_residual(size_t stride, size_t chunk, const float *x, float factor, float *y)
{
    const size_t begin = spine_chunk_begin(stride, chunk);
    const size_t end = spine_chunk_begin(stride, chunk + 1);
    float lanes[PANEL] = {0};

    for (size_t k = begin; k < end; k += PANEL)
        for (size_t lane = 0; lane < PANEL; lane++) {
            const float residual = y[k + lane] - x[k + lane];
            lanes[lane] += residual * residual;
            y[k + lane] = factor * residual;
        }
    for (size_t half = PANEL / 2; half > 0; half /= 2)
        for (size_t lane = 0; lane < half; lane++)
            lanes[lane] += lanes[lane + half];
    return lanes[0];
}

/* --- Gradients ------------------------------------------------------------------------------ */

void spine_backward_begin(const struct spine_backward *backward, struct spine_scratch *scratch,
                          const struct spine_params *params)
{
    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        for (size_t i = 0; block->mode == SPINE_DENSE && i < block->rows; i += PANEL)
            spine_block_pack(block->rows - i < PANEL ? block->rows - i : PANEL, params->dim,
                             params->stride, 0, params->dim,
                             backward->dY + (block->first_row + i) * params->stride,
                             scratch->packed + (b * ROWS + i) * params->dim);
    }
}

/* End a part of the list, the rows of a leaf, before leaf 'next' (SIZE_MAX: none). Its parameters are
 * the state of a loop. */
static void end_part(struct spine_scratch *scratch, size_t count, size_t part, size_t *waiting,
                     size_t *num_waiting, size_t leaf, size_t next)
{
    scratch->part_end[part] = count;
    scratch->merges[part] = spine_tree_merges(waiting, num_waiting, leaf, next);
}

/* The pairs of a unit in all blocks. */
static struct list unit_list(const struct spine_backward *backward, struct spine_scratch *scratch,
                             size_t j)
{
    struct list list = {.which = scratch->which,
                        .factor = scratch->factor,
                        .part_end = scratch->part_end,
                        .merges = scratch->merges};
    size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0, leaf = 0;

    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        const uint32_t begin = block->unit_begin[j], end = block->unit_begin[j + 1];
        if (begin == end)
            continue;
        if (list.count > 0 && block->leaf != leaf)
            end_part(scratch, list.count, list.num_parts++, waiting, &num_waiting, leaf,
                     block->leaf);
        leaf = block->leaf;
        for (uint32_t p = begin; p < end; p++) {
            scratch->which[list.count] = (int32_t)(block->first_row + block->row[p]);
            scratch->factor[list.count] = block->unit_value[p];
            scratch->open[list.count++] = block->open[p];
        }
    }

    end_part(scratch, list.count, list.num_parts++, waiting, &num_waiting, leaf, SIZE_MAX);
    return list;
}

static void gather_all(const struct list *list, size_t stride, const float *rows, float *out)
{
    const size_t chunks = spine_chunks(stride);
    for (size_t c = 0; c < chunks; c++)
        use.gather(list, spine_chunk_begin(stride, c), spine_chunk_begin(stride, c + 1), stride,
                   rows, NULL, out);
}

/* The sum of the factors, added up as gather() does. */
static float sum_factors(const struct list *list)
{
    float stack[MOST_LEVELS] = {0}, sum = 0;
    size_t p = 0;
    int top = 0;
    for (size_t s = 0; s < list->num_parts; s++) {
        for (; p < list->part_end[s]; p++)
            sum += list->factor[p];
        for (int m = 0; m < list->merges[s]; m++) {
            assert(top > 0); /* a merge adds what was put aside before */
            sum = stack[--top] + sum;
        }
        if (s + 1 < list->num_parts) {
            stack[top++] = sum;
            sum = 0;
        }
    }
    return sum;
}

/* The gradient of the parameters of a unit, in sparse mode. */
static void sparse_unit(const struct spine_backward *backward, struct spine_scratch *scratch,
                        size_t unit, const struct spine_params *params, const float *add,
                        float *dW1, float *db1, float *dW2)
{
    const size_t stride = params->stride;
    struct list list = unit_list(backward, scratch, unit - backward->blocks[0].first_unit);
    float *dz = scratch->other;
    use.dots(&list, stride, backward->dY, params->W2 + unit * stride, dz);
    gather_all(&list, stride, backward->dY, dW2);
    for (size_t p = 0; p < list.count; p++) {
        const float inside = dz[p] + (add[unit] - backward->slope * list.factor[p]);
        dz[p] = scratch->open[p] ? inside : 0;
    }
    list.factor = dz;
    *db1 = sum_factors(&list);
    gather_all(&list, stride, backward->x, dW1);
}

/* out (count, ROWS) = dz of a block, from dY W2' in it; the parameters are vectors. */
SPINE_CLONES
static void dense_gradient(size_t count, size_t rows, const float *z, const float *h,
                           const float *add, float slope, float cap, float *out)
{
    for (size_t u = 0; u < count; u++)
        for (size_t i = 0; i < rows; i++) {
            const size_t at = u * ROWS + i;
            const float inside = out[at] + (add[u] - slope * h[at]);
            out[at] = z[at] >= 0 && z[at] <= cap ? inside : 0;
        }
}

SPINE_CLONES
static void add_to(size_t count, const float *restrict values, float *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = values[i] + sum[i];
}

/* In the order of a leaf's rows; db1 of the leaf so far in 'sums'. */
static void add_rows(size_t count, size_t rows, const float *dz, float *sums)
{
    for (size_t u = 0; u < count; u++)
        for (size_t i = 0; i < rows; i++)
            sums[u] += dz[u * ROWS + i];
}

/* Those of the parameters of a few units, in dense mode. */
static void dense_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                        size_t unit, size_t count, const struct spine_params *params,
                        const float *add, float *dW1, float *db1, float *dW2)
{
    const size_t stride = params->stride, size = count * stride;
    const size_t j = unit - backward->blocks[0].first_unit;
    size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0;
    float bias_levels[MOST_LEVELS][SPINE_BLOCK_UNITS] = {{0}}, *dz = scratch->tile;

    memset(dW1, 0, size * sizeof *dW1);
    memset(dW2, 0, size * sizeof *dW2);
    memset(db1, 0, count * sizeof *db1);

    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        const float *h = block->value + j * ROWS, *z = block->unit_value + j * ROWS;
        const size_t row = block->first_row * stride;

        use.product(count, block->rows, params->dim, stride,
                    scratch->packed + b * ROWS * params->dim, params->W2 + unit * stride, dz);
        dense_gradient(count, block->rows, z, h, add + unit, backward->slope,
                       spine_activation_cap(&block->activation), dz);
        use.outer(count, block->rows, h, ROWS, 1, 0, stride, stride, backward->dY + row, dW2);
        use.outer(count, block->rows, dz, ROWS, 1, 0, stride, stride, backward->x + row, dW1);
        add_rows(count, block->rows, dz, db1);

        const bool is_last = b + 1 == backward->num_blocks;
        if (!is_last && block[1].leaf == block->leaf)
            continue;

        const size_t before = num_waiting;
        const int merges = spine_tree_merges(waiting, &num_waiting, block->leaf,
                                             is_last ? SIZE_MAX : block[1].leaf);
        for (int m = 0; m < merges; m++) {
            const float *level =
                scratch->levels + (before - 1 - (size_t)m) * 2 * SPINE_BLOCK_UNITS * stride;
            add_to(size, level, dW1);
            add_to(size, level + SPINE_BLOCK_UNITS * stride, dW2);
            add_to(count, bias_levels[before - 1 - (size_t)m], db1);
        }
        if (!is_last) {
            float *level = scratch->levels + (num_waiting - 1) * 2 * SPINE_BLOCK_UNITS * stride;
            memcpy(level, dW1, size * sizeof *dW1);
            memcpy(level + SPINE_BLOCK_UNITS * stride, dW2, size * sizeof *dW2);
            memcpy(bias_levels[num_waiting - 1], db1, count * sizeof *db1);
            memset(dW1, 0, size * sizeof *dW1);
            memset(dW2, 0, size * sizeof *dW2);
            memset(db1, 0, count * sizeof *db1);
        }
    }
}

/* The parameters are those of block.h. */
void spine_backward_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                          size_t unit, size_t count, const struct spine_params *params,
                          const float *add, float *dW1, float *db1, float *dW2)
{
    assert(count <= SPINE_BLOCK_UNITS);
    if (backward->num_blocks == 0) {
        memset(dW1, 0, count * params->stride * sizeof *dW1);
        memset(dW2, 0, count * params->stride * sizeof *dW2);
        memset(db1, 0, count * sizeof *db1);
    } else if (backward->blocks[0].mode == SPINE_DENSE)
        dense_units(backward, scratch, unit, count, params, add, dW1, db1, dW2);
    else
        for (size_t u = 0; u < count; u++)
            sparse_unit(backward, scratch, unit + u, params, add, dW1 + u * params->stride, db1 + u,
                        dW2 + u * params->stride);
}

void spine_backward_rows(const struct spine_backward *backward, struct spine_scratch *scratch,
                         size_t stride, size_t first, size_t end, float *db2)
{
    struct list list = {.which = scratch->which,
                        .factor = scratch->factor,
                        .part_end = scratch->part_end,
                        .merges = scratch->merges};
    size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0;
    if (first == end)
        return;
    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        for (size_t i = 0; i < block->rows; i++) {
            scratch->which[list.count] = (int32_t)(block->first_row + i);
            scratch->factor[list.count++] = 1;
        }
        const bool is_last = b + 1 == backward->num_blocks;
        if (is_last || block[1].leaf != block->leaf)
            end_part(scratch, list.count, list.num_parts++, waiting, &num_waiting, block->leaf,
                     is_last ? SIZE_MAX : block[1].leaf);
    }
    for (size_t c = first; c < end; c++)
        use.gather(&list, spine_chunk_begin(stride, c), spine_chunk_begin(stride, c + 1), stride,
                   backward->dY, NULL, db2);
}
