/* answers.h -- what people answered to a questionnaire (questionnaire.h), against its key.
 *
 * Of each file that the questions are about, in the group "people":
 *
 *     intrusion            the share of answers that found the intruder, of all annotators, with
 *                          Wilson's interval for as many trials as questions
 *     annotator 1, SHEET   of one, by the name of the answered sheet; if there are several
 *     Fleiss' kappa        how far they agree on the same word, beyond chance; of the questions
 *                          that all of them answered. Not there for one annotator.
 *
 * A question without an answer is missing, not wrong. */
#ifndef SPINE_EVAL_ANSWERS_H
#define SPINE_EVAL_ANSWERS_H

#include "spine/base/words.h"
#include "spine/eval/figures.h"

struct spine_answers {
    struct spine_evaluation *evaluations; /* owned; (files.count): rows are the questions of each */
    struct spine_words files;             /* that the questions are about, in the key's order */
};

/* Score answered sheets by their key. Refuses, by file and line, what isn't the key or a sheet of
 * it, a question that is answered twice, and an answer that is no place. To be disposed of if it
 * succeeds. */
int spine_answers_score(struct spine_answers *answers, const char *key, const char *const *sheets,
                        size_t num_sheets, struct spine_error *err);

void spine_answers_dispose(struct spine_answers *answers);

#endif
