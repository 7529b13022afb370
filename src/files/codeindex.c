/* codeindex.c -- an index of merged codes: reading it.
 *
 * Numbers from the file are checked where they are used: a damaged index must not cause accesses
 * out of bounds. */
#include "spine/files/codeindex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "spine/base/filefacts.h"
#include "spine/base/infile.h"
#include "spine/base/memory.h"

enum {
    MOST_DIMENSIONS = 1 << 20,
    LONGEST = 1 << 30, /* of a word */
    NUM_SAMPLES = 64,  /* of the codes, spread over them */
    SAMPLE = 4096,     /* bytes */
};

static int fail_damaged(const struct spine_codeindex *index, struct spine_error *err)
{
    return spine_fail(err, "%s: is damaged; remove it: codes can be read without it", index->path);
}

/* Read exactly 'bytes' bytes; false if the file ends before them (errno 0) or can't be read. */
static bool read_at(int file, uint64_t offset, void *out, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t got = pread(file, (char *)out + done, bytes - done, (off_t)(offset + done));
        if (got == 0)
            errno = 0;
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static int read_part(const struct spine_codeindex *index, uint64_t offset, void *out, size_t bytes,
                     struct spine_error *err)
{
    if (read_at(index->file, offset, out, bytes))
        return 0;
    if (errno != 0)
        return spine_fail(err, "%s: %s", index->path, strerror(errno));
    return fail_damaged(index, err);
}

/* --- Does it match the codes? ------------------------------------------------------------- */

bool spine_codeindex_path(char *path, const char *codes)
{
    static const char from[] = ".h5ad", to[] = ".index";
    const size_t length = strlen(codes), stem = length - strlen(from);

    if (length <= strlen(from) || strcmp(codes + stem, from) != 0 || stem + sizeof to > SPINE_PATH)
        return false;
    snprintf(path, SPINE_PATH, "%.*s%s", (int)stem, codes, to);
    return true;
}

int spine_codeindex_stamp(const char *codes, uint64_t *bytes, uint64_t *check,
                          struct spine_error *err)
{
    char sample[SAMPLE];
    struct stat facts;
    const int file = spine_infile_open(codes);
    bool is_read = file >= 0 && fstat(file, &facts) == 0;

    *bytes = is_read ? (uint64_t)facts.st_size : 0;
    *check = 0;
    for (uint64_t i = 0; is_read && i < NUM_SAMPLES; i++) {
        const uint64_t at = *bytes <= SAMPLE ? 0 : (*bytes - SAMPLE) / (NUM_SAMPLES - 1) * i;
        const size_t count = *bytes < SAMPLE ? (size_t)*bytes : SAMPLE;
        is_read = read_at(file, at, sample, count);
        *check = XXH3_64bits_withSeed(sample, count, *check);
    }

    const int reason = errno;
    if (file >= 0)
        close(file);
    return is_read ? 0
                   : spine_fail(err, "%s: can't read it: %s", codes,
                                reason == 0 ? "it ends too early" : strerror(reason));
}

static bool is_header(const struct spine_codeindex_header *header)
{
    return memcmp(header->name, SPINE_CODEINDEX_NAME, sizeof header->name) == 0 &&
           header->mark == SPINE_CODEINDEX_MARK && header->version == SPINE_CODEINDEX_VERSION &&
           header->check == XXH3_64bits(header, offsetof(struct spine_codeindex_header, check)) &&
           header->dimensions > 0 && header->dimensions <= MOST_DIMENSIONS && header->rows > 0 &&
           header->slots > header->rows && (header->slots & (header->slots - 1)) == 0;
}

/* Fill the offsets from the header. Returns the size of the file. */
static uint64_t place(struct spine_codeindex *index)
{
    const struct spine_codeindex_header *header = &index->header;
    uint64_t at = sizeof *header + (header->dimensions + 1) * sizeof *index->start;

    index->squares = at;
    at += header->rows * sizeof(double);
    index->begin = at;
    at += (header->rows + 1) * sizeof(uint64_t);
    index->text = at;
    at += header->text;
    index->slots = at;
    at += header->slots * sizeof(uint32_t);
    index->entries = at;
    at += header->values * sizeof(struct spine_ranked);
    index->top = at;
    return at + header->dimensions * SPINE_CODEINDEX_TOP * sizeof(struct spine_ranked);
}

/* Is the open file an index of the codes as they are? */
static bool belongs(struct spine_codeindex *index, const char *codes)
{
    struct spine_error ignored; /* an unreadable index counts as absent */
    struct stat own, theirs;
    uint64_t bytes, check;

    return fstat(index->file, &own) == 0 && stat(codes, &theirs) == 0 &&
           !spine_filefacts_is_newer(&theirs, &own) &&
           read_at(index->file, 0, &index->header, sizeof index->header) &&
           is_header(&index->header) && (uint64_t)own.st_size == place(index) &&
           spine_codeindex_stamp(codes, &bytes, &check, &ignored) == 0 &&
           bytes == index->header.codes_bytes && check == index->header.codes_check;
}

/* --- Opening ------------------------------------------------------------------------------ */

static int read_start(struct spine_codeindex *index, struct spine_error *err)
{
    const size_t width = index->header.dimensions;

    index->start = spine_memory_get(width + 1, sizeof *index->start, "the index of codes", err);
    if (index->start == NULL || read_part(index, sizeof index->header, index->start,
                                          (width + 1) * sizeof *index->start, err))
        return -1;

    bool fits = index->start[0] == 0 && index->start[width] == index->header.values;
    for (size_t j = 0; j < width; j++)
        fits = fits && index->start[j] <= index->start[j + 1];
    return fits ? 0 : fail_damaged(index, err);
}

int spine_codeindex_open(struct spine_codeindex *index, const char *codes, bool *has,
                         struct spine_error *err)
{
    *index = (struct spine_codeindex){.file = -1};
    *has = false;
    if (!spine_codeindex_path(index->path, codes))
        return 0;
    index->file = spine_infile_open(index->path);
    if (index->file < 0)
        return 0;

    *has = belongs(index, codes);
    const int rc = *has ? read_start(index, err) : 0;
    if (rc != 0)
        *has = false;
    if (!*has)
        spine_codeindex_close(index);
    return rc;
}

void spine_codeindex_close(struct spine_codeindex *index)
{
    if (index->file >= 0)
        close(index->file);
    free(index->start);
    index->start = NULL;
    index->file = -1;
}

/* --- Words -------------------------------------------------------------------------------- */

/* Find the word of a row in the text, and its length. */
static int find_span(const struct spine_codeindex *index, size_t row, uint64_t *first,
                     size_t *length, struct spine_error *err)
{
    uint64_t span[2];

    if (row >= index->header.rows)
        return fail_damaged(index, err);
    if (read_part(index, index->begin + row * sizeof *span, span, sizeof span, err))
        return -1;
    if (span[0] >= span[1] || span[1] > index->header.text || span[1] - span[0] > LONGEST)
        return fail_damaged(index, err);

    *first = span[0];
    *length = (size_t)(span[1] - span[0]) - 1; /* without the NUL */
    return 0;
}

int spine_codeindex_word(const struct spine_codeindex *index, size_t row, struct spine_words *words,
                         struct spine_error *err)
{
    char brief[256], *text = brief;
    uint64_t first = 0;
    size_t length = 0;

    if (find_span(index, row, &first, &length, err))
        return -1;
    if (length > sizeof brief)
        text = spine_memory_get(length, 1, "a word", err);
    if (text == NULL)
        return -1;

    const int rc = read_part(index, index->text + first, text, length, err) ||
                           spine_words_add(words, text, length, err)
                       ? -1
                       : 0;
    if (text != brief)
        free(text);
    return rc;
}

/* Is this the word of the row? */
static int compare(const struct spine_codeindex *index, size_t row, const char *word, bool *is_it,
                   struct spine_error *err)
{
    struct spine_words found = {0};
    uint64_t first = 0;
    size_t length = 0;

    *is_it = false;
    if (find_span(index, row, &first, &length, err))
        return -1;
    if (length != strlen(word))
        return 0;

    const int rc = spine_codeindex_word(index, row, &found, err);
    *is_it = rc == 0 && strcmp(spine_words_get(&found, 0), word) == 0;
    spine_words_dispose(&found);
    return rc;
}

int spine_codeindex_find(const struct spine_codeindex *index, const char *word, int64_t *row,
                         struct spine_error *err)
{
    const uint64_t mask = index->header.slots - 1;
    uint64_t at = XXH3_64bits(word, strlen(word)) & mask;

    *row = -1;
    for (uint64_t i = 0; i <= mask; i++, at = (at + 1) & mask) {
        uint32_t slot = 0;
        bool is_it = false;
        if (read_part(index, index->slots + at * sizeof slot, &slot, sizeof slot, err))
            return -1;
        if (slot == 0)
            return 0;
        if (compare(index, slot - 1, word, &is_it, err))
            return -1;
        if (is_it) {
            *row = (int64_t)slot - 1;
            return 0;
        }
    }
    return 0;
}

int spine_codeindex_words(const struct spine_codeindex *index, struct spine_words *words,
                          struct spine_error *err)
{
    const size_t bytes = index->header.text;
    char *text = spine_memory_get(bytes, 1, "the words", err);
    int rc = text == NULL ? -1 : read_part(index, index->text, text, bytes, err);

    size_t count = 0;
    for (size_t at = 0; rc == 0 && at < bytes; count++) {
        const size_t length = strnlen(text + at, bytes - at);
        rc = spine_words_add(words, text + at, length, err);
        at += length + 1;
    }
    if (rc == 0 && count != index->header.rows)
        rc = fail_damaged(index, err);
    free(text);
    return rc;
}

/* --- Dimensions --------------------------------------------------------------------------- */

size_t spine_codeindex_active(const struct spine_codeindex *index, size_t dimension)
{
    return (size_t)(index->start[dimension + 1] - index->start[dimension]);
}

static int read_ranked(const struct spine_codeindex *index, uint64_t offset, size_t count,
                       struct spine_ranked *list, struct spine_error *err)
{
    if (read_part(index, offset, list, count * sizeof *list, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (list[i].index >= index->header.rows)
            return fail_damaged(index, err);
    return 0;
}

int spine_codeindex_entries(const struct spine_codeindex *index, size_t dimension, size_t first,
                            size_t count, struct spine_ranked *list, struct spine_error *err)
{
    return read_ranked(index, index->entries + (index->start[dimension] + first) * sizeof *list,
                       count, list, err);
}

int spine_codeindex_top(const struct spine_codeindex *index, size_t dimension, size_t count,
                        struct spine_ranked *list, struct spine_error *err)
{
    const size_t all = spine_codeindex_active(index, dimension);
    if (count <= SPINE_CODEINDEX_TOP)
        return read_ranked(index, index->top + dimension * SPINE_CODEINDEX_TOP * sizeof *list,
                           count, list, err);

    if (spine_codeindex_entries(index, dimension, 0, all, list, err))
        return -1;
    spine_ranked_sort(list, all);
    return 0;
}

int spine_codeindex_squares(const struct spine_codeindex *index, size_t first, size_t count,
                            double *squares, struct spine_error *err)
{
    return read_part(index, index->squares + first * sizeof *squares, squares,
                     count * sizeof *squares, err);
}
