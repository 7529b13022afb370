/* rundata.h -- a run as a page shows it: its epochs, its units with their top words, its words
 * with their top units. */
#ifndef SPINE_PAGES_RUNDATA_H
#define SPINE_PAGES_RUNDATA_H

#include <stddef.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

struct spine_rundata_options {
    size_t words;      /* to keep: the top words of a unit, */
    size_t units;      /* the top units of a word, */
    size_t rows;       /* the first words, and with them all top words */
    const char *space; /* to judge coherence in (reference.h); NULL: the run's input */
};

/* Make the data of a run's directory, or of a codes.h5ad; the caller deletes it. What a run
 * hasn't got (metrics.jsonl, model.h5, its input) is left out. It is an object with
 *
 *     name               what the run is called
 *     rows, units, dim   numbers of words, of units, and of the numbers of a vector
 *     values             number of values above 0
 *     config             the resolved configuration, as INI text
 *     history            metrics.h, as columns
 *     words, row_of      the words kept; their rows, if some rows were left out
 *     active             of each unit: the rows it is on for
 *     histogram          of each unit: those rows by value, in 20 bins
 *     coherence          of each unit: readability.h, of ten words; null where it can't be asked
 *     top_words          of each unit: a list of words, by index in 'words', with strengths
 *     nearest            of each unit: ten units, by the cosine of their rows of W2
 *     together           of each unit: ten units that fire with it, and the number of shared words
 *     top_units          of each word: a list of units, with strengths
 *     num_units          of each word: how many units are on
 *     active_of_rows     how many rows have 0, 1, 2, ... units on
 *
 * Numbers are packed (packed.h) in 4 bytes. Lists have items of 2 bytes where that is enough for
 * all units or all words kept; strengths are thousandths in 2 bytes. */
int spine_rundata_make(const char *run, const struct spine_rundata_options *options,
                       struct cJSON **rundata, struct spine_error *err);

/* Of a run that isn't finished: name and history. */
int spine_rundata_begin(const char *run, struct cJSON **rundata, struct spine_error *err);

#endif
