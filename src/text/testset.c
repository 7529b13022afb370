/* testset.c -- test sets of words, in the forms in which they are published.
 *
 * A first reading of the table's beginning finds the meaning of each field, a second reading reads
 * the rows. */
#include "spine/text/testset.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spine/base/log.h"
#include "spine/base/lookup.h"
#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/text/lines.h"
#include "spine/text/tabular.h"

enum {
    SAMPLE = 200, /* rows from which the meaning of fields is found */
    NONE = -1,
};

/* What is known about the fields of a table. */
struct survey {
    size_t rows, fewest, most;            /* sampled rows, the first included, and their fields */
    size_t numbers[SPINE_TABULAR_FIELDS]; /* sampled rows that have a number here */
    bool first_numbers[SPINE_TABULAR_FIELDS]; /* the first row has one */
    bool is_named[SPINE_TABULAR_FIELDS];      /* the first row calls it a score */
    bool counts_rows;                         /* the first field is the number before it plus one */
};

/* Where the parts of a row are. */
struct columns {
    int first, second, score;
};

/* --- Rows --------------------------------------------------------------------------------- */

/* Append a row without words. */
static int add_row(struct spine_testset *set, double score, uint32_t section,
                   struct spine_error *err)
{
    const size_t row = set->count;

    if (spine_memory_reserve(&set->first, &set->first_capacity, row + 2, sizeof *set->first,
                             "a test set", err) ||
        spine_memory_reserve(&set->score, &set->score_capacity, row + 1, sizeof *set->score,
                             "a test set", err) ||
        spine_memory_reserve(&set->section, &set->section_capacity, row + 1, sizeof *set->section,
                             "a test set", err))
        return -1;

    set->first[row] = set->first[row + 1] = set->words.count;
    set->score[row] = score;
    set->section[row] = section;
    set->count++;
    return 0;
}

/* Append a word to the last row. */
static int add_word(struct spine_testset *set, const char *word, size_t length,
                    struct spine_error *err)
{
    if (spine_words_add(&set->words, word, length, err))
        return -1;

    set->first[set->count] = set->words.count;
    return 0;
}

static int add_two(struct spine_testset *set, const char *first, const char *second, double score,
                   struct spine_error *err)
{
    if (add_row(set, score, 0, err) || add_word(set, first, strlen(first), err) ||
        add_word(set, second, strlen(second), err))
        return -1;
    return 0;
}

const char *spine_testset_word(const struct spine_testset *set, size_t row, size_t i)
{
    return spine_words_get(&set->words, set->first[row] + i);
}

size_t spine_testset_count(const struct spine_testset *set, size_t row)
{
    return set->first[row + 1] - set->first[row];
}

void spine_testset_dispose(struct spine_testset *set)
{
    free(set->first);
    free(set->score);
    free(set->section);
    spine_words_dispose(&set->words);
    *set = (struct spine_testset){0};
}

/* Call 'add' for all rows of a table; it returns 0, or -1. */
typedef int add_fields(struct spine_testset *set, const struct spine_tabular *table,
                       const struct spine_tabular_row *row, void *context, struct spine_error *err);

static int read_rows(struct spine_testset *set, add_fields *add, void *context,
                     struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;

    if (spine_tabular_open(&table, set->path, SPINE_TABULAR_ANY, err))
        return -1;
    int rc, next;
    for (rc = 0; rc == 0 && (next = spine_tabular_next(table, &row, err)) != 0;)
        rc = next < 0 ? -1 : add(set, table, &row, context, err);

    const size_t comments = spine_tabular_comments(table);
    if (rc == 0 && comments > 0)
        spine_log(SPINE_LOG_INFO, "%s: skipped %zu line%s that begin%s with #", set->path, comments,
                  comments == 1 ? "" : "s", comments == 1 ? "s" : "");
    spine_tabular_close(table);
    return rc;
}

static void log_count(const struct spine_testset *set, const char *one, const char *several)
{
    spine_log(SPINE_LOG_INFO, "%s: %zu %s", set->path, set->count, set->count == 1 ? one : several);
}

static void log_header(const struct spine_testset *set, const struct spine_tabular_row *row)
{
    char text[160] = "", quoted[SPINE_LINES_QUOTE];
    size_t used = 0;

    for (size_t i = 0; i < row->count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "",
                                 row->field[i]);
    spine_lines_quote(quoted, text, strlen(text));
    spine_log(SPINE_LOG_INFO, "%s:%llu: read as a header, not as a row: %s", set->path,
              (unsigned long long)row->line, quoted);
}

