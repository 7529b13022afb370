/* sparsetext.c -- sparse matrices in text: Matrix Market's .mtx, and .sparse. */
#include "spine/files/sparsetext.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "spine/base/field.h"
#include "spine/base/number.h"
#include "spine/base/path.h"
#include "spine/files/sink.h"
#include "spine/text/lines.h"

/* Read a whole number of digits only, in [0, most]. */
static bool parse_whole(struct spine_field text, int64_t most, int64_t *value)
{
    *value = 0;
    for (const char *at = text.begin; at < text.end; at++) {
        const int digit = *at - '0';
        if (!isdigit((unsigned char)*at) || *value > (most - digit) / 10)
            return false;
        *value = 10 * *value + digit;
    }
    return text.begin < text.end;
}

static bool parse_place(struct spine_field text, int32_t *place)
{
    int64_t value;
    const bool is_place = parse_whole(text, INT32_MAX, &value);

    *place = is_place ? (int32_t)value : 0;
    return is_place;
}

/* Cut the first field off what is left of a line. False if there is none. */
static bool cut_first(struct spine_field *rest, struct spine_field *first)
{
    rest->begin = spine_field_skip_separators(rest->begin, rest->end);
    first->begin = rest->begin;
    first->end = rest->begin = spine_field_skip(rest->begin, rest->end);
    return first->begin < first->end;
}

/* --- Matrix Market ------------------------------------------------------------------------ */

static const char banner[] = "%%MatrixMarket";

struct market {
    struct spine_lines *lines; /* owned */
    const char *path;
    bool is_pattern; /* no values: all are 1 */
    int32_t rows, columns;
    int64_t count;
};

bool spine_sparsetext_is_market(const struct spine_start *start)
{
    return start->bytes >= strlen(banner) && strncasecmp(start->at, banner, strlen(banner)) == 0;
}

static bool is_word(struct spine_field field, const char *word)
{
    return (size_t)(field.end - field.begin) == strlen(word) &&
           strncasecmp(field.begin, word, strlen(word)) == 0;
}

/* "%%MatrixMarket matrix coordinate real general" */
static int read_banner(struct market *market, struct spine_error *err)
{
    struct spine_line line;
    struct spine_field words[5] = {0};
    const int rc = spine_lines_next(market->lines, &line, err);
    if (rc < 0)
        return -1;

    struct spine_field rest = {line.text, rc == 1 ? line.text + line.length : line.text};
    size_t count = 0;
    while (count < 5 && cut_first(&rest, &words[count]))
        count++;
    market->is_pattern = is_word(words[3], "pattern");
    if (count == 5 && is_word(words[1], "matrix") && is_word(words[2], "coordinate") &&
        (market->is_pattern || is_word(words[3], "real") || is_word(words[3], "double") ||
         is_word(words[3], "integer")) &&
        is_word(words[4], "general"))
        return 0;
    return spine_refuse(err,
                        "%s:1: of Matrix Market's files, 'matrix coordinate real general' is read; "
                        "write it so: scipy.io.mmwrite(FILE, scipy.sparse.csr_matrix(MATRIX), "
                        "symmetry='general')",
                        market->path);
}

/* Read the next line that isn't blank or a comment; returns 0 at the end. */
static int next_line(struct market *market, struct spine_line *line, struct spine_field *rest,
                     struct spine_error *err)
{
    int rc;

    while ((rc = spine_lines_next(market->lines, line, err)) == 1) {
        *rest = spine_field_trim((struct spine_field){line->text, line->text + line->length});
        if (!spine_field_is_empty(*rest) && *rest->begin != '%')
            return 1;
    }
    return rc;
}

static int open_market(struct market *market, const char *path, struct spine_error *err)
{
    struct spine_line line;
    struct spine_field rest, rows, columns, count;

    *market = (struct market){.path = path};
    if (spine_lines_open(&market->lines, path, err) || read_banner(market, err))
        return -1;
    const int rc = next_line(market, &line, &rest, err);
    if (rc < 0)
        return -1;
    if (rc == 0 || !cut_first(&rest, &rows) || !cut_first(&rest, &columns) ||
        !cut_first(&rest, &count) || !spine_field_is_empty(spine_field_trim(rest)) ||
        !parse_place(rows, &market->rows) || !parse_place(columns, &market->columns) ||
        !parse_whole(count, INT64_MAX, &market->count))
        return spine_refuse(err, "%s: expected a line of the rows, columns and values: 5 9 20",
                            path);
    return 0;
}

int spine_sparsetext_market_extent(const char *path, size_t *rows, size_t *columns,
                                   struct spine_error *err)
{
    struct market market;
    const int rc = open_market(&market, path, err);

    spine_lines_close(market.lines);
    *rows = (size_t)market.rows;
    *columns = (size_t)market.columns;
    return rc;
}

/* "3 17 0.5", places from 1 */
static int add_entry(const struct market *market, const struct spine_line *line,
                     struct spine_field rest, struct spine_entries *entries,
                     struct spine_error *err)
{
    struct spine_field row, column, number;
    int32_t i, j;
    float value = 1;

    if (!cut_first(&rest, &row) || !cut_first(&rest, &column) || !parse_place(row, &i) ||
        !parse_place(column, &j) || i < 1 || i > market->rows || j < 1 || j > market->columns ||
        (!market->is_pattern && (!cut_first(&rest, &number) ||
                                 spine_number_parse(number.begin, number.end, &value) != 0)) ||
        !spine_field_is_empty(spine_field_trim(rest)))
        return spine_refuse(err, "%s:%llu: expected a row in 1 to %d, a column in 1 to %d%s",
                            market->path, (unsigned long long)line->number, market->rows,
                            market->columns, market->is_pattern ? "" : ", and a number");
    return spine_entries_add(entries, i - 1, j - 1, value, err);
}

