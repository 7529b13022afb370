/* portrait.h -- a run as a page shows it: its epochs, its units with their top words, its words
 * with their top units. */
#ifndef SPINE_PORTRAIT_H
#define SPINE_PORTRAIT_H

#include "spine/error.h"

#include <stddef.h>

struct cJSON; /* cJSON.h */

/* What keeps a page small. */
struct spine_portrait_limits {
    size_t words; /* top words of a unit */
    size_t units; /* top units of a word */
    size_t rows;  /* words: the first rows, and with them all top words */
};

/* Make the portrait of a run's directory, or of a codes.h5ad; the caller deletes it. What a run
 * hasn't got (metrics.jsonl, model.h5) is left out. It is an object with
 *
 *     name, rows, units, values       what it is called; numbers of words, units, values
 *     config                          the resolved configuration, as INI text
 *     history                         history.h
 *     words, row_of                   the words kept; their rows, if some rows were left out
 *     active, histogram               of each unit: rows it is on for; those by value, 20 bins of
 * .05 active_of_rows                  how many rows have 0, 1, 2, ... units on top_words lists of
 * words, by index in 'words', with strengths top_units, num_units            lists of units of the
 * words; how many each word has in all nearest, together               lists of units: by decoder
 * cosine, and by firing together with the number of words of both coherence of each unit, null
 * where it can't be asked
 *
 * Numbers are packed (packed.h) in 4 bytes. Lists have items of 2 bytes where that is enough for
 * all units or all words kept; their values are thousandths, in top_words and top_units of 2 bytes.
 */
int spine_portrait_make(const char *run, const struct spine_portrait_limits *limits,
                        struct cJSON **portrait, struct spine_error *err);

/* Of a run that isn't finished: name and history. */
int spine_portrait_begin(const char *run, struct cJSON **portrait, struct spine_error *err);

#endif
