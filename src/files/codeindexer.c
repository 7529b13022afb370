/* codeindexer.c -- an index of merged codes: writing it (codeindex.h).
 *
 * The codes are read once to count the entries of dimensions, and then once for every MOST_ENTRIES
 * entries, which are sorted into columns in memory: so memory doesn't grow with the codes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "spine/base/lookup.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/codeindex.h"
#include "spine/files/strings.h"

enum {
#ifdef SPINE_FUZZ
    MOST_ENTRIES = 64,
#else
    MOST_ENTRIES = 4 << 20, /* sorted at once, unless one dimension has more: 32 MiB */
#endif
    SLOTS_BLOCK = 1 << 14,
};

struct indexer {
    struct spine_codes codes;
    struct spine_codeindex index; /* only its header, start and offsets */
    FILE *file;                   /* NULL until it is made */
    double *squares;              /* owned; (rows) */
    bool is_fit;                  /* could the values be indexed so far? */
    /* Of the dimensions [first, end) that are sorted at the moment. */
    size_t first, end;
    struct spine_ranked *entries; /* owned; those of start[first] to start[end] */
    uint64_t *next;               /* owned; (dimensions): where the next entry of one goes */
    struct spine_ranked *top;     /* owned; (dimensions, SPINE_CODEINDEX_TOP) */
};

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "words begin at 64-bit offsets");

/* Call visit(row, dimension, value, strength) for all values, by row, as long as they can be
 * indexed. */
static int visit_values(struct indexer *indexer,
                        void (*visit)(struct indexer *, size_t, size_t, float, float),
                        struct spine_error *err)
{
    struct spine_codes *codes = &indexer->codes;
    const size_t block = spine_codes_block_rows(codes);

    for (size_t first = 0; first < codes->rows && indexer->is_fit; first += block) {
        const size_t count = codes->rows - first < block ? codes->rows - first : block;
        if (spine_codes_read(codes, first, count, err))
            return -1;

        const struct spine_csr *values = &codes->block, *excess = &codes->block_excess;
        for (size_t i = 0; i < count; i++) {
            int64_t above = excess->indptr[i];
            for (int64_t at = values->indptr[i]; at < values->indptr[i + 1]; at++) {
                const int32_t dimension = values->indices[at];
                const float value = values->data[at];
                const float strength = value + spine_csr_seek(excess, i, dimension, &above);
                visit(indexer, first + i, (size_t)dimension, value, strength);
            }
        }
    }
    return 0;
}

static void count_value(struct indexer *indexer, size_t row, size_t dimension, float value,
                        float strength)
{
    indexer->index.start[dimension + 1]++;
    indexer->squares[row] += (double)value * (double)value;
    indexer->is_fit = indexer->is_fit && value > 0 &&
                      fmin((double)strength, indexer->index.header.cap) == (double)value;
}

static void sort_value(struct indexer *indexer, size_t row, size_t dimension, float value,
                       float strength)
{
    (void)value;
    if (dimension >= indexer->first && dimension < indexer->end)
        indexer->entries[indexer->next[dimension]++] =
            (struct spine_ranked){strength, (uint32_t)row};
}

/* --- Before the file ---------------------------------------------------------------------- */

static int allocate(struct indexer *indexer, struct spine_error *err)
{
    static const char what[] = "the index of codes";
    const size_t width = indexer->codes.hidden;

    indexer->index.start = spine_memory_zeroed(width + 1, sizeof *indexer->index.start, what, err);
    indexer->squares =
        spine_memory_zeroed(indexer->codes.rows, sizeof *indexer->squares, what, err);
    indexer->next = spine_memory_get(width, sizeof *indexer->next, what, err);
    indexer->top =
        spine_memory_zeroed(width * SPINE_CODEINDEX_TOP, sizeof *indexer->top, what, err);
    return indexer->index.start == NULL || indexer->squares == NULL || indexer->next == NULL ||
                   indexer->top == NULL
               ? -1
               : 0;
}

static int count_values(struct indexer *indexer, struct spine_error *err)
{
    indexer->is_fit = indexer->codes.rows > 0 && indexer->codes.rows < UINT32_MAX / 4;
    indexer->index.header.cap = indexer->codes.num_excess > 0 ? 1 : (double)INFINITY;
    if (!indexer->is_fit)
        return 0;
    if (allocate(indexer, err) || visit_values(indexer, count_value, err))
        return -1;

    uint64_t *start = indexer->index.start;
    for (size_t j = 0; j < indexer->codes.hidden; j++)
        start[j + 1] += start[j];
    return 0;
}

/* --- The file ----------------------------------------------------------------------------- */

static int put(struct indexer *indexer, const void *data, size_t bytes, struct spine_error *err)
{
    if (fwrite(data, 1, bytes, indexer->file) == bytes)
        return 0;
    return spine_fail(err, "%s: %s", indexer->index.path, strerror(errno));
}

static int put_header(struct indexer *indexer, const struct spine_words *words, size_t slots,
                      struct spine_error *err)
{
    struct spine_codeindex_header *header = &indexer->index.header;

    memcpy(header->name, SPINE_CODEINDEX_NAME, sizeof header->name);
    header->mark = SPINE_CODEINDEX_MARK;
    header->version = SPINE_CODEINDEX_VERSION;
    header->rows = indexer->codes.rows;
    header->dimensions = indexer->codes.hidden;
    header->values = indexer->codes.num_values;
    header->text = words->bytes;
    header->slots = slots;
    if (spine_codeindex_stamp(indexer->codes.path, &header->codes_bytes, &header->codes_check, err))
        return -1;
    header->check = XXH3_64bits(header, offsetof(struct spine_codeindex_header, check));

