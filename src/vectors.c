/* vectors.c -- word vectors in text form.
 *
 * An ordinary row (a word without spaces, then D numbers) is parsed in one pass from the front. All
 * others are taken apart from the end, where the numbers are: that is slow, but it is done only for
 * words with spaces and for rows at fault, which it describes. */
#include "spine/vectors.h"

#include "spine/number.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SAMPLE_ROWS = 100, /* how many rows the look takes in */
    HEADER_DIGITS = 18,
    QUOTED_BYTES = 40,
};

static const char mark[3] = {'\xEF', '\xBB', '\xBF'}; /* U+FEFF in UTF-8 */

struct field {
    const char *begin, *end;
};

/* --- Fields ------------------------------------------------------------------------------- */

static bool is_separator(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_separators(const char *at, const char *end)
{
    while (at < end && is_separator(*at))
        at++;
    return at;
}

static const char *skip_field(const char *at, const char *end)
{
    while (at < end && !is_separator(*at))
        at++;
    return at;
}

static struct field trim(struct field text)
{
    text.begin = skip_separators(text.begin, text.end);
    while (text.end > text.begin && is_separator(text.end[-1]))
        text.end--;
    return text;
}

static struct field content(const struct spine_line *line)
{
    return trim((struct field){line->text, line->text + line->length});
}

static bool is_empty(struct field text)
{
    return text.begin == text.end;
}

/* Cut the last field off 'rest', which is trimmed before and after. False if there is none. */
static bool cut_last_field(struct field *rest, struct field *last)
{
    if (is_empty(*rest))
        return false;
    last->end = rest->end;
    last->begin = rest->end;
    while (last->begin > rest->begin && !is_separator(last->begin[-1]))
        last->begin--;
    rest->end = last->begin;
    *rest = trim(*rest);
    return true;
}

static bool is_number(struct field text)
{
    float value;
    return spine_number_parse(text.begin, text.end, &value) == 0;
}

/* How many numbers stand at the end, not counting the first field. */
static size_t count_trailing_numbers(struct field rest)
{
    struct field last;
    size_t count = 0;
    while (cut_last_field(&rest, &last) && !is_empty(rest) && is_number(last))
        count++;
    return count;
}

static size_t count_fields(struct field rest)
{
    struct field last;
    size_t count = 0;
    while (cut_last_field(&rest, &last))
        count++;
    return count;
}

static void pass_mark(struct spine_line *line)
{
    line->text += sizeof mark;
    line->length -= sizeof mark;
}

void spine_vectors_quote(char text[SPINE_QUOTE_SIZE], const char *bytes, size_t length)
{
    size_t shown = length;
    if (length > QUOTED_BYTES) {
        shown = QUOTED_BYTES;
        while (shown > QUOTED_BYTES - 4 && (bytes[shown] & 0xC0) == 0x80)
            shown--; /* a UTF-8 sequence stays whole */
    }
    size_t used = 0;
    text[used++] = '\'';
    for (size_t i = 0; i < shown; i++) {
        if (iscntrl((unsigned char)bytes[i]))
            used += (size_t)snprintf(text + used, 5, "\\x%02X", (unsigned)(unsigned char)bytes[i]);
        else
            text[used++] = bytes[i];
    }
    snprintf(text + used, SPINE_QUOTE_SIZE - used, "'%s", shown < length ? "..." : "");
}

/* --- The look at the start ---------------------------------------------------------------- */

struct sample_row {
    uint64_t line;
    size_t numbers; /* at the end of the row */
    bool is_clean;  /* all fields but the first are numbers */
};

struct sample {
    size_t count;
    struct sample_row rows[SAMPLE_ROWS];
    bool has_integers;    /* the first line is two whole numbers, and so perhaps a header: */
    uint64_t integers[2]; /* it isn't among the rows */
    bool is_utf16, is_binary, is_page, has_bare_returns;
    size_t num_commas; /* rows with a comma where a separator belongs */
};

static bool parse_integer(struct field text, uint64_t *value)
{
    *value = 0;
    if (is_empty(text) || text.end - text.begin > HEADER_DIGITS)
        return false;
    for (const char *at = text.begin; at < text.end; at++) {
        if (!isdigit((unsigned char)*at))
            return false;
        *value = *value * 10 + (uint64_t)(*at - '0');
    }
    return true;
}

static bool parse_integers(struct field rest, uint64_t integers[2])
{
    struct field first, second;
    return cut_last_field(&rest, &second) && cut_last_field(&rest, &first) && is_empty(rest) &&
           parse_integer(first, &integers[0]) && parse_integer(second, &integers[1]);
}

/* "the,0.1,0.2", "the, 0.1, 0.2" or with semicolons: a number between the last two of them. */
static bool has_comma_fields(struct field row)
{
    const char *at = row.end, *last = NULL;
    while (at > row.begin) {
        const char c = *--at;
        if (c != ',' && c != ';')
            continue;
        if (last != NULL)
            return is_number(trim((struct field){at + 1, last}));
        last = at;
    }
    return false;
}

static bool begins_with(struct field text, const char *word)
{
    const size_t length = strlen(word);
    return (size_t)(text.end - text.begin) >= length && strncasecmp(text.begin, word, length) == 0;
}

static void note_row(struct sample *sample, struct field row, uint64_t line)
{
    const size_t bytes = (size_t)(row.end - row.begin);
    if (sample->count == 0) {
        sample->is_page =
            begins_with(row, "<!doctype") || begins_with(row, "<html") || begins_with(row, "<?xml");
        sample->has_bare_returns = memchr(row.begin, '\r', bytes) != NULL;
    }
    sample->is_binary = sample->is_binary || memchr(row.begin, '\0', bytes) != NULL;
    sample->num_commas += has_comma_fields(row);
    const size_t numbers = count_trailing_numbers(row);
    sample->rows[sample->count++] =
        (struct sample_row){line, numbers, numbers > 0 && numbers + 1 == count_fields(row)};
}

static void note_first_line(struct sample *sample, struct spine_vectors_layout *layout,
                            enum spine_vectors_header header, struct spine_line *line)
{
    const char *text = line->text;
    sample->is_utf16 =
        line->length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0);
    layout->has_mark = line->length >= sizeof mark && memcmp(text, mark, sizeof mark) == 0;
    if (layout->has_mark)
        pass_mark(line);
    sample->has_integers =
        header != SPINE_HEADER_NO && parse_integers(content(line), sample->integers);
}

