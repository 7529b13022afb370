/* layout.c -- the layout of a file of word vectors in text form, found from its first rows. */
#include "spine/text/layout.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/path.h"
#include "spine/text/textrow.h"

enum {
    SAMPLE_ROWS = 100, /* rows from which the layout is found */
};

struct sample {
    size_t count;
    struct spine_textrow rows[SAMPLE_ROWS];
    bool has_integers;    /* the first line is two whole numbers, and so perhaps a header: */
    uint64_t integers[2]; /* it isn't among the rows */
    bool may_have_names;  /* the first row has no numbers, or counts 0 1 2 ... */
    bool is_comment;      /* the first row begins with # */
    bool has_lines;       /* even blank ones */
    bool is_binary, is_page, is_script, has_bare_returns;
    size_t num_commas, num_semicolons, num_bars; /* rows with one where a separator belongs */
    size_t num_lists;                            /* rows whose last field is a list, 0.1,0.2 */
    size_t num_pairs;                            /* rows that end in two pairs like 17:0.5 */
    size_t num_words_last;                       /* rows of numbers before one other field */
    size_t num_opened, num_closed;               /* rows with one bracket but not the other */
    char last[SPINE_LINES_QUOTE]; /* the last field of the first row without numbers, quoted */
    bool has_decimal_comma, has_semicolons, has_brackets; /* the last row without numbers */
};

/* "the,0.1,0.2", "the, 0.1, 0.2", "\"the\",\"0.1\",\"0.2\"", or with semicolons or bars: there is a
 * number between the last two. Returns the last, or NUL. */
