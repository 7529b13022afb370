/* answers.h -- people's answers to a questionnaire (questionnaire.h), scored by its key.
 *
 * Each file that the questions are about gets figures in the group "people":
 *
 *     intrusion            the share of all annotators' answers that found the intruder, with
 *                          Wilson's interval for as many trials as questions
 *     annotator 1, SHEET   the same for one annotator, named by the answered sheet
 *     Fleiss' kappa        how far annotators agree on the same word, beyond chance, over the
 *                          questions that all of them answered
 *
 * With one annotator, only the first is given.
 *
 * A question without an answer is missing, not wrong. */
#ifndef SPINE_EVAL_ANSWERS_H
#define SPINE_EVAL_ANSWERS_H

#include "spine/base/words.h"
#include "spine/eval/figures.h"

struct spine_answers {
    struct spine_evaluation *evaluations; /* owned; (files.count): rows are each file's questions */
    struct spine_words files;             /* the files that questions are about, as in the key */
};

/* Score answered sheets by their key. Refuses, by file and line, a file that isn't the key or one
 * of its sheets, a question answered twice, and an answer that isn't a word's number. Dispose of
 * the answers after success. */
int spine_answers_score(struct spine_answers *answers, const char *key, const char *const *sheets,
                        size_t num_sheets, struct spine_error *err);

void spine_answers_dispose(struct spine_answers *answers);

#endif