/* --- The meaning of fields ------------------------------------------------------------------ */

/* A finite number; with semicolons between the fields, also with a decimal comma. */
static bool parse_score(const struct spine_tabular_row *row, size_t field, float *value)
{
    char text[64];
    const char *written = row->field[field];
    const size_t length = strlen(written);

    if (length >= sizeof text)
        return false;
    memcpy(text, written, length + 1);
    char *comma = row->separator == ';' ? strchr(text, ',') : NULL;
    if (comma != NULL)
        *comma = '.';

    return spine_number_parse(text, text + length, value) == 0 && isfinite(*value);
}

/* Does a heading say that its numbers are scores? */
static bool names_score(const char *heading)
{
    static const char *const names[] = {"score", "mean",   "avg",    "average", "simil",
                                        "relat", "rating", "simlex", "human",   "gold"};
    char lower[64];
    size_t length = 0;

    for (; heading[length] != '\0' && length + 1 < sizeof lower; length++)
        lower[length] = (char)tolower((unsigned char)heading[length]);
    lower[length] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(lower, names[i]) != NULL)
            return true;

    return false;
}

static void survey_row(struct survey *survey, const struct spine_tabular_row *row, double *before)
{
    float value;
    const bool is_first = survey->rows == 0;

    for (size_t i = 0; i < row->count; i++)
        if (parse_score(row, i, &value)) {
            survey->numbers[i]++;
            survey->first_numbers[i] = is_first || survey->first_numbers[i];
        } else if (is_first) {
            survey->is_named[i] = names_score(row->field[i]);
        }

    const double number = parse_score(row, 0, &value) ? (double)value : (double)NAN;
    if (survey->rows > 1)
        survey->counts_rows = survey->counts_rows && number == *before + 1;
    else if (survey->rows == 1)
        survey->counts_rows = number == 0 || number == 1 || number == 2;
    *before = number;
    survey->fewest = is_first || row->count < survey->fewest ? row->count : survey->fewest;
    survey->most = row->count > survey->most ? row->count : survey->most;
    survey->rows++;
}

static int survey_table(const char *path, struct survey *survey, struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    double before = (double)NAN;

    *survey = (struct survey){0};
    if (spine_tabular_open(&table, path, SPINE_TABULAR_ANY, err))
        return -1;
    int rc = 0;
    while (survey->rows < SAMPLE && (rc = spine_tabular_next(table, &row, err)) == 1)
        survey_row(survey, &row, &before);
    spine_tabular_close(table);

    return rc < 0 ? rc : 0;
}

/* Do most rows have a number here, apart from the first, which may be a header? */
static bool is_numeric(const struct survey *survey, size_t field)
{
    return field < survey->most &&
           2 * survey->numbers[field] > survey->rows - !survey->first_numbers[field];
}

/* Find the fields of the words and the score; *is_plain is set if they are the first three. */
static struct columns find_columns(const struct survey *survey, bool *is_plain)
{
    const struct columns plain = {0, 1, 2};
    struct columns found = {NONE, NONE, NONE};

    *is_plain =
        survey->rows < 2 || survey->most <= 2 || (survey->most == 3 && is_numeric(survey, 2));
    if (*is_plain)
        return plain;

    for (size_t i = 0; i < survey->most; i++)
        if (!is_numeric(survey, i) && found.second == NONE)
            *(found.first == NONE ? &found.first : &found.second) = (int)i;
    if (found.second == NONE && is_numeric(survey, 2)) { /* words that are numbers */
        found.first = 0;
        found.second = 1;
    }

    const size_t behind = found.second == NONE ? 0 : (size_t)found.second + 1;
    for (size_t i = behind; i < survey->most; i++)
        if (is_numeric(survey, i) &&
            (found.score == NONE || (survey->is_named[i] && !survey->is_named[found.score])))
            found.score = (int)i;
    for (size_t i = survey->counts_rows ? 1 : 0; found.score == NONE && i < behind; i++)
        if (is_numeric(survey, i))
            found.score = (int)i;

    *is_plain = found.second == NONE || found.score == NONE;
    return *is_plain ? plain : found;
}

/* --- Pairs with a score ------------------------------------------------------------------- */

