/* questionnaire.h -- word intrusion for people: questions on paper, and their key.
 *
 * A questionnaire is a table with tabs: the question's number, its words in random order, and an
 * empty column for the number of the word that doesn't belong, 1 for the first. Its key is a table
 * beside it, FILE.key.tsv for FILE.tsv: question, file, dimension, number of the intruder, and the
 * number of words. The questions of all files are mixed, so that annotators can't tell the files
 * apart. */
#ifndef SPINE_EVAL_QUESTIONNAIRE_H
#define SPINE_EVAL_QUESTIONNAIRE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_questionnaire {
    const char *const
        *files; /* borrowed; (num_files): the spaces that questions are about (space.h) */
    size_t num_files;
    const char *words; /* borrowed; a list of words for files that have none, or NULL */
    size_t shown;      /* top words of a question, besides the intruder (topwords.h) */
    size_t most;       /* the most questions about a file, each about a random dimension */
    uint64_t seed;
};

/* Write the questionnaire to 'path' and its key beside it, both or neither. Leaves out dimensions
 * with a word that has a tab or another control byte, or that a spreadsheet would read as a
 * formula. *count is the number of questions; refused if there are none. */
int spine_questionnaire_write(const struct spine_questionnaire *questionnaire, const char *path,
                              size_t *count, struct spine_error *err);

#endif