static char find_comma(struct spine_field row)
{
    const char *at = row.end, *last = NULL;
    while (at > row.begin) {
        const char c = *--at;
        if (c != ',' && c != ';' && c != '|')
            continue;
        if (last != NULL) {
            const struct spine_field text = spine_field_trim((struct spine_field){at + 1, last});
            return spine_field_is_number(spine_textrow_unquote(text)) ? *last : '\0';
        }
        last = at;
    }
    return '\0';
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

/* Is it a list of numbers, 0.1,0.2? */
static bool is_list(struct spine_field text)
{
    const size_t length = (size_t)(text.end - text.begin);
    const char *comma = memchr(text.begin, ',', length);

    return comma != NULL && memchr(comma + 1, ',', (size_t)(text.end - comma - 1)) != NULL &&
           spine_field_is_number((struct spine_field){text.begin, comma});
}

/* Is it a dimension and its value, 17:0.5? */
static bool is_pair(struct spine_field text)
{
    const char *colon = memchr(text.begin, ':', (size_t)(text.end - text.begin));

    return colon != NULL && colon > text.begin &&
           spine_textrow_is_name_part((struct spine_field){text.begin, colon}) &&
           spine_field_is_number((struct spine_field){colon + 1, text.end});
}

/* Does the row end in two pairs? A single one may be a time, 12:30. */
static bool ends_in_pairs(struct spine_field row)
{
    struct spine_field last = row, before = row;

    return spine_field_cut_last(&row, &last) && spine_field_cut_last(&row, &before) &&
           is_pair(last) && is_pair(before);
}

/* Note how brackets of a row without numbers at its end, or of one that begins an array, fit: NumPy
 * prints an array over several lines. */
static void note_brackets(struct sample *sample, struct spine_field row, bool has_numbers)
{
    const size_t length = (size_t)(row.end - row.begin);
    const char *end = row.end - (row.end[-1] == '"');
    const bool opens = memchr(row.begin, '[', length) != NULL;
    const bool closes = end > row.begin && end[-1] == ']' && !has_numbers;

    sample->num_opened += opens && !closes;
    sample->num_closed += closes && !opens;
}

/* Note how a row without numbers ends. */
static void note_end(struct sample *sample, struct spine_field row)
{
    struct spine_field rest = row, last = row;
    const char *semicolon;
    spine_field_cut_last(&rest, &last);

    if (sample->last[0] == '\0')
        spine_lines_quote(sample->last, last.begin, (size_t)(last.end - last.begin));
    sample->num_lists += last.begin > row.begin && is_list(last);
    sample->num_pairs += ends_in_pairs(row);
    sample->num_words_last += spine_field_count(rest) > 1 &&
                              spine_field_count_numbers(rest) + 1 >= spine_field_count(rest) &&
                              spine_field_is_number((struct spine_field){
                                  row.begin, spine_field_skip(row.begin, row.end)});
    sample->has_brackets = last.end > last.begin && last.end[-1] == ']' &&
                           memchr(row.begin, '[', (size_t)(row.end - row.begin)) != NULL;
    sample->has_semicolons = false;
    while ((semicolon = memchr(last.begin, ';', (size_t)(last.end - last.begin))) != NULL) {
        sample->has_semicolons = true;
        last.begin = semicolon + 1;
    }
    sample->has_decimal_comma = is_decimal_comma(last);
}

/* "<html> 0.1 0.2", "<head of state> 0.1 0.2": the tag may be a word. */
static bool is_single_tag(struct spine_field row)
{
    return memchr(row.begin + 1, '<', (size_t)(row.end - row.begin - 1)) == NULL;
}

static void note_row(struct sample *sample, struct spine_field row, uint64_t line)
{
    const size_t bytes = (size_t)(row.end - row.begin);
    const struct spine_textrow described = spine_textrow_describe(row, line);
    const char comma = find_comma(row);

    if (sample->count == 0) {
        const bool is_row = described.is_clean || described.numbers > 1;
        sample->is_page = spine_textrow_begins_page(row) && !(is_row && is_single_tag(row));
        sample->is_script = described.numbers == 0 && spine_textrow_begins(row, "#!/");
        sample->has_bare_returns = memchr(row.begin, '\r', bytes) != NULL;
        sample->is_comment = *row.begin == '#' && described.numbers == 0;
        sample->may_have_names =
            line == 1 && (spine_textrow_may_be_names(row) || sample->is_comment);
    }
    sample->is_binary = sample->is_binary || memchr(row.begin, '\0', bytes) != NULL;
    sample->num_commas += comma == ',';
    sample->num_semicolons += comma == ';';
    sample->num_bars += comma == '|';
    note_brackets(sample, row, described.numbers > 0);
    if (described.numbers == 0)
        note_end(sample, row);
    sample->rows[sample->count++] = described;
}

static void note_first_line(struct sample *sample, struct spine_layout *layout,
                            enum spine_layout_header header, struct spine_line *line)
{
    layout->has_mark = spine_lines_pass_mark(line);
    sample->has_integers = header != SPINE_HEADER_NO &&
                           spine_textrow_is_header(spine_layout_content(line), sample->integers);
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
        sample->has_lines = true;
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
        const struct spine_textrow *row = &sample->rows[i];
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

/* Refuse rows whose fields are separated by something else than blanks and tabs. */
static int refuse_csv(const struct sample *sample, const char *path, struct spine_error *err)
{
    const bool has_bars = sample->num_bars > sample->num_commas + sample->num_semicolons;
    const bool has_semicolons = sample->num_semicolons > sample->num_commas;

    if (2 * (sample->num_commas + sample->num_semicolons + sample->num_bars) <= sample->count)
        return 0;
    if (2 * sample->num_lists > sample->count)
        return spine_refuse(err,
                            "%s: the numbers are separated by commas; write them with spaces: "
                            "python3 -c 'for l in open(\"FILE\"): *w, v = l.split(); print(*w, "
                            "*v.split(\",\"))' > vectors.txt",
                            path);
    return spine_refuse(err,
                        "%s: this is CSV; write it with spaces: python3 -c 'import csv; "
                        "[print(*row) for row in csv.reader(open(\"FILE\"), %sskipinitialspace="
                        "True)]' > vectors.txt",
                        path,
                        has_bars         ? "delimiter=\"|\", quoting=3, "
                        : has_semicolons ? "delimiter=\";\", "
                                         : "");
}

/* Refuse rows without numbers at their ends, if most have the same form. */
static int refuse_form(const struct sample *sample, const char *path, struct spine_error *err)
{
    if (sample->has_decimal_comma)
        return spine_refuse(err, "%s: the numbers have a decimal comma; write a point: %s", path,
                            sample->has_semicolons ? "tr ',;' '. '" : "tr , .");
    if (sample->has_brackets)
        return spine_refuse(err, "%s: the numbers are in brackets; remove them: tr -d '[],'", path);
    if (refuse_csv(sample, path, err))
        return -1;
    if (2 * sample->num_pairs > sample->count)
        return spine_refuse(
            err,
            "%s: the rows are sparse, DIMENSION:VALUE; from a file NAME.sparse, spine-eval, "
            "spine-top and spine-report read them; else write all values of a row (for codes of a "
            "run: spine-merge RUN -o FILE.h5ad)",
            path);
    if (2 * sample->num_words_last > sample->count)
        return spine_refuse(err,
                            "%s: the words are last; put them first: awk '{ w = $NF; $NF = \"\"; "
                            "print w, $0 }'",
                            path);
    return 0;
}

static int refuse_if_not_rows(const struct sample *sample, const char *path, uint64_t bytes,
                              struct spine_error *err)
{
    if (bytes == 0 || !sample->has_lines)
        return spine_refuse(err, "%s: the file is empty", path);

    if (sample->count == 0)
        return spine_refuse(err, "%s: no vectors, %s", path,
                            sample->has_integers ? "only a header" : "only blank lines");
    if (sample->is_page)
        return spine_refuse(err,
                            "%s: this is a web page (HTML or XML), not vectors; download the file "
                            "itself, not the page with its link",
                            path);
    if (sample->is_script)
        return spine_refuse(err, "%s: this is a script, not vectors", path);
    if (sample->has_bare_returns && sample->is_binary)
        return spine_refuse(err, "%s: is neither text nor a known binary format", path);
    if (sample->has_bare_returns)
        return spine_refuse(
            err,
            "%s: a carriage return inside line %llu; lines end in newlines: tr '\\r' "
            "'\\n'",
            path, (unsigned long long)sample->rows[0].line);

    const size_t dim = choose_dim(sample);
    /* A single row that ends so may be damaged, and a word may be a bracket. */
    if (sample->num_opened > 0 && sample->num_closed > 0 &&
        sample->num_opened + sample->num_closed > 2)
        return spine_refuse(err,
                            "%s: the numbers are in brackets, over several lines, as NumPy prints "
                            "arrays; write each in one line in Python: print(word, *vector)",
                            path);
    if (dim <= 1 && refuse_form(sample, path, err))
        return -1;
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
    const struct spine_textrow *rows = sample->rows;

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

/* Name the file of the words for a person: NAME.metadata.tsv beside NAME.tsv, as the Embedding
 * Projector has them, or WORDS. */
static void name_words(const char *path, char *words, size_t size)
{
    const int stem = (int)(strlen(path) - strlen(".tsv"));

    if (spine_path_ends_in(path, ".tsv") &&
        (size_t)snprintf(words, size, "%.*s.metadata.tsv", stem, path) < size &&
        access(words, F_OK) == 0)
        return;
    snprintf(words, size, "WORDS");
}

/* Refuse if most first fields aren't words but numbers with a point, or the zeros of vectors: words
 * may be whole numbers, but only one is 0. */
static int refuse_if_no_words(const struct spine_layout *layout, const struct sample *sample,
                              const char *path, struct spine_error *err)
{
    size_t num_values = 0;
    char words[256];

    for (size_t i = 0; i < sample->count; i++)
        num_values += sample->rows[i].is_clean &&
                      (sample->rows[i].is_real || (layout->dim > 1 && sample->rows[i].index == 0));
    if (2 * num_values <= sample->count)
        return 0;
    name_words(path, words, sizeof words);
    return spine_refuse(err,
                        "%s:%llu: rows without words: all %zu fields are numbers; put the words "
                        "before them: paste %s %s > FILE",
                        path, (unsigned long long)sample->rows[0].line, layout->dim + 1, words,
                        path);
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
    bool all_have_colons = sample->count > 2, all_have_remains = sample->count > 2;

    for (size_t i = 0; i < sample->count; i++) {
        some_are_longer = some_are_longer || sample->rows[i].numbers > layout->dim;
        all_begin_whole = all_begin_whole && sample->rows[i].name_parts > 0;
        all_have_colons = all_have_colons && sample->rows[i].has_colon;
        all_have_remains = all_have_remains && sample->rows[i].has_remains;
    }
    layout->has_surplus = (layout->has_count && some_are_real) || layout->has_tab ||
                          (some_are_longer && fits_names(sample, layout->dim));
    layout->has_colons = all_have_colons;
    layout->has_remains = all_have_remains && !layout->has_tab;
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
    return spine_textrow_unquote(word);
}

struct spine_field spine_layout_content(const struct spine_line *line)
{
    return spine_field_trim((struct spine_field){line->text, line->text + line->length});
}
