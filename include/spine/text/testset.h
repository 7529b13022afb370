/* testset.h -- test sets of words, in the forms in which they are downloaded.
 *
 * All are small tables (tabular.h), with tabs, semicolons, commas or blanks between the fields. What
 * isn't obvious in a file is logged once, when it is read: a line that was taken for a header, comments
 * that were skipped, which fields were taken for what. Local. */
#ifndef SPINE_TEXT_TESTSET_H
#define SPINE_TEXT_TESTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

/* Row i has the words [first[i], first[i + 1]). A zeroed struct is empty. */
struct spine_testset {
    const char *path; /* borrowed */
    size_t count;
    size_t *first;     /* owned; (count + 1) */
    double *score;     /* owned; (count): of pairs; else zeros */
    uint32_t *section; /* owned; (count): of analogies, numbered from 0; else zeros */
    bool is_of_pairs;  /* analogies between any two rows of a section */
    struct spine_words words;
    size_t first_capacity, score_capacity, section_capacity;
};

/* Pairs of words with a score: WordSim-353, MEN, SimLex-999, SimVerb-3500, Rare Words and their
 * like. The words are the first two fields that aren't numbers, the score is the first number behind
 * them, or one that the header calls a score or a mean; failing that, a number before them, unless
 * it counts the rows. The parts of speech of MEN (sun-n), if all words have one, are cut off. A row
 * has two words. */
int spine_testset_read_pairs(struct spine_testset *set, const char *path, struct spine_error *err);

/* Words that people sorted into categories: category and word, or word and category; words are
 * those that are more various. A first field that numbers the rows is skipped. A row has the
 * category, then the word. */
int spine_testset_read_sorted(struct spine_testset *set, const char *path, struct spine_error *err);

/* Analogies, a is to b as c is to d; lines ": name" begin sections.
 *
 *     a b c d          word2vec's question-words.txt
 *     a b c TAG d      Microsoft's syntactic set, questions and answers pasted side by side
 *     a b/b'/b''       BATS: any two lines of a section make a question, each of the answers of the
 *                      second is right; is_of_pairs is set
 *
 * A row has a, b, c and d, or a and each answer; one with / is an answer also as a whole. */
int spine_testset_read_analogies(struct spine_testset *set, const char *path,
                                 struct spine_error *err);

/* Word 'place' of a row; and how many it has. */
const char *spine_testset_word(const struct spine_testset *set, size_t row, size_t place);
size_t spine_testset_count(const struct spine_testset *set, size_t row);

void spine_testset_dispose(struct spine_testset *set);

#endif
