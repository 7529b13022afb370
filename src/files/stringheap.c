/* stringheap.c -- strings of an HDF5 file, written by all ranks.
 *
 * A collection of a global heap has a header, then objects, each with a header and a string padded
 * to a multiple of 8 bytes. Here a collection has GROUP short strings, in the order of rows. HDF5
 * reads a collection as a whole, so long strings have their own collections, after all others. The
 * position of a string then follows from the number and the bytes of the strings before it. */
#include "spine/files/stringheap.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"

enum {
    GROUP = 256,
    LONG = 4096,             /* bytes from which on a string is long */
    HEADER = 16,             /* of a collection, and of an object */
    ELEMENT = 16,            /* of the vector */
    LEAST_COLLECTION = 4096, /* HDF5 reads so much of it at first */
    BLOCK = 1 << 20,         /* that is written at once */
};

static size_t padded(size_t length)
{
    return (length + 7) / 8 * 8;
}

static bool is_long(size_t length)
{
    return length >= LONG;
}

static size_t long_bytes(size_t length)
{
    return HEADER + HEADER + padded(length);
}

/* Where the collection begins whose first string is short string 'number', after 'before' bytes of
 * objects. */
static int64_t collection_at(int64_t number, int64_t before)
{
    return before + HEADER * (number / GROUP);
}

/* --- Planning ----------------------------------------------------------------------------- */

struct sums {
    int64_t strings, shorts, short_bytes, long_bytes;
};

static struct sums sum_strings(const struct spine_words *strings)
{
    struct sums sums = {.strings = (int64_t)strings->count};

    for (size_t i = 0; i < strings->count; i++) {
        const size_t length = strlen(spine_words_get(strings, i));
        assert(length > 0);
        if (is_long(length)) {
            sums.long_bytes += (int64_t)long_bytes(length);
        } else {
            sums.shorts++;
            sums.short_bytes += (int64_t)(HEADER + padded(length));
        }
    }
    return sums;
}

/* The first and last collections that begin with one of this rank's strings; -1 if there are
 * none. */
static void find_collections(const struct spine_stringheap *heap, const struct spine_words *strings,
                             int64_t *first, int64_t *last)
{
    int64_t number = heap->first_short, before = heap->short_at;

    *first = *last = -1;
    for (size_t i = 0; i < strings->count; i++) {
        const size_t length = strlen(spine_words_get(strings, i));
        if (is_long(length))
            continue;
        if (number % GROUP == 0) {
            *last = collection_at(number, before);
            *first = *first < 0 ? *last : *first;
        }
        number++;
        before += (int64_t)(HEADER + padded(length));
    }
}

/* Find the collections before and after this rank's, from the first and last ones of each rank. */
static void find_neighbours(struct spine_stringheap *heap, const struct spine_comm *comm,
                            const int64_t *collections, const struct sums *all)
{
    const int64_t num_groups = (all->shorts + GROUP - 1) / GROUP;
    const int64_t used = all->short_bytes + HEADER * num_groups;
    int64_t last = -1, end = used, owner = 0;

    for (int rank = 0; rank < comm->size; rank++)
        if (collections[2 * rank + 1] >= 0) {
            last = collections[2 * rank + 1];
            owner = rank;
        }
    if (last >= 0 && used < last + LEAST_COLLECTION)
        end = last + LEAST_COLLECTION;
    heap->gap = used;
    heap->gap_bytes = comm->rank == owner ? end - used : 0;
    heap->bytes = end + all->long_bytes;
    heap->long_at += end;

    heap->collection = -1;
    heap->next_collection = end;
    for (int rank = 0; rank < comm->rank; rank++)
        if (collections[2 * rank + 1] >= 0)
            heap->collection = collections[2 * rank + 1];
    for (int rank = comm->size - 1; rank > comm->rank; rank--)
        if (collections[2 * rank] >= 0)
            heap->next_collection = collections[2 * rank];
}

int spine_stringheap_plan(struct spine_stringheap *heap, struct spine_comm *comm,
                          const struct spine_words *strings, struct spine_error *err)
{
    const size_t count = 2 * (size_t)comm->size;
    const struct sums mine = sum_strings(strings);
    struct sums all = mine;

    int64_t *collections = spine_memory_get(count, sizeof *collections, "where words go", err);
    if (spine_comm_agree(comm, -(collections == NULL), err)) {
        free(collections);
        return -1;
    }

    *heap = (struct spine_stringheap){
        .first_string = spine_comm_sum_before(comm, mine.strings),
        .first_short = spine_comm_sum_before(comm, mine.shorts),
        .short_at = spine_comm_sum_before(comm, mine.short_bytes),
        .long_at = spine_comm_sum_before(comm, mine.long_bytes),
    };
    spine_comm_sum_counts(comm, &all.strings, sizeof all / sizeof all.strings);
    for (size_t i = 0; i < count; i++)
        collections[i] = -1;
    int64_t *own = collections + 2 * (size_t)comm->rank;
    find_collections(heap, strings, &own[0], &own[1]);
    spine_comm_max_counts(comm, collections, count);
    find_neighbours(heap, comm, collections, &all);

    free(collections);
    return 0;
}

/* --- Writing ------------------------------------------------------------------------------ */

/* Bytes of the file waiting to be written, from 'offset' on. */
struct waiting {
    const char *path;
    int64_t offset;
    size_t used, capacity;
    char *bytes; /* owned */
};

static int flush(struct waiting *waiting, struct spine_error *err)
{
    if (waiting->used > 0 &&
        spine_outfile_write(waiting->path, waiting->offset, waiting->bytes, waiting->used, err))
        return -1;
    waiting->offset += (int64_t)waiting->used;
    waiting->used = 0;
    return 0;
}

