/* testset.h -- test sets of words, in the forms in which they are published.
 *
 * All are small tables (tabular.h), with tabs, semicolons, commas or blanks between the fields.
 * What we guess about a file is logged when it is read: a header, skipped comments, the meaning of
 * each field. Local. */
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
    bool is_of_pairs;  /* any two rows of a section form analogies (BATS) */
    struct spine_words words;
    size_t first_capacity, score_capacity, section_capacity;
};

/* Pairs of words with a score: WordSim-353, MEN, SimLex-999, SimVerb-3500, Rare Words and the like.
 * The words are the first two fields that aren't numbers. The score is the number that the header
 * calls a score or a mean, else the first number after the words, else a number before them that
 * doesn't count the rows. MEN's parts of speech (sun-n) are cut off if all words have one. Each row
 * of the set has two words. */
int spine_testset_read_pairs(struct spine_testset *set, const char *path, struct spine_error *err);

/* Words that people sorted into categories: category and word, or word and category. The field with
 * more different values is the word. A first field that numbers the rows is skipped. Each row of
 * the set has the category, then the word. */
int spine_testset_read_sorted(struct spine_testset *set, const char *path, struct spine_error *err);

/* Analogies, a is to b as c is to d; lines ": name" begin sections.
 *
 *     a b c d          word2vec's question-words.txt
 *     a b c TAG d      Microsoft's syntactic set, questions and answers pasted side by side
 *     a b/b'/b''       BATS: any two lines of a section form a question, to which each answer of
 *                      the second line is right; is_of_pairs is set
 *
 * Each row of the set has a, b, c and d, or a and all answers. Alternatives separated by / are also
 * an answer as a whole. */
int spine_testset_read_analogies(struct spine_testset *set, const char *path,
                                 struct spine_error *err);

/* Word 'i' of a row, and the number of words in the row. */
const char *spine_testset_word(const struct spine_testset *set, size_t row, size_t i);
size_t spine_testset_count(const struct spine_testset *set, size_t row);

void spine_testset_dispose(struct spine_testset *set);

#endif
