/* questionnaire.c -- word intrusion for people: questions on paper, and their key. */
#include "spine/eval/questionnaire.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/base/printable.h"
#include "spine/base/random.h"
#include "spine/base/textfile.h"
#include "spine/space/ranking.h"
#include "spine/space/space.h"
#include "spine/space/topwords.h"

/* The purposes of draws: the 'epoch' of spine_random_below(), beyond the draws of intruders. */
enum { DRAW_DIMENSIONS = 1 << 20, DRAW_PLACES, DRAW_ORDER };

struct question {
    size_t file, dimension, place; /* of the intruder, from 0 */
    size_t first_word;             /* in the sheet's list, followed by the other choices */
};

/* All questions, and their words. */
struct sheet {
    const struct spine_questionnaire *wish;
    struct question *questions; /* owned; (capacity) */
    size_t count, capacity;
    struct spine_words words;
};

/* Shuffle numbers by Fisher and Yates, as drawn for 'purpose'. */
static void shuffle(size_t *numbers, size_t count, uint64_t seed, uint32_t purpose, uint32_t which)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = spine_random_below(seed, purpose, which, (uint32_t)i, (uint32_t)i);
        const size_t kept = numbers[i - 1];
        numbers[i - 1] = numbers[other];
        numbers[other] = kept;
    }
}

/* The numbers below count, shuffled; the caller frees. NULL, with err filled, on failure. */
static size_t *draw_order(size_t count, uint64_t seed, uint32_t purpose, uint32_t which,
                          struct spine_error *err)
{
    size_t *order = spine_memory_get(count, sizeof *order, "a drawn order", err);

    for (size_t i = 0; order != NULL && i < count; i++)
        order[i] = i;
    if (order != NULL)
        shuffle(order, count, seed, purpose, which);
    return order;
}

/* Can a spreadsheet show the word? It may read one that begins like a formula as a formula. */
static bool is_presentable(const char *word)
{
    return spine_printable_is(word) && strchr("=+-@", word[0]) == NULL;
}

/* --- The questions ------------------------------------------------------------------------ */

/* Add a question about a dimension: its top words and the intruder, in random order. */
static int add_question(struct sheet *sheet, const struct spine_topwords *topwords, size_t file,
                        size_t dimension, size_t intruder, struct spine_error *err)
{
    const size_t choices = sheet->wish->shown + 1, number = sheet->count;
    size_t *order = draw_order(choices, sheet->wish->seed, DRAW_PLACES, (uint32_t)number, err);
    int rc = order == NULL ? -1
                           : spine_memory_reserve(&sheet->questions, &sheet->capacity, number + 1,
                                                  sizeof *sheet->questions, "questions", err);
    if (rc == 0)
        sheet->questions[number] = (struct question){
            .file = file, .dimension = dimension, .first_word = sheet->words.count};

    for (size_t i = 0; rc == 0 && i < choices; i++) {
        const bool is_intruder = order[i] == sheet->wish->shown;
        const size_t row =
            is_intruder ? intruder : spine_topwords_top(topwords, dimension)[order[i]];
        const char *word = spine_words_get(&topwords->space->words, row);
        if (is_intruder)
            sheet->questions[number].place = i;
        rc = spine_words_add(&sheet->words, word, strlen(word), err);
    }

    sheet->count += rc == 0;

    free(order);
    return rc;
}

static bool can_be_asked(const struct spine_topwords *topwords, size_t dimension, size_t intruder,
                         size_t shown)
{
    const uint32_t *top = spine_topwords_top(topwords, dimension);
    const struct spine_words *words = &topwords->space->words;
    bool can = is_presentable(spine_words_get(words, intruder));
    for (size_t i = 0; i < shown; i++)
        can = can && is_presentable(spine_words_get(words, top[i]));
    return can;
}

static int add_questions(struct sheet *sheet, const struct spine_topwords *topwords, size_t file,
                         struct spine_error *err)
{
    const struct spine_questionnaire *wish = sheet->wish;
    const size_t dimensions = topwords->ranking->dimensions;
    size_t *order = draw_order(dimensions, wish->seed, DRAW_DIMENSIONS, (uint32_t)file, err);
    size_t asked = 0;
    int rc = 0;

    if (order == NULL)
        rc = -1;

    for (size_t i = 0; rc == 0 && i < dimensions && asked < wish->most; i++) {
        const int64_t intruder =
            spine_topwords_intruder(topwords, order[i], wish->shown, wish->seed, 0);
        if (intruder < 0 || !can_be_asked(topwords, order[i], (size_t)intruder, wish->shown))
            continue;
        rc = add_question(sheet, topwords, file, order[i], (size_t)intruder, err);
        asked++;
    }

    free(order);
    return rc;
}

static int ask_about_file(struct sheet *sheet, size_t file, struct spine_error *err)
{
    struct spine_space space;
    struct spine_ranking ranking = {0};
    struct spine_topwords topwords = {0};
    if (spine_space_read_listed(&space, sheet->wish->files[file], sheet->wish->words, err))
        return -1;
    const int rc =
        spine_ranking_init(&ranking, &space, err) ||
        spine_topwords_init(&topwords, &space, &ranking, NULL, sheet->wish->shown, err) ||
        add_questions(sheet, &topwords, file, err);
    spine_topwords_dispose(&topwords);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
    if (rc)
        return -1;

    return 0;
}

