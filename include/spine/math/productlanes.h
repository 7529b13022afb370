/* productlanes.h -- the products of products.c, for vectors of LANES floats: included once for each
 * width, with LANES, NAME() and CLONES defined.
 *
 * Every result is one chain of multiply-adds in a given order, whatever the width, the number of
 * rows and units in a call, and the position of a row or unit among them. Parameters are matrices
 * and their extents, as in BLAS. */

typedef float NAME(vector) __attribute__((vector_size(LANES * 4), aligned(LANES * 4), may_alias));

/* Vectors of a panel of 16 rows, or of a piece of 16 columns. */
#define PIECES (PANEL / LANES)

/* out (units, ROWS) = the scalar products of units of W (units, stride) and the first LANES *
 * 'vectors' rows of panels, each (dim, PANEL). Meanwhile, for every 16 columns, 'lines' more cache
 * lines are prefetched, from 'next' on. The parameters are as in BLAS. */
INLINE void NAME(product_tile)(const int units, const int vectors, size_t dim, size_t stride,
                               const float *packed, const float *W, const char *next, int lines,
                               float *out)
{
    NAME(vector) sum[6][4 * PIECES];
    for (int u = 0; u < units; u++)
        for (int v = 0; v < vectors; v++)
            sum[u][v] = (NAME(vector)){0};

    for (size_t k = 0; k < dim;) {
        const size_t end = dim - k < LINE ? dim : k + LINE;
        for (int l = 0; l < lines; l++)
            __builtin_prefetch(next + (size_t)l * LINE_BYTES);
        next += (size_t)lines * LINE_BYTES;
        for (; k < end; k++)
            for (int u = 0; u < units; u++) {
                const float weight = W[(size_t)u * stride + k];
                for (int v = 0; v < vectors; v++)
                    sum[u][v] +=
                        weight *
                        *(const NAME(vector) *)(packed + ((size_t)(v / PIECES) * dim + k) * PANEL +
                                                v % PIECES * LANES);
            }
    }

    for (int u = 0; u < units; u++)
        for (int v = 0; v < vectors; v++)
            *(NAME(vector) *)(out + u * ROWS + v * LANES) = sum[u][v];
}

/* The same for all rows of a block: by panels, or by half a panel if there are at most LANES rows.
 * The next rows of W are prefetched, since the processor's own prefetching comes too late. The
 * parameters are as in BLAS. */
CLONES
static void NAME(product)(size_t units, size_t rows, size_t dim, size_t stride, const float *packed,
                          const float *W, float *out)
{
    enum { AT_ONCE = LANES == PANEL ? 4 : 1 }; /* panels whose sums fit the registers */
    /* In an epoch's last step a block may have no rows. */
    if (rows == 0)
        return;
    const size_t panels = (rows + PANEL - 1) / PANEL;
    const size_t tiles = panels / AT_ONCE + panels % AT_ONCE;
    const int lines = (int)((units + tiles - 1) / tiles);
    const char *next = (const char *)(W + units * stride);

    for (size_t p = 0; p < panels;) {
        const float *panel = packed + p * dim * PANEL;
        float *to = out + p * PANEL;
        const int many = panels - p >= AT_ONCE;
#define WITH_UNITS(count)                                                                          \
    case count:                                                                                    \
        if (rows <= LANES)                                                                         \
            NAME(product_tile)(count, 1, dim, stride, panel, W, next, lines, to);                  \
        else if (many)                                                                             \
            NAME(product_tile)(count, AT_ONCE * PIECES, dim, stride, panel, W, next, lines, to);   \
        else                                                                                       \
            NAME(product_tile)(count, PIECES, dim, stride, panel, W, next, lines, to);             \
        break;
        switch (units) {
            WITH_UNITS(1)
            WITH_UNITS(2)
            WITH_UNITS(3)
            WITH_UNITS(4)
            WITH_UNITS(5)
            WITH_UNITS(6)
        }
#undef WITH_UNITS
        next += (size_t)lines * (stride / LINE) * LINE_BYTES;
        p += many ? AT_ONCE : 1;
    }
}