    return put(indexer, header, sizeof *header, err) ||
                   put(indexer, indexer->index.start,
                       (header->dimensions + 1) * sizeof *indexer->index.start, err) ||
                   put(indexer, indexer->squares, header->rows * sizeof *indexer->squares, err)
               ? -1
               : 0;
}

/* The table in halves of its slots' size. */
static int put_slots(struct indexer *indexer, const struct spine_lookup *lookup,
                     struct spine_error *err)
{
    uint32_t block[SLOTS_BLOCK];

    for (size_t first = 0; first <= lookup->mask; first += SLOTS_BLOCK) {
        const size_t left = lookup->mask + 1 - first;
        const size_t count = left < SLOTS_BLOCK ? left : SLOTS_BLOCK;
        for (size_t i = 0; i < count; i++)
            block[i] = (uint32_t)lookup->slots[first + i];
        if (put(indexer, block, count * sizeof *block, err))
            return -1;
    }
    return 0;
}

/* Write the header and everything about words. */
static int put_words(struct indexer *indexer, struct spine_error *err)
{
    const struct spine_codes *codes = &indexer->codes;
    struct spine_words words = {0};
    struct spine_lookup lookup = {0};
    int rc = -1;

    if (spine_strings_read(codes->store, codes->words, 0, codes->rows, &words, err) == 0 &&
        spine_lookup_init(&lookup, codes->rows, err) == 0) {
        const uint64_t end = words.bytes;
        for (size_t i = 0; i < words.count; i++)
            spine_lookup_add(&lookup, &words, i);
        rc = put_header(indexer, &words, lookup.mask + 1, err) ||
                     put(indexer, words.start, words.count * sizeof *words.start, err) ||
                     put(indexer, &end, sizeof end, err) ||
                     put(indexer, words.text, words.bytes, err) || put_slots(indexer, &lookup, err)
                 ? -1
                 : 0;
    }

    spine_lookup_dispose(&lookup);
    spine_words_dispose(&words);
    return rc;
}

/* Write the entries of the dimensions from 'first' on, as many as fit into memory, and find their
 * strongest. */
static int put_some(struct indexer *indexer, struct spine_error *err)
{
    const uint64_t *start = indexer->index.start;
    const size_t width = indexer->codes.hidden, first = indexer->first;

    indexer->end = first + 1;
    while (indexer->end < width && start[indexer->end + 1] - start[first] <= MOST_ENTRIES)
        indexer->end++;
    for (size_t j = first; j < indexer->end; j++)
        indexer->next[j] = start[j] - start[first];

    const size_t count = start[indexer->end] - start[first];
    free(indexer->entries);
    indexer->entries = spine_memory_get(count, sizeof *indexer->entries, "the index of codes", err);
    if (indexer->entries == NULL || visit_values(indexer, sort_value, err))
        return -1;

    for (size_t j = first; j < indexer->end; j++) {
        size_t found = 0;
        for (uint64_t i = start[j]; i < start[j + 1]; i++)
            spine_ranked_offer(indexer->top + j * SPINE_CODEINDEX_TOP, &found, SPINE_CODEINDEX_TOP,
                               indexer->entries[i - start[first]]);
    }
    return put(indexer, indexer->entries, count * sizeof *indexer->entries, err);
}

static int put_all(struct indexer *indexer, struct spine_error *err)
{
    const size_t width = indexer->codes.hidden;

    if (put_words(indexer, err))
        return -1;
    for (indexer->first = 0; indexer->first < width; indexer->first = indexer->end)
        if (put_some(indexer, err))
            return -1;
    return put(indexer, indexer->top, width * SPINE_CODEINDEX_TOP * sizeof *indexer->top, err);
}

static int write_file(struct indexer *indexer, struct spine_error *err)
{
    const char *path = indexer->index.path;

    indexer->file = spine_outfile_create_text(path, err);
    if (indexer->file == NULL)
        return -1;
    if (put_all(indexer, err)) {
        fclose(indexer->file);
        spine_outfile_discard(path);
        return -1;
    }
    return spine_outfile_finish_text(indexer->file, path, err);
}

void spine_codeindex_remove(const char *codes)
{
    char path[SPINE_PATH];

    if (spine_codeindex_path(path, codes))
        unlink(path);
}

int spine_codeindex_write(const char *codes, struct spine_error *err)
{
    struct indexer indexer = {.is_fit = false};
    if (!spine_codeindex_path(indexer.index.path, codes))
        return 0;
    if (spine_codes_open_merged(&indexer.codes, codes, err))
        return -1;

    int rc = count_values(&indexer, err);
    if (rc == 0 && indexer.is_fit)
        rc = write_file(&indexer, err);

    spine_codes_close(&indexer.codes);
    free(indexer.index.start);
    free(indexer.squares);
    free(indexer.entries);
    free(indexer.next);
    free(indexer.top);
    return rc;
}

size_t spine_codeindex_bytes(size_t rows, uint64_t values)
{
    const size_t word = 8 + 24 + 24; /* its square; the word in a list; its slots in a table */
    return rows * word +
           (size_t)(values < MOST_ENTRIES ? values : MOST_ENTRIES) * sizeof(struct spine_ranked);
}
