/* rowstream.c -- rows that stay in their file.
 *
 * The rows of a window are read stratum by stratum, in file order, and copied to the order of
 * steps. */
#include "spine/train/rowstream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/bfloat16.h"
#include "spine/math/kernels.h"

/* A window has at least LEAST_WINDOW rows of a stratum, in STRETCHES stretches, or in fewer if
 * these would have less than STRETCH_BYTES: shorter reads are hardly faster. */
enum { LEAST_WINDOW = 4, STRETCHES = 8, STRETCH_BYTES = 1 << 16 };

/* A row in a window, and its position there. */
struct spine_upcoming {
    size_t row, place;
};

void spine_rowstream_share(struct spine_sharing *sharing, size_t dim, double mib)
{
    const size_t row = spine_kernel_stride(dim) * sizeof(float);
    const double window = mib * (1 << 20) / (double)row / (double)sharing->batch_size;
    const size_t least_stretch = (STRETCH_BYTES + row - 1) / row;

    sharing->window = window > LEAST_WINDOW ? (size_t)window : LEAST_WINDOW;
    sharing->stretch =
        sharing->window / STRETCHES > least_stretch ? sharing->window / STRETCHES : least_stretch;
    if (sharing->stretch > sharing->window)
        sharing->stretch = sharing->window;
    sharing->window -= sharing->window % sharing->stretch; /* of whole stretches */
}

size_t spine_rowstream_bytes(const struct spine_partition *part, size_t dim, bool has_windows)
{
    const size_t stride = spine_kernel_stride(dim), rows = spine_partition_most_rows(part);
    const size_t length = has_windows ? spine_partition_window(part) : 0;

    return length * (rows * stride * sizeof(float) + sizeof(struct spine_upcoming) +
                     2 * sizeof(size_t)) +
           SPINE_ROWFILE_ROWS * (stride + dim) * sizeof(float);
}

static int allocate_window(struct spine_rowstream *stream, const struct spine_partition *part,
                           struct spine_error *err)
{
    static const char what[] = "the rows of the next steps";
    const size_t length = spine_partition_window(part);

    stream->length = length;
    stream->most_rows = spine_partition_most_rows(part);
    stream->window = spine_kernel_alloc(length * stream->most_rows * stream->stride, what, err);
    stream->upcoming = spine_memory_get(length, sizeof *stream->upcoming, what, err);
    stream->rows = spine_memory_get(length, sizeof *stream->rows, what, err);
    stream->counts = spine_memory_get(length, sizeof *stream->counts, what, err);
    if (stream->window == NULL || stream->upcoming == NULL || stream->rows == NULL ||
        stream->counts == NULL)
        return -1;
    return 0;
}

/* Seven parameters: an open file, and what to read from it in which order. */
int spine_rowstream_open(struct spine_rowstream *stream, struct spine_store *store,
                         const char *path, const struct spine_partition *part, size_t dim,
                         bool has_windows, struct spine_error *err)
{
    *stream = (struct spine_rowstream){.stride = spine_kernel_stride(dim)};
    int rc = spine_rowfile_open(&stream->file, store, path, dim, err);

    if (rc == 0) {
        stream->block = spine_kernel_alloc(SPINE_ROWFILE_ROWS * stream->stride, "some rows", err);
        rc = -(stream->block == NULL);
    }
    if (rc == 0 && has_windows)
        rc = allocate_window(stream, part, err);

    if (rc != 0)
        spine_rowstream_close(stream);
    return rc;
}

void spine_rowstream_close(struct spine_rowstream *stream)
{
    spine_rowfile_close(stream->file);
    free(stream->window);
    free(stream->block);
    free(stream->upcoming);
    free(stream->rows);
    free(stream->counts);
    *stream = (struct spine_rowstream){0};
}

/* --- Rows in file order -------------------------------------------------------------------- */

