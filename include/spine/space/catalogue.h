/* catalogue.h -- words and dimensions of a path (space.h), looked up one by one.
 *
 * Merged codes with an index (codeindex.h) are read only where needed; all else is read as a whole.
 * The answers are the same, but for how long they take.
 *
 * Errors are kept, as ferror() keeps those of a stream: after one, a lookup finds nothing, and
 * spine_catalogue_check() says what happened. */
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
    struct spine_error err; /* where has_failed */
    struct spine_codeindex index;
    struct spine_codes codes;  /* of the index; its store is NULL until a row is read */
    struct spine_words words;  /* read from the index: all of them, or the last one */
    struct spine_ranked *list; /* owned; of the index: the last dimension's top */
    size_t list_capacity;
    bool is_whole; /* are space and ranking filled? */
    struct spine_space space;
    struct spine_ranking ranking;
};

/* Open the words and vectors of 'path', which is borrowed until the catalogue is closed; as is 'words',
 * NULL or the words of a file that has none (space.h): one that has some is refused. */
int spine_catalogue_open(struct spine_catalogue *catalogue, const char *path, const char *words,
                         struct spine_error *err);
void spine_catalogue_close(struct spine_catalogue *catalogue);

/* What failed since it was opened. */
int spine_catalogue_check(const struct spine_catalogue *catalogue, struct spine_error *err);

/* Read all of it, filling space and ranking, or only all words, where most of them are needed. */
int spine_catalogue_read_all(struct spine_catalogue *catalogue, struct spine_error *err);
void spine_catalogue_read_words(struct spine_catalogue *catalogue);

/* The row of a word; -1 if there is none; spine_space_find_any_case(); spine_space_suggest(). */
int64_t spine_catalogue_find(struct spine_catalogue *catalogue, const char *word);
int64_t spine_catalogue_find_any_case(struct spine_catalogue *catalogue, const char *word);
size_t spine_catalogue_suggest(struct spine_catalogue *catalogue, const char *word, size_t most,
                               size_t *rows);

/* The word of a row; borrowed until the next call. */
const char *spine_catalogue_word(struct spine_catalogue *catalogue, size_t row);

/* How many words are active in a dimension, and the first 'count' of them, strongest first; borrowed
 * until the next call for a dimension. */
size_t spine_catalogue_active(const struct spine_catalogue *catalogue, size_t dimension);
const struct spine_ranked *spine_catalogue_top(struct spine_catalogue *catalogue, size_t dimension,
                                               size_t count);

/* spine_ranking_of_row() */
size_t spine_catalogue_of_row(struct spine_catalogue *catalogue, size_t row,
                              struct spine_ranked *out);

/* Is the vector of a row of zeros? */
bool spine_catalogue_is_zero(struct spine_catalogue *catalogue, size_t row);

/* The 'most' other rows whose vectors have the greatest cosine with that of 'row', to *list, which the
 * caller frees; fewer if there aren't as many. Returns their number. */
size_t spine_catalogue_near(struct spine_catalogue *catalogue, size_t row, size_t most,
                            struct spine_ranked **list);

#endif
