/* strings.c -- strings in an HDF5 file. */
#include "spine/files/strings.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/files/array.h"
#include "spine/files/h5.h"
#include "spine/files/object.h"

enum {
    NAME = 256,   /* bytes of a dataset's name */
#ifdef SPINE_FUZZ /* small files go beyond it */
    CHUNK = 16,
    LEAST_CHUNK = 4,
#else
    CHUNK = 1 << 13, /* the most strings in a chunk, and the strings read at once */
    LEAST_CHUNK = 1 << 6,
#endif
};

int spine_strings_make(struct spine_store *store, const char *name, size_t expected,
                       struct spine_error *err)
{
    const size_t least = expected < LEAST_CHUNK ? LEAST_CHUNK : expected;
    const hid_t type = spine_h5_string_type();
    const int rc = spine_h5_make_growing(store, name, type, least < CHUNK ? least : CHUNK, err);

    H5Tclose(type);
    return rc;
}

int spine_strings_make_at(struct spine_store *store, const char *name, size_t count,
                          int64_t *offset, struct spine_error *err)
{
    const hsize_t extent = count;
    const hid_t type = spine_h5_string_type();
    const int rc =
        spine_h5_make_at(store, name, type, H5Screate_simple(1, &extent, NULL), offset, err);

    H5Tclose(type);
    return rc;
}

int spine_strings_append(struct spine_store *store, const char *name,
                         const struct spine_words *words, struct spine_error *err)
{
    const char **pointers =
        spine_memory_get(words->count + 1, sizeof *pointers, "words to write", err);
    if (pointers == NULL)
        return -1;
    for (size_t i = 0; i < words->count; i++)
        pointers[i] = spine_words_get(words, i);
    const hid_t type = spine_h5_string_type();
    bool has = false;
    int rc = spine_object_find(store, name, &has, err);
    if (rc == 0 && !has)
        rc = spine_strings_make(store, name, CHUNK, err);
    if (rc == 0)
        rc = spine_h5_append(store, name, type, words->count, pointers, err);
    H5Tclose(type);
    free(pointers);
    return rc;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* AnnData's form of pandas' categories: a group with the strings, and a number for each row. */
struct categorical {
    char categories[NAME], codes[NAME]; /* the datasets' names */
};

static bool is_categorical(struct spine_store *store, const char *name,
                           struct categorical *categorical)
{
    const int lengths[2] = {
        snprintf(categorical->categories, NAME, "%s/categories", name),
        snprintf(categorical->codes, NAME, "%s/codes", name),
    };

    return lengths[0] < NAME && lengths[1] < NAME &&
           spine_object_has(store, categorical->categories) &&
           spine_object_has(store, categorical->codes);
}

int spine_strings_count(struct spine_store *store, const char *name, size_t *count,
                        struct spine_error *err)
{
    struct spine_h5_facts facts;
    struct categorical categorical;

    if (is_categorical(store, name, &categorical))
        return spine_array_extent(store, categorical.codes, SPINE_ARRAY_INT32, count, NULL, err);
    if (spine_h5_look_up(store, name, &facts, err))
        return -1;
    if (!facts.is_text || facts.dimensions != 1)
        return spine_refuse(err, "%s: '%s' is not a vector of strings", store->path, name);
    if (!facts.is_held)
        return spine_h5_refuse_missing(store, name, err);
    *count = facts.extent[0];
    return 0;
}

/* Append the strings that HDF5 has read to 'words', and free them. */
static int take_words(struct spine_words *words, char **texts, size_t count,
                      struct spine_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        const char *word = texts[i] == NULL ? "" : texts[i];
        if (rc == 0)
            rc = spine_words_add(words, word, strlen(word), err);
        free(texts[i]);
    }
    return rc;
}

/* Strings [first, first + count) of a dataset. */
struct part {
    const char *name;
    hid_t dataset;
    size_t first, count;
};

/* The memory that HDF5 may allocate for strings: no more than the size of the file. Otherwise a
 * file whose strings share one object of its heap could need any amount of memory. */
struct budget {
    size_t left;
    bool is_spent;
};

static void *allocate(size_t bytes, void *context)
{
    struct budget *budget = context;

    if (bytes > budget->left) {
        budget->is_spent = true;
        return NULL;
    }
    budget->left -= bytes;
    return malloc(bytes);
}

static void release(void *memory, void *context)
{
    (void)context;
    free(memory);
}

