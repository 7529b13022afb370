/* answers.c -- people's answers to a questionnaire. */
#include "spine/eval/answers.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/base/path.h"
#include "spine/base/printable.h"
#include "spine/text/tabular.h"

enum { MOST_QUESTIONS = 1000000, MOST_CHOICES = SPINE_TABULAR_FIELDS - 2 };

/* The key, and the answers of the sheets. */
struct scoring {
    size_t count, choices, num_sheets;
    size_t *file, *place; /* owned; (count): of each question; places from 1 */
    size_t file_capacity, place_capacity;
    size_t *answer;           /* owned; (count, num_sheets): a place, 0: none */
    struct spine_words files; /* that the questions are about */
};

/* A whole number from 1 to 'most', nothing else. */
static bool read_number(const char *text, size_t most, size_t *number)
{
    int64_t value;
    if (spine_number_whole(text, 1, (int64_t)most, &value))
        return false;

    *number = (size_t)value;
    return true;
}

/* --- The key ------------------------------------------------------------------------------ */

static int find_file(struct scoring *scoring, const char *name, size_t *file,
                     struct spine_error *err)
{
    for (*file = 0; *file < scoring->files.count; ++*file)
        if (strcmp(spine_words_get(&scoring->files, *file), name) == 0)
            return 0;
    return spine_words_add(&scoring->files, name, strlen(name), err);
}

static int take_key(struct scoring *scoring, const struct spine_tabular *table,
                    const struct spine_tabular_row *row, struct spine_error *err)
{
    enum { QUESTION, FILE_NAME, DIMENSION, INTRUDER, CHOICES, FIELDS };
    size_t question, choices, place;
    if (row->count != FIELDS)
        return spine_tabular_refuse(table, row, "the five fields of a key", row->count, err);
    if (!read_number(row->field[QUESTION], MOST_QUESTIONS, &question) ||
        question != scoring->count + 1)
        return spine_tabular_refuse(table, row, "the next question's number", QUESTION, err);

    if (!read_number(row->field[CHOICES], MOST_CHOICES, &choices) ||
        (scoring->choices > 0 && choices != scoring->choices))
        return spine_tabular_refuse(table, row, "the same number of choices throughout", CHOICES,
                                    err);

    if (!read_number(row->field[INTRUDER], choices, &place))
        return spine_tabular_refuse(table, row, "the number of the intruder", INTRUDER, err);
    scoring->choices = choices;
    if (!spine_printable_is(row->field[FILE_NAME]))
        return spine_tabular_refuse(table, row, "the path of a file", FILE_NAME, err);
    const size_t needed = scoring->count + 1;
    if (spine_memory_reserve(&scoring->file, &scoring->file_capacity, needed, sizeof *scoring->file,
                             "questions", err) ||
        spine_memory_reserve(&scoring->place, &scoring->place_capacity, needed,
                             sizeof *scoring->place, "questions", err) ||
        find_file(scoring, row->field[FILE_NAME], &scoring->file[scoring->count], err))
        return -1;

    scoring->place[scoring->count++] = place;

    return 0;
}

/* --- Sheets ------------------------------------------------------------------------------- */

/* One sheet's rows go to its column of the answers. */
struct sheet {
    struct scoring *scoring;
    size_t number;
    bool *is_answered; /* owned; (count): its line was there */
};

static int take_answer(struct sheet *sheet, const struct spine_tabular *table,
                       const struct spine_tabular_row *row, struct spine_error *err)
{
    struct scoring *scoring = sheet->scoring;
    const size_t last = scoring->choices + 1; /* the field of the answer */
    size_t question, place = 0;

    if (!read_number(row->field[0], scoring->count, &question))
        return spine_tabular_refuse(table, row, "the number of a question of the key", 0, err);
    if (sheet->is_answered[question - 1])
        return spine_tabular_refuse(table, row, "every question once", 0, err);

    /* Some programs cut off an empty field at the end. */
    if (row->count != last && row->count != last + 1)
        return spine_tabular_refuse(table, row, "a question, its words and the answer", row->count,
                                    err);

    const char *answer = row->count > last ? row->field[last] : "";
    if (answer[0] != '\0' && !read_number(answer, scoring->choices, &place))
        return spine_tabular_refuse(table, row, "the number of a word, 1 for the first", last, err);
    sheet->is_answered[question - 1] = true;
    scoring->answer[(question - 1) * scoring->num_sheets + sheet->number] = place;

    return 0;
}

/* Read all rows of a table except its header. */
static int read_table(const char *path, struct scoring *scoring, struct sheet *sheet,
                      struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    bool is_header = true;

    if (spine_tabular_open(&table, path, SPINE_TABULAR_TABS, err))
        return -1;
    int rc, next;
    for (rc = 0; rc == 0 && (next = spine_tabular_next(table, &row, err)) != 0; is_header = false)
        if (next < 0)
            rc = -1;
        else if (is_header && strcmp(row.field[0], "question") != 0)
            rc = spine_tabular_refuse(table, &row, "a header that begins with 'question'", 0, err);
        else if (!is_header)
            rc = sheet == NULL ? take_key(scoring, table, &row, err)
                               : take_answer(sheet, table, &row, err);

    spine_tabular_close(table);
    return rc;
}

static int read_sheets(struct scoring *scoring, const char *const *paths, size_t count,
                       struct spine_error *err)
{
    struct sheet sheet = {.scoring = scoring};

    scoring->num_sheets = count;
    scoring->answer =
        spine_memory_zeroed(scoring->count * count, sizeof *scoring->answer, "the answers", err);
    sheet.is_answered =
        spine_memory_zeroed(scoring->count, sizeof *sheet.is_answered, "the answers", err);
    int rc = 0;