static int take_sample(struct sample *sample, struct spine_vectors_layout *layout,
                       enum spine_vectors_header header, struct spine_input *input,
                       struct spine_error *err)
{
    struct spine_line line;
    while (sample->count < SAMPLE_ROWS) {
        const int rc = spine_input_next(input, &line, err);
        if (rc != 1)
            return rc;
        if (line.is_first)
            note_first_line(sample, layout, header, &line);
        if (line.is_first && sample->has_integers)
            continue;
        const struct field row = content(&line);
        if (!is_empty(row))
            note_row(sample, row, line.number);
    }
    return 0;
}

static void count_votes(const struct sample *sample, size_t numbers, size_t votes[2])
{
    votes[0] = votes[1] = 0;
    for (size_t i = 0; i < sample->count; i++)
        if (sample->rows[i].numbers == numbers) {
            votes[0]++;
            votes[1] += sample->rows[i].is_clean;
        }
}

/* What most rows have. Of two as frequent, what more rows have that are a single word and numbers:
 * a damaged number in the middle makes a row look short. Then the smaller. */
static size_t choose_dimension(const struct sample *sample)
{
    size_t best = 0, most[2] = {0, 0};
    for (size_t i = 0; i < sample->count; i++) {
        const size_t numbers = sample->rows[i].numbers;
        size_t votes[2];
        count_votes(sample, numbers, votes);
        const bool as_many = votes[0] == most[0];
        if (votes[0] > most[0] || (as_many && votes[1] > most[1]) ||
            (as_many && votes[1] == most[1] && numbers < best)) {
            best = numbers;
            most[0] = votes[0];
            most[1] = votes[1];
        }
    }
    return best;
}

