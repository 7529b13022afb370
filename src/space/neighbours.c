/* neighbours.c -- the nearest dimensions of each dimension. */
#include "spine/space/neighbours.h"

#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"
#include "spine/space/overlap.h"

static int init(struct spine_neighbours *neighbours, size_t dimensions, size_t most,
                struct spine_error *err)
{
    *neighbours = (struct spine_neighbours){.dimensions = dimensions, .most = most};
    neighbours->count = spine_memory_zeroed(dimensions, sizeof *neighbours->count,
                                            "the neighbours of all dimensions", err);
    neighbours->list = spine_memory_zeroed(dimensions * most, sizeof *neighbours->list,
                                           "the neighbours of all dimensions", err);
    if (neighbours->count != NULL && neighbours->list != NULL)
        return 0;
    spine_neighbours_dispose(neighbours);
    return -1;
}

void spine_neighbours_dispose(struct spine_neighbours *neighbours)
{
    free(neighbours->count);
    free(neighbours->list);
    *neighbours = (struct spine_neighbours){0};
}

static void offer(struct spine_neighbours *neighbours, size_t dimension, size_t other,
                  float nearness)
{
    struct spine_ranked *list = neighbours->list + dimension * neighbours->most;
    size_t *count = &neighbours->count[dimension];

    if (*count < neighbours->most || nearness >= list[*count - 1].strength)
        spine_ranked_offer(list, count, neighbours->most,
                           (struct spine_ranked){nearness, (uint32_t)other});
}

/* --- Lists of several threads ------------------------------------------------------------- */

/* Every thread offers to lists of its own, which are joined in the end: offered in any order, the
 * nearest are the same. */
static void join(struct spine_neighbours *neighbours, const struct spine_neighbours *part)
{
    for (size_t j = 0; j < part->dimensions; j++)
        for (size_t i = 0; i < part->count[j]; i++) {
            const struct spine_ranked *near = &part->list[j * part->most + i];
            offer(neighbours, j, near->index, near->strength);
        }
}

/* --- By cosine ---------------------------------------------------------------------------- */

/* One product gives the cosines of two blocks of dimensions: half a megabyte. */
enum { BLOCK = 256 };

struct cosines {
    size_t dimensions, dim, stride;
    float *length; /* owned; (dimensions): of the rows of W */
    float *W; /* owned; (dimensions, stride): those rows scaled to length 1; zeros stay zeros */
};

/* What a thread has for itself. */
struct cosine_part {
    struct spine_neighbours found;
    float *packed;  /* owned; scratch of the product */
    float *product; /* owned; (BLOCK, BLOCK) */
};

static int begin_cosines(struct cosines *cosines, struct spine_error *err)
{
    static const char what[] = "the cosines of all dimensions";
    cosines->stride = spine_kernel_stride(cosines->dim);
    cosines->length = spine_memory_get(cosines->dimensions, sizeof *cosines->length, what, err);
    cosines->W = spine_kernel_alloc(cosines->dimensions * cosines->stride, what, err);
    if (cosines->length == NULL || cosines->W == NULL)
        return -1;
    return 0;
}

static void end_cosines(struct cosines *cosines)
{
    free(cosines->length);
    free(cosines->W);
}

static bool begin_part(struct cosine_part *part, const struct cosines *cosines, size_t most)
{
    struct spine_error ignored; /* the message is made where all threads have ended */
    part->packed = spine_kernel_alloc_packed(cosines->dim, "a product", &ignored);
    part->product = spine_kernel_alloc((size_t)BLOCK * BLOCK, "a product", &ignored);
    return part->packed != NULL && part->product != NULL &&
           init(&part->found, cosines->dimensions, most, &ignored) == 0;
}

static void end_part(struct cosine_part *part)
{
    free(part->packed);
    free(part->product);
    spine_neighbours_dispose(&part->found);
}

/* Copy the rows of W, scaled to length 1. */
static void scale_rows(struct cosines *cosines, const float *W, size_t stride)
{
    for (size_t j = 0; j < cosines->dimensions; j++) {
        const float *from = W + j * stride;
        float *to = cosines->W + j * cosines->stride, squares = 0;
#pragma omp simd reduction(+ : squares)
        for (size_t k = 0; k < cosines->dim; k++)
            squares += from[k] * from[k];

        cosines->length[j] = sqrtf(squares);
        for (size_t k = 0; squares > 0 && k < cosines->dim; k++)
            to[k] = from[k] / cosines->length[j];
    }
}

