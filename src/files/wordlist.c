/* wordlist.c -- the words of a matrix, in a separate file. */
#include "spine/files/wordlist.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spine/base/field.h"
#include "spine/base/log.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/text/form.h"
#include "spine/text/lines.h"
#include "spine/text/npy.h"
#include "spine/text/stream.h"

struct list {
    struct spine_words words; /* owned */
    bool is_table;            /* its first line has tabs */
    bool may_have_title;      /* it is lines, of which the first may name the column */
    bool is_limited;          /* it is for the first rows of a longer matrix */
    size_t num_blanks;        /* blank lines at the end, not among the words */
    size_t first, num_words;  /* of the words, without the column's name */
};

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

/* Are the lines "the 0", "of 1" ..., numbered from 0 or 1? */
static bool has_numbers_behind(const struct spine_words *lines)
{
    double first = 0;

    for (size_t i = 0; i < lines->count; i++) {
        const char *text = find_count(spine_words_get(lines, i), ' ');
        if (text == NULL)
            return false;
        const double number = strtod(text, NULL);
        first = i == 0 ? number : first;
        if (first > 1 || number != first + (double)i)
            return false;
    }
    return lines->count > 2;
}

/* Are all words before the number in base64, some padded, as in a vocabulary of tiktoken's? Without
 * padding they may be words of four letters. */
static bool are_base64(const struct spine_words *lines)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bool is_padded = false;

    for (size_t i = 0; i < lines->count; i++) {
        const char *line = spine_words_get(lines, i);
        const size_t length = strspn(line, digits), padding = strspn(line + length, "=");
        if (length == 0 || padding > 2 || (length + padding) % 4 != 0 ||
            line[length + padding] != ' ')
            return false;
        is_padded = is_padded || padding > 0;
    }
    return is_padded;
}

/* Does every line end like ",7", except perhaps the first, which may have column names? */
static bool has_commas(const struct spine_words *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (find_count(spine_words_get(lines, i), ',') == NULL && i > 0)
            return false;
    return lines->count > 2;
}

/* Is the first field before a comma a number in the last lines? */
static bool begins_with_numbers(const struct spine_words *lines)
{
    const char *line = spine_words_get(lines, lines->count - 1);
    const char *before = spine_words_get(lines, lines->count - 2);
    const size_t length = strspn(line, "0123456789");

    return length > 0 && line[length] == ',' && strchr(line + length + 1, ',') != NULL &&
           strtoull(line, NULL, 10) == strtoull(before, NULL, 10) + 1;
}

/* Do all lines, except perhaps the first, end in numbers, more than a date has? */
static bool has_vectors(const struct spine_words *lines)
{
    for (size_t i = 1; i < lines->count; i++) {
        const char *line = spine_words_get(lines, i);
        const struct spine_field row = {line, line + strlen(line)};
        if (spine_field_count_numbers(spine_field_trim(row)) < 3)
            return false;
    }
    return lines->count > 2;
}

/* Refuse lines that have more than words, in a form from which we don't take them. */
static int refuse_fields(const struct spine_words *lines, const char *name, bool is_table,
                         struct spine_error *err)
{
    if (has_commas(lines))
        return spine_refuse(err, "%s: this is CSV; expected one word a line: cut -d, -f%d", name,
                            begins_with_numbers(lines) ? 2 : 1);
    if (!is_table && has_numbers_behind(lines) && are_base64(lines))
        return spine_refuse(err,
                            "%s: is a vocabulary of tiktoken's; expected one word a line: python3 "
                            "-c 'import base64; [print(base64.b64decode(l.split()[0]).decode("
                            "errors=\"backslashreplace\").translate({9: \"\\\\t\", 10: \"\\\\n\", "
                            "13: \"\\\\r\"})) for l in open(\"FILE\")]' > words.txt",
                            name);
    if (!is_table && has_vectors(lines))
        return spine_refuse(err,
                            "%s: has numbers after the words; expected one word a line: cut -d' ' "
                            "-f1",
                            name);
    return 0;
}

/* Append the words: in a table the first field, or the second if the first numbers the rows; in a
 * vocabulary what precedes the count, or the number. */
static int take_words(const struct spine_words *lines, const char *name, struct list *list,
                      struct spine_error *err)
{
    const bool are_counted = has_counts(lines), are_numbered = has_numbers(lines);
    const bool are_numbered_behind = has_numbers_behind(lines);

    list->is_table = lines->count > 0 && strchr(spine_words_get(lines, 0), '\t') != NULL;
    if (refuse_fields(lines, name, list->is_table, err))
        return -1;
    for (size_t i = 0; i < lines->count; i++) {
        const char *word = spine_words_get(lines, i);
        if (are_numbered)
            word = strchr(word, '\t') + 1;
        size_t length = strcspn(word, "\t");
        if (are_counted || are_numbered_behind)
            length = (size_t)(find_count(word, ' ') - word) - 1;
        if (spine_words_add(&list->words, word, length, err))
            return -1;
    }
    if (are_numbered)
        spine_log(SPINE_LOG_INFO, "%s: removed the row numbers before the words", name);
    if (are_numbered_behind)
        spine_log(SPINE_LOG_INFO, "%s: removed the row numbers after the words", name);
    if (are_counted)
        spine_log(SPINE_LOG_INFO, "%s: removed the counts after the words", name);
    return 0;
}