int spine_sparsetext_market(const char *path, struct spine_entries *entries,
                            struct spine_error *err)
{
    struct market market;
    struct spine_line line;
    struct spine_field rest;
    int64_t found = 0;
    int rc = open_market(&market, path, err), more = 0;

    while (rc == 0 && (more = next_line(&market, &line, &rest, err)) == 1) {
        rc = add_entry(&market, &line, rest, entries, err);
        found++;
    }
    rc = more < 0 ? -1 : rc;
    if (rc == 0 && found != market.count)
        rc = spine_refuse(err, "%s: announces %lld value%s, but has %lld; was it cut off?", path,
                          (long long)market.count, market.count == 1 ? "" : "s", (long long)found);
    spine_lines_close(market.lines);
    return rc;
}

/* --- .sparse ------------------------------------------------------------------------------ */

/* "17:0.5" */
static bool parse_pair(struct spine_field field, int32_t *dimension, float *value)
{
    const char *colon = memchr(field.begin, ':', (size_t)(field.end - field.begin));

    return colon != NULL && parse_place((struct spine_field){field.begin, colon}, dimension) &&
           *dimension < INT32_MAX && spine_number_parse(colon + 1, field.end, value) == 0;
}

static bool has_suffix(const char *path)
{
    static const char suffix[] = ".sparse";
    size_t length = 0;

    spine_sink_is_packed(path, &length);
    return length > strlen(suffix) &&
           strncmp(path + length - strlen(suffix), suffix, strlen(suffix)) == 0;
}

/* Count the pairs of a row, after what precedes its first blank. The last field of a row that isn't
 * complete is ignored. Returns -1 if it is something else. */
static int64_t count_pairs(struct spine_field row, bool is_complete, bool *is_number)
{
    struct spine_field field = {row.begin, spine_field_skip(row.begin, row.end)};
    int32_t dimension;
    int64_t count = 0;
    float value;

    *is_number = spine_field_is_number(field);
    row.begin = field.end;
    while (cut_first(&row, &field)) {
        if (!is_complete && field.end == row.end)
            break;
        if (!parse_pair(field, &dimension, &value))
            return -1;
        count++;
    }
    return count;
}

bool spine_sparsetext_is_listed(const struct spine_start *start)
{
    const char *at = start->at, *end = start->at + start->bytes;
    const bool is_whole = spine_start_is_whole(start);
    int64_t rows = 0, pairs = 0, numbers = 0;

    if (has_suffix(start->name)) /* whatever its words; what is wrong is said when it is read */
        return start->bytes > 0;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct spine_field row = {at, stop == NULL ? end : stop};
        bool is_number;

        at = row.end + 1;
        if (row.end > row.begin && row.end[-1] == '\r')
            row.end--;
        if (spine_field_is_empty(row))
            continue;
        const int64_t count = count_pairs(row, stop != NULL || is_whole, &is_number);
        if (count < 0)
            return false;
        rows++;
        pairs += count;
        numbers += is_number;
    }
    return pairs > 0 && numbers < rows && pairs > rows;
}

/* The word is what precedes the first blank, and may be empty. */
static int add_row(const char *path, const struct spine_line *line, struct spine_words *words,
                   struct spine_entries *entries, size_t *columns, struct spine_error *err)
{
    struct spine_field rest = {line->text, line->text + line->length}, field;
    const char *end = spine_field_skip(rest.begin, rest.end);
    const size_t row = words->count;
    char quoted[SPINE_LINES_QUOTE];

    if (memchr(rest.begin, '\0', (size_t)(end - rest.begin)) != NULL)
        return spine_refuse(err, "%s:%llu: a NUL byte in the word", path,
                            (unsigned long long)line->number);
    if (row == INT32_MAX)
        return spine_refuse(err, "%s: has too many rows", path);
    if (spine_words_add(words, rest.begin, (size_t)(end - rest.begin), err))
        return -1;

    rest.begin = end;
    while (cut_first(&rest, &field)) {
        int32_t dimension;
        float value;
        if (!parse_pair(field, &dimension, &value)) {
            spine_lines_quote(quoted, field.begin, (size_t)(field.end - field.begin));
            return spine_refuse(err, "%s:%llu: expected DIMENSION:VALUE after the word, got %s",
                                path, (unsigned long long)line->number, quoted);
        }
        if ((size_t)dimension >= *columns)
            *columns = (size_t)dimension + 1;
        if (spine_entries_add(entries, (int32_t)row, dimension, value, err))
            return -1;
    }
    return 0;
}

int spine_sparsetext_listed(const char *path, struct spine_words *words,
                            struct spine_entries *entries, size_t *columns, struct spine_error *err)
{
    struct spine_lines *lines = NULL;
    struct spine_line line;
    int rc = spine_lines_open(&lines, path, err), more = 0;

    *columns = 0;
    while (rc == 0 && (more = spine_lines_next(lines, &line, err)) == 1) {
        spine_lines_pass_mark(&line);
        if (line.length > 0)
            rc = add_row(path, &line, words, entries, columns, err);
    }
    spine_lines_close(lines);
    if (rc != 0 || more < 0)
        return -1;
    if (*columns == 0)
        return spine_refuse(err, "%s: has no values, expected rows of WORD DIMENSION:VALUE ...",
                            path);
    return 0;
}
