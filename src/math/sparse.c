/* sparse.c -- the products of a training step on the active pairs only.
 *
 * Rows of length D are walked through in tiles of up to TILE vectors of 16 floats, whose sums stay
 * in registers while the listed rows stream by. A tile's width must be known to the compiler for
 * that, so every width has its own copy of the inner loop: with_width() chooses. */
#include "spine/math/sparse.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(64), aligned(64), may_alias));

enum { WIDTH = SPINE_ALIGN, TILE = 8 };

/* With a vector more: whole vectors are stored, also at the end. */
static void *allocate(size_t count, size_t size, struct spine_error *err)
{
    return spine_memory_aligned(count + sizeof(vector) / size, size, "the active units of a batch",
                                err);
}

int spine_pairs_init(struct spine_pairs *pairs, size_t most_rows, size_t hidden,
                     struct spine_error *err)
{
    const size_t most = most_rows * hidden;
    *pairs = (struct spine_pairs){.hidden = hidden};
    pairs->row_begin = allocate(most_rows + 1, sizeof *pairs->row_begin, err);
    pairs->unit = allocate(most, sizeof *pairs->unit, err);
    pairs->value = allocate(most, sizeof *pairs->value, err);
    pairs->unit_begin = allocate(hidden + 1, sizeof *pairs->unit_begin, err);
    pairs->row = allocate(most, sizeof *pairs->row, err);
    pairs->unit_value = allocate(most, sizeof *pairs->unit_value, err);
    pairs->gradient = allocate(most, sizeof *pairs->gradient, err);
    pairs->open = allocate(most, sizeof *pairs->open, err);
    pairs->flags = allocate(hidden + sizeof(uint64_t), 1, err);
    if (pairs->row_begin != NULL && pairs->unit != NULL && pairs->value != NULL &&
        pairs->unit_begin != NULL && pairs->row != NULL && pairs->unit_value != NULL &&
        pairs->gradient != NULL && pairs->open != NULL && pairs->flags != NULL) {
        memset(pairs->flags, 0, hidden + sizeof(uint64_t));
        return 0;
    }
    spine_pairs_dispose(pairs);
    return -1;
}

void spine_pairs_dispose(struct spine_pairs *pairs)
{
    free(pairs->row_begin);
    free(pairs->unit);
    free(pairs->value);
    free(pairs->unit_begin);
    free(pairs->row);
    free(pairs->unit_value);
    free(pairs->gradient);
    free(pairs->open);
    free(pairs->flags);
    *pairs = (struct spine_pairs){0};
}

size_t spine_pairs_bytes(size_t most_rows, size_t hidden, double density)
{
    const size_t pair = 2 * sizeof(int32_t) + 3 * sizeof(float) + sizeof(uint8_t);
    return (size_t)(density * (double)most_rows * (double)hidden) * pair +
           (most_rows + hidden) * sizeof(size_t);
}

/* --- Listing ------------------------------------------------------------------------------ */

/* z += bias; flags[j] = 1 where z_j counts, else 0. A NaN counts, so that it isn't lost. */
SPINE_CLONES
static void flag_active(size_t hidden, const float *restrict bias, float *restrict z,
                        uint8_t *restrict flags)
{
    for (size_t j = 0; j < hidden; j++) {
        z[j] += bias[j];
        flags[j] = (uint8_t)(z[j] < 0 ? 0 : 1);
    }
}

/* Append the numbers of the set flags to unit; eight flags are read as one word, whose lowest
 * set bit finds the next. Returns how many there were. */
static size_t list_flags(size_t hidden, const uint8_t *flags, int32_t *unit)
{
    size_t count = 0;
    for (size_t j = 0; j < hidden; j += sizeof(uint64_t)) {
        uint64_t eight;
        memcpy(&eight, flags + j, sizeof eight);
        eight = le64toh(eight); /* the first flag is the lowest byte */
        for (; eight != 0; eight &= eight - 1)
            unit[count++] = (int32_t)(j + (size_t)__builtin_ctzll(eight) / 8);
    }
    return count;
}

