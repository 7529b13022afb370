/* wordlist.c -- the words of a matrix, in a separate file. */
#include "spine/files/wordlist.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
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

/* Read the lines unchanged. */
static int read_lines(const char *path, struct spine_words *lines, struct spine_error *err)
{
    struct spine_lines *input = NULL;
    struct spine_line line;
    int rc;

    if (spine_lines_open(&input, path, err))
        return -1;
    while ((rc = spine_lines_next(input, &line, err)) == 1) {
        spine_lines_pass_mark(&line);
        if (memchr(line.text, '\0', line.length) != NULL) {
            rc = spine_refuse(err, "%s:%llu: a NUL byte in the line", path,
                              (unsigned long long)line.number);
            break;
        }
        if (spine_words_add(lines, line.text, line.length, err)) {
            rc = -1;
            break;
        }
    }
    spine_lines_close(input);
    return rc;
}

/* Find the whole number at the end of a line; NULL if there is none, or nothing else. */
static const char *find_count(const char *line, char separator)
{
    const char *at = strrchr(line, separator);

    if (at == NULL || at == line || at[1] == '\0' || strspn(at + 1, "0123456789") != strlen(at + 1))
        return NULL;
    return at + 1;
}

/* Does every line end in a count, in descending order, as in the vocabularies of GloVe and
 * word2vec? Words may also end in numbers, but hardly in descending ones. */
static bool has_counts(const struct spine_words *lines)
{
    double first = 0, last = 0;

    for (size_t i = 0; i < lines->count; i++) {
        const char *text = find_count(spine_words_get(lines, i), ' ');
        if (text == NULL)
            return false;
        const double count = strtod(text, NULL);
        if (i > 0 && count > last)
            return false;
        first = i == 0 ? count : first;
        last = count;
    }
    return lines->count > 2 && last < first;
}

/* Are the lines "0\tthe", "1\tof" ..., numbered from 0 or 1? */
static bool has_numbers(const struct spine_words *lines)
{
    char *end = NULL;
    unsigned long long first = 0;

    for (size_t i = 0; i < lines->count; i++) {
        const char *line = spine_words_get(lines, i);
        const unsigned long long number = strtoull(line, &end, 10);
        first = i == 0 ? number : first;
        if (!isdigit((unsigned char)line[0]) || *end != '\t' || first > 1 || number != first + i)
            return false;
    }
    return lines->count > 1;
}

/* Does every line end like ",7", except perhaps the first, which may have column names? */
static bool has_commas(const struct spine_words *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (find_count(spine_words_get(lines, i), ',') == NULL && i > 0)
            return false;
    return lines->count > 2;
}

/* Append the words: in a table the first field, or the second if the first numbers the rows; in a
 * vocabulary what precedes the count. */
static int take_words(const struct spine_words *lines, const char *name, struct spine_words *words,
                      struct spine_error *err)
{
    const bool are_counted = has_counts(lines), are_numbered = has_numbers(lines);

    if (has_commas(lines))
        return spine_refuse(err, "%s: this is CSV; expected one word a line: cut -d, -f1", name);
    for (size_t i = 0; i < lines->count; i++) {
        const char *word = spine_words_get(lines, i);
        if (are_numbered)
            word = strchr(word, '\t') + 1;
        size_t length = strcspn(word, "\t");
        if (are_counted)
            length = (size_t)(find_count(word, ' ') - word) - 1;
        if (spine_words_add(words, word, length, err))
            return -1;
    }
    if (are_numbered)
        spine_log(SPINE_LOG_INFO, "%s: removed the row numbers before the words", name);
    if (are_counted)
        spine_log(SPINE_LOG_INFO, "%s: removed the counts after the words", name);
    return 0;
}

static int read_table(const char *path, const char *name, struct spine_words *words,
                      struct spine_error *err)
{
    struct spine_words lines = {0};
    int rc = read_lines(path, &lines, err);

    if (rc == 0)
        rc = take_words(&lines, name, words, err);
    spine_words_dispose(&lines);
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
        rc = read_table(path, name, words, err);
    else if (rc == 0)
        rc = spine_refuse(err, "%s: is not a list of words: expected one word a line", name);
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