/* Set the blank lines at the end aside: they may be empty words. */
static void set_blanks_aside(struct spine_words *lines, struct list *list)
{
    size_t count = lines->count;

    while (count > 0 && spine_words_get(lines, count - 1)[0] == '\0')
        count--;
    list->num_blanks = lines->count - count;
    spine_words_truncate(lines, count);
}

static int read_table(const char *path, const char *name, struct list *list,
                      struct spine_error *err)
{
    struct spine_words lines = {0};
    int rc = read_lines(path, &lines, err);

    list->may_have_title = true;
    set_blanks_aside(&lines, list);
    if (rc == 0)
        rc = take_words(&lines, name, list, err);
    spine_words_dispose(&lines);
    return rc;
}

static int read_any(const char *path, const char *name, struct list *list, struct spine_error *err)
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
        rc = read_store(file, inner, &list->words, err);
    else if (rc == 0 && form == SPINE_FORM_NPY)
        rc = read_npy(path, name, &list->words, err);
    else if (rc == 0 && form == SPINE_FORM_TEXT)
        rc = read_table(path, name, list, err);
    else if (rc == 0)
        rc = spine_refuse(err, "%s: is not a list of words: expected one word a line", name);
    free(file);
    if (rc != 0 && strcmp(path, name) != 0 && path[0] != '\0')
        spine_error_rename(err, path, name); /* it may be what the list was unpacked to */
    return rc;
}

/* Is it what people call a column of words? */
static bool is_title(const char *word)
{
    static const char *const titles[] = {"",       "0",     "word",  "words", "token",
                                         "tokens", "term",  "terms", "label", "labels",
                                         "name",   "names", "key",   "text",  "vocab"};

    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcasecmp(word, titles[i]) == 0)
            return true;
    return false;
}

/* A line too many: the column's name. If the matrix has more rows than are read, it may as well be
 * the word of one of these. */
static void drop_title(struct list *list, const char *name)
{
    const char *first = spine_words_get(&list->words, 0);
    char quoted[SPINE_LINES_QUOTE];

    if (!is_title(first) && (!list->is_table || list->is_limited))
        return;
    spine_lines_quote(quoted, first, strlen(first));
    spine_log(SPINE_LOG_INFO, "%s: the first line names the column, %s: skipped", name, quoted);
    list->first++;
    list->num_words--;
}

/* Refuse a list that hasn't a word for each of 'wanted' rows. Models often have more rows than
 * their vocabulary, for speed: these come last. */
static int refuse_number(const struct list *list, const char *name, size_t wanted, size_t rows,
                         struct spine_error *err)
{
    const size_t count = list->num_words;
    char numbers[128];

    if (wanted < rows)
        snprintf(numbers, sizeof numbers, "%zu word%s for the first %zu of %zu vectors", count,
                 count == 1 ? "" : "s", wanted, rows);
    else
        snprintf(numbers, sizeof numbers, "%zu word%s for %zu vector%s", count,
                 count == 1 ? "" : "s", rows, rows == 1 ? "" : "s");

    if (count == wanted + 1 && list->may_have_title)
        return spine_refuse(err,
                            "%s: has %s; if the first line is a header, remove it (tail -n +2)",
                            name, numbers);
    if (count < wanted && count > wanted / 2)
        return spine_refuse(err,
                            "%s: has %s; if the last rows are padding, spine-convert --limit=%zu "
                            "leaves them out",
                            name, numbers, count);
    return spine_refuse(err, "%s: has %s", name, numbers);
}

int spine_wordlist_read(const char *path, const char *name, size_t rows, size_t wanted,
                        struct spine_words *words, struct spine_error *err)
{
    struct list list = {0};
    int rc = read_any(path, name, &list, err);

    const bool has_all = list.words.count <= rows && rows <= list.words.count + list.num_blanks;
    list.is_limited = !has_all && wanted < rows && list.words.count <= wanted + 1;
    const size_t needed = list.is_limited ? wanted : rows;
    for (; rc == 0 && list.words.count < needed && list.num_blanks > 0; list.num_blanks--)
        rc = spine_words_add(&list.words, "", 0, err);
    list.num_words = list.words.count;
    if (rc == 0 && list.num_words == needed + 1 && list.may_have_title)
        drop_title(&list, name);
    if (rc == 0 && list.num_words != needed)
        rc = refuse_number(&list, name, needed, rows, err);

    for (size_t i = 0; rc == 0 && i < needed; i++) {
        const char *word = spine_words_get(&list.words, list.first + i);
        rc = spine_words_add(words, word, strlen(word), err);
    }
    spine_words_dispose(&list.words);
    return rc;
}