/* List the pairs by row, count them by unit in unit_begin, and sum h. */
static void list_rows(size_t n, size_t hidden, const float *bias, float *z,
                      struct spine_pairs *pairs, struct spine_code_sums *sums)
{
    size_t count = 0, *const counts = pairs->unit_begin;
    float *const h_sum = sums->h, *const psl_sum = sums->psl;

    for (size_t i = 0; i < n; i++) {
        float *z_row = z + i * hidden;
        pairs->row_begin[i] = count;
        flag_active(hidden, bias, z_row, pairs->flags);
        const int32_t *const unit = pairs->unit + count;
        float *const value = pairs->value + count;
        const size_t in_row = list_flags(hidden, pairs->flags, pairs->unit + count);
        size_t zeros = 0;

        for (size_t p = 0; p < in_row; p++) {
            const int32_t j = unit[p];
            const float h = z_row[j] > 1 ? 1 : z_row[j];
            value[p] = h;
            h_sum[j] += h;
            psl_sum[j] += h * (1 - h);
            counts[j]++;
            zeros += h == 0;
        }
        count += in_row;
        sums->active += in_row - zeros;
    }
    pairs->row_begin[n] = count;
    pairs->count = count;
}

/* Sort the pairs by unit; rows stay in order. unit_begin has each unit's number of pairs. */
static void list_units(const float *z, struct spine_pairs *pairs)
{
    size_t *const begin = pairs->unit_begin, hidden = pairs->hidden;
    size_t end = 0;
    for (size_t j = 0; j <= hidden; j++) {
        const size_t size = begin[j];
        begin[j] = end;
        end += size;
    }

    /* Each unit's begin moves up as its pairs are filled in, and so ends where the next one begins. */
    for (size_t i = 0; i < pairs->rows; i++) {
        const float *const z_row = z + i * hidden;
        for (size_t p = pairs->row_begin[i]; p < pairs->row_begin[i + 1]; p++) {
            const int32_t j = pairs->unit[p];
            const size_t pair = begin[j]++;
            pairs->row[pair] = (int32_t)i;
            pairs->unit_value[pair] = pairs->value[p];
            pairs->open[pair] = (uint8_t) !(z_row[j] > 1);
        }
    }
    memmove(begin + 1, begin, hidden * sizeof *begin);
    begin[0] = 0;
}

void spine_sparse_clamp(size_t n, size_t hidden, const float *bias, float *z,
                        struct spine_pairs *pairs, struct spine_code_sums *sums)
{
    pairs->rows = n;
    memset(sums->h, 0, hidden * sizeof *sums->h);
    memset(sums->psl, 0, hidden * sizeof *sums->psl);
    memset(pairs->unit_begin, 0, (hidden + 1) * sizeof *pairs->unit_begin);
    sums->active = 0;
    list_rows(n, hidden, bias, z, pairs, sums);
    list_units(z, pairs);
}

/* --- Sums of listed rows ------------------------------------------------------------------ */

/* out = first + sum of value[p] * rows[which[p]], for 'width' vectors of each row. As in BLAS, the
 * parameters are sizes and matrices. */
INLINE void gather_tile(const int width, size_t count, const int32_t *which, const float *value,
                        size_t stride, const float *rows, const float *first, float *out)
{
    vector sum[TILE];

    for (int v = 0; v < width; v++)
        sum[v] = first == NULL ? (vector){0} : *(const vector *)(first + v * WIDTH);
    for (size_t p = 0; p < count; p++) {
        const float *row = rows + (size_t)which[p] * stride;
        const float factor = value[p];
        for (int v = 0; v < width; v++)
            sum[v] += factor * *(const vector *)(row + v * WIDTH);
    }
    for (int v = 0; v < width; v++)
        *(vector *)(out + v * WIDTH) = sum[v];
}

/* out (stride) = first + sum of value[p] * rows[which[p]]; first may be NULL for zero. For its
 * parameters see above. */