/* Offer the dimensions of the blocks from 'first' and from 'second' on to each other; a block to
 * itself only once. */
static void compare_blocks(struct cosine_part *part, const struct cosines *cosines, size_t first,
                           size_t second)
{
    const size_t all = cosines->dimensions, stride = cosines->stride;
    const size_t rows = all - first < BLOCK ? all - first : BLOCK;
    const size_t columns = all - second < BLOCK ? all - second : BLOCK;

    spine_kernel_product_rows(rows, cosines->dim, columns, BLOCK, stride,
                              cosines->W + first * stride, cosines->W + second * stride,
                              part->packed, part->product);

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns && cosines->length[first + i] > 0; j++) {
            const float cosine = part->product[i * BLOCK + j];
            if (first + i == second + j || !(cosines->length[second + j] > 0))
                continue;
            offer(&part->found, first + i, second + j, cosine);
            if (first != second)
                offer(&part->found, second + j, first + i, cosine);
        }
}

/* The least of the numbers of cores, of blocks, and of threads whose buffers fit into memory; 0 on
 * failure. */
static int choose_threads(size_t dimensions, struct spine_error *err)
{
    const size_t blocks = dimensions / BLOCK + 1, most = (size_t)omp_get_max_threads();

    return spine_kernel_prepare_threads((int)(blocks < most ? blocks : most), err);
}

/* Seven parameters: a matrix with its shape and stride. */
int spine_neighbours_by_cosine(struct spine_neighbours *neighbours, const float *W,
                               size_t dimensions, size_t dim, size_t stride, size_t most,
                               struct spine_error *err)
{
    struct cosines cosines = {.dimensions = dimensions, .dim = dim};
    int failed = 0;
    const int threads = choose_threads(dimensions, err);
    if (threads == 0 || begin_cosines(&cosines, err) || init(neighbours, dimensions, most, err)) {
        end_cosines(&cosines);
        return -1;
    }
    scale_rows(&cosines, W, stride);

#pragma omp parallel num_threads(threads) reduction(| : failed)
    {
        struct cosine_part part = {.packed = NULL};
        failed = !begin_part(&part, &cosines, most);

#pragma omp for schedule(dynamic)
        for (size_t first = 0; first < dimensions; first += BLOCK)
            for (size_t second = first; !failed && second < dimensions; second += BLOCK)
                compare_blocks(&part, &cosines, first, second);
#pragma omp critical
        if (!failed)
            join(neighbours, &part.found);
        end_part(&part);
    }

    end_cosines(&cosines);
    if (!failed)
        return 0;
    spine_neighbours_dispose(neighbours);
    return spine_memory_fail("the cosines of all dimensions", err);
}

/* --- By words, a dimension with all ------------------------------------------------------- */

/* The number of counts made at once, so that they stay in a cache, approximately; the most passes
 * over all rows; the values of a row from which rows are read one by one, since then cache misses
 * cost little compared with reading the row. Rows of two values a tile are counted by tiles. */
enum { COUNTS = 1 << 18, MOST_PASSES = 64, LONG_ROW = 64, OF_TILE = 2, MOST_ROWS = 1 << 22 };

/* Count in 'together', (dimensions), the words of 'rows', which activate one dimension, that also
 * activate dimension k. If all values of the codes are above 0, only the indices are read. */
static void count_picked(const struct spine_csr *codes, bool is_positive,
                         const struct spine_ranked *rows, size_t count, size_t dimensions,
                         uint32_t *together)
{
    memset(together, 0, dimensions * sizeof *together);
    for (size_t i = 0; i < count; i++) {
        const int64_t begin = codes->indptr[rows[i].index], end = codes->indptr[rows[i].index + 1];
        for (int64_t at = begin; is_positive && at < end; at++)
            together[codes->indices[at]]++;
        for (int64_t at = begin; !is_positive && at < end; at++)
            together[codes->indices[at]] += codes->data[at] > 0;
    }
}

/* Count in 'together', (count, dimensions), the words that activate both dimension first + i and
 * dimension k, in one pass over all rows in order: each short row read by itself would be a cache
 * miss. */
static void count_striped(const struct spine_csr *codes, size_t first, size_t count,
                          size_t dimensions, uint32_t *together)
{
    memset(together, 0, count * dimensions * sizeof *together);
    for (size_t row = 0; row < codes->rows; row++) {
        const int64_t begin = codes->indptr[row], end = codes->indptr[row + 1];
        for (int64_t at = begin; at < end; at++) {
            const size_t place = (size_t)codes->indices[at] - first;
            if (place >= count || !(codes->data[at] > 0)) /* other programs may store 0 */
                continue;
            uint32_t *counts = together + place * dimensions;
            for (int64_t with = begin; with < end; with++)
                counts[codes->indices[with]] += codes->data[with] > 0;
        }
    }
}

