/* analogies.c -- a is to b as c is to which word?
 *
 * Questions have few different words, most of them in many questions. So the cosines of these words
 * to all words are computed once, a block of words at a time, and a question adds three rows of
 * cosines. */
#include "spine/eval/analogies.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

enum { BLOCK = 1024, WORDS = 4, MOST_QUESTIONS = 1000000 };

struct question {
    uint32_t word[WORDS - 1]; /* a b c, as rows */
    size_t answers, end;      /* its answers d: found[answers, end), except those that are -1 */
};

/* The best answer so far. */
struct answer {
    float score;
    uint32_t row;
};

struct quiz {
    const struct spine_space *space;
    const struct spine_testset *set;
    int64_t *found;             /* owned; (words of the set): their rows; -1 if missing */
    struct question *questions; /* owned; (count) */
    size_t count, capacity, num_missing;
    float *length;   /* owned; (rows): of the vectors */
    uint32_t *place; /* owned; (rows): a word's index in 'asked' */
    uint32_t *rows;  /* owned; (num_asked): the words a, b, c of all questions */
    size_t num_asked, stride;
    float *asked;                   /* owned; (num_asked, columns), of length 1 */
    float *block, *cosines;         /* owned; (BLOCK, columns) of length 1; (num_asked, BLOCK) */
    float *packed;                  /* owned; scratch */
    struct answer *by_add, *by_mul; /* owned; (count) */
};

/* --- The questions ------------------------------------------------------------------------ */

/* The row of a word with a vector that isn't zero; -1 if there is none. */
static int64_t find(const struct quiz *quiz, const char *word)
{
    const int64_t row = spine_space_find_any_case(quiz->space, word);
    return row >= 0 && quiz->length[row] > 0 ? row : -1;
}

static int add_question(struct quiz *quiz, const struct question *question, struct spine_error *err)
{
    if (spine_memory_reserve(&quiz->questions, &quiz->capacity, quiz->count + 1,
                             sizeof *quiz->questions, "questions", err))
        return -1;

    quiz->questions[quiz->count++] = *question;
    return 0;
}

/* Look up all words of the test set. */
static int find_words(struct quiz *quiz, struct spine_error *err)
{
    const struct spine_testset *set = quiz->set;
    const size_t before = set->is_of_pairs ? 1 : WORDS - 1; /* the answers of a row */

    quiz->found = spine_memory_get(set->words.count, sizeof *quiz->found, "the questions", err);
    if (quiz->found == NULL)
        return -1;
    for (size_t row = 0; row < set->count; row++) {
        size_t place = set->first[row];
        for (size_t i = 0; i < spine_testset_count(set, row); i++) {
            const int64_t found = find(quiz, spine_testset_word(set, row, i));
            if (i < before || found >= 0)
                quiz->found[place++] = found;
        }
        while (place < set->first[row + 1])
            quiz->found[place++] = -1;
    }

    return 0;
}

/* Add a question for d, or count it as one with missing words. */
static int ask(struct quiz *quiz, const int64_t words[WORDS - 1], size_t answers, size_t row,
               struct spine_error *err)
{
    struct question question = {.answers = answers, .end = quiz->set->first[row + 1]};
    bool is_found = quiz->found[answers] >= 0;

    for (size_t i = 0; i < WORDS - 1; i++) {
        is_found = is_found && words[i] >= 0;
        question.word[i] = (uint32_t)words[i];
    }
    if (is_found)
        return add_question(quiz, &question, err);

    quiz->num_missing++;
    return 0;
}

/* Add all questions that two rows of a section form. */
static int ask_pairs(struct quiz *quiz, struct spine_error *err)
{
    const struct spine_testset *set = quiz->set;

    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->count; k++) {
            const size_t given = set->first[i], wanted = set->first[k];
            const int64_t words[] = {quiz->found[given], quiz->found[given + 1],
                                     quiz->found[wanted]};
            if (i == k || set->section[i] != set->section[k])
                continue;
            if (quiz->count + quiz->num_missing == MOST_QUESTIONS)
                return spine_refuse(err, "%s: its pairs make more than %d questions", set->path,
                                    MOST_QUESTIONS);
            if (ask(quiz, words, wanted + 1, k, err))
                return -1;
        }
    return 0;
}

