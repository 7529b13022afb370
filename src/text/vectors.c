/* vectors.c -- word vectors in text form.
 *
 * An ordinary row (a word without spaces, then D numbers) is parsed in one pass from the front. All
 * other rows are parsed from the end, where the numbers are. That is slow, but needed only for
 * words with spaces and for bad rows, which it describes. */
#include "spine/text/vectors.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/field.h"
#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/text/textrow.h"

enum {
    NO_REASON = -1,   /* the row isn't one to leave out */
    FIRST_ROWS = 256, /* rows from which the average length is estimated */
};

/* --- Rows --------------------------------------------------------------------------------- */

/* Returns false for a row that needs parse_unusual(); values are then partly written. */
static bool parse_ordinary(struct spine_field row, const struct spine_layout *layout,
                           struct spine_field *word, float *values)
{
    const size_t dim = layout->dim;
    const char *at = spine_field_skip(row.begin, row.end);
    *word = (struct spine_field){row.begin, at};
    if (memchr(word->begin, '\0', (size_t)(word->end - word->begin)) != NULL ||
        (layout->has_tab && at < row.end && *at != '\t'))
        return false;
    for (size_t i = 0; i < dim; i++) {
        at = spine_number_scan(spine_field_skip_separators(at, row.end), row.end, &values[i]);
        if (at == NULL || (at < row.end && !spine_field_is_separator(*at)))
            return false;
    }
    return at == row.end;
}

static int refuse_count(const struct spine_line *line, const struct spine_layout *layout,
                        size_t got, struct spine_error *err)
{
    const char *advice = "";
    if (line->text[0] == '#')
        advice = "; if this is a comment, remove it";
    else if (line->is_first && got < layout->dim)
        advice = "; if this is a header, remove it (tail -n +2)";

    return spine_refuse(err, "expected %zu number%s%s, got %zu%s", layout->dim,
                        layout->dim == 1 ? "" : "s",
                        layout->has_header ? " as the header says" : "", got, advice);
}

static int refuse_number(struct spine_field text, size_t index, const char *what,
                         const struct spine_layout *layout, struct spine_error *err)
{
    char quoted[SPINE_LINES_QUOTE];
    spine_lines_quote(quoted, text.begin, (size_t)(text.end - text.begin));
    return spine_refuse(err, "number %zu of %zu is %s: %s", index + 1, layout->dim, what, quoted);
}

/* Cut the last D fields off 'row'; the word remains. Returns the number of fields cut off. */
static size_t cut_numbers(struct spine_field *row, size_t dim, struct spine_field *numbers)
{
    struct spine_field last;
    size_t count = 0;
    *numbers = *row;
    while (count < dim && spine_field_cut_last(row, &last)) {
        numbers->begin = last.begin;
        count++;
    }
    return count;
}

/* "-nan(ind)", "1.#QNAN" and the like: NaN and Inf as programs on Windows write them. */
static bool is_windows_nan(struct spine_field text)
{
    if (text.begin < text.end && (*text.begin == '-' || *text.begin == '+'))
        text.begin++;
    return (spine_textrow_begins(text, "nan(") && text.end[-1] == ')') ||
           spine_textrow_begins(text, "1.#");
}

static int parse_numbers(struct spine_field numbers, const struct spine_layout *layout,
                         float *values, struct spine_error *err)
{
    const char *at = numbers.begin;
    for (size_t i = 0; i < layout->dim; i++) {
        const char *begin = spine_field_skip_separators(at, numbers.end);
        at = spine_field_skip(begin, numbers.end);
        const struct spine_field number = {begin, at};
        if (spine_number_parse(begin, at, &values[i]) == 0)
            continue;
        if (!is_windows_nan(number))
            return refuse_number(number, i, "not a number", layout, err);
        values[i] = NAN;
    }
    return 0;
}

/* Does a word hold the numbers of a row, but for the last, which has become a part of the next
 * row's word? They aren't all such as names have. */
