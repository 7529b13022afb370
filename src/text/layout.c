/* layout.c -- the layout of a file of word vectors in text form, found from its first rows. */
#include "spine/text/layout.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    SAMPLE_ROWS = 100, /* rows from which the layout is found */
    HEADER_DIGITS = 18,
};

struct sample_row {
    uint64_t line;
    size_t fields;
    size_t numbers;     /* at the end of the row */
    size_t tab_numbers; /* fields after the first tab, if all are numbers; else 0 */
    size_t name_parts;  /* numbers at the beginning that may belong to a name */
    int64_t index;      /* the first field as a whole number, in quotes or not; -1: it isn't one */
    bool is_clean;      /* all fields but the first are numbers */
    bool is_real;       /* the first field is a number with a point */
    bool has_quotes;    /* its word begins and ends with a double quote */
    bool has_blank;     /* and has a blank inside */
    bool has_colon;     /* its word ends in a colon */
};

struct sample {
    size_t count;
    struct sample_row rows[SAMPLE_ROWS];
    bool has_integers;    /* the first line is two whole numbers, and so perhaps a header: */
    uint64_t integers[2]; /* it isn't among the rows */
    bool may_have_names;  /* the first row has no numbers, or counts 0 1 2 ... */
    bool is_comment;      /* the first row begins with # */
    bool is_utf16, is_binary, is_page, has_bare_returns;
    size_t num_commas;            /* rows with a comma where a separator belongs */
    char last[SPINE_LINES_QUOTE]; /* the last field of the first row without numbers, quoted */
    bool has_decimal_comma, has_semicolons, has_brackets; /* the last row without numbers */
};

static bool parse_integer(struct spine_field text, uint64_t *value)
{
    *value = 0;
    if (spine_field_is_empty(text) || text.end - text.begin > HEADER_DIGITS)
        return false;
    for (const char *at = text.begin; at < text.end; at++) {
        if (!isdigit((unsigned char)*at))
            return false;
        *value = *value * 10 + (uint64_t)(*at - '0');
    }
    return true;
}

static bool parse_integers(struct spine_field rest, uint64_t integers[2])
{
    struct spine_field first, second;
    return spine_field_cut_last(&rest, &second) && spine_field_cut_last(&rest, &first) &&
           spine_field_is_empty(rest) && parse_integer(first, &integers[0]) &&
           parse_integer(second, &integers[1]);
}

/* "the,0.1,0.2", "the, 0.1, 0.2" or with semicolons: there is a number between the last two. */
static bool has_comma_fields(struct spine_field row)
{
    const char *at = row.end, *last = NULL;
    while (at > row.begin) {
        const char c = *--at;
        if (c != ',' && c != ';')
            continue;
        if (last != NULL)
            return spine_field_is_number(spine_field_trim((struct spine_field){at + 1, last}));
        last = at;
    }
    return false;
}

static bool begins_with(struct spine_field text, const char *word)
{
    const size_t length = strlen(word);
    return (size_t)(text.end - text.begin) >= length && strncasecmp(text.begin, word, length) == 0;
}

static bool is_quoted(struct spine_field text)
{
    return text.end - text.begin >= 2 && text.begin[0] == '"' && text.end[-1] == '"';
}

static struct spine_field unquote(struct spine_field text)
{
    return is_quoted(text) ? (struct spine_field){text.begin + 1, text.end - 1} : text;
}

bool spine_layout_is_name_part(struct spine_field text)
{
    const char *at = text.begin;

    while (at < text.end && isdigit((unsigned char)*at))
        at++;
    if (at > text.begin && text.end - at == 2 && *at == '.' && isdigit((unsigned char)at[1]))
        return true;
    return at > text.begin && at == text.end;
}

/* The last 'count' fields. */
static struct spine_field last_fields(struct spine_field row, size_t count)
{
    struct spine_field last, fields = {row.end, row.end};

    while (count-- > 0 && spine_field_cut_last(&row, &last))
        fields.begin = last.begin;
    return fields;
}

/* Count the first fields that may belong to a name. */
static size_t count_name_parts(struct spine_field fields)
{
    size_t count = 0;

    while (!spine_field_is_empty(fields)) {
        const char *end = spine_field_skip(fields.begin, fields.end);
        if (!spine_layout_is_name_part((struct spine_field){fields.begin, end}))
            break;
        count++;
        fields.begin = spine_field_skip_separators(end, fields.end);
    }
    return count;
}