/* Read strings [first, first + count) to 'texts', which the caller frees. */
static int read_texts(const struct part *part, hid_t type, hid_t transfer, size_t first,
                      size_t count, char **texts)
{
    const hid_t file = H5Dget_space(part->dataset);
    const hsize_t start = first, size = count;
    const hid_t memory = H5Screate_simple(1, &size, NULL);
    int rc = -1;

    if (H5Sselect_hyperslab(file, H5S_SELECT_SET, &start, NULL, &size, NULL) >= 0 &&
        H5Dread(part->dataset, type, memory, file, transfer, texts) >= 0)
        rc = 0;

    const hid_t reason = H5Eget_current_stack(); /* why it failed, if it did */
    H5Sclose(memory);
    H5Sclose(file);
    H5Eset_current_stack(reason);
    return rc;
}

static int read_variable_words(const struct spine_store *store, struct part part,
                               struct spine_words *words, struct spine_error *err)
{
    const hid_t type = H5Dget_type(part.dataset);
    const hid_t transfer = spine_h5_transfer_list(type, part.count < CHUNK ? part.count : CHUNK);
    char **texts = spine_memory_get(CHUNK, sizeof *texts, "words to read", err);
    hsize_t bytes = 0;
    int rc = -(texts == NULL);

    H5Fget_filesize(store->file, &bytes);
    struct budget budget = {.left = bytes + part.count}; /* a NUL each */
    H5Pset_vlen_mem_manager(transfer, allocate, &budget, release, NULL);
    for (size_t done = 0; rc == 0 && done < part.count; done += CHUNK) {
        const size_t left = part.count - done, rows = left < CHUNK ? left : CHUNK;
        if (read_texts(&part, type, transfer, part.first + done, rows, texts) == 0)
            rc = take_words(words, texts, rows, err);
        else if (budget.is_spent)
            rc = spine_h5_refuse_missing(store, part.name, err);
        else
            rc = spine_h5_fail_object(store, "read", part.name, err);
    }

    free(texts);
    H5Pclose(transfer);
    H5Tclose(type);
    return rc;
}

/* Read strings of 'length' bytes each, padded with NULs or blanks. */
static int read_fixed_words(const struct spine_store *store, struct part part, size_t length,
                            struct spine_words *words, struct spine_error *err)
{
    const hid_t type = H5Dget_type(part.dataset);
    const bool has_blanks = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    const size_t most = SPINE_H5_TRANSFER / length + 1;
    char *text = spine_memory_get(most, length, "words to read", err);
    int rc = -(text == NULL);

    for (size_t done = 0; rc == 0 && done < part.count; done += most) {
        const size_t left = part.count - done, rows = left < most ? left : most;
        if (spine_h5_transfer(part.dataset, SPINE_H5_READ, type, part.first + done, rows, 1, text))
            rc = spine_h5_fail_object(store, "read", part.name, err);
        for (size_t i = 0; rc == 0 && i < rows; i++) {
            const char *word = text + i * length;
            size_t bytes = strnlen(word, length);
            while (has_blanks && bytes > 0 && word[bytes - 1] == ' ')
                bytes--;
            rc = spine_words_add(words, word, bytes, err);
        }
    }
    free(text);
    H5Tclose(type);
    return rc;
}

static int read_dataset(struct spine_store *store, const char *name, size_t first, size_t count,
                        struct spine_words *words, struct spine_error *err)
{
    enum { MOST_LENGTH = 1 << 20 };
    struct spine_h5_facts facts;

    if (spine_h5_look_up(store, name, &facts, err))
        return -1;
    if (facts.length > MOST_LENGTH)
        return spine_refuse(err, "%s: '%s' has strings of %zu bytes", store->path, name,
                            facts.length);

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const struct part part = {name, dataset, first, count};
    if (dataset < 0)
        return spine_h5_fail_object(store, "open", name, err);
    const int rc = facts.length == 0 ? read_variable_words(store, part, words, err)
                                     : read_fixed_words(store, part, facts.length, words, err);
    H5Dclose(dataset);
    return rc;
}

/* Append the strings of rows; a row without a category has an empty string. */
static int pick_categories(const struct spine_store *store, const char *name, const int32_t *codes,
                           size_t count, struct spine_words *words, struct spine_error *err)
{
    const struct spine_words *all = &store->categories;

    for (size_t i = 0; i < count; i++) {
        if (codes[i] >= 0 && (size_t)codes[i] >= all->count)
            return spine_refuse(err, "%s: '%s' has the category %d of %zu", store->path, name,
                                (int)codes[i], all->count);
        const char *word = codes[i] < 0 ? "" : spine_words_get(all, (size_t)codes[i]);
        if (spine_words_add(words, word, strlen(word), err))
            return -1;
    }
    return 0;
}