    if (scoring->answer == NULL || sheet.is_answered == NULL)
        rc = -1;

    for (; rc == 0 && sheet.number < count; sheet.number++) {
        memset(sheet.is_answered, 0, scoring->count * sizeof *sheet.is_answered);
        rc = read_table(paths[sheet.number], scoring, &sheet, err);
    }

    free(sheet.is_answered);
    return rc;
}

/* --- Scores ------------------------------------------------------------------------------- */

/* Add the share of right answers in sheets [first, end) about a file. Seven parameters: which
 * answers, and a row of figures. */
static int add_share(const struct scoring *scoring, size_t file, size_t first, size_t end,
                     const char *name, struct spine_figures *figures, struct spine_error *err)
{
    size_t found = 0, answers = 0, questions = 0, missing = 0;

    for (size_t q = 0; q < scoring->count; q++) {
        size_t answered = 0;
        for (size_t s = first; scoring->file[q] == file && s < end; s++) {
            const size_t place = scoring->answer[q * scoring->num_sheets + s];
            found += place == scoring->place[q];
            answered += place > 0;
            missing += place == 0;
        }
        answers += answered;
        questions += answered > 0;
    }

    const double share = answers > 0 ? (double)found / (double)answers : (double)NAN;

    return spine_figures_add(figures, "people", name, spine_statistics_wilson(share, questions),
                             (int64_t)answers, (int64_t)missing, 3, err);
}

/* Count how often each word was chosen in the questions about a file that all annotators answered;
 * return the number of these questions. counts is (count, choices), zeroed. */
static size_t count_choices(const struct scoring *scoring, size_t file, size_t *counts)
{
    size_t items = 0;
    for (size_t q = 0; q < scoring->count; q++) {
        const size_t *answer = scoring->answer + q * scoring->num_sheets;
        bool is_whole = scoring->file[q] == file;
        for (size_t s = 0; s < scoring->num_sheets; s++)
            is_whole = is_whole && answer[s] > 0;
        for (size_t s = 0; is_whole && s < scoring->num_sheets; s++)
            counts[items * scoring->choices + answer[s] - 1]++;
        items += is_whole;
    }
    return items;
}

static int add_kappa(const struct scoring *scoring, size_t file, size_t questions,
                     struct spine_figures *figures, struct spine_error *err)
{
    size_t *counts = spine_memory_zeroed(scoring->count * scoring->choices, sizeof *counts,
                                         "the counts of the answers", err);
    if (counts == NULL)
        return -1;
    const size_t items = count_choices(scoring, file, counts);
    const double kappa =
        spine_statistics_kappa(counts, items, scoring->choices, scoring->num_sheets);
    free(counts);
    return spine_figures_add(figures, "people", "Fleiss' kappa",
                             (struct spine_estimate){kappa, (double)NAN, (double)NAN},
                             (int64_t)items, (int64_t)(questions - items), 3, err);
}

static int score_file(const struct scoring *scoring, size_t file, const char *const *sheets,
                      struct spine_evaluation *evaluation, struct spine_error *err)
{
    for (size_t q = 0; q < scoring->count; q++)
        evaluation->rows += scoring->file[q] == file;
    evaluation->columns = scoring->choices;
    int rc =
        add_share(scoring, file, 0, scoring->num_sheets, "intrusion", &evaluation->figures, err);
    for (size_t s = 0; rc == 0 && scoring->num_sheets > 1 && s < scoring->num_sheets; s++) {
        char name[SPINE_FIGURE_NAME];
        snprintf(name, sizeof name, "annotator %zu, %.48s", s + 1, spine_path_name(sheets[s]));
        rc = add_share(scoring, file, s, s + 1, name, &evaluation->figures, err);
    }

    if (rc == 0 && scoring->num_sheets > 1)
        rc = add_kappa(scoring, file, evaluation->rows, &evaluation->figures, err);

    return rc;
}

static int score_all(struct scoring *scoring, const char *const *sheets,
                     struct spine_answers *answers, struct spine_error *err)
{
    const size_t count = scoring->files.count;

    answers->files = scoring->files;
    scoring->files = (struct spine_words){0};
    answers->evaluations =
        spine_memory_zeroed(count, sizeof *answers->evaluations, "the results of all files", err);
    if (answers->evaluations == NULL)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        answers->evaluations[i].path = spine_words_get(&answers->files, i);
        rc = score_file(scoring, i, sheets, &answers->evaluations[i], err);
    }

    return rc;
}

int spine_answers_score(struct spine_answers *answers, const char *key, const char *const *sheets,
                        size_t num_sheets, struct spine_error *err)
{
    struct scoring scoring = {0};

    *answers = (struct spine_answers){0};
    int rc = read_table(key, &scoring, NULL, err);
    if (rc == 0 && scoring.count == 0)
        rc = spine_refuse(err, "%s: has no questions", key);
    rc = rc || read_sheets(&scoring, sheets, num_sheets, err);
    if (rc == 0)
        rc = score_all(&scoring, sheets, answers, err);
    free(scoring.file);
    free(scoring.place);
    free(scoring.answer);
    spine_words_dispose(&scoring.files);
    if (rc != 0)
        spine_answers_dispose(answers);
    if (rc)
        return -1;

    return 0;
}

void spine_answers_dispose(struct spine_answers *answers)
{
    for (size_t i = 0; answers->evaluations != NULL && i < answers->files.count; i++)
        spine_figures_dispose(&answers->evaluations[i].figures);
    free(answers->evaluations);
    spine_words_dispose(&answers->files);
    *answers = (struct spine_answers){0};
}