/* --- Writing ------------------------------------------------------------------------------ */

/* The key's path; the caller frees. NULL, with err filled, when memory runs out. */
static char *key_of(const char *path, struct spine_error *err)
{
    static const char ending[] = ".tsv";
    size_t length = strlen(path);
    if (spine_path_ends_in(path, ending))
        length -= strlen(ending);

    char *key = spine_memory_get(length + sizeof ".key.tsv", 1, "the key's path", err);
    if (key != NULL)
        sprintf(key, "%.*s.key.tsv", (int)length, path);
    return key;
}

static void print_questions(const struct sheet *sheet, const size_t *order, FILE *out)
{
    const size_t choices = sheet->wish->shown + 1;

    fputs("question", out);
    for (size_t i = 0; i < choices; i++)
        fprintf(out, "\tword %zu", i + 1);
    fputs("\twhich doesn't belong?\n", out);

    for (size_t q = 0; q < sheet->count; q++) {
        const struct question *question = &sheet->questions[order[q]];
        fprintf(out, "%zu", q + 1);
        for (size_t i = 0; i < choices; i++)
            fprintf(out, "\t%s", spine_words_get(&sheet->words, question->first_word + i));
        fputs("\t\n", out);
    }
}

static void print_key(const struct sheet *sheet, const size_t *order, FILE *out)
{
    fputs("question\tfile\tdimension\tintruder\tchoices\n", out);
    for (size_t q = 0; q < sheet->count; q++) {
        const struct question *question = &sheet->questions[order[q]];
        fprintf(out, "%zu\t%s\t%zu\t%zu\t%zu\n", q + 1, sheet->wish->files[question->file],
                question->dimension, question->place + 1, sheet->wish->shown + 1);
    }
}

typedef void print_sheet(const struct sheet *sheet, const size_t *order, FILE *out);

/* Write PATH.part. */
static int write_part(const char *path, const struct sheet *sheet, const size_t *order,
                      print_sheet *print, struct spine_error *err)
{
    FILE *out = spine_outfile_create_text(path, err);
    if (out == NULL)
        return -1;
    print(sheet, order, out);
    return spine_outfile_close_text(out, path, err);
}

/* A file that exists may have people's answers, or be the key to their sheets: it is replaced only
 * by an equal one. PATH.part is written. */
static int check_old(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err), *old = NULL, *new = NULL;
    int rc = -1;

    if (part != NULL &&
        spine_textfile_find(path, "a questionnaire", SIZE_MAX / 4, &old, err) == 0 &&
        spine_textfile_find(part, "a questionnaire", SIZE_MAX / 4, &new, err) == 0)
        rc = 0;
    if (rc == 0 && old != NULL && (new == NULL || strcmp(old, new) != 0))
        rc = spine_refuse(
            err,
            "%s: exists and differs from what would be written; to keep people's answers, it "
            "is not overwritten: choose another file",
            path);

    free(new);
    free(old);
    free(part);
    return rc;
}

/* Publish the key first: questions without a key would be useless. */
static int write_both(const char *path, const char *key, const struct sheet *sheet,
                      const size_t *order, struct spine_error *err)
{
    if (write_part(path, sheet, order, print_questions, err))
        return -1;
    if (write_part(key, sheet, order, print_key, err)) {
        spine_outfile_discard(path);
        return -1;
    }

    if (check_old(path, err) || check_old(key, err) || spine_outfile_publish(key, err)) {
        spine_outfile_discard(key);
        spine_outfile_discard(path);
        return -1;
    }

    if (spine_outfile_publish(path, err)) {
        spine_outfile_discard(path);
        remove(key);
        return -1;
    }

    return 0;
}

static int check_files(const struct spine_questionnaire *wish, struct spine_error *err)
{
    for (size_t i = 0; i < wish->num_files; i++)
        if (!spine_printable_is(wish->files[i]))
            return spine_refuse(err, "a path with control bytes can't be written to the key");
    return 0;
}

int spine_questionnaire_write(const struct spine_questionnaire *questionnaire, const char *path,
                              size_t *count, struct spine_error *err)
{
    struct sheet sheet = {.wish = questionnaire};
    char *key = NULL;
    size_t *order = NULL;

    int rc = check_files(questionnaire, err);
    for (size_t i = 0; rc == 0 && i < questionnaire->num_files; i++)
        rc = ask_about_file(&sheet, i, err);
    if (rc == 0 && sheet.count == 0)
        rc = spine_refuse(err, "%s: no dimension has %zu top words and an intruder",
                          questionnaire->files[0], questionnaire->shown);
    if (rc == 0 && (key = key_of(path, err)) == NULL)
        rc = -1;
    if (rc == 0 &&
        (order = draw_order(sheet.count, questionnaire->seed, DRAW_ORDER, 0, err)) == NULL)
        rc = -1;
    if (rc == 0)
        rc = write_both(path, key, &sheet, order, err);
    *count = sheet.count;

    free(key);
    free(order);
    free(sheet.questions);
    spine_words_dispose(&sheet.words);
    return rc;
}