static int make_questions(struct quiz *quiz, struct spine_error *err)
{
    const struct spine_testset *set = quiz->set;

    if (find_words(quiz, err))
        return -1;
    if (set->is_of_pairs)
        return ask_pairs(quiz, err);
    for (size_t i = 0; i < set->count; i++) {
        const size_t first = set->first[i];
        if (ask(quiz, quiz->found + first, first + WORDS - 1, i, err))
            return -1;
    }

    return 0;
}

/* --- Vectors ------------------------------------------------------------------------------ */

static int measure_lengths(struct quiz *quiz, struct spine_error *err)
{
    const struct spine_space *space = quiz->space;
    quiz->stride = spine_kernel_stride(space->dimensions);
    quiz->length =
        spine_memory_zeroed(space->rows, sizeof *quiz->length, "the lengths of all vectors", err);
    quiz->block = spine_kernel_alloc(BLOCK * quiz->stride, "a block of vectors", err);
    if (quiz->length == NULL || quiz->block == NULL)
        return -1;
    for (size_t i = 0; i < space->rows; i++)
        quiz->length[i] = spine_space_direction(space, i, quiz->block);
    return 0;
}

/* Number the words a, b and c of all questions, and read their vectors. */
static int read_asked(struct quiz *quiz, struct spine_error *err)
{
    const size_t most = quiz->space->rows;
    quiz->place = spine_memory_get(most, sizeof *quiz->place, "the rows of all words", err);
    quiz->rows = spine_memory_get(most, sizeof *quiz->rows, "the words of the questions", err);
    if (quiz->place == NULL || quiz->rows == NULL)
        return -1;
    for (size_t i = 0; i < most; i++)
        quiz->place[i] = UINT32_MAX;

    for (size_t q = 0; q < quiz->count; q++)
        for (size_t i = 0; i < WORDS - 1; i++) {
            const uint32_t row = quiz->questions[q].word[i];
            if (quiz->place[row] == UINT32_MAX) {
                quiz->rows[quiz->num_asked] = row;
                quiz->place[row] = (uint32_t)quiz->num_asked++;
            }
        }
    quiz->asked = spine_kernel_alloc(quiz->num_asked * quiz->stride,
                                     "the vectors of the questions' words", err);
    quiz->cosines =
        spine_kernel_alloc(quiz->num_asked * BLOCK, "the cosines of the questions' words", err);
    quiz->packed = spine_kernel_alloc_packed(quiz->space->dimensions, "a block of vectors", err);
    if (quiz->asked == NULL || quiz->cosines == NULL || quiz->packed == NULL)
        return -1;
    for (size_t i = 0; i < quiz->num_asked; i++)
        spine_space_direction(quiz->space, quiz->rows[i], quiz->asked + i * quiz->stride);
    return 0;
}

/* --- Answers ------------------------------------------------------------------------------ */

/* The candidate words [first, first + count), which are compared with all questions. */
struct round {
    size_t first, count;
};

/* Keep the greatest score of the round if it is greater than the best so far. */
static void take_best(const struct round *round, const float *scores, struct answer *best)
{
    float greatest = -INFINITY;
#pragma omp simd reduction(max : greatest)
    for (size_t i = 0; i < round->count; i++)
        greatest = scores[i] > greatest ? scores[i] : greatest;
    if (!(greatest > best->score))
        return;
    size_t at = 0;
    while (scores[at] != greatest)
        at++;
    *best = (struct answer){greatest, (uint32_t)(round->first + at)};
}

/* Words that aren't answers: those of the question, and those without a vector. */
static void rule_out(const struct quiz *quiz, const struct question *question,
                     const struct round *round, float *scores)
{
    for (size_t i = 0; i < WORDS - 1; i++)
        if (question->word[i] >= round->first && question->word[i] < round->first + round->count)
            scores[question->word[i] - round->first] = -INFINITY;
    for (size_t i = 0; i < round->count; i++)
        if (quiz->length[round->first + i] == 0)
            scores[i] = -INFINITY;
}