static bool holds_row(struct spine_field word, size_t dim)
{
    enum { LEAST_DIM = 4 };
    const char *at = spine_field_skip(word.begin, word.end);
    size_t numbers = 0, real = 0;

    while (dim >= LEAST_DIM && at < word.end && (numbers + 1 < dim || real == 0)) {
        const char *begin = spine_field_skip_separators(at, word.end);
        at = spine_field_skip(begin, word.end);
        const struct spine_field part = {begin, at};
        const bool is_number = spine_field_is_number(part);
        numbers = is_number ? numbers + 1 : 0;
        real = is_number ? real + !spine_textrow_is_name_part(part) : 0;
    }
    return dim >= LEAST_DIM && numbers + 1 >= dim && real > 0;
}

/* Are the 'surplus' numbers at the end of a word part of it, in a file with such words? */
static bool is_name(const struct spine_layout *layout, struct spine_field word, size_t surplus)
{
    struct spine_field last;

    if (layout->has_tab)
        return true;
    while (layout->has_surplus && surplus > 0 && spine_field_cut_last(&word, &last) &&
           spine_textrow_is_name_part(last))
        surplus--;
    return surplus == 0;
}

/* In a file where a tab ends the word: is the row's first tab between word and numbers? */
static bool ends_at_tab(struct spine_field word, struct spine_field numbers)
{
    return memchr(word.begin, '\t', (size_t)(word.end - word.begin)) == NULL &&
           memchr(word.end, '\t', (size_t)(numbers.begin - word.end)) != NULL;
}

/* The fields behind the first tab. */
static size_t count_behind_tab(struct spine_field row)
{
    const char *tab = memchr(row.begin, '\t', (size_t)(row.end - row.begin));

    return tab == NULL ? 0
                       : spine_field_count(spine_field_trim((struct spine_field){tab, row.end}));
}

static int parse_unusual(const struct spine_line *line, const struct spine_layout *layout,
                         struct spine_field *word, float *values, int *reason,
                         struct spine_error *err)
{
    struct spine_field rest = spine_layout_content(line), numbers;
    *reason = NO_REASON;
    if (memchr(line->text, '\0', line->length) != NULL)
        return spine_refuse(err, "a NUL byte in the line");
    const size_t found = cut_numbers(&rest, layout->dim, &numbers);
    if (spine_field_is_empty(rest) && found == layout->dim &&
        spine_field_is_separator(line->text[0]) &&
        parse_numbers(numbers, layout, values, err) == 0) {
        *reason = SPINE_ROW_NO_WORD;
        return spine_refuse(err,
                            "no word before the %zu numbers; --on-bad=skip leaves such rows "
                            "out",
                            found);
    }
    *reason = SPINE_ROW_WRONG_COUNT;
    if (spine_field_is_empty(rest))
        return refuse_count(line, layout, found - 1, err);
    if (layout->has_tab && !ends_at_tab(rest, numbers))
        return refuse_count(line, layout, count_behind_tab(spine_layout_content(line)), err);
    *word = rest;
    const size_t surplus = spine_field_count_numbers(rest);
    if (surplus > 0 && !is_name(layout, rest, surplus))
        return refuse_count(line, layout, layout->dim + surplus, err);
    if (!layout->has_tab && holds_row(rest, layout->dim))
        return spine_refuse(err,
                            "two rows in one line: %zu numbers, then a word and %zu more; is a "
                            "line break lost?",
                            layout->dim, layout->dim);

    *reason = NO_REASON;
    return parse_numbers(numbers, layout, values, err);
}

static int refuse_not_finite(struct spine_field row, const struct spine_layout *layout,
                             const float *values, struct spine_error *err)
{
    struct spine_field numbers;
    size_t index = 0;
    while (isfinite(values[index]))
        index++;
    cut_numbers(&row, layout->dim - index, &numbers);
    numbers.end = spine_field_skip(numbers.begin, numbers.end);
    return refuse_number(numbers, index, "not finite", layout, err);
}

