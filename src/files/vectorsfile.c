/* vectorsfile.c -- vectors.h5: words and their vectors. */
#include "spine/files/vectorsfile.h"

#include <string.h>

#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/object.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"

static const char format[] = "spine-vectors", vectors_name[] = "/vectors", words_name[] = "/words";

/* --- Reading ------------------------------------------------------------------------------ */

int spine_vectorsfile_open(struct spine_store **store, struct spine_comm *comm, const char *path,
                           struct spine_error *err)
{
    struct spine_error ignored;

    if (spine_store_open_all(store, comm, path, NULL, err))
        return -1;
    int rc = spine_attribute_has(*store, "/", "format")
                 ? spine_store_check_format(*store, format, err)
                 : 0;
    if (comm != NULL)
        rc = spine_comm_agree(comm, rc, err);
    if (rc) {
        spine_store_close(*store, &ignored);
        *store = NULL; /* callers dispose of it even after a failure */
    }
    return rc;
}

bool spine_vectorsfile_has_vectors(struct spine_store *store)
{
    return spine_object_has(store, vectors_name);
}

int spine_vectorsfile_extent(struct spine_store *store, const char *path, size_t *rows, size_t *dim,
                             struct spine_error *err)
{
    size_t num_words = 0;

    if (spine_array_extent(store, vectors_name, SPINE_ARRAY_FLOAT, rows, dim, err) ||
        spine_strings_count(store, words_name, &num_words, err))
        return -1;

    if (num_words != *rows)
        return spine_refuse(err, "%s: has %zu words for %zu vectors", path, num_words, *rows);
    if (*rows == 0 || *dim == 0)
        return spine_refuse(err, "%s: has no vectors", path);

    return 0;
}

int spine_vectorsfile_read(struct spine_store *store, size_t first, size_t count, size_t stride,
                           float *values, struct spine_error *err)
{
    return spine_array_read(store, vectors_name, SPINE_ARRAY_FLOAT, first, count, stride, values,
                            err);
}

int spine_vectorsfile_find(struct spine_store *store, const char *path, int64_t *offset,
                           struct spine_error *err)
{
    if (spine_array_find(store, vectors_name, SPINE_ARRAY_FLOAT, offset, err))
        return -1;

    if (*offset < 0)
        return spine_refuse(err,
                            "%s: its vectors can't be read while training: they are compressed, "
                            "chunked or not 32-bit floats; convert it with spine-convert, or set "
                            "data.residency = memory and data.dtype = float32",
                            path);
    return 0;
}

int spine_vectorsfile_read_words(struct spine_store *store, size_t first, size_t count,
                                 struct spine_words *words, struct spine_error *err)
{
    return spine_strings_read(store, words_name, first, count, words, err);
}

/* --- Writing ------------------------------------------------------------------------------ */

int spine_vectorsfile_create(struct spine_store **store, const char *path, struct spine_error *err)
{
    return spine_store_create(store, path, format, err);
}

static int set_count(struct spine_store *store, const char *name, int64_t count,
                     struct spine_error *err)
{
    return spine_attribute_set_integers(store, "/", name, &count, 1, err);
}

/* Seven parameters: the file, its extent, and what else is in it. */
int spine_vectorsfile_begin(struct spine_store *store, size_t rows, size_t dim,
                            const struct spine_stringheap *heap,
                            const struct spine_vectorsfile_origin *origin,
                            struct spine_vectorsfile_places *places, struct spine_error *err)
{
    const char *source = spine_path_name(origin->source);
    const int64_t skipped = origin->rows_left_out + origin->rows_repeated;

    if (spine_strings_make_at(store, words_name, rows, &places->elements, err) ||
        spine_attribute_set_text(store, "/", "source", source, err) ||
        set_count(store, "rows_skipped", skipped, err) ||
        set_count(store, "rows_bad", origin->rows_left_out, err) ||
        set_count(store, "rows_repeated", origin->rows_repeated, err) ||
        spine_array_make_at(store, vectors_name, SPINE_ARRAY_FLOAT, rows, dim, &places->vectors,
                            err) ||
        spine_store_reserve(store, heap->bytes, &places->heap, err))
        return -1;

    return 0;
}

int spine_vectorsfile_put_words(const char *path, const struct spine_vectorsfile_places *places,
                                const struct spine_stringheap *heap,
                                const struct spine_words *words, struct spine_error *err)
{
    return spine_stringheap_write(heap, path, words, places->elements, places->heap, err);
}

/* Seven parameters: the file, a range of rows, and their numbers. */
int spine_vectorsfile_put(const char *path, const struct spine_vectorsfile_places *places,
                          size_t first, size_t count, size_t dim, const float *values,
                          struct spine_error *err)
{
    const size_t row = dim * sizeof *values;

    return spine_outfile_write(path, places->vectors + (int64_t)(first * row), values, count * row,
                               err);
}