static int refuse_if_not_rows(const struct sample *sample, const char *path, uint64_t bytes,
                              struct spine_error *err)
{
    if (bytes == 0)
        return spine_refuse(err, "%s: the file is empty", path);
    if (sample->is_utf16)
        return spine_refuse(
            err, "%s: this is UTF-16; make it UTF-8 first: iconv -f UTF-16 -t UTF-8", path);
    if (sample->count == 0)
        return spine_refuse(err, "%s: no vectors, %s", path,
                            sample->has_integers ? "only a header" : "only blank lines");
    if (sample->is_page)
        return spine_refuse(err, "%s: this is a web page (HTML or XML), not vectors", path);
    if (sample->has_bare_returns)
        return spine_refuse(err, "%s: a carriage return inside line %llu; lines end in newlines",
                            path, (unsigned long long)sample->rows[0].line);
    const size_t dimension = choose_dimension(sample);
    if (dimension <= 1 && 2 * sample->num_commas > sample->count)
        return spine_refuse(
            err, "%s: this is CSV; words and numbers must be separated by spaces or tabs", path);
    if (dimension > 0)
        return 0;
    if (sample->is_binary)
        return spine_refuse(
            err, "%s: this is not text; word2vec's binary format and others are not read", path);
    size_t first = 0;
    while (sample->rows[first].numbers != 0)
        first++;
    return spine_refuse(err, "%s:%llu: expected a word and numbers, the line ends in no number",
                        path, (unsigned long long)sample->rows[first].line);
}

/* The header must say what the rows have. */
static int check_header(const struct sample *sample, const char *path, struct spine_error *err)
{
    for (size_t i = 0; i < sample->count; i++)
        if (choose_dimension(sample) != sample->integers[1] &&
            sample->rows[i].numbers != sample->integers[1])
            return spine_refuse(err, "%s:%llu: expected %llu numbers as the header says, got %zu",
                                path, (unsigned long long)sample->rows[i].line,
                                (unsigned long long)sample->integers[1], sample->rows[i].numbers);
    return 0;
}

static int decide_header(struct spine_vectors_layout *layout, const struct sample *sample,
                         const char *path, enum spine_vectors_header header,
                         struct spine_error *err)
{
    if (header == SPINE_HEADER_YES && !sample->has_integers)
        return spine_refuse(err, "%s:1: expected a header of two whole numbers, rows and dimension",
                            path);
    /* Words and counts, such as GloVe's vocabulary: "2014 5000" is a row of them. */
    const bool fits_as_row = layout->dimension == 1 && sample->integers[1] != 1;
    layout->has_header = sample->has_integers && (header == SPINE_HEADER_YES || !fits_as_row);
    if (!layout->has_header)
        return 0;
    layout->announced = sample->integers[0];
    return check_header(sample, path, err);
}

int spine_vectors_look(struct spine_vectors_layout *layout, const char *path,
                       enum spine_vectors_header header, struct spine_error *err)
{
    struct spine_input *input = NULL;
    struct sample sample = {0};
    int rc = -1;
    *layout = (struct spine_vectors_layout){0};
    if (spine_input_open(&input, path, err))
        return -1;
    layout->kind = spine_input_kind(input);
    layout->bytes = spine_input_bytes(input);
    if (take_sample(&sample, layout, header, input, err) ||
        refuse_if_not_rows(&sample, path, layout->bytes, err))
        goto done;
    layout->dimension = choose_dimension(&sample);
    rc = decide_header(layout, &sample, path, header, err);
done:
    spine_input_close(input);
    return rc;
}

/* --- Rows --------------------------------------------------------------------------------- */