struct reading {
    struct columns columns;
    size_t seen;       /* rows */
    bool may_be_short; /* a header may have fewer fields than the rows, as R's */
};

static int add_pair(struct spine_testset *set, const struct spine_tabular *table,
                    const struct spine_tabular_row *row, void *context, struct spine_error *err)
{
    static const char *const ordinals[] = {"first", "second", "third", "fourth", "fifth", "sixth"};
    struct reading *reading = context;
    const struct columns *columns = &reading->columns;
    const size_t score = (size_t)columns->score;
    char expected[64];
    float value;

    const bool is_first = reading->seen++ == 0;
    const bool is_short = (int)row->count <= columns->second || row->count <= score;
    if (is_short && !(is_first && reading->may_be_short))
        return spine_tabular_refuse(table, row, "two words and a score", row->count, err);
    if (!is_short && parse_score(row, score, &value))
        return add_two(set, row->field[columns->first], row->field[columns->second], (double)value,
                       err);
    if (is_first) {
        log_header(set, row);
        return 0;
    }

    if (score < sizeof ordinals / sizeof *ordinals)
        snprintf(expected, sizeof expected, "a score as %s field", ordinals[score]);
    else
        snprintf(expected, sizeof expected, "a score as field %zu", score + 1);
    return spine_tabular_refuse(table, row, expected, score, err);
}

/* MEN's lemmas: sun-n. */
static bool has_part_of_speech(const char *word)
{
    const size_t length = strlen(word);
    return length > 2 && word[length - 2] == '-' && strchr("anvjr", word[length - 1]) != NULL;
}

static void cut_parts_of_speech(struct spine_testset *set)
{
    size_t with = 0;

    while (with < set->words.count && has_part_of_speech(spine_words_get(&set->words, with)))
        with++;
    if (with == 0 || with < set->words.count)
        return;

    for (size_t i = 0; i < set->words.count; i++) {
        char *word = set->words.text + set->words.start[i];
        word[strlen(word) - 2] = '\0';
    }
    spine_log(SPINE_LOG_INFO, "%s: cut off the parts of speech, as in sun-n", set->path);
}

int spine_testset_read_pairs(struct spine_testset *set, const char *path, struct spine_error *err)
{
    struct reading reading = {.seen = 0};
    struct survey survey;
    bool is_plain;

    *set = (struct spine_testset){.path = path};
    if (survey_table(path, &survey, err))
        return -1;
    reading.columns = find_columns(&survey, &is_plain);
    reading.may_be_short = !is_plain && survey.counts_rows;
    if (!is_plain)
        spine_log(SPINE_LOG_INFO,
                  "%s: the words are taken from fields %d and %d, the score from field %d", path,
                  reading.columns.first + 1, reading.columns.second + 1, reading.columns.score + 1);
    if (read_rows(set, add_pair, &reading, err))
        return -1;
    if (set->count == 0)
        return spine_refuse(err, "%s: has no pairs of words", path);

    cut_parts_of_speech(set);
    log_count(set, "pair of words", "pairs of words");
    return 0;
}

/* --- Sorted words ------------------------------------------------------------------------- */

static bool is_heading(const char *field)
{
    static const char *const names[] = {"category", "categories", "class", "cluster", "concept",
                                        "label",    "topic",      "word",  "words"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(field, names[i]) == 0)
            return true;
    return false;
}

static int add_sorted(struct spine_testset *set, const struct spine_tabular *table,
                      const struct spine_tabular_row *row, void *context, struct spine_error *err)
{
    struct reading *reading = context;
    const size_t first = (size_t)reading->columns.first;

    if (row->count != first + 2)
        return spine_tabular_refuse(table, row, "a category, a tab and a word", row->count, err);
    if (reading->seen++ == 0 && is_heading(row->field[first]) &&
        is_heading(row->field[first + 1])) {
        log_header(set, row);
        return 0;
    }

    return add_two(set, row->field[first], row->field[first + 1], 0, err);
}

/* Count the different words at this position of the rows. */
static int count_various(const struct spine_testset *set, size_t place, size_t *various,
                         struct spine_error *err)
{
    struct spine_lookup lookup;

    if (spine_lookup_init(&lookup, set->count, err))
        return -1;
    *various = 0;
    for (size_t i = 0; i < set->count; i++)
        *various += spine_lookup_add(&lookup, &set->words, set->first[i] + place);
    spine_lookup_dispose(&lookup);
    return 0;
}