/* Read all categories once: rows are read in blocks, and each could need any of them. */
static int read_categories(struct spine_store *store, const char *name, struct spine_error *err)
{
    size_t count = 0;

    if (store->categories_of != NULL && strcmp(store->categories_of, name) == 0)
        return 0;
    free(store->categories_of);
    store->categories_of = NULL;
    spine_words_dispose(&store->categories);
    if (spine_strings_count(store, name, &count, err) ||
        read_dataset(store, name, 0, count, &store->categories, err))
        return -1;
    store->categories_of = spine_memory_copy(name, "the categories of words", err);
    if (store->categories_of == NULL)
        return -1;
    return 0;
}

static int read_categorical(struct spine_store *store, const struct categorical *categorical,
                            size_t first, size_t count, struct spine_words *words,
                            struct spine_error *err)
{
    int32_t *codes = spine_memory_get(count + 1, sizeof *codes, "the categories of words", err);
    int rc = codes == NULL ? -1 : read_categories(store, categorical->categories, err);

    if (rc == 0)
        rc = spine_array_read(store, categorical->codes, SPINE_ARRAY_INT32, first, count, 1, codes,
                              err);
    if (rc == 0)
        rc = pick_categories(store, categorical->codes, codes, count, words, err);

    free(codes);
    return rc;
}

/* Are these the values of AnnData's nullable strings? A mask beside them has 1 where one is
 * missing, whatever its value is. */
static bool is_nullable(struct spine_store *store, const char *name, char mask[NAME])
{
    static const char ending[] = "/values";
    const size_t length = strlen(name), shorter = length - strlen(ending);

    if (length < strlen(ending) || length >= NAME || strcmp(name + shorter, ending) != 0)
        return false;
    snprintf(mask, NAME, "%.*s/mask", (int)shorter, name);
    return spine_object_has(store, mask);
}

/* Check the mask of 'total' strings: bytes, which h5py writes as an enumeration. */
static int check_mask(struct spine_store *store, const char *mask, size_t total,
                      struct spine_error *err)
{
    struct spine_h5_facts facts;

    if (spine_h5_look_up(store, mask, &facts, err))
        return -1;
    if (facts.dimensions != 1 || facts.extent[0] != total || facts.is_text)
        return spine_refuse(err, "%s: '%s' doesn't have a truth value for each of %zu strings",
                            store->path, mask, total);
    return facts.is_held ? 0 : spine_h5_refuse_missing(store, mask, err);
}

/* Append strings; where the mask is set, an empty one. Seven parameters: those of
 * spine_strings_read(), and the mask. */
static int read_nullable(struct spine_store *store, const char *name, const char *mask,
                         size_t first, size_t count, struct spine_words *words,
                         struct spine_error *err)
{
    struct spine_words values = {0};
    int32_t *missing = spine_memory_get(count + 1, sizeof *missing, "the mask of words", err);
    int rc = missing == NULL ? -1 : read_dataset(store, name, first, count, &values, err);

    if (rc == 0)
        rc = spine_array_read(store, mask, SPINE_ARRAY_INT32, first, count, 1, missing, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *word = missing[i] != 0 ? "" : spine_words_get(&values, i);
        rc = spine_words_add(words, word, strlen(word), err);
    }

    spine_words_dispose(&values);
    free(missing);
    return rc;
}

int spine_strings_read(struct spine_store *store, const char *name, size_t first, size_t count,
                       struct spine_words *words, struct spine_error *err)
{
    struct categorical categorical;
    char mask[NAME];
    size_t total = 0;

    if (spine_strings_count(store, name, &total, err))
        return -1;
    if (is_categorical(store, name, &categorical))
        return read_categorical(store, &categorical, first, count, words, err);
    if (!is_nullable(store, name, mask))
        return read_dataset(store, name, first, count, words, err);
    if (check_mask(store, mask, total, err))
        return -1;
    return read_nullable(store, name, mask, first, count, words, err);
}

/* --- Single strings ----------------------------------------------------------------------- */

int spine_strings_put(struct spine_store *store, const char *name, const char *text,
                      struct spine_error *err)
{
    const hid_t type = spine_h5_string_type();
    const int rc = spine_h5_put_scalar(store, name, type, type, &text, err);
    H5Tclose(type);
    return rc;
}