static void answer_question(struct quiz *quiz, size_t q, const struct round *round)
{
    const struct question *question = &quiz->questions[q];
    const float *a = quiz->cosines + quiz->place[question->word[0]] * (size_t)BLOCK;
    const float *b = quiz->cosines + quiz->place[question->word[1]] * (size_t)BLOCK;
    const float *c = quiz->cosines + quiz->place[question->word[2]] * (size_t)BLOCK;
    float scores[BLOCK];

#pragma omp simd
    for (size_t i = 0; i < BLOCK; i++)
        scores[i] = b[i] - a[i] + c[i];
    rule_out(quiz, question, round, scores);
    take_best(round, scores, &quiz->by_add[q]);
#pragma omp simd
    for (size_t i = 0; i < BLOCK; i++)
        scores[i] = (1 + b[i]) * (1 + c[i]) / (1 + a[i] + 0.002F); /* twice the definition's */
    rule_out(quiz, question, round, scores);
    take_best(round, scores, &quiz->by_mul[q]);
}

static int answer_all(struct quiz *quiz, struct spine_error *err)
{
    quiz->by_add = spine_memory_get(quiz->count, sizeof *quiz->by_add, "the answers", err);
    quiz->by_mul = spine_memory_get(quiz->count, sizeof *quiz->by_mul, "the answers", err);
    if (quiz->by_add == NULL || quiz->by_mul == NULL)
        return -1;
    for (size_t q = 0; q < quiz->count; q++)
        quiz->by_add[q] = quiz->by_mul[q] = (struct answer){-INFINITY, UINT32_MAX};
    struct round round;
    for (round.first = 0; round.first < quiz->space->rows; round.first += BLOCK) {
        const size_t left = quiz->space->rows - round.first;
        round.count = left < BLOCK ? left : BLOCK;
        for (size_t i = 0; i < round.count; i++)
            spine_space_direction(quiz->space, round.first + i, quiz->block + i * quiz->stride);
        spine_kernel_product_rows(quiz->num_asked, quiz->space->dimensions, round.count, BLOCK,
                                  quiz->stride, quiz->asked, quiz->block, quiz->packed,
                                  quiz->cosines);

#pragma omp parallel for schedule(static)
        for (size_t q = 0; q < quiz->count; q++)
            answer_question(quiz, q, &round);
    }

    return 0;
}

static bool is_right(const struct quiz *quiz, const struct question *question, uint32_t row)
{
    for (size_t i = question->answers; i < question->end; i++)
        if (quiz->found[i] == row)
            return true;
    return false;
}

static struct spine_estimate share_right(const struct quiz *quiz, const struct answer *answers)
{
    size_t right = 0;
    for (size_t q = 0; q < quiz->count; q++)
        right += is_right(quiz, &quiz->questions[q], answers[q].row);
    return spine_statistics_wilson((double)right / (double)quiz->count, quiz->count);
}

int spine_analogies_measure(const struct spine_space *space, const struct spine_testset *set,
                            struct spine_analogies *result, struct spine_error *err)
{
    struct quiz quiz = {.space = space, .set = set};

    *result = (struct spine_analogies){0};
    int rc = measure_lengths(&quiz, err) || make_questions(&quiz, err);
    if (rc == 0 && quiz.count > 0)
        rc = read_asked(&quiz, err) || answer_all(&quiz, err);
    result->counted = quiz.count;
    result->missing = quiz.num_missing;

    if (rc == 0) {
        result->add = share_right(&quiz, quiz.by_add);
        result->mul = share_right(&quiz, quiz.by_mul);
    }

    free(quiz.found);
    free(quiz.questions);
    free(quiz.length);
    free(quiz.place);
    free(quiz.rows);
    free(quiz.asked);
    free(quiz.block);
    free(quiz.cosines);
    free(quiz.packed);
    free(quiz.by_add);
    free(quiz.by_mul);
    if (rc)
        return -1;

    return 0;
}
