/* questionnaire.h -- word intrusion for people: questions on paper, and their key.
 *
 * A questionnaire is a table with tabs: the question's number, its words in a drawn order, and an
 * empty column for the place of the word that doesn't belong, 1 for the first. Its key is a table
 * beside it, FILE.key.tsv for FILE.tsv: question, file, dimension, place of the intruder, and how
 * many words there are to choose from. The questions of all files are mixed, so that who answers
 * can't tell which is which. */
#ifndef SPINE_EVAL_QUESTIONNAIRE_H
#define SPINE_EVAL_QUESTIONNAIRE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_questionnaire {
    const char *const
        *files; /* borrowed; (num_files): the spaces that questions are about (space.h) */
    size_t num_files;
    const char *words; /* borrowed; of files that have none, or NULL */
    size_t shown;      /* top words of a question, and one intruder (topwords.h) */
    size_t most;       /* questions about each file: drawn dimensions, all if there are fewer */
    uint64_t seed;
};

/* Write the questionnaire to 'path' and its key beside it, both or neither. Dimensions with a word
 * that has a tab or another control byte, or that a spreadsheet would take for a formula, aren't
 * among them. The number of questions goes to
 * *count; it is refused if there are none. */
int spine_questionnaire_write(const struct spine_questionnaire *questionnaire, const char *path,
                              size_t *count, struct spine_error *err);

#endif