/* Count the numbers after the first tab; 0 if there is anything else. */
static size_t count_tab_numbers(struct spine_field row)
{
    const char *tab = memchr(row.begin, '\t', (size_t)(row.end - row.begin));
    if (tab == NULL)
        return 0;

    const struct spine_field rest = spine_field_trim((struct spine_field){tab, row.end});
    const size_t fields = spine_field_count(rest), numbers = spine_field_count_numbers(rest);
    const struct spine_field first = {rest.begin, spine_field_skip(rest.begin, rest.end)};
    return numbers + 1 == fields && spine_field_is_number(first) ? fields : 0;
}

/* "word 0 1 2 ... 299", with or without the first field, from 0 or 1 on: column numbers. */
static bool is_counting(struct spine_field row, size_t least)
{
    struct spine_field last;
    uint64_t value, after = 0;
    size_t count = 0;

    while (spine_field_cut_last(&row, &last) && parse_integer(unquote(last), &value) &&
           (count == 0 || value + 1 == after)) {
        after = value;
        count++;
    }
    return count >= least && after <= 1;
}

/* Is it a value rather than a name: a number with something behind it, such as 1.0D0, or a constant? */
static bool is_value(struct spine_field text)
{
    static const char *const constants[] = {"true", "false", "null", "none", "na", "n/a"};
    const size_t length = (size_t)(text.end - text.begin);
    const char *at = text.begin;

    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (length == strlen(constants[i]) && begins_with(text, constants[i]))
            return true;
    while (at < text.end && *at != '\0' && strchr("+-.$", *at) != NULL)
        at++;
    return at < text.end && isdigit((unsigned char)*at);
}

/* May the first line name columns: is none of its fields a number, or do they count? What is written
 * like a value names no column, but for the first, which may be the name of the words. */
static bool may_be_names(struct spine_field row)
{
    enum { LEAST_COUNTED = 3 };
    struct spine_field rest = row, last;

    if (is_counting(row, LEAST_COUNTED))
        return true;
    while (spine_field_cut_last(&rest, &last))
        if (spine_field_is_number(unquote(last)) ||
            (!spine_field_is_empty(rest) && is_value(unquote(last))))
            return false;
    return true;
}

static struct sample_row describe_row(struct spine_field row, uint64_t line)
{
    const struct spine_field first = {row.begin, spine_field_skip(row.begin, row.end)};
    struct sample_row described = {.line = line, .index = -1};
    uint64_t index;

    described.numbers = spine_field_count_numbers(row);
    described.fields = spine_field_count(row);
    described.is_clean = described.numbers > 0 && described.numbers + 1 == described.fields;
    described.tab_numbers = count_tab_numbers(row);
    described.name_parts = count_name_parts(last_fields(row, described.numbers));
    if (parse_integer(unquote(first), &index))
        described.index = (int64_t)index;
    described.is_real = spine_field_is_number(first) &&
                        memchr(first.begin, '.', (size_t)(first.end - first.begin)) != NULL;

    struct spine_field word = {row.begin, last_fields(row, described.numbers).begin};
    word = spine_field_trim(word);
    described.has_quotes = is_quoted(word);
    described.has_blank = spine_field_skip(word.begin, word.end) < word.end;
    described.has_colon = word.end - word.begin > 1 && word.end[-1] == ':';
    return described;
}

/* Is it a number but for a comma in the place of the point? */
static bool is_decimal_comma(struct spine_field text)
{
    char copy[32];
    const size_t length = (size_t)(text.end - text.begin);
    if (length >= sizeof copy)
        return false;

    memcpy(copy, text.begin, length);
    char *comma = memchr(copy, ',', length);
    if (comma == NULL)
        return false;
    *comma = '.';
    return spine_field_is_number((struct spine_field){copy, copy + length});
}

/* Note how a row without numbers ends. */
static void note_end(struct sample *sample, struct spine_field row)
{
    struct spine_field rest = row, last = row;
    const char *semicolon;
    spine_field_cut_last(&rest, &last);

    if (sample->last[0] == '\0')
        spine_lines_quote(sample->last, last.begin, (size_t)(last.end - last.begin));
    sample->has_brackets = last.end > last.begin && last.end[-1] == ']' &&
                           memchr(row.begin, '[', (size_t)(row.end - row.begin)) != NULL;
    sample->has_semicolons = false;
    while ((semicolon = memchr(last.begin, ';', (size_t)(last.end - last.begin))) != NULL) {
        sample->has_semicolons = true;
        last.begin = semicolon + 1;
    }
    sample->has_decimal_comma = is_decimal_comma(last);
}