/* Returns false for a row that parse_unusual() must look at; values are then partly written. */
static bool parse_ordinary(struct field row, size_t dimension, struct field *word, float *values)
{
    const char *at = skip_field(row.begin, row.end);
    *word = (struct field){row.begin, at};
    if (memchr(word->begin, '\0', (size_t)(word->end - word->begin)) != NULL)
        return false;
    for (size_t i = 0; i < dimension; i++) {
        at = spine_number_scan(skip_separators(at, row.end), row.end, &values[i]);
        if (at == NULL || (at < row.end && !is_separator(*at)))
            return false;
    }
    return at == row.end;
}

static int refuse_count(const struct spine_vectors_layout *layout, size_t got,
                        struct spine_error *err)
{
    return spine_refuse(err, "expected %zu number%s%s, got %zu", layout->dimension,
                        layout->dimension == 1 ? "" : "s",
                        layout->has_header ? " as the header says" : "", got);
}

static int refuse_number(struct field text, size_t index, const char *what,
                         const struct spine_vectors_layout *layout, struct spine_error *err)
{
    char quoted[SPINE_QUOTE_SIZE];
    spine_vectors_quote(quoted, text.begin, (size_t)(text.end - text.begin));
    return spine_refuse(err, "number %zu of %zu is %s: %s", index + 1, layout->dimension, what,
                        quoted);
}

/* Cut the last D fields off 'row', and what remains is the word. Returns how many there were. */
static size_t cut_numbers(struct field *row, size_t dimension, struct field *numbers)
{
    struct field last;
    size_t count = 0;
    *numbers = *row;
    while (count < dimension && cut_last_field(row, &last)) {
        numbers->begin = last.begin;
        count++;
    }
    return count;
}

static int parse_numbers(struct field numbers, const struct spine_vectors_layout *layout,
                         float *values, struct spine_error *err)
{
    const char *at = numbers.begin;
    for (size_t i = 0; i < layout->dimension; i++) {
        const char *begin = skip_separators(at, numbers.end);
        at = skip_field(begin, numbers.end);
        if (spine_number_parse(begin, at, &values[i]))
            return refuse_number((struct field){begin, at}, i, "not a number", layout, err);
    }
    return 0;
}

static int parse_unusual(const struct spine_line *line, const struct spine_vectors_layout *layout,
                         struct field *word, float *values, struct spine_error *err)
{
    struct field rest = content(line), numbers;
    if (memchr(line->text, '\0', line->length) != NULL)
        return spine_refuse(err, "a NUL byte in the line");
    const size_t found = cut_numbers(&rest, layout->dimension, &numbers);
    if (is_empty(rest) && found == layout->dimension && is_separator(line->text[0]) &&
        parse_numbers(numbers, layout, values, err) == 0)
        return spine_refuse(err, "no word before the %zu numbers", found);
    if (is_empty(rest))
        return refuse_count(layout, found - 1, err);
    *word = rest;
    const size_t surplus = count_trailing_numbers(rest);
    if (surplus > 0)
        return refuse_count(layout, layout->dimension + surplus, err);
    return parse_numbers(numbers, layout, values, err);
}

static bool all_finite(const float *values, size_t count)
{
    int finite = 1;
    for (size_t i = 0; i < count; i++)
        finite &= isfinite(values[i]) != 0;
    return finite;
}

static int refuse_not_finite(struct field row, const struct spine_vectors_layout *layout,
                             const float *values, struct spine_error *err)
{
    struct field numbers;
    size_t index = 0;
    while (isfinite(values[index]))
        index++;
    cut_numbers(&row, layout->dimension - index, &numbers);
    numbers.end = skip_field(numbers.begin, numbers.end);
    return refuse_number(numbers, index, "not finite", layout, err);
}

/* --- All lines ---------------------------------------------------------------------------- */

static int refuse_memory(size_t rows, struct spine_error *err)
{
    return spine_fail(err, "out of memory for %zu rows", rows);
}