/* One piece of gather(): 'width' vectors. The loops over them are unrolled, so that they stay in
 * registers and the compiler doesn't call memset and memcpy. The parameters are as in BLAS. */
INLINE void NAME(gather_tile)(const int width, const struct spine_row_list *list, size_t stride,
                              const float *rows, const float *first, float *out)
{
    NAME(vector) stack[SPINE_TREE_LEVELS][TILE * PIECES], sum[TILE * PIECES];
    size_t p = 0;
    int top = 0;
    UNROLL
    for (int v = 0; v < width; v++)
        sum[v] = first == NULL ? (NAME(vector)){0} : *(const NAME(vector) *)(first + v * LANES);
    for (size_t s = 0; s < list->num_parts; s++) {
        for (; p < list->part_end[s]; p++) {
            const float *row = rows + (size_t)list->which[p] * stride;
            const float factor = list->factor[p];
            UNROLL
            for (int v = 0; v < width; v++)
                sum[v] += factor * *(const NAME(vector) *)(row + v * LANES);
        }
        for (int m = 0; m < list->merges[s]; m++) {
            top--;
            UNROLL
            for (int v = 0; v < width; v++)
                sum[v] = stack[top][v] + sum[v];
        }
        if (s + 1 < list->num_parts) {
            UNROLL
            for (int v = 0; v < width; v++) {
                stack[top][v] = sum[v];
                sum[v] = (NAME(vector)){0};
            }
            top++;
        }
    }
    UNROLL
    for (int v = 0; v < width; v++)
        *(NAME(vector) *)(out + v * LANES) = sum[v];
}

/* One chunk of gather() by tiles. The parameters are as above. */
INLINE void NAME(gather_chunk)(const struct spine_row_list *list, size_t panels, size_t stride,
                               const float *rows, const float *first, float *out)
{
#define WITH_WIDTH(width)                                                                          \
    case width:                                                                                    \
        NAME(gather_tile)(width * PIECES, list, stride, rows, first, out);                         \
        break;
    switch (panels) {
        WITH_WIDTH(1)
        WITH_WIDTH(2)
        WITH_WIDTH(3)
        WITH_WIDTH(4)
        WITH_WIDTH(5)
        WITH_WIDTH(6)
    }
#undef WITH_WIDTH
}

/* out = first + the sum of factor[p] * rows[which[p]] over a few rows, read side by side; 'count'
 * columns. The parameters are as above. */
INLINE void NAME(gather_few)(const int few, size_t count, const int32_t *which, const float *factor,
                             size_t stride, const float *rows, const float *first, float *out)
{
    const float *row[FEW_ROWS];
    for (int i = 0; i < few; i++)
        row[i] = rows + (size_t)which[i] * stride;

    for (size_t k = 0; k < count; k += LANES) {
        NAME(vector) sum = first == NULL ? (NAME(vector)){0} : *(const NAME(vector) *)(first + k);
        UNROLL
        for (int i = 0; i < few; i++)
            sum += factor[i] * *(const NAME(vector) *)(row[i] + k);
        *(NAME(vector) *)(out + k) = sum;
    }
}

/* The same over all rows of a list with one part, a few at a time. The parameters are as above. */
INLINE void NAME(gather_part)(const struct spine_row_list *list, size_t count, size_t stride,
                              const float *rows, const float *first, float *out)
{
    if (list->count == 0 && first == NULL)
        memset(out, 0, count * sizeof *out);
    else if (list->count == 0 && first != out) /* it is if another host's y is continued */
        memcpy(out, first, count * sizeof *out);
    for (size_t p = 0; p < list->count; p += FEW_ROWS) {
        const size_t left = list->count - p;
        const int32_t *which = list->which + p;
        const float *factor = list->factor + p;
#define WITH_ROWS(few)                                                                             \
    case few:                                                                                      \
        NAME(gather_few)(few, count, which, factor, stride, rows, first, out);                     \
        break;
        switch (left < FEW_ROWS ? left : FEW_ROWS) {
            WITH_ROWS(1)
            WITH_ROWS(2)
            WITH_ROWS(3)
            WITH_ROWS(4)
            WITH_ROWS(5)
            WITH_ROWS(6)
            WITH_ROWS(7)
            WITH_ROWS(8)
        }
#undef WITH_ROWS
        first = out;
    }
}

