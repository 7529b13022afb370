/* wordlist.c -- words that stand in a file of their own, beside a matrix. */
#include "spine/files/wordlist.h"

#include <stdlib.h>
#include <string.h>

#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/text/form.h"
#include "spine/text/lines.h"
#include "spine/text/npy.h"
#include "spine/text/stream.h"

static int read_npy(const char *path, const char *name, struct spine_words *words,
                    struct spine_error *err)
{
    struct spine_binary binary;
    struct spine_npy npy;

    if (spine_binary_open(&binary, path, name, err))
        return -1;
    int rc = spine_npy_open(&npy, &binary, err);
    if (rc == 0)
        rc = spine_npy_words(&npy, &binary, words, err);
    spine_binary_close(&binary);
    return rc;
}

static int read_store(const char *file, const char *dataset, struct spine_words *words,
                      struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error ignored;
    size_t count = 0;

    if (spine_store_open(&store, file, NULL, err))
        return -1;
    int rc = spine_strings_count(store, dataset, &count, err);
    if (rc == 0)
        rc = spine_strings_read(store, dataset, 0, count, words, err);
    spine_store_close(store, &ignored);
    return rc;
}

/* A line, or what stands before its first tab. */
static int read_lines(const char *path, struct spine_words *words, struct spine_error *err)
{
    static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
    struct spine_lines *input = NULL;
    struct spine_line line;
    int rc;

    if (spine_lines_open(&input, path, err))
        return -1;
    while ((rc = spine_lines_next(input, &line, err)) == 1) {
        if (line.is_first && line.length >= sizeof mark &&
            memcmp(line.text, mark, sizeof mark) == 0) {
            line.text += sizeof mark;
            line.length -= sizeof mark;
        }
        if (memchr(line.text, '\0', line.length) != NULL) {
            rc = spine_refuse(err, "%s:%llu: a NUL byte in the line", path,
                              (unsigned long long)line.number);
            break;
        }
        const char *tab = memchr(line.text, '\t', line.length);
        if (spine_words_add(words, line.text, tab == NULL ? line.length : (size_t)(tab - line.text),
                            err)) {
            rc = -1;
            break;
        }
    }
    spine_lines_close(input);
    return rc;
}

static int read_any(const char *path, const char *name, struct spine_words *words,
                    struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;
    enum spine_form form = SPINE_FORM_AUTO;

    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    int rc = spine_form_detect(inner != NULL && inner[0] == '/' ? file : path, &form, err);
    if (rc == 0 && form == SPINE_FORM_HDF5 && inner == NULL)
        rc = spine_refuse(err, "%s: is HDF5; name the dataset of words as %s:/DATASET", name, name);
    else if (rc == 0 && form == SPINE_FORM_HDF5)
        rc = read_store(file, inner, words, err);
    else if (rc == 0 && form == SPINE_FORM_NPY)
        rc = read_npy(path, name, words, err);
    else if (rc == 0 && form == SPINE_FORM_TEXT)
        rc = read_lines(path, words, err);
    else if (rc == 0)
        rc = spine_refuse(err, "%s: is no list of words: expected a word a line", name);
    free(file);
    return rc;
}

int spine_wordlist_read(const char *path, const char *name, size_t rows, struct spine_words *words,
                        struct spine_error *err)
{
    struct spine_words read = {0};
    int rc = read_any(path, name, &read, err);

    /* The first line of a table names its columns. */
    const size_t first = rc == 0 && read.count == rows + 1 ? 1 : 0;
    if (rc == 0 && read.count - first != rows)
        rc = spine_refuse(err, "%s: has %zu words for %zu vectors", name, read.count, rows);
    for (size_t i = first; rc == 0 && i < read.count; i++) {
        const char *word = spine_words_get(&read, i);
        rc = spine_words_add(words, word, strlen(word), err);
    }
    spine_words_dispose(&read);
    return rc;
}