static void note_row(struct sample *sample, struct spine_field row, uint64_t line)
{
    const size_t bytes = (size_t)(row.end - row.begin);
    const struct sample_row described = describe_row(row, line);

    if (sample->count == 0) {
        sample->is_page =
            begins_with(row, "<!doctype") || begins_with(row, "<html") || begins_with(row, "<?xml");
        sample->has_bare_returns = memchr(row.begin, '\r', bytes) != NULL;
        sample->is_comment = *row.begin == '#' && described.numbers == 0;
        sample->may_have_names = line == 1 && (may_be_names(row) || sample->is_comment);
    }
    sample->is_binary = sample->is_binary || memchr(row.begin, '\0', bytes) != NULL;
    sample->num_commas += has_comma_fields(row);
    if (described.numbers == 0)
        note_end(sample, row);
    sample->rows[sample->count++] = described;
}

static void note_first_line(struct sample *sample, struct spine_layout *layout,
                            enum spine_layout_header header, struct spine_line *line)
{
    const char *text = line->text;
    sample->is_utf16 =
        line->length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0);
    layout->has_mark = spine_lines_pass_mark(line);
    sample->has_integers =
        header != SPINE_HEADER_NO && parse_integers(spine_layout_content(line), sample->integers);
    layout->has_header = header == SPINE_HEADER_SKIP;
}

static int take_sample(struct sample *sample, struct spine_layout *layout,
                       enum spine_layout_header header, struct spine_lines *lines,
                       struct spine_error *err)
{
    struct spine_line line;
    while (sample->count < SAMPLE_ROWS) {
        const int rc = spine_lines_next(lines, &line, err);
        if (rc != 1)
            return rc;
        if (line.is_first)
            note_first_line(sample, layout, header, &line);
        if (line.is_first && (sample->has_integers || layout->has_header))
            continue;
        const struct spine_field row = spine_layout_content(&line);
        if (!spine_field_is_empty(row))
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

/* Has a row numbers that belong to no name? */
static bool has_real_numbers(const struct sample *sample)
{
    for (size_t i = 0; i < sample->count; i++)
        if (sample->rows[i].name_parts < sample->rows[i].numbers)
            return true;
    return false;
}

/* Do the other rows, too, have 'numbers' numbers, after a name that ends in numbers? */
static bool fits_names(const struct sample *sample, size_t numbers)
{
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_row *row = &sample->rows[i];
        if (row->numbers < numbers || row->numbers - numbers > row->name_parts)
            return false;
    }
    return has_real_numbers(sample);
}

static size_t least_numbers(const struct sample *sample)
{
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < sample->count; i++)
        if (sample->rows[i].numbers < least)
            least = sample->rows[i].numbers;
    return least;
}

/* Choose the dimension: that of the shortest rows, if the surplus numbers of the others may belong
 * to names; else the commonest. Ties go to the dimension with more rows of a single word and
 * numbers, since a damaged number in the middle makes a row seem short; then to the smaller. */
static size_t choose_dim(const struct sample *sample)
{
    size_t best = least_numbers(sample), most[2] = {0, 0};

    size_t votes_of_least[2];
    count_votes(sample, best, votes_of_least);
    if (votes_of_least[0] > 1 && best > 0 && fits_names(sample, best))
        return best;
    best = 0;
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
            err, "%s: this is UTF-16; convert it to UTF-8 first: iconv -f UTF-16 -t UTF-8", path);

    if (sample->count == 0)
        return spine_refuse(err, "%s: no vectors, %s", path,
                            sample->has_integers ? "only a header" : "only blank lines");
    if (sample->is_page)
        return spine_refuse(err, "%s: this is a web page (HTML or XML), not vectors", path);
    if (sample->has_bare_returns && sample->is_binary)
        return spine_refuse(err, "%s: is neither text nor a known binary format", path);
    if (sample->has_bare_returns)
        return spine_refuse(err, "%s: a carriage return inside line %llu; lines end in newlines",
                            path, (unsigned long long)sample->rows[0].line);

    const size_t dim = choose_dim(sample);
    if (dim <= 1 && sample->has_decimal_comma)
        return spine_refuse(err, "%s: the numbers have a decimal comma; write a point: %s", path,
                            sample->has_semicolons ? "tr ',;' '. '" : "tr , .");
    if (dim <= 1 && sample->has_brackets)
        return spine_refuse(err, "%s: the numbers are in brackets; remove them: tr -d '[],'", path);
    if (dim <= 1 && 2 * sample->num_commas > sample->count)
        return spine_refuse(
            err, "%s: this is CSV; words and numbers must be separated by spaces or tabs", path);
    if (dim > 0)
        return 0;

    if (sample->is_binary)
        return spine_refuse(err, "%s: is neither text nor a known binary format", path);

    size_t first = 0;
    while (sample->rows[first].numbers != 0)
        first++;
    return spine_refuse(err, "%s:%llu: expected a word and numbers, the line ends in %s", path,
                        (unsigned long long)sample->rows[first].line, sample->last);
}