/* out = first + the sum of factor[p] * rows[which[p]], columns [begin, end), multiples of PANEL;
 * 'first' may be NULL for zero. The parameters are as above. */
CLONES
static void NAME(gather)(const struct spine_row_list *list, size_t begin, size_t end, size_t stride,
                         const float *rows, const float *first, float *out)
{
    if (list->num_parts == 1) {
        NAME(gather_part)
        (list, end - begin, stride, rows + begin, first == NULL ? NULL : first + begin,
         out + begin);
        return;
    }

    for (size_t k = begin; k < end; k += (size_t)TILE * PANEL) {
        const size_t left = (end - k) / PANEL;
        NAME(gather_chunk)
        (list, left < TILE ? left : TILE, stride, rows + k, first == NULL ? NULL : first + k,
         out + k);
    }
}

/* The sums of the lanes of four rows: the upper half of PANEL lanes onto the lower one, and so
 * on. */
INLINE quarter NAME(sum_lanes)(NAME(vector) sum[4][PIECES])
{
    quarter four[4];
    for (int i = 0; i < 4; i++) {
        quarter part[PANEL / 4];
        memcpy(part, sum[i], sizeof part);
        four[i] = (part[0] + part[2]) + (part[1] + part[3]);
    }

    /* Transposed, lane 0 of all rows is a vector. */
    const quarter a = SHUFFLE(four[0], four[1], 0, 4, 1, 5);
    const quarter b = SHUFFLE(four[2], four[3], 0, 4, 1, 5);
    const quarter c = SHUFFLE(four[0], four[1], 2, 6, 3, 7);
    const quarter d = SHUFFLE(four[2], four[3], 2, 6, 3, 7);
    const quarter lane0 = SHUFFLE(a, b, 0, 1, 4, 5), lane1 = SHUFFLE(a, b, 2, 3, 6, 7);
    const quarter lane2 = SHUFFLE(c, d, 0, 1, 4, 5), lane3 = SHUFFLE(c, d, 2, 3, 6, 7);
    return (lane0 + lane2) + (lane1 + lane3);
}

/* out[p] = the scalar product of 'row' and rows[which[p]], (stride). */
CLONES
static void NAME(dots)(const struct spine_row_list *list, size_t stride, const float *rows,
                       const float *row, float *out)
{
    enum { FEW = 4 };
    const size_t count = list->count;
    for (size_t p = 0; p < count; p += FEW) {
        const float *other[FEW];
        NAME(vector) sum[FEW][PIECES];
        for (size_t i = 0; i < FEW; i++) {
            other[i] = rows + (size_t)list->which[p + i < count ? p + i : count - 1] * stride;
            for (int v = 0; v < PIECES; v++)
                sum[i][v] = (NAME(vector)){0};
        }
        for (size_t k = 0; k < stride; k += PANEL)
            for (int v = 0; v < PIECES; v++) {
                const NAME(vector) factor = *(const NAME(vector) *)(row + k + v * LANES);
                for (size_t i = 0; i < FEW; i++)
                    sum[i][v] += factor * *(const NAME(vector) *)(other[i] + k + v * LANES);
            }
        const quarter four = NAME(sum_lanes)(sum);
        for (size_t i = 0; i < FEW && p + i < count; i++)
            out[p + i] = four[i];
    }
}