/* --- All lines ---------------------------------------------------------------------------- */

static int reserve_rows(struct spine_vectors *vectors, size_t wanted, struct spine_error *err)
{
    assert(wanted > 0 && vectors->dim > 0);
    const size_t row_bytes = vectors->dim * sizeof *vectors->values;
    size_t for_values = vectors->capacity, for_lines = vectors->capacity;

    if (spine_memory_reserve_exactly(&vectors->values, &for_values, wanted, row_bytes,
                                     "the vectors", err))
        return -1;
    spine_memory_advise_huge(vectors->values, wanted * row_bytes);
    if (spine_memory_reserve_exactly(&vectors->lines, &for_lines, wanted, sizeof *vectors->lines,
                                     "the numbers of lines", err))
        return -1;

    vectors->capacity = wanted;
    return 0;
}

/* The rows to allocate at first: fewer if they are long. */
static size_t first_rows(const struct spine_vectors *vectors)
{
    enum { FIRST_VALUES = 1 << 17 };
    const size_t fitting = FIRST_VALUES / vectors->dim + 1;
    return fitting < FIRST_ROWS ? fitting : FIRST_ROWS;
}

/* Choose the next capacity, in rows. The first rows show how many rows 'bytes' bytes of input (0 if
 * unknown) will have; a good guess avoids moving them. */
static size_t choose_capacity(const struct spine_vectors *vectors, const struct spine_lines *lines,
                              uint64_t bytes, uint64_t limit)
{
    const double left = (double)spine_lines_left(lines), parsed = (double)bytes - left;
    const size_t first = first_rows(vectors);
    size_t wanted = vectors->capacity == 0 ? first : 2 * vectors->capacity;
    if (vectors->capacity == first && left > 0) {
        /* Short first rows make the guess too large: a number has two bytes at least. */
        const double most = left / (2 * (double)vectors->dim) + 1;
        wanted += (size_t)fmin(1.05 * left * (double)first / parsed, most);
    }
    return limit > 0 && wanted > limit ? (size_t)limit : wanted;
}

int spine_vectors_add_line(struct spine_vectors *vectors, uint64_t line, struct spine_error *err)
{
    if (spine_memory_reserve(&vectors->lines, &vectors->capacity, vectors->rows + 1,
                             sizeof *vectors->lines, "the numbers of rows", err))
        return -1;
    vectors->lines[vectors->rows++] = line;
    return 0;
}

size_t spine_vectors_count_finite(const float *values, size_t count)
{
    size_t finite = 0;
    int all = 1;

    for (size_t i = 0; i < count; i++)
        all &= isfinite(values[i]) != 0;
    if (all)
        return count;
    while (finite < count && isfinite(values[finite]))
        finite++;
    return finite;
}

int spine_vectors_leave_out(struct spine_vectors *vectors, uint64_t line,
                            enum spine_vectors_reason reason, struct spine_error *err)
{
    if (spine_memory_reserve(&vectors->left_out, &vectors->left_out_capacity,
                             vectors->num_left_out + 1, sizeof *vectors->left_out,
                             "the rows left out", err))
        return -1;

    vectors->left_out[vectors->num_left_out++] = (struct spine_left_out){line, (uint64_t)reason};
    return 0;
}

/* Parse a row; *word is its word. On failure *reason is the reason for leaving the row out, or
 * NO_REASON. */
static int parse_row(const struct spine_line *line, const struct spine_layout *layout,
                     struct spine_field *word, float *values, int *reason, struct spine_error *err)
{
    const struct spine_field row = spine_layout_content(line);

    if (!parse_ordinary(row, layout, word, values) &&
        parse_unusual(line, layout, word, values, reason, err))
        return -1;
    *reason = SPINE_ROW_NOT_FINITE;
    if (spine_vectors_count_finite(values, layout->dim) < layout->dim)
        return refuse_not_finite(row, layout, values, err);