/* --- Tables of other programs ------------------------------------------------------------- */

/* The first row names columns if it has as many fields as the others have numbers, perhaps with
 * words and row numbers. A first row of words that begins with # is a comment. */
static void find_names(struct spine_layout *layout, struct sample *sample)
{
    if (!sample->may_have_names || sample->count < 2 || layout->has_header)
        return;
    struct sample others = *sample;
    memmove(others.rows, others.rows + 1, --others.count * sizeof *others.rows);
    const size_t dim = choose_dim(&others), fields = sample->rows[0].fields;
    if (dim == 0 || ((fields < dim || fields > dim + 2) && !sample->is_comment))
        return;
    if (sample->rows[0].numbers > 0 && !has_real_numbers(&others))
        return; /* 1 2 3 may be a vector */

    others.may_have_names = false;
    *sample = others;
    layout->has_names = true;
}

/* Are exactly those words in quotes that have blanks? */
static bool quotes_blanks(const struct spine_layout *layout, const struct sample *sample)
{
    size_t num_quoted = 0;

    if (layout->has_tab || layout->has_row_numbers)
        return false;
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->rows[i].has_blank != sample->rows[i].has_quotes)
            return false;
        num_quoted += sample->rows[i].has_quotes;
    }
    return num_quoted > 0;
}

static void find_habits(struct spine_layout *layout, const struct sample *sample)
{
    enum { LEAST_ROWS = 3 };
    const struct sample_row *rows = sample->rows;

    layout->has_tab = sample->count > 0;
    layout->has_quotes = layout->has_row_numbers = sample->count >= LEAST_ROWS;
    for (size_t i = 0; i < sample->count; i++) {
        layout->has_tab = layout->has_tab && rows[i].tab_numbers > 0 &&
                          rows[i].tab_numbers == rows[0].tab_numbers;
        layout->has_quotes = layout->has_quotes && rows[i].has_quotes;
        layout->has_row_numbers = layout->has_row_numbers && !rows[i].is_clean &&
                                  rows[0].index >= 0 && rows[0].index <= 1 &&
                                  rows[i].index == rows[0].index + (int64_t)i;
    }
    /* "0\tplum\t0.1": the tab ends no word. */
    layout->has_tab = layout->has_tab && !layout->has_row_numbers;
    layout->has_bare_words = !layout->has_quotes && quotes_blanks(layout, sample);
    layout->has_quotes = layout->has_quotes || layout->has_bare_words;
}

/* Refuse if first fields aren't words: if most are numbers with a point. */
static int refuse_if_no_words(const struct spine_layout *layout, const struct sample *sample,
                              const char *path, struct spine_error *err)
{
    size_t num_real = 0;

    for (size_t i = 0; i < sample->count; i++)
        num_real += sample->rows[i].is_clean && sample->rows[i].is_real;
    if (2 * num_real <= sample->count)
        return 0;
    return spine_refuse(err,
                        "%s:%llu: rows without words: all %zu fields are numbers; put the words "
                        "before them: paste WORDS %s",
                        path, (unsigned long long)sample->rows[0].line, layout->dim + 1, path);
}

/* --- Dimension and header ----------------------------------------------------------------- */

/* Refuse a header that doesn't fit the rows. */
static int check_header(struct spine_layout *layout, const struct sample *sample, const char *path,
                        struct spine_error *err)
{
    const size_t announced = (size_t)sample->integers[1];