static int reserve_row(struct spine_vectors *vectors, struct spine_error *err)
{
    if (vectors->rows < vectors->capacity)
        return 0;
    const size_t wanted = 2 * vectors->capacity + 256;
    float *values = realloc(vectors->values, wanted * vectors->dimension * sizeof *values);
    if (values == NULL)
        return refuse_memory(wanted, err);
    vectors->values = values;
    uint64_t *lines = realloc(vectors->lines, wanted * sizeof *lines);
    if (lines == NULL)
        return refuse_memory(wanted, err);
    vectors->lines = lines;
    vectors->capacity = wanted;
    return 0;
}

static int leave_out(struct spine_vectors *vectors, uint64_t line, struct spine_error *err)
{
    const size_t count = vectors->num_not_finite;
    /* A power of two is full. */
    if ((count & (count - 1)) == 0) {
        uint64_t *larger =
            realloc(vectors->not_finite, (count == 0 ? 1 : 2 * count) * sizeof *larger);
        if (larger == NULL)
            return refuse_memory(count, err);
        vectors->not_finite = larger;
    }
    vectors->not_finite[vectors->num_not_finite++] = line;
    return 0;
}

static int take_line(struct spine_vectors *vectors, const struct spine_line *line,
                     const struct spine_vectors_layout *layout,
                     const struct spine_vectors_rules *rules, struct spine_error *err)
{
    const struct field row = content(line);
    if (is_empty(row)) {
        vectors->num_blank++;
        return 0;
    }
    if (reserve_row(vectors, err))
        return -1;
    float *values = vectors->values + vectors->rows * vectors->dimension;
    struct field word;
    if (!parse_ordinary(row, layout->dimension, &word, values) &&
        parse_unusual(line, layout, &word, values, err))
        return -1;
    if (!all_finite(values, layout->dimension))
        return rules->leave_out_not_finite ? leave_out(vectors, line->number, err)
                                           : refuse_not_finite(row, layout, values, err);
    if (spine_words_add(&vectors->words, word.begin, (size_t)(word.end - word.begin), err))
        return -1;
    vectors->lines[vectors->rows++] = line->number;
    return 0;
}

int spine_vectors_parse(struct spine_vectors *vectors, struct spine_input *input,
                        const struct spine_vectors_layout *layout,
                        const struct spine_vectors_rules *rules, struct spine_error *err)
{
    assert(layout->dimension > 0);
    struct spine_line line;
    int rc;
    *vectors = (struct spine_vectors){.dimension = layout->dimension};
    while ((rc = spine_input_next(input, &line, err)) == 1) {
        vectors->num_lines = line.number;
        vectors->is_cut = line.is_cut;
        if (line.is_first && layout->has_mark)
            pass_mark(&line);
        if (line.is_first && layout->has_header)
            continue;
        if (take_line(vectors, &line, layout, rules, err)) {
            vectors->bad_line = err->status == SPINE_EXIT_REFUSED ? line.number : 0;
            return -1;
        }
        if (rules->limit > 0 && vectors->rows + vectors->num_not_finite == rules->limit)
            return 0;
    }
    return rc;
}

int spine_vectors_place(const char *path, uint64_t line, struct spine_error *err)
{
    const struct spine_error plain = *err;
    return spine_refuse(err, "%s:%llu: %.700s", path, (unsigned long long)line, plain.text);
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
    const size_t row_bytes = vectors->dimension * sizeof *vectors->values;
    drop_elements(vectors->values, vectors->rows, row_bytes, rows, count);
    drop_elements(vectors->lines, vectors->rows, sizeof *vectors->lines, rows, count);
    if (vectors->words.count > 0) {
        drop_elements(vectors->words.start, vectors->rows, sizeof *vectors->words.start, rows,
                      count);
        vectors->words.count -= count;
    }
    vectors->rows -= count;
}

void spine_vectors_dispose(struct spine_vectors *vectors)
{
    free(vectors->values);
    free(vectors->lines);
    free(vectors->not_finite);
    spine_words_dispose(&vectors->words);
    *vectors = (struct spine_vectors){0};
}