    *reason = SPINE_ROW_NO_WORD;
    *word = spine_layout_word(layout, *word);
    if (spine_field_is_empty(*word))
        return spine_refuse(err, "an empty word; --on-bad=skip leaves such rows out");
    return 0;
}

static int take_line(struct spine_vectors *vectors, const struct spine_line *line,
                     const struct spine_layout *layout, const struct spine_vectors_rules *rules,
                     struct spine_error *err)
{
    float *values = vectors->values + vectors->rows * vectors->dim;
    int reason;
    struct spine_field word, last;

    if (spine_field_is_empty(spine_layout_content(line))) {
        vectors->num_blank++;
        return 0;
    }
    if (parse_row(line, layout, &word, values, &reason, err))
        return rules->leave_out && reason != NO_REASON
                   ? spine_vectors_leave_out(vectors, line->number,
                                             (enum spine_vectors_reason)reason, err)
                   : -1;

    struct spine_field rest = word;
    vectors->num_surplus += layout->has_surplus && spine_field_cut_last(&rest, &last) &&
                            !spine_field_is_empty(rest) && spine_field_is_number(last);
    if (spine_words_add(&vectors->words, word.begin, (size_t)(word.end - word.begin), err))
        return -1;
    vectors->lines[vectors->rows++] = line->number;
    return 0;
}

int spine_vectors_parse(struct spine_vectors *vectors, struct spine_lines *lines,
                        const struct spine_layout *layout, const struct spine_vectors_rules *rules,
                        struct spine_error *err)
{
    assert(layout->dim > 0);
    const uint64_t bytes = spine_lines_left(lines);
    struct spine_line line;
    int rc;
    *vectors = (struct spine_vectors){.dim = layout->dim};

    while ((rc = spine_lines_next(lines, &line, err)) == 1) {
        vectors->num_lines = line.number;
        vectors->is_cut = line.is_cut;
        spine_layout_pass_mark(layout, &line);

        if (spine_layout_is_header(layout, &line))
            continue;

        if (vectors->rows == vectors->capacity &&
            reserve_rows(vectors, choose_capacity(vectors, lines, bytes, rules->limit), err))
            return -1;
        if (take_line(vectors, &line, layout, rules, err)) {
            vectors->bad_line = err->status == SPINE_EXIT_REFUSED ? line.number : 0;
            return -1;
        }

        if (rules->limit > 0 && vectors->rows + vectors->num_left_out == rules->limit)
            return 0;
    }

    return rc;
}

/* Remove the elements with these ascending indices. */
static void drop_elements(void *base, size_t count, size_t size, const uint64_t *indices,
                          size_t num_indices)
{
    char *at = base;
    size_t kept = 0, next = 0;
    for (size_t i = 0; i < count; i++) {
        if (next < num_indices && indices[next] == i) {
            next++;
            continue;
        }
        if (kept != i)
            memcpy(at + kept * size, at + i * size, size);
        kept++;
    }
    assert(next == num_indices);
}

void spine_vectors_drop(struct spine_vectors *vectors, const uint64_t *rows, size_t count)
{
    if (count == 0)
        return;
    const size_t row_bytes = vectors->dim * sizeof *vectors->values;
    if (vectors->values != NULL)
        drop_elements(vectors->values, vectors->rows, row_bytes, rows, count);
    drop_elements(vectors->lines, vectors->rows, sizeof *vectors->lines, rows, count);
    if (vectors->words.count > 0)
        spine_words_drop(&vectors->words, rows, count);
    vectors->rows -= count;
}

void spine_vectors_dispose(struct spine_vectors *vectors)
{
    free(vectors->values);
    free(vectors->lines);
    free(vectors->left_out);
    spine_words_dispose(&vectors->words);
    *vectors = (struct spine_vectors){0};
}
