/* catalogue.h -- words and dimensions of a file or a run (space.h), looked up one by one.
 *
 * Merged codes with an index (codeindex.h) are read only where needed; other files are read whole.
 * The answers are the same.
 *
 * Errors are kept, as ferror() keeps those of a stream: after an error, lookups find nothing, and
 * spine_catalogue_check() reports it. */
#ifndef SPINE_SPACE_CATALOGUE_H
#define SPINE_SPACE_CATALOGUE_H

#include <stdbool.h>

#include "spine/files/codeindex.h"
#include "spine/space/ranking.h"
#include "spine/space/space.h"

struct spine_catalogue {
    size_t rows, dimensions;
    const char *path;          /* borrowed */
    const char *list_of_words; /* borrowed; or NULL */
    bool has_index, has_failed;
    struct spine_error err; /* if has_failed */
    struct spine_codeindex index;
    struct spine_codes codes;  /* that the index is of; its store is NULL until a row is read */
    struct spine_words words;  /* read from the index: all words, or the last one */
    struct spine_ranked *list; /* owned; read from the index: the last dimension's top words */
    size_t list_capacity;
    bool is_whole; /* space and ranking are filled */
    struct spine_space space;
    struct spine_ranking ranking;
};

/* Open the words and vectors of 'path'. 'words' is NULL, or a list of words for a file that has
 * none (space.h); it is refused for a file that has words. Both are borrowed until the catalogue is
 * closed. */
int spine_catalogue_open(struct spine_catalogue *catalogue, const char *path, const char *words,
                         struct spine_error *err);
void spine_catalogue_close(struct spine_catalogue *catalogue);

/* Report the first failure since the catalogue was opened, if any. */
int spine_catalogue_check(const struct spine_catalogue *catalogue, struct spine_error *err);

/* For callers that need most of them: read everything, filling space and ranking; read all
 * words. */
int spine_catalogue_read_all(struct spine_catalogue *catalogue, struct spine_error *err);
void spine_catalogue_read_words(struct spine_catalogue *catalogue);

/* As spine_space_find(), spine_space_find_any_case() and spine_space_suggest(). */
int64_t spine_catalogue_find(struct spine_catalogue *catalogue, const char *word);
int64_t spine_catalogue_find_any_case(struct spine_catalogue *catalogue, const char *word);
size_t spine_catalogue_suggest(struct spine_catalogue *catalogue, const char *word, size_t most,
                               size_t *rows);

/* The word of a row; borrowed until the next call. */
const char *spine_catalogue_word(struct spine_catalogue *catalogue, size_t row);

/* The number of words that activate a dimension; the first 'count' of them, strongest first,
 * borrowed until the next call of spine_catalogue_top(). */
size_t spine_catalogue_active(const struct spine_catalogue *catalogue, size_t dimension);
const struct spine_ranked *spine_catalogue_top(struct spine_catalogue *catalogue, size_t dimension,
                                               size_t count);

/* As spine_ranking_of_row(). */
size_t spine_catalogue_of_row(struct spine_catalogue *catalogue, size_t row,
                              struct spine_ranked *out);

/* Is the vector of a row all zeros? */
bool spine_catalogue_is_zero(struct spine_catalogue *catalogue, size_t row);

/* Find up to 'most' other rows whose vectors have the greatest cosines with that of 'row'. The
 * caller frees *list. Returns their number. */
size_t spine_catalogue_near(struct spine_catalogue *catalogue, size_t row, size_t most,
                            struct spine_ranked **list);

#endif