INLINE void gather_rows(size_t count, const int32_t *which, const float *value, size_t stride,
                        const float *rows, const float *first, float *out)
{
    const size_t vectors = stride / WIDTH, tiles = (vectors + TILE - 1) / TILE;
    size_t begin = 0;

    for (size_t t = 0; t < tiles; t++) {
        const size_t end = (t + 1) * vectors / tiles; /* widths differ by at most one */
        const size_t at = begin * WIDTH;
        const float *tile_first = first == NULL ? NULL : first + at;
#define WITH_WIDTH(width)                                                                          \
    case width:                                                                                    \
        gather_tile(width, count, which, value, stride, rows + at, tile_first, out + at);          \
        break;
        switch (end - begin) {
            WITH_WIDTH(1)
            WITH_WIDTH(2)
            WITH_WIDTH(3)
            WITH_WIDTH(4)
            WITH_WIDTH(5)
            WITH_WIDTH(6)
            WITH_WIDTH(7)
            WITH_WIDTH(8)
        }
#undef WITH_WIDTH
        begin = end;
    }
}

INLINE float sum_lanes(const vector *v)
{
    float lanes[WIDTH];
    memcpy(lanes, v, sizeof lanes);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++)
            lanes[lane] += lanes[lane + half];
    return lanes[0];
}

/* out[p] = the scalar product of row (stride) and rows[which[p]]; four at a time, so that their
 * sums don't wait for one another. */
INLINE void scalar_products(size_t count, const int32_t *which, size_t stride, const float *rows,
                            const float *row, float *out)
{
    enum { FEW = 4 };
    size_t p = 0;

    for (; p + FEW <= count; p += FEW) {
        const float *other[FEW];
        vector sum[FEW] = {{0}};
        for (int i = 0; i < FEW; i++)
            other[i] = rows + (size_t)which[p + (size_t)i] * stride;
        for (size_t k = 0; k < stride; k += WIDTH) {
            const vector factor = *(const vector *)(row + k);
            for (int i = 0; i < FEW; i++)
                sum[i] += factor * *(const vector *)(other[i] + k);
        }
        for (int i = 0; i < FEW; i++)
            out[p + (size_t)i] = sum_lanes(&sum[i]);
    }
    for (; p < count; p++) {
        const float *other = rows + (size_t)which[p] * stride;
        vector sum = {0};
        for (size_t k = 0; k < stride; k += WIDTH)
            sum += *(const vector *)(row + k) * *(const vector *)(other + k);
        out[p] = sum_lanes(&sum);
    }
}

SPINE_CLONES
void spine_sparse_decode(const struct spine_pairs *pairs, size_t stride, const float *W2,
                         const float *b2, float *y)
{
    for (size_t i = 0; i < pairs->rows; i++) {
        const size_t begin = pairs->row_begin[i], count = pairs->row_begin[i + 1] - begin;
        gather_rows(count, pairs->unit + begin, pairs->value + begin, stride, W2, b2,
                    y + i * stride);
    }
}

/* Seven parameters: a slice of the units, and matrices. */
SPINE_CLONES
void spine_sparse_decoder_gradient(struct spine_pairs *pairs, size_t first, size_t end,
                                   size_t stride, const float *dY, const float *W2, float *dW2)
{
    for (size_t j = first; j < end; j++) {
        const size_t begin = pairs->unit_begin[j], count = pairs->unit_begin[j + 1] - begin;
        scalar_products(count, pairs->row + begin, stride, dY, W2 + j * stride,
                        pairs->gradient + begin);
        gather_rows(count, pairs->row + begin, pairs->unit_value + begin, stride, dY, NULL,
                    dW2 + j * stride);
    }
}

/* Nine parameters: a slice of the units, matrices, and the two of the sparsity losses. */
SPINE_CLONES
void spine_sparse_encoder_gradient(struct spine_pairs *pairs, size_t first, size_t end,
                                   size_t stride, const float *x, const float *add, float slope,
                                   float *dW1, float *db1)
{
    for (size_t j = first; j < end; j++) {
        const size_t begin = pairs->unit_begin[j], count = pairs->unit_begin[j + 1] - begin;
        float sum = 0;
        for (size_t p = begin; p < begin + count; p++) {
            const float h = pairs->unit_value[p];
            const float inside = pairs->gradient[p] + (add[j] - slope * h);
            pairs->gradient[p] = pairs->open[p] ? inside : 0;
            sum += pairs->gradient[p];
        }
        db1[j] = sum;
        gather_rows(count, pairs->row + begin, pairs->gradient + begin, stride, x, NULL,
                    dW1 + j * stride);
    }
}