/* One step of dots_gather(): 'few' rows. The parameters are as in BLAS. */
INLINE void NAME(dots_gather_few)(const int few, const int32_t *which, const float *factor,
                                  size_t stride, const float *rows, const float *row,
                                  const float *first, float *dots, float *out)
{
    NAME(vector) sum[4][PIECES] = {{{0}}};
    const float *other[4];
    for (int i = 0; i < few; i++)
        other[i] = rows + (size_t)which[i] * stride;

    for (size_t k = 0; k < stride; k += PANEL)
        for (int v = 0; v < PIECES; v++) {
            const size_t at = k + (size_t)v * LANES;
            const NAME(vector) of_row = *(const NAME(vector) *)(row + at);
            NAME(vector) so_far = {0};
            if (first != NULL)
                so_far = *(const NAME(vector) *)(first + at);
            UNROLL
            for (int i = 0; i < few; i++) {
                const NAME(vector) values = *(const NAME(vector) *)(other[i] + at);
                sum[i][v] += of_row * values;
                so_far += factor[i] * values;
            }
            *(NAME(vector) *)(out + at) = so_far;
        }

    const quarter four = NAME(sum_lanes)(sum);
    for (int i = 0; i < few; i++)
        dots[i] = four[i];
}

/* dots() and gather() of a list with one part, all columns, which reads its rows once for both. The
 * parameters are as above. */
CLONES
static void NAME(dots_gather)(const struct spine_row_list *list, size_t stride, const float *rows,
                              const float *row, float *dots, float *out)
{
    const float *first = NULL;
    if (list->count == 0)
        memset(out, 0, stride * sizeof *out);

    for (size_t p = 0; p < list->count; p += 4) {
        const size_t left = list->count - p;
        const int32_t *which = list->which + p;
        const float *factor = list->factor + p;
#define WITH_ROWS(few)                                                                             \
    case few:                                                                                      \
        NAME(dots_gather_few)(few, which, factor, stride, rows, row, first, dots + p, out);        \
        break;
        switch (left < 4 ? left : 4) {
            WITH_ROWS(1)
            WITH_ROWS(2)
            WITH_ROWS(3)
            WITH_ROWS(4)
        }
#undef WITH_ROWS
        first = out;
    }
}

/* One tile of outer(): 'few' rows of out, 'width' vectors of each. The parameters are as in
 * BLAS. */
INLINE void NAME(outer_tile)(const int few, const int width, size_t count, const float *a,
                             size_t a_row, size_t a_step, size_t stride, const float *b, float *out)
{
    NAME(vector) sum[4][3 * PIECES];
    for (int i = 0; i < few; i++)
        for (int v = 0; v < width; v++)
            sum[i][v] = *(const NAME(vector) *)(out + (size_t)i * stride + v * LANES);
    for (size_t q = 0; q < count; q++)
        for (int i = 0; i < few; i++) {
            const float factor = a[(size_t)i * a_row + q * a_step];
            for (int v = 0; v < width; v++)
                sum[i][v] += factor * *(const NAME(vector) *)(b + q * stride + v * LANES);
        }
    for (int i = 0; i < few; i++)
        for (int v = 0; v < width; v++)
            *(NAME(vector) *)(out + (size_t)i * stride + v * LANES) = sum[i][v];
}

/* out (few, stride) += the sum over q of a(i, q) b[q], columns [begin, end), multiples of PANEL;
 * a(i, q) is a[i * a_row + q * a_step], b is (count, stride). At most 4 rows. The parameters are as
 * above. */
CLONES
static void NAME(outer)(size_t few, size_t count, const float *a, size_t a_row, size_t a_step,
                        size_t begin, size_t end, size_t stride, const float *b, float *out)
{
    enum { WIDE = LANES == PANEL ? 3 * PIECES : 3, STEP = WIDE * LANES };
    size_t k = begin;
#define WITH_ROWS(rows, width)                                                                     \
    case rows:                                                                                     \
        NAME(outer_tile)(rows, width, count, a, a_row, a_step, stride, b + k, out + k);            \
        break;
#define WITH_WIDTH(width)                                                                          \
    switch (few) {                                                                                 \
        WITH_ROWS(1, width)                                                                        \
        WITH_ROWS(2, width)                                                                        \
        WITH_ROWS(3, width)                                                                        \
        WITH_ROWS(4, width)                                                                        \
    }
    for (; k + STEP <= end; k += STEP)
        WITH_WIDTH(WIDE)
    for (; k < end; k += LANES)
        WITH_WIDTH(1)
#undef WITH_WIDTH
#undef WITH_ROWS
}

#undef PIECES