static bool is_positive(const struct spine_csr *codes)
{
    size_t positive = 0;
    for (size_t i = 0; i < codes->count; i++)
        positive += codes->data[i] > 0;
    return positive == codes->count;
}

/* Choose the number of dimensions to count at once: one if rows are long. */
static size_t choose_stripe(const struct spine_csr *codes, size_t width)
{
    const size_t fit = COUNTS / width, least = (width + MOST_PASSES - 1) / MOST_PASSES;
    if (codes->count >= LONG_ROW * codes->rows)
        return 1;
    return fit > least ? fit : least;
}

/* Find the neighbours of a dimension by its counts. */
static void choose_together(struct spine_neighbours *neighbours,
                            const struct spine_ranking *ranking, size_t dimension,
                            const uint32_t *counts)
{
    struct spine_ranked *list = neighbours->list + dimension * neighbours->most;
    for (size_t other = 0; other < ranking->dimensions; other++)
        if (other != dimension && counts[other] > 0)
            offer(neighbours, dimension, other,
                  (float)counts[other] / sqrtf((float)ranking->active[other]));
    for (size_t i = 0; i < neighbours->count[dimension]; i++)
        list[i].strength = (float)counts[list[i].index];
}

/* Find the neighbours by counting for one dimension at a time, or for some, the words shared with
 * all. */
static int compare_lines(struct spine_neighbours *neighbours, const struct spine_ranking *ranking,
                         const struct spine_csr *codes, struct spine_error *err)
{
    const size_t width = ranking->dimensions, stripe = choose_stripe(codes, width);
    const bool is_plain = stripe == 1 && is_positive(codes);
    int failed = 0;

#pragma omp parallel reduction(| : failed)
    {
        struct spine_error ignored; /* the message is made below */
        uint32_t *together =
            spine_memory_get(stripe * width, sizeof *together, "the counts", &ignored);
        failed = together == NULL;

#pragma omp for schedule(dynamic)
        for (size_t first = 0; first < width; first += stripe) {
            const size_t count = width - first < stripe ? width - first : stripe;
            if (failed)
                continue;
            if (stripe == 1)
                count_picked(codes, is_plain, spine_ranking_get(ranking, first),
                             ranking->active[first], width, together);
            else
                count_striped(codes, first, count, width, together);
            for (size_t i = 0; i < count; i++)
                choose_together(neighbours, ranking, first + i, together + i * width);
        }
        free(together);
    }

    return failed ? spine_memory_fail("the counts of all dimensions", err) : 0;
}

/* --- By words, a tile of dimensions with another one --------------------------------------- */

enum { TILE = SPINE_OVERLAP_TILE };

/* What a thread has for itself. */
struct overlap_part {
    struct spine_neighbours found;
    uint32_t *counts;     /* owned; (TILE, TILE) */
    const float *root;    /* (dimensions): of the words that a dimension is active for */
    float least[2][TILE]; /* of the two tiles' dimensions: what isn't nearer is no neighbour */
};

/* Rounding doesn't matter to what is left out so. */
static void find_least(struct overlap_part *part, size_t which, size_t first, size_t count)
{
    const size_t most = part->found.most;
    for (size_t i = 0; i < count; i++) {
        const size_t dimension = first + i;
        part->least[which][i] =
            part->found.count[dimension] < most
                ? 0
                : 0.999999F * part->found.list[(dimension + 1) * most - 1].strength;
    }
}

/* Is one of the dimensions from j on, LANES of the second tile, perhaps a neighbour of dimension i
 * of the first, or that of one of them? Lanes behind the last dimension have counts of 0. */
enum { LANES = 16 };
static bool may_be_near(const struct overlap_part *part, size_t i, size_t j, float root,
                        const float *roots)
{
    const uint32_t *counts = part->counts + i * TILE + j;
    int near = 0;
#pragma omp simd reduction(| : near)
    for (size_t k = 0; k < LANES; k++) {
        const float count = (float)(int32_t)counts[k];
        near |= (count > 0) &
                ((count >= part->least[0][i] * roots[k]) | (count >= part->least[1][j + k] * root));
    }
    return near != 0;
}