/* Get zeroed memory for 'count' more bytes; NULL on failure. */
static char *extend(struct waiting *waiting, size_t count, struct spine_error *err)
{
    if (waiting->used + count > BLOCK && flush(waiting, err))
        return NULL;
    if (spine_memory_reserve(&waiting->bytes, &waiting->capacity, waiting->used + count, 1,
                             "words to write", err))
        return NULL;
    char *at = waiting->bytes + waiting->used;
    memset(at, 0, count);
    waiting->used += count;
    return at;
}

/* Little-endian. */
static void put_whole(char *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++)
        at[i] = (char)(unsigned char)(value >> 8 * i);
}

static int put_collection(struct waiting *waiting, int64_t bytes, struct spine_error *err)
{
    static const char signature[] = {'G', 'C', 'O', 'L', 1}; /* version 1 */
    char *at = extend(waiting, HEADER, err);

    if (at == NULL)
        return -1;
    memcpy(at, signature, sizeof signature);
    put_whole(at + 8, (uint64_t)bytes, 8);
    return 0;
}

static int put_object(struct waiting *waiting, unsigned index, const char *string, size_t length,
                      struct spine_error *err)
{
    char *at = extend(waiting, HEADER + padded(length), err);

    if (at == NULL)
        return -1;
    put_whole(at, index, 2);
    put_whole(at + 8, length, 8);
    memcpy(at + HEADER, string, length);
    return 0;
}

struct writer {
    const struct spine_stringheap *heap;
    const struct spine_words *strings;
    int64_t heap_at;        /* in the file */
    int64_t number, before; /* of the next short string */
    int64_t collection;     /* that it belongs to */
    struct waiting elements, shorts, longs;
};

/* The bytes of the collection that begins with short string 'first'. */
static int64_t measure_collection(const struct writer *writer, size_t first)
{
    int64_t bytes = HEADER;
    int found = 0;

    for (size_t i = first; i < writer->strings->count && found < GROUP; i++) {
        const size_t length = strlen(spine_words_get(writer->strings, i));
        if (is_long(length))
            continue;
        bytes += (int64_t)(HEADER + padded(length));
        found++;
    }
    return found == GROUP ? bytes : writer->heap->next_collection - writer->collection;
}

/* Write short string i; *index is the index of its object in the writer's collection. */
static int write_short(struct writer *writer, size_t i, unsigned *index, struct spine_error *err)
{
    const char *string = spine_words_get(writer->strings, i);
    const size_t length = strlen(string);

    if (writer->number % GROUP == 0) {
        writer->collection = collection_at(writer->number, writer->before);
        if (put_collection(&writer->shorts, measure_collection(writer, i), err))
            return -1;
    }
    *index = (unsigned)(writer->number % GROUP) + 1;
    writer->number++;
    writer->before += (int64_t)(HEADER + padded(length));
    return put_object(&writer->shorts, *index, string, length, err);
}

/* Write long string i; *at is where its collection begins. */
static int write_long(struct writer *writer, size_t i, int64_t *at, struct spine_error *err)
{
    const char *string = spine_words_get(writer->strings, i);
    const size_t length = strlen(string);

    *at = writer->longs.offset + (int64_t)writer->longs.used - writer->heap_at;
    if (put_collection(&writer->longs, (int64_t)long_bytes(length), err) ||
        put_object(&writer->longs, 1, string, length, err))
        return -1;
    return 0;
}

static int write_string(struct writer *writer, size_t i, struct spine_error *err)
{
    const size_t length = strlen(spine_words_get(writer->strings, i));
    int64_t collection = 0;
    unsigned index = 1;

    if (is_long(length) ? write_long(writer, i, &collection, err)
                        : write_short(writer, i, &index, err))
        return -1;
    if (!is_long(length))
        collection = writer->collection;

    char *element = extend(&writer->elements, ELEMENT, err);
    if (element == NULL)
        return -1;
    put_whole(element, length, 4);
    put_whole(element + 4, (uint64_t)(writer->heap_at + collection), 8);
    put_whole(element + 12, index, 4);
    return 0;
}

/* The rest of the last collection is an object with number 0, whose size includes its header, if
 * there is space for one. */
static int write_gap(const struct spine_stringheap *heap, const char *path, int64_t heap_at,
                     struct spine_error *err)
{
    char header[HEADER] = {0};

    if (heap->gap_bytes < HEADER)
        return 0;
    put_whole(header + 8, (uint64_t)heap->gap_bytes, 8);
    return spine_outfile_write(path, heap_at + heap->gap, header, sizeof header, err);
}

int spine_stringheap_write(const struct spine_stringheap *heap, const char *path,
                           const struct spine_words *strings, int64_t elements, int64_t heap_at,
                           struct spine_error *err)
{
    const int64_t first_header = heap->first_short % GROUP == 0 ? 0 : HEADER;
    struct writer writer = {
        .heap = heap,
        .strings = strings,
        .heap_at = heap_at,
        .number = heap->first_short,
        .before = heap->short_at,
        .collection = heap->collection,
        .elements = {.path = path, .offset = elements + ELEMENT * heap->first_string},
        .shorts = {.path = path,
                   .offset =
                       heap_at + collection_at(heap->first_short, heap->short_at) + first_header},
        .longs = {.path = path, .offset = heap_at + heap->long_at},
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < strings->count; i++)
        rc = write_string(&writer, i, err);
    if (rc == 0 && (flush(&writer.elements, err) || flush(&writer.shorts, err) ||
                    flush(&writer.longs, err) || write_gap(heap, path, heap_at, err)))
        rc = -1;

    free(writer.elements.bytes);
    free(writer.shorts.bytes);
    free(writer.longs.bytes);
    return rc;
}
