/* rundata.h -- the data of a run's page: epochs, dimensions with their top words, words with their
 * top dimensions. */
#ifndef SPINE_PAGES_RUNDATA_H
#define SPINE_PAGES_RUNDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct cJSON; /* cJSON.h */

/* For a number in the options: as many as fit into 'bytes', but no more than 50, 20 and 50,000. */
#define SPINE_RUNDATA_FIT SIZE_MAX

struct spine_rundata_options {
    size_t words;      /* the number of top words of a dimension to keep, */
    size_t dimensions; /* of top dimensions of a word, */
    size_t rows;       /* and of first words, in addition to all top words */
    size_t bytes;      /* of the data, approximately, for SPINE_RUNDATA_FIT */
    const char *space; /* the reference space of coherence (reference.h); NULL: the run's input */
    const char *list;  /* of words, for codes that have none (space.h), or NULL */
};

/* Make the data of a run's directory, or of a file of codes (space.h); the caller deletes it. Parts
 * whose file is missing (metrics.jsonl, model.h5, the input) are left out. *is_listed: the words
 * are those of the list. The data are an object with
 *
 *     name               the name of the run
 *     rows, dimensions   numbers of words and of dimensions
 *     dim                length of an input vector
 *     values             number of values above 0
 *     config             the resolved configuration, as INI text
 *     history            metrics.h, as columns
 *     written            when its last epoch was recorded, in seconds since 1970
 *     words, row_of      the words kept; their rows, if some rows were left out
 *     kept               words, dimensions, rows: the most that were kept of each list
 *     active             of each dimension: the number of rows that activate it
 *     histogram          of each dimension: those rows by value, in 20 bins
 *     coherence          of each dimension: readability.h, of ten words; null if unknown
 *     top_words          of each dimension: a list of words, by index in 'words', with strengths
 *     nearest            of each dimension: up to ten, by the cosine of their rows of W2
 *     map                of each dimension: its point (x, y) on a map (plane.h), in 2 bytes each
 *     together           of each dimension: ten that the same words activate, and how many words
 *     top_dimensions     of each word: a list of dimensions, with strengths
 *     num_dimensions     of each word: the number of active dimensions
 *     active_of_rows     the number of rows with 0, 1, 2, ... active dimensions
 *
 * Numbers are packed (packed.h) in 4 bytes. Lists have items of 2 bytes where that is enough for
 * all dimensions or all words kept; strengths are thousandths in 2 bytes. */
int spine_rundata_make(const char *run, const struct spine_rundata_options *options,
                       struct cJSON **rundata, bool *is_listed, struct spine_error *err);

/* Make the data of a run that isn't finished: name, history and written. */
int spine_rundata_begin(const char *run, struct cJSON **rundata, struct spine_error *err);

#endif