/* Offer to each other the dimensions of two tiles; those of a tile to each other once. */
static void compare_tiles(struct overlap_part *part, size_t first, size_t second)
{
    const size_t all = part->found.dimensions;
    const size_t rows = all - first < TILE ? all - first : TILE;
    const size_t columns = all - second < TILE ? all - second : TILE;
    find_least(part, 0, first, rows);
    find_least(part, 1, second, columns);

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            if (j % LANES == 0 &&
                !may_be_near(part, i, j, part->root[first + i], part->root + second + j)) {
                j += LANES - 1;
                continue;
            }
            const float count = (float)part->counts[i * TILE + j];
            if (!(count > 0) || first + i == second + j)
                continue;
            offer(&part->found, first + i, second + j, count / part->root[second + j]);
            if (first != second)
                offer(&part->found, second + j, first + i, count / part->root[first + i]);
        }
}

static bool begin_overlap_part(struct overlap_part *part, size_t dimensions, size_t most)
{
    struct spine_error ignored; /* the message is made where all threads have ended */
    part->counts = spine_memory_get((size_t)TILE * TILE, sizeof *part->counts, "counts", &ignored);
    return part->counts != NULL && init(&part->found, dimensions, most, &ignored) == 0;
}

/* The roots of the numbers of words of all dimensions, and zeros until the end of a tile. */
static float *find_roots(const struct spine_ranking *ranking, size_t tiles, struct spine_error *err)
{
    float *root = spine_memory_zeroed(tiles * TILE, sizeof *root, "the counts", err);
    for (size_t j = 0; root != NULL && j < ranking->dimensions; j++)
        root[j] = sqrtf((float)ranking->active[j]);
    return root;
}

static int compare_all_tiles(struct spine_neighbours *neighbours,
                             const struct spine_overlap *overlap, const float *root)
{
    int failed = 0;

#pragma omp parallel reduction(| : failed)
    {
        struct overlap_part part = {.root = root};
        failed = !begin_overlap_part(&part, neighbours->dimensions, neighbours->most);

#pragma omp for schedule(dynamic)
        for (size_t first = 0; first < overlap->tiles; first++)
            for (size_t second = first; !failed && second < overlap->tiles; second++) {
                spine_overlap_count(overlap, first, second, part.counts);
                compare_tiles(&part, first * TILE, second * TILE);
            }
#pragma omp critical
        if (!failed)
            join(neighbours, &part.found);
        spine_neighbours_dispose(&part.found);
        free(part.counts);
    }

    /* From the cosines back to the counts, which are whole and small enough for that. */
    for (size_t j = 0; j < neighbours->dimensions; j++)
        for (size_t i = 0; i < neighbours->count[j]; i++) {
            struct spine_ranked *near = &neighbours->list[j * neighbours->most + i];
            near->strength = (float)round((double)near->strength * (double)root[near->index]);
        }
    return failed;
}

static int compare_by_tiles(struct spine_neighbours *neighbours,
                            const struct spine_ranking *ranking, const struct spine_csr *codes,
                            struct spine_error *err)
{
    struct spine_overlap overlap;
    if (spine_overlap_init(&overlap, codes, ranking->dimensions, err))
        return -1;

    float *root = find_roots(ranking, overlap.tiles, err);
    int rc = -1;
    if (root != NULL)
        rc = compare_all_tiles(neighbours, &overlap, root)
                 ? spine_memory_fail("the counts of all dimensions", err)
                 : 0;
    free(root);
    spine_overlap_dispose(&overlap);
    return rc;
}

/* --- By words ----------------------------------------------------------------------------- */

/* Do rows have values in most tiles, and can they be numbered and counted as they are there? */
static bool fits_tiles(const struct spine_csr *codes, size_t dimensions)
{
    return codes->count / OF_TILE >= codes->rows * ((dimensions + TILE - 1) / TILE) &&
           codes->count >= LONG_ROW * codes->rows && codes->rows < MOST_ROWS &&
           codes->count < UINT32_MAX;
}

int spine_neighbours_by_words(struct spine_neighbours *neighbours,
                              const struct spine_ranking *ranking, const struct spine_csr *codes,
                              size_t most, struct spine_error *err)
{
    if (init(neighbours, ranking->dimensions, most, err))
        return -1;
    const int rc = fits_tiles(codes, ranking->dimensions)
                       ? compare_by_tiles(neighbours, ranking, codes, err)
                       : compare_lines(neighbours, ranking, codes, err);
    if (rc != 0)
        spine_neighbours_dispose(neighbours);
    return rc;
}