/* Put categories before words if the words are first. */
static int order_sorted(struct spine_testset *set, struct spine_error *err)
{
    size_t categories, words;

    if (count_various(set, 0, &categories, err) || count_various(set, 1, &words, err))
        return -1;
    if (categories == words && words == set->count && words > 1)
        spine_log_warning("%s: every category has one word; expected category, tab, word",
                          set->path);
    if (categories <= words)
        return 0;

    for (size_t i = 0; i < set->count; i++) {
        size_t *start = set->words.start + set->first[i];
        const size_t word = start[0];
        start[0] = start[1];
        start[1] = word;
    }
    spine_log(SPINE_LOG_INFO,
              "%s: the words are taken from the first field, the categories from the second: the "
              "first has %zu different values, the second %zu",
              set->path, categories, words);
    return 0;
}

int spine_testset_read_sorted(struct spine_testset *set, const char *path, struct spine_error *err)
{
    struct reading reading = {.seen = 0};
    struct survey survey;

    *set = (struct spine_testset){.path = path};
    if (survey_table(path, &survey, err))
        return -1;
    if (survey.most == 3 && survey.fewest == 3 && survey.rows > 1 && survey.counts_rows) {
        reading.columns.first = 1;
        spine_log(SPINE_LOG_INFO, "%s: skipped field 1, which numbers the rows", path);
    }
    if (read_rows(set, add_sorted, &reading, err))
        return -1;
    if (set->count == 0)
        return spine_refuse(err, "%s: has no words", path);

    log_count(set, "word in a category", "words in categories");
    return order_sorted(set, err);
}

/* --- Analogies ---------------------------------------------------------------------------- */

/* Microsoft's names of relations: JJ_JJR, VBD_VBZ. */
static bool is_tag(const char *field)
{
    return strchr(field, '_') != NULL &&
           field[strspn(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == '\0';
}

/* Append the answers in a field: the whole field, and each part between slashes. */
static int add_answers(struct spine_testset *set, const char *field, struct spine_error *err)
{
    if (add_word(set, field, strlen(field), err))
        return -1;
    for (const char *at = strchr(field, '/') != NULL ? field : NULL; at != NULL;) {
        const size_t length = strcspn(at, "/");
        if (length > 0 && add_word(set, at, length, err))
            return -1;
        at = at[length] == '/' ? at + length + 1 : NULL;
    }
    return 0;
}

static int add_analogy(struct spine_testset *set, const struct spine_tabular *table,
                       const struct spine_tabular_row *row, void *context, struct spine_error *err)
{
    uint32_t *section = context;
    const bool is_pair = row->count == 2, has_tag = row->count == 5 && is_tag(row->field[3]);

    if (row->field[0][0] == ':') {
        ++*section;
        return 0;
    }
    if (row->count == 3)
        return spine_tabular_refuse(
            table, row,
            "four words, or ': section' (if answers are in another file, put them beside the "
            "questions with paste -d' ' QUESTIONS ANSWERS)",
            row->count, err);
    if (!is_pair && !has_tag && row->count != 4)
        return spine_tabular_refuse(table, row, "four words, or ': section'", row->count, err);
    if (set->count > 0 && is_pair != set->is_of_pairs)
        return spine_tabular_refuse(
            table, row, is_pair ? "four words, as above" : "two words, as above", row->count, err);

    set->is_of_pairs = is_pair;
    if (add_row(set, 0, *section, err))
        return -1;
    for (size_t i = 0; i < (is_pair ? 1 : 3); i++)
        if (add_word(set, row->field[i], strlen(row->field[i]), err))
            return -1;
    const char *answer = row->field[row->count - 1];
    return is_pair ? add_answers(set, answer, err) : add_word(set, answer, strlen(answer), err);
}

int spine_testset_read_analogies(struct spine_testset *set, const char *path,
                                 struct spine_error *err)
{
    uint32_t section = 0;

    *set = (struct spine_testset){.path = path};
    if (read_rows(set, add_analogy, &section, err))
        return -1;
    if (set->count == 0)
        return spine_refuse(err, "%s: has no questions", path);

    log_count(set, set->is_of_pairs ? "pair" : "question",
              set->is_of_pairs ? "pairs, any two of a section a question" : "questions");
    return 0;
}