    if (layout->has_tab ? sample->rows[0].tab_numbers == announced
                        : announced > 0 && fits_names(sample, announced)) {
        layout->dim = announced;
        return 0;
    }
    for (size_t i = 0; i < sample->count; i++)
        if (layout->dim != announced && sample->rows[i].numbers != announced)
            return spine_refuse(err,
                                "%s:%llu: expected %zu numbers as the header says, got %zu; "
                                "spine-convert --header=skip ignores the "
                                "header",
                                path, (unsigned long long)sample->rows[i].line, announced,
                                sample->rows[i].numbers);
    return 0;
}

static int decide_header(struct spine_layout *layout, const struct sample *sample, const char *path,
                         enum spine_layout_header header, struct spine_error *err)
{
    if (header == SPINE_HEADER_SKIP)
        return 0;
    if (header == SPINE_HEADER_YES && !sample->has_integers)
        return spine_refuse(err, "%s:1: expected a header of two whole numbers, rows and dimension",
                            path);
    /* Words and counts, such as GloVe's vocabulary: "2014 5000" is a row of them. */
    const bool fits_as_row = layout->dim == 1 && sample->integers[1] != 1;
    layout->has_header = sample->has_integers && (header == SPINE_HEADER_YES || !fits_as_row);
    if (!layout->has_header)
        return 0;
    layout->has_count = true;
    layout->announced = sample->integers[0];
    return check_header(layout, sample, path, err);
}

/* Find where words end if they may end in numbers, or all end in a colon. */
static void find_surplus(struct spine_layout *layout, const struct sample *sample)
{
    const bool some_are_real = has_real_numbers(sample);
    bool all_begin_whole = sample->count > 2, some_are_longer = false;
    bool all_have_colons = sample->count > 2;

    for (size_t i = 0; i < sample->count; i++) {
        some_are_longer = some_are_longer || sample->rows[i].numbers > layout->dim;
        all_begin_whole = all_begin_whole && sample->rows[i].name_parts > 0;
        all_have_colons = all_have_colons && sample->rows[i].has_colon;
    }
    layout->has_surplus = (layout->has_count && some_are_real) || layout->has_tab ||
                          (some_are_longer && fits_names(sample, layout->dim));
    layout->has_colons = all_have_colons;
    layout->may_be_longer =
        !layout->has_surplus && all_begin_whole && some_are_real && layout->dim > 1;
}

int spine_layout_detect(struct spine_layout *layout, const char *path, const char *name,
                        enum spine_layout_header header, struct spine_error *err)
{
    struct spine_lines *lines = NULL;
    struct sample sample = {0};
    int rc = -1;
    *layout = (struct spine_layout){0};
    if (spine_lines_open(&lines, path, err))
        return -1;
    spine_lines_rename(lines, name);
    layout->packing = spine_lines_packing(lines);
    layout->bytes = spine_lines_bytes(lines);

    if (take_sample(&sample, layout, header, lines, err))
        goto done;
    if (header != SPINE_HEADER_NO)
        find_names(layout, &sample);
    if (refuse_if_not_rows(&sample, name, layout->bytes, err))
        goto done;
    find_habits(layout, &sample);
    layout->dim = layout->has_tab ? sample.rows[0].tab_numbers : choose_dim(&sample);
    if (refuse_if_no_words(layout, &sample, name, err) == 0)
        rc = decide_header(layout, &sample, name, header, err);
    find_surplus(layout, &sample);
done:
    spine_lines_close(lines);
    return rc;
}

void spine_layout_pass_mark(const struct spine_layout *layout, struct spine_line *line)
{
    if (layout->has_mark)
        spine_lines_pass_mark(line);
}

bool spine_layout_is_header(const struct spine_layout *layout, const struct spine_line *line)
{
    return line->is_first && (layout->has_header || layout->has_names);
}

struct spine_field spine_layout_word(const struct spine_layout *layout, struct spine_field word)
{
    if (layout->has_row_numbers) {
        const struct spine_field rest = {spine_field_skip(word.begin, word.end), word.end};
        word = spine_field_trim(rest);
    }
    if (!layout->has_quotes ||
        (layout->has_bare_words && spine_field_skip(word.begin, word.end) == word.end))
        return word;
    return unquote(word);
}

struct spine_field spine_layout_content(const struct spine_line *line)
{
    return spine_field_trim((struct spine_field){line->text, line->text + line->length});
}