/* Find the first substitute for a row from 'row' on. */
static size_t find_substitute(const struct spine_rowstream *stream, size_t row)
{
    size_t low = 0, high = stream->num_substitutes;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (stream->substitutes[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void round_numbers(size_t count, float *values)
{
    enum { PIECE = 256 };
    uint16_t rounded[PIECE];

    for (size_t done = 0; done < count; done += PIECE) {
        const size_t now = count - done < PIECE ? count - done : PIECE;
        spine_bfloat16_pack(now, values + done, rounded);
        spine_bfloat16_unpack(now, rounded, values + done);
    }
}

static void scale(const struct spine_rowstream *stream, const struct spine_scaling *scaling,
                  size_t count, float *values)
{
    if (stream->stage >= SPINE_CLIPPED)
        spine_scaling_clip(scaling, count, values);
    if (stream->stage >= SPINE_WHITENED)
        spine_scaling_whiten(scaling, count, values);
    if (stream->stage < SPINE_SCALED)
        return;

    spine_scaling_multiply(scaling, count, values);
    if (stream->rounds)
        round_numbers(count * stream->stride, values);
}

void spine_rowstream_read(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                          size_t first, size_t count, float *values)
{
    const struct spine_substitute *all = stream->substitutes;

    spine_rowfile_read(stream->file, first, count, stream->stride, values);
    for (size_t s = find_substitute(stream, first);
         s < stream->num_substitutes && all[s].row < first + count; s++)
        spine_rowfile_read(stream->file, all[s].source, 1, stream->stride,
                           values + (all[s].row - first) * stream->stride);
    scale(stream, scaling, count, values);
}

/* --- Rows in the order of steps ------------------------------------------------------------ */

static int compare_rows(const void *a, const void *b)
{
    const struct spine_upcoming *one = a, *other = b;

    return one->row < other->row ? -1 : one->row > other->row;
}

/* List a stratum's rows in the window from step 'first' on, in file order; counts has the number of
 * rows of each step so far. Returns their number. */
static size_t list_upcoming(struct spine_rowstream *stream, const struct spine_partition *part,
                            size_t stratum, size_t first)
{
    size_t count = 0;

    spine_partition_upcoming(part, stratum, first, first + stream->length, stream->rows);
    for (size_t i = 0; i < stream->length; i++)
        if (stream->rows[i] != SIZE_MAX)
            stream->upcoming[count++] = (struct spine_upcoming){
                stream->rows[i], i * stream->most_rows + stream->counts[i]++};
    qsort(stream->upcoming, count, sizeof *stream->upcoming, compare_rows);
    return count;
}

/* Count the rows, from the first on, that are neighbours in the file. */
static size_t count_neighbours(const struct spine_upcoming *rows, size_t count)
{
    size_t neighbours = 1;

    while (neighbours < count && rows[neighbours].row == rows[0].row + neighbours)
        neighbours++;
    return neighbours;
}

/* Called for upcoming rows that are neighbours in the file. */
typedef void use_rows(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                      const struct spine_upcoming *rows, size_t count);

static void load(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                 const struct spine_upcoming *rows, size_t count)
{
    const size_t stride = stream->stride;

    for (size_t done = 0, now; done < count; done += now) {
        now = count - done < SPINE_ROWFILE_ROWS ? count - done : SPINE_ROWFILE_ROWS;
        spine_rowstream_read(stream, scaling, rows[done].row, now, stream->block);
        for (size_t i = 0; i < now; i++)
            memcpy(stream->window + rows[done + i].place * stride, stream->block + i * stride,
                   stride * sizeof *stream->window);
    }
}

/* Tell the kernel that these rows will be read. */
static void expect(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                   const struct spine_upcoming *rows, size_t count)
{
    (void)scaling;
    spine_rowfile_expect(stream->file, rows[0].row, count);
}

/* Call 'use' for the rows of the window from step 'first' on; there are none after the last
 * step. */
static void use_window(struct spine_rowstream *stream, const struct spine_scaling *scaling,
                       const struct spine_partition *part, size_t first, use_rows *use)
{
    if (first >= spine_partition_steps(part))
        return;

    memset(stream->counts, 0, stream->length * sizeof *stream->counts);
    for (size_t s = part->first_own; s < part->end_own; s++) {
        const size_t count = list_upcoming(stream, part, s, first);
        for (size_t done = 0, now; done < count; done += now) {
            now = count_neighbours(stream->upcoming + done, count - done);
            use(stream, scaling, stream->upcoming + done, now);
        }
    }
}

const float *spine_rowstream_step(struct spine_rowstream *stream,
                                  const struct spine_scaling *scaling,
                                  const struct spine_partition *part, size_t step)
{
    const size_t first = step / stream->length * stream->length;

    assert(stream->window != NULL && stream->stage == SPINE_SCALED);
    if (!stream->has_window || stream->epoch != part->epoch || stream->first_step != first) {
        use_window(stream, scaling, part, first, load);
        use_window(stream, scaling, part, first + stream->length, expect);
        stream->has_window = true;
        stream->epoch = part->epoch;
        stream->first_step = first;
    }
    return stream->window + (step - first) * stream->most_rows * stream->stride;
}
