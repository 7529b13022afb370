/* layout.c -- the layout of a file of word vectors in text form, found from its first rows. */
#include "spine/text/layout.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    SAMPLE_ROWS = 100, /* rows that the layout is found from */
    HEADER_DIGITS = 18,
};

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

/* "the,0.1,0.2", "the, 0.1, 0.2" or with semicolons: a number between the last two of them. */
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

static void note_row(struct sample *sample, struct spine_field row, uint64_t line)
{
    const size_t bytes = (size_t)(row.end - row.begin);
    if (sample->count == 0) {
        sample->is_page =
            begins_with(row, "<!doctype") || begins_with(row, "<html") || begins_with(row, "<?xml");
        sample->has_bare_returns = memchr(row.begin, '\r', bytes) != NULL;
    }
    sample->is_binary = sample->is_binary || memchr(row.begin, '\0', bytes) != NULL;
    sample->num_commas += has_comma_fields(row);
    const size_t numbers = spine_field_count_numbers(row);
    sample->rows[sample->count++] =
        (struct sample_row){line, numbers, numbers > 0 && numbers + 1 == spine_field_count(row)};
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
        if (line.is_first && sample->has_integers)
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

/* What most rows have. Of two as frequent, what more rows have that are a single word and numbers:
 * a damaged number in the middle makes a row seem short. Then the smaller. */
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

static int decide_header(struct spine_layout *layout, const struct sample *sample, const char *path,
                         enum spine_layout_header header, struct spine_error *err)
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

int spine_layout_detect(struct spine_layout *layout, const char *path,
                        enum spine_layout_header header, struct spine_error *err)
{
    struct spine_lines *lines = NULL;
    struct sample sample = {0};
    int rc = -1;
    *layout = (struct spine_layout){0};
    if (spine_lines_open(&lines, path, err))
        return -1;
    layout->kind = spine_lines_kind(lines);
    layout->bytes = spine_lines_bytes(lines);
    if (take_sample(&sample, layout, header, lines, err) ||
        refuse_if_not_rows(&sample, path, layout->bytes, err))
        goto done;
    layout->dimension = choose_dimension(&sample);
    rc = decide_header(layout, &sample, path, header, err);
done:
    spine_lines_close(lines);
    return rc;
}

void spine_layout_pass_mark(const struct spine_layout *layout, struct spine_line *line)
{
    if (layout->has_mark)
        spine_lines_pass_mark(line);
}

struct spine_field spine_layout_content(const struct spine_line *line)
{
    return spine_field_trim((struct spine_field){line->text, line->text + line->length});
}
